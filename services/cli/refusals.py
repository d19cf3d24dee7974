"""Problems of a line or an event, each with its place and a sentence in two languages."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.text import Text

from schemas.problems import Problem
from services.cli.console import err

__all__ = ["print_answered", "print_problems"]


def print_answered(place: str, answer: Mapping[str, Any]) -> int:
    """Print a problem that the gateway answered; return the exit code: 3 to try later, else 1."""
    errors = [Problem(e["code"], e["pointer"], e["zh"], e["en"]) for e in answer.get("errors", ())]
    head = Problem(
        answer.get("code", ""), "", answer.get("detail_zh", ""), answer.get("detail_en", "")
    )
    print_problems(place, errors or [head])
    return 3 if answer.get("status") in (429, 503) else 1


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
