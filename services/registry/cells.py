r"""One CSV cell and the JSON value that it stands for.

Free text is taken as it stands; an empty cell says nothing, so an empty *text* is written ``""``
(two quotation marks more than the text has, if it has nothing else). Lists are joined by ``;``; a
``;`` or ``\`` inside an item has a ``\`` before it. Nothing is guessed: what does not fit is handed
on as it stands and refused by the schema; ``explained`` then names what spreadsheets do to cells.
"""

import re
from typing import Any

from schemas.checks import Refusal
from schemas.problems import Problem
from services.registry.form import Member, MemberType

__all__ = ["cell_of", "explained", "value_of"]

_FLAGS = {"true": True, "false": False, "是": True, "否": False}
_DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?(?:e-[0-9]{1,2})?", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_SLASHED = re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})", re.ASCII)
_SCIENTIFIC = re.compile(r"[0-9]+(\.[0-9]+)?[Ee]\+?[0-9]+", re.ASCII)
_FULL_WIDTH = re.compile("[！-～\u3000]")
_NO_END_OF_ITEM = re.compile(r"(?:[^;\\]|\\.?)*", re.DOTALL)
_ESCAPED = re.compile(r"\\([;\\])")


def cell_of(member: Member, value: Any) -> str:
    """Write a value, or a list of them, in the form of ``services.registry.wire``."""
    if not member.many:
        return _written(member, value)
    items = (_written(member, each) for each in value)
    return ";".join(item.replace("\\", "\\\\").replace(";", "\\;") for item in items)


def value_of(member: Member, cell: str) -> Any:
    """Read a cell that is not empty. Raises Refusal for an empty item of a list."""
    if not member.many:
        return _read(member, cell)
    values = []
    for item in _items(cell):
        if not item:
            raise Refusal(
                "list_item_empty", "列表中有空项，请删去多余的分号", "the list has an empty item"
            )
        values.append(_read(member, _ESCAPED.sub(r"\1", item)))
    return values


def _items(cell: str) -> list[str]:
    items, begin = [], 0
    while True:
        match = _NO_END_OF_ITEM.match(cell, begin)
        end = match.end() if match else begin
        items.append(cell[begin:end])
        if end >= len(cell):
            return items
        begin = end + 1


def _written(member: Member, value: Any) -> str:
    if member.type is MemberType.FLAG:
        return "true" if value else "false"
    if member.type is MemberType.RING:
        return ", ".join(f"{lon} {lat}" for lon, lat in value)
    text = str(value)
    quotes_only = member.type is MemberType.TEXT and not text.strip('"')
    return '""' + text if quotes_only else text


def _read(member: Member, cell: str) -> Any:
    match member.type:
        case MemberType.TEXT:
            return cell[2:] if len(cell) > 1 and not cell.strip('"') else cell
        case MemberType.FLAG:
            return _FLAGS.get(cell.lower(), cell)
        case MemberType.WHOLE:
            return int(cell) if _WHOLE.fullmatch(cell) else cell
        case MemberType.DAY:
            slashed = _SLASHED.fullmatch(cell)
            if slashed:
                year, month, day = slashed.groups()
                return f"{year}-{month:0>2}-{day:0>2}"
            return cell
        case MemberType.RING:
            return _ring(cell)
        case _:
            return cell


def _ring(cell: str) -> Any:
    """Return the points of ``114.5 38, 114.6 38, …``; what is no such list is left to the check."""
    points = [point.split() for point in cell.split(",")]
    if not all(len(point) == 2 and all(map(_DEGREES.fullmatch, point)) for point in points):
        return cell
    return [[float(lon), float(lat)] for lon, lat in points]


def explained(cell: str, problem: Problem) -> Problem:
    """Say what a spreadsheet or input method did to a refused cell, if that is to be seen."""
    if _SCIENTIFIC.fullmatch(cell.strip()):
        return problem._replace(
            code="cell_scientific",
            zh="表格软件已把编码改写为科学计数，位数已丢失；请把该列设为文本后重新填写",
            en="the spreadsheet turned a code into a rounded number; set the column to text, retype",
        )
    if _FULL_WIDTH.search(cell):
        return problem._replace(
            code="cell_full_width",
            zh=f"含全角字符，请改为半角；{problem.zh}",
            en=f"there are full-width characters, use half-width ones; {problem.en}",
        )
    if any(item != item.strip() for item in cell.split(";")):
        return problem._replace(
            code="cell_blank",
            zh=f"首尾有空格或换行，请删去；{problem.zh}",
            en=f"there is blank space around it, remove it; {problem.en}",
        )
    return problem
