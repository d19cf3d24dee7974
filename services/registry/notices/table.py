"""The table in a sheet: its header of one or two rows, and the rows below by field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from schemas.checks import Refusal
from schemas.problems import Problem
from services.registry.notices.amount import Measure, measure_of
from services.registry.notices.characters import squeezed
from services.registry.notices.columns import Notice, field_of
from services.registry.notices.scope import Said
from services.registry.notices.sheet import Cell, Row, Sheet, no_sheet
from services.registry.refusal import LineProblem, Place, RegistryRefused

__all__ = ["Header", "Skipped", "Table", "TableRow", "find_table"]

_SEARCHED = 20
"""Rows in which the header is looked for: titles and notes stand above it."""
_NAME = 40
"""Characters of the longest name of a column."""
_SUMS = ("合计", "总计", "小计", "共计")
_REMARKS = ("注:", "备注:", "说明:", "填表", "制表", "审核人", "联系人:", "注1", "附:")
_EMPTY = Cell("")


class Header(NamedTuple):
    """Column numbers by field, what each is called, and the unit that it carries."""

    columns: Mapping[str, int]
    titles: Mapping[str, str]
    measures: Mapping[str, Measure]
    unread: tuple[str, ...]
    """Columns that say nothing we read."""
    last: int
    """Place of its last row in the sheet, from 0."""


class TableRow(NamedTuple):
    """A row by field; empty cells are left out."""

    number: int
    cells: Mapping[str, Cell]


class Skipped(NamedTuple):
    """A row that is no record, and why."""

    number: int
    why: Said


class Table(NamedTuple):
    """Header and rows."""

    header: Header
    rows: tuple[TableRow, ...]
    skipped: tuple[Skipped, ...]


def find_table(sheet: Sheet, notice: Notice) -> Table:
    """Find the header and read what is below. Raises RegistryRefused."""
    header = _header(sheet.rows, notice)
    rows: list[TableRow] = []
    skipped: list[Skipped] = []
    for row in sheet.rows[header.last + 1 :]:
        why = _no_record(row, header, notice)
        if why is not None:
            skipped.append(Skipped(row.number, why))
            continue
        cells = {
            field: row.cells[column]
            for field, column in header.columns.items()
            if column < len(row.cells) and row.cells[column].text
        }
        if cells.keys() - {"ordinal"}:
            rows.append(TableRow(row.number, cells))
        elif any(cell.text for cell in row.cells):
            skipped.append(
                Skipped(row.number, ("没有可读的列", "nothing stands in a column that is read"))
            )
    return Table(header, tuple(rows), tuple(skipped))


def _no_record(row: Row, header: Header, notice: Notice) -> Said | None:
    texts = [squeezed(cell.text) for cell in row.cells if cell.text]
    if not texts:
        return None
    if texts[0].startswith(_SUMS):
        return "合计行", "a row of sums"
    if len(set(texts)) == 1 and texts[0].startswith(_REMARKS):
        return "表下说明", "a note below the table"
    named = [t for t in texts if len(t) < _NAME and field_of(t, notice) is not None]
    if len(named) >= 3 and len(named) * 2 > len(texts):
        return "重复的表头", "the header again"
    return None


def _header(rows: Sequence[Row], notice: Notice) -> Header:
    best: tuple[int, Header] | None = None
    refused: RegistryRefused | None = None
    for at in range(min(len(rows), _SEARCHED)):
        for depth in (1, 2):
            if at + depth > len(rows) or (depth == 2 and not _may_be_second(rows, at, notice)):
                continue
            try:
                header = _read(rows[at : at + depth], at + depth - 1, notice)
            except RegistryRefused as why:
                refused = refused or why
                continue
            if len(header.columns) >= 2 and (best is None or len(header.columns) > best[0]):
                best = len(header.columns), header
    if best is None and refused is not None:
        raise refused
    if best is None:
        raise no_sheet(
            Refusal(
                "header_not_found",
                f"前 {_SEARCHED} 行中找不到表头，如 {_examples(notice)}",
                f"no header is found in the first {_SEARCHED} rows, such as {_examples(notice)}",
            )
        )
    return best[1]


def _examples(notice: Notice) -> str:
    return {
        "approvals": "文号、移出单位、接受单位、废物代码、数量（吨）",
        "licences": "许可证编号、单位名称、危险废物类别、核准经营规模（吨/年）",
        "whitelist": "单位名称、危险废物类别、年度上限（吨）",
    }[notice]


def _may_be_second(rows: Sequence[Row], at: int, notice: Notice) -> bool:
    """Whether the next row names columns too: nothing in it but names, or what stands above it."""
    above, below = rows[at].cells, rows[at + 1].cells
    own = 0
    for column, cell in enumerate(below):
        if not cell.text:
            continue
        top = _filled(above, column)
        if top == cell.text:
            continue
        if field_of(cell.text, notice) is None and field_of(top + cell.text, notice) is None:
            return False
        own += 1
    return own > 0


def _filled(cells: Sequence[Cell], column: int) -> str:
    """Return the name above a column: its own, or the nearest to the left that reaches over it."""
    for place in range(min(column, len(cells) - 1), -1, -1):
        if cells[place].text:
            return cells[place].text
    return ""


def _read(rows: Sequence[Row], last: int, notice: Notice) -> Header:
    columns: dict[str, int] = {}
    titles: dict[str, str] = {}
    measures: dict[str, Measure] = {}
    unread = []
    twice: list[LineProblem] = []
    for column in range(max(len(row.cells) for row in rows)):
        names = list(_names_of(rows, column))
        title = names[-1] if names else ""
        found = [(name, field_of(name, notice)) for name in names]
        title, field = next(((n, f) for n, f in found if f is not None), (title, None))
        if field is None:
            if title:
                unread.append(squeezed(title))
            continue
        if field in columns:
            twice.append(_twice(rows[-1].number, title, titles[field]))
            continue
        columns[field], titles[field] = column, squeezed(title)
        measure = next((m for m in map(measure_of, reversed(names)) if m is not None), None)
        if measure is not None:
            measures[field] = measure
    if twice and len(columns) >= 3:
        raise RegistryRefused(twice)
    return Header(columns, titles, measures, tuple(dict.fromkeys(unread)), last)


def _names_of(rows: Sequence[Row], column: int) -> Iterator[str]:
    """Yield what a column may be called, the most telling first: both rows, the lower, the upper."""
    own = [row.cells[column].text if column < len(row.cells) else "" for row in rows]
    if len(rows) == 1 or not own[-1] or own[0] == own[-1]:
        if own[0]:
            yield own[0]
        return
    top = _filled(rows[0].cells, column)
    yield top + own[-1]
    yield own[-1]


def _twice(line: int, title: str, other: str) -> LineProblem:
    problem = Problem(
        "column_twice",
        "",
        f"“{squeezed(title)}”与“{other}”意思相同，不知用哪一列",
        f"“{squeezed(title)}” and “{other}” mean the same: which one counts is not said",
    )
    return LineProblem.at(Place(line, squeezed(title)), problem)
