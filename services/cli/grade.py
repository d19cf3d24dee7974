"""``liandan grade``: alerts against labels."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.text import Text

from services.cli.console import Failure, explained, out
from services.cli.grade_table import print_differences, rule_table
from services.simulator import Label
from services.simulator import grade as grade_alerts

__all__ = ["grade"]

T = TypeVar("T")


class _Alert(msgspec.Struct):
    """What grading needs of an alert."""

    rule: str
    subject: str
    state: str
    finding: str
    act_at: str = ""
    title_zh: str = ""


def grade(
    labels: Annotated[Path, typer.Option(help="标注 / labels.ndjson of liandan simulate")],
    alerts: Annotated[Path, typer.Option(help="告警 / NDJSON of liandan judge --out")],
) -> None:
    """用标注核对告警 / Grade alerts; exit 0 only at precision and recall 1.0, else 1."""
    with explained():
        known = _read(labels, Label.read)
        found: list[_Alert] = _read(alerts, msgspec.json.Decoder(_Alert).decode)
        titles = {alert.rule: alert.title_zh for alert in found}
        members: list[dict[str, Any]] = [msgspec.structs.asdict(alert) for alert in found]
        result = grade_alerts(known, members)
        out.print(rule_table(result, titles))
        out.print()
        print_differences(result, out)
        style = "bold green" if result.perfect else "bold red"
        out.print(Text(result.summary(), style), soft_wrap=True)  # the last line, whole
    raise typer.Exit(0 if result.perfect else 1)


def _read(path: Path, read: Callable[[bytes], T]) -> list[T]:
    """Read every line that is not blank. Raises Failure with the number of the first bad one."""
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if line.strip():
            try:
                found.append(read(line))
            except (ValueError, TypeError, msgspec.MsgspecError) as error:
                raise Failure(
                    f"{path} 第 {number} 行无法读取（{error}）。",
                    f"Line {number} of {path} cannot be read ({error}).",
                    code=2,
                ) from error
    return found
