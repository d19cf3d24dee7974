"""The end of the demo: what was planted and found, how fast, how heavy, and where everything is."""

from typing import TYPE_CHECKING

from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from services.cli.addresses import print_addresses, process_table
from services.cli.console import out
from services.cli.grade_table import print_differences, rule_table
from services.cli.outcome import Outcome

if TYPE_CHECKING:  # a container has no local stack, and not what one stands on
    from infra.local.stack import LocalStack

__all__ = ["print_summary"]


def print_summary(outcome: Outcome, seconds: float, stack: "LocalStack | None" = None) -> None:
    """Print the result first, then the details; last the line that says whether all is right.

    ``stack``: the one that was started for it, None for a line that ran before.
    """
    out.print()
    out.print(Rule("结果 result", style="dim", align="left"))
    out.print(_figures(outcome, seconds))
    out.print()
    out.print(rule_table(outcome.grade, outcome.titles))
    out.print()
    if stack is not None:
        out.print(process_table(stack))
        out.print()
        print_addresses(stack)
        out.print()
    print_differences(outcome.grade, out)
    for problem in outcome.posted.refused:
        out.print(Text(f"✗ 网关拒收 refused by the gateway: {problem}", "red"), soft_wrap=True)
    mark, style = ("✓", "bold green") if outcome.right else ("✗", "bold red")
    out.print(Text(f"{mark} {outcome.grade.summary()}", style), soft_wrap=True)


def _figures(outcome: Outcome, seconds: float) -> Table:
    result, posted = outcome.grade, outcome.posted
    lawful = sum(likeness.subjects for likeness in result.likenesses.values())
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    rows = [
        (
            "事件 events",
            f"上报 posted {posted.events} · 重复 duplicates {posted.duplicates} · "
            f"矛盾 conflicting {posted.conflicts} · "
            f"研判 judged {outcome.state.judged} · 归档 archived {outcome.archived}",
        ),
        *(
            (name, f"植入 planted {tally.planted} · 查出 found {tally.found}")
            for name, tally in (
                ("违法 violations", result.tally("violation")),
                ("待核 reviews", result.tally("review")),
                ("提示 notices", result.tally("notice")),
            )
        ),
        (
            "合法 lawful",
            f"相似情形与日常 look-alikes and everyday {lawful} · "
            f"误报 false alarms {len(result.false_alarms)}",
        ),
        (
            "告警 alerts",
            f"有效 open {outcome.alerts} · 撤回 withdrawn {outcome.withdrawn} · "
            f"隔离 quarantined {outcome.state.quarantined}",
        ),
    ]
    if posted.positions or posted.frames:
        told = f"上报 events {posted.positions} · 终端帧 frames of terminals {posted.frames}"
        rows.insert(1, ("位置 positions", told))
    if outcome.p50_s is not None and outcome.p99_s is not None:
        rows.append(
            (
                "延迟 latency",
                f"事件→告警 event→alert p50 {outcome.p50_s * 1000:.0f} ms · "
                f"p99 {outcome.p99_s * 1000:.0f} ms（{outcome.timed} 条 alerts）",
            )
        )
    rows.append(("用时 took", f"{seconds:.1f} s"))
    for name, value in rows:
        table.add_row(Text(name, "dim"), value)
    return table
