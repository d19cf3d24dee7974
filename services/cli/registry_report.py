"""What ``liandan registry import`` says of a file, line by line: on the terminal and as NDJSON."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
from rich.text import Text

from services.cli.console import err, out, say
from services.registry import Effect, LineProblem, Plan, Planned, RegistryRefused
from services.registry.difference import Difference, differences
from services.registry.wire import meaning

__all__ = ["difference_text", "print_plan", "print_refusal", "write_report"]

_MOST = 200
"""Problems, or changed records, shown on the terminal; ``--report`` has them all."""

_EFFECTS = {
    Effect.NEW: ("新增", "green"),
    Effect.CHANGED: ("变更", "yellow"),
    Effect.RETRACTED: ("撤销", "red"),
    Effect.UNCHANGED: ("未变", "dim"),
}


def print_refusal(file: Path, refused: RegistryRefused, report: Path | None) -> None:
    """Print each problem to stderr: place, column and value, then why."""
    for problem in refused.problems[:_MOST]:
        place = Text(f"✗ {file}:{problem.line}", "bold red")
        place.append(f"  {problem.column}" if problem.column else "")
        if problem.value:
            place.append(f"  “{problem.value}”", "yellow")
        err.print(place, soft_wrap=True)
        err.print(
            Text.assemble(
                f"    {problem.zh}  ", (problem.en, "dim"), (f"  [{problem.code}]", "dim")
            ),
            soft_wrap=True,
        )
    more = len(refused.problems) - _MOST
    if more > 0:
        where = str(report) if report is not None else "--report"
        say(f"  另有 {more} 处，见 {where}", f"{more} more, see {where}", to=err)


def print_plan(plan: Plan) -> None:
    """Print what an import would do: the sums, then each record that would change."""
    told = [p for p in plan.planned if p.effect is not Effect.UNCHANGED]
    for planned in told[:_MOST]:
        word, style = _EFFECTS[planned.effect]
        change = planned.change
        line = Text.assemble((word, style), f"  {change.kind} {change.id}")
        out.print(line, soft_wrap=True)
        if planned.before is not None:
            for each in differences(change.kind, meaning(planned.before), meaning(change.body)):
                out.print(Text("    ").append(difference_text(each)), soft_wrap=True)
    if len(told) > _MOST:
        say(f"  另有 {len(told) - _MOST} 条", f"{len(told) - _MOST} more records")
    n = {effect: plan.count(effect) for effect in Effect}
    say(
        f"试运行，未写入：新增 {n[Effect.NEW]}，变更 {n[Effect.CHANGED]}，"
        f"未变 {n[Effect.UNCHANGED]}，撤销 {n[Effect.RETRACTED]}",
        f"dry run, nothing written: {n[Effect.NEW]} new, {n[Effect.CHANGED]} changed,"
        f" {n[Effect.UNCHANGED]} unchanged, {n[Effect.RETRACTED]} retracted",
        "bold",
    )


def difference_text(each: Difference) -> Text:
    """Return one changed member: its names, what it was and what it is."""
    return Text.assemble(
        *(f"{each.zh} ", (f"{each.en} · {each.member}", "dim")),
        f"：{each.before or '—'} → ",
        (each.after or "—", "bold"),
    )


def write_report(file: Path, rows: Iterable[LineProblem | Planned]) -> None:
    """Write problems, or what becomes of each record, one JSON object a line."""
    file.write_bytes(b"".join(msgspec.json.encode(_row(row)) + b"\n" for row in rows))


def _row(row: LineProblem | Planned) -> dict[str, object]:
    if isinstance(row, LineProblem):
        return row._asdict()
    change = row.change
    return {"line": change.line, "kind": change.kind, "id": change.id, "effect": row.effect.value}
