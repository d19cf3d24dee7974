"""One alert in full on the terminal: what happened, the law, the facts, whether it still stands."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.alert import Alert, LegalBasis
from schemas.quantity import tonnes_text
from services.cli.alert_table import FINDINGS, SEVERITIES

__all__ = ["card"]


def card(alert: Alert) -> RenderableType:
    """Return title, state, sentences, law and evidence, zh first."""
    word, style = FINDINGS.get(alert.finding, SEVERITIES[alert.severity])
    opened = alert.state == "open"
    head = Text.assemble(
        (word if opened else "撤回", style if opened else "dim"),
        ("  " + alert.title_zh, "bold"),
        ("  " + alert.title_en, "dim"),
    )
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, value in _lines(alert):
        table.add_row(name, Text(value))
    return Group(head, table)


def _lines(alert: Alert) -> list[tuple[str, str]]:
    lines = [("经过", alert.text_zh), ("what", alert.text_en)]
    if alert.state == "withdrawn":
        lines += [
            ("撤回原因", alert.withdrawn_zh or alert.withdrawn_reason or ""),
            ("withdrawn", alert.withdrawn_en or alert.withdrawn_reason or ""),
        ]
    if alert.unweighed is True:
        known = f"{tonnes_text(alert.grams)} t"
        lines.append(
            ("数量 quantity", f"已知 {known}，另有重量未填 · {known} known, more has no weight")
        )
    elif alert.grams:
        lines.append(("数量 quantity", f"{tonnes_text(alert.grams)} t"))
    lines += _under("依据 law", [_law(basis) for basis in alert.law])
    lines += _under("证据 evidence", [f"{e.zh}  {e.ref}" for e in alert.evidence])
    lines.append(("规则 rule", f"{alert.rule} v{alert.rule_version}"))
    return lines


def _under(name: str, values: list[str]) -> list[tuple[str, str]]:
    """Return values that share a name, which stands beside the first."""
    return [(name if n == 0 else "", value) for n, value in enumerate(values)]


def _law(basis: LegalBasis) -> str:
    penalty = f"：{basis.penalty_zh}" if basis.penalty_zh else ""
    note = f"（{basis.note_zh}）" if basis.note_zh else ""
    return f"{basis.law} {basis.article}{penalty}{note}"
