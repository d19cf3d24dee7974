"""A grade for people: one row a rule, then every miss and false alarm with its story."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.simulator import Grade

__all__ = ["print_differences", "rule_table"]


def rule_table(result: Grade, titles: Mapping[str, str]) -> Table:
    """Return what was planted, found and falsely alarmed, by rule."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold dim")
    table.add_column("规则 rule")
    table.add_column("")
    for name in ("植入\nplanted", "查出\nfound", "误报\nfalse"):
        table.add_column(name, justify="right")
    for rule in result.rules.values():
        found = "green" if rule.found == rule.planted else "bold red"
        false = "green" if not rule.false_alarms else "bold red"
        table.add_row(
            titles.get(rule.rule, ""),
            Text(rule.rule, "dim"),
            str(rule.planted),
            Text(str(rule.found), found),
            Text(str(len(rule.false_alarms)), false),
        )
    return table


def print_differences(result: Grade, console: Console) -> None:
    """Print each violation that was missed and each false alarm, in both languages."""
    for rule in result.rules.values():
        for label in rule.missed:
            _print(console, "漏报 missed", rule.rule, label.subject, label.story_zh, label.story_en)
        for alarm in rule.false_alarms:
            what = "误报 false alarm"
            if alarm.finding == "review":
                what = "误报（待核） false review"
            told = f"{alarm.story_en} [{alarm.likeness}]"
            _print(console, what, rule.rule, alarm.subject, alarm.story_zh, told)


def _print(console: Console, what: str, rule: str, subject: str, zh: str, en: str) -> None:
    console.print(
        Text.assemble((f"✗ {what}  ", "bold red"), (f"{subject}  ", "bold"), (rule, "dim")),
        soft_wrap=True,
    )
    console.print(Text.assemble(f"    {zh}  ", (en, "dim")), soft_wrap=True)
