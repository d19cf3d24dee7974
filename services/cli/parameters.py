"""``--set rule.name=value``: parameters of rules as a command takes them."""

import re
from collections.abc import Sequence
from typing import Annotated

import typer

from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.rules.parameter import ParameterRefused

__all__ = ["SetOption", "book_with", "read_set"]

SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="RULE.NAME=N",
        help="改一项参数再研判，可多次 / judge with a parameter set; `liandan rules show` lists them",
    ),
]
_FORM = re.compile(r"([a-z_.]+)=(-?\d{1,9})")


def read_set(texts: Sequence[str] | None, rule: str | None = None) -> dict[str, int]:
    """Return what the options say; a bare ``name=value`` is of ``rule``. Raises BadParameter."""
    values: dict[str, int] = {}
    for text in texts or ():
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise typer.BadParameter(
                f"{text}: RULE.NAME=N（整数 / whole number）", param_hint="--set"
            )
        name = match[1] if "." in match[1] or rule is None else f"{rule}.{match[1]}"
        values[name] = int(match[2])
    return values


def book_with(
    texts: Sequence[str] | None, rule: str | None = None, book: RuleBook = RULE_BOOK
) -> RuleBook:
    """Return the book with the parameters that the options set. Raises BadParameter."""
    try:
        return book.with_parameters(read_set(texts, rule))
    except ParameterRefused as refused:
        raise typer.BadParameter(f"{refused.zh} / {refused.en}", param_hint="--set") from None
