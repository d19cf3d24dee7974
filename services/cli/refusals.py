"""Problems of a line or an event, each with its place and a sentence in two languages."""

from collections.abc import Iterable

from rich.text import Text

from schemas.problems import Problem
from services.cli.console import err

__all__ = ["print_problems"]


def print_problems(place: str, problems: Iterable[Problem]) -> None:
    """Print to stderr: where the line is, and what is wrong with which member."""
    err.print(Text(f"✗ {place}", "bold red"), soft_wrap=True)
    for problem in problems:
        err.print(
            Text.assemble(
                f"    {problem.zh}  ",
                (problem.en, "dim"),
                f"  {problem.pointer}",
                (f"  [{problem.code}]", "dim"),
            ),
            soft_wrap=True,
        )
