"""Markdown as the reference pages use it: a head that says where the page comes from, tables."""

from collections.abc import Iterable, Sequence

__all__ = ["code", "page", "table", "two"]

_HEAD = "<!-- 由 make reference 从代码生成，请勿手改 / Made from the code by `make reference`. -->"


def page(title_zh: str, title_en: str, *parts: str) -> str:
    """Return a whole page; ``parts`` are parted by blank lines."""
    return "\n\n".join((f"# {title_zh} · {title_en}", _HEAD, *filter(None, parts))) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells may hold anything but are written on one line."""
    lines = [_row(head), "|" + "---|" * len(head), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(c) for c in cells) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """Return inline code; nothing for an empty text."""
    return f"`{text}`" if str(text) else ""


def two(zh: str, en: str) -> str:
    """Return both languages, one under the other in a cell; one of them if the other is missing."""
    return "<br>".join(filter(None, (zh, en)))
