"""One visible sheet of a spreadsheet file; merged cells say in each row what they show."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import python_calamine

from schemas.checks import Refusal
from services.registry.notices.package import MOST_CELLS, SheetPart, malformed, open_package
from services.registry.notices.scope import Said
from services.registry.notices.sheet import Cell, Row, Sheet, no_sheet

__all__ = ["is_workbook", "read_workbook", "too_long"]

_ZIP, _OLE = b"PK", bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_EMPTY = Cell("")
_Merge = tuple[tuple[int, int], tuple[int, int]]


def is_workbook(raw: bytes) -> bool:
    """Whether the bytes begin like a spreadsheet file, of today or of old."""
    return raw.startswith((_ZIP, _OLE))


def read_workbook(raw: bytes, name: str | None, most_rows: int, most_columns: int) -> Sheet:
    """Read the sheet of that name, or the only visible one that holds something.

    Raises RegistryRefused.
    """
    try:
        if raw.startswith(_OLE):
            raise _of_old(raw)
        package = open_package(raw)
        with python_calamine.load_workbook(package.packed()) as book:
            chosen, hidden = _choose(book, name, lambda each: package.sheet(each).last_row > 0)
            part = package.sheet(chosen)
            if part.last_row > most_rows or part.last_column > most_columns:
                raise too_long(most_rows, most_columns)
            sheet = book.get_sheet_by_name(chosen)
            first = sheet.start or (0, 0)
            values = sheet.to_python(skip_empty_area=True)
            rows = _rows(values, first, part)
            _spread(rows, _bounded(sheet.merged_cell_ranges or []), first)
    except Refusal as refusal:
        raise no_sheet(refusal) from None
    except (python_calamine.CalamineError, ValueError, OSError):
        raise no_sheet(malformed()) from None
    number = first[0] + 1
    return Sheet(
        tuple(Row(number + n, tuple(cells)) for n, cells in enumerate(rows)),
        tuple(_remarks(chosen, hidden, part)),
    )


def too_long(rows: int, columns: int) -> Refusal:
    """Return why a sheet of more rows or columns is not read."""
    return Refusal(
        "sheet_too_large",
        f"表格超过 {rows} 行或 {columns} 列，请拆分",
        f"the sheet has more than {rows} rows or {columns} columns; split it",
    )


def _choose(book: Any, name: str | None, holds: Any) -> tuple[str, list[str]]:
    visible = python_calamine.SheetVisibleEnum.Visible
    sheets = [s for s in book.sheets_metadata if s.typ == python_calamine.SheetTypeEnum.WorkSheet]
    names = [s.name for s in sheets]
    hidden = [s.name for s in sheets if s.visible != visible]
    if name is not None:
        if name not in names:
            told = "、".join(names)
            raise Refusal(
                "sheet_unknown",
                f"没有工作表“{name}”，有：{told}",
                f"no sheet {name!r}; there are: {told}",
            )
        return name, [h for h in hidden if h != name]
    shown = [n for n in names if n not in hidden and holds(n)]
    if len(shown) == 1:
        return shown[0], hidden
    if not shown:
        raise Refusal("sheet_empty", "没有可见且有内容的工作表", "no visible sheet holds anything")
    told = "、".join(shown)
    raise Refusal(
        "sheet_not_said",
        f"有多个工作表：{told}，请用 --sheet 指明",
        f"there are several sheets: {told}; say which by --sheet",
    )


def _rows(values: list[list[Any]], first: tuple[int, int], part: SheetPart) -> list[list[Cell]]:
    left = [_EMPTY] * first[1]
    return [
        left
        + [
            _cell(_text(value), (first[0] + r + 1, first[1] + c + 1) in part.formulas)
            for c, value in enumerate(row)
        ]
        for r, row in enumerate(values)
    ]


@lru_cache(maxsize=20_000)
def _cell(text: str, formula: bool) -> Cell:
    return Cell(text, formula=formula)


def _text(value: Any) -> str:
    match value:
        case bool():
            return "是" if value else "否"
        case float():
            whole = Decimal(repr(value))
            return (
                f"{whole.quantize(Decimal(1)) if whole == whole.to_integral_value() else whole:f}"
            )
        case datetime.datetime():
            midnight = value.time() == datetime.time()
            return value.date().isoformat() if midnight else value.isoformat(" ")
        case datetime.date() | datetime.time():
            return value.isoformat()
        case str():
            return value.replace("_x000D_", "").replace("\r\n", "\n").strip()
        case _:
            return str(value)


def _bounded(merges: list[_Merge]) -> list[_Merge]:
    """Refuse merged blocks of more cells than any sheet has: blocks do not overlap."""
    cells = sum((b[0] - a[0] + 1) * min(b[1] - a[1] + 1, 200) for a, b in merges)
    if cells > MOST_CELLS:
        raise Refusal("sheet_malformed", "合并单元格有误", "its merged cells are wrong")
    return merges


def _spread(
    rows: list[list[Cell]],
    merges: Iterable[_Merge],
    first: tuple[int, int],
) -> None:
    """Write the text of a merged block into all of its cells."""
    for (top, left), (bottom, right) in merges:
        at = top - first[0]
        if not 0 <= at < len(rows) or left >= len(rows[at]):
            continue
        shown = rows[at][left]
        if not shown.text:
            continue
        for row in rows[at : bottom - first[0] + 1]:
            for column in range(left, min(right + 1, len(row))):
                row[column] = shown._replace(block=top + 1 if bottom > top else 0)


def _remarks(chosen: str, hidden: list[str], part: SheetPart) -> Iterable[Said]:
    yield f"读取工作表“{chosen}”", f"the sheet read is {chosen!r}"
    if hidden:
        told = "、".join(hidden)
        yield f"隐藏的工作表未读：{told}", f"hidden sheets are not read: {told}"
    if part.hidden_rows:
        yield (
            f"有 {part.hidden_rows} 行被隐藏，也已读取",
            f"{part.hidden_rows} rows are hidden; they were read as well",
        )


def _of_old(raw: bytes) -> Refusal:
    if _ENCRYPTED in raw:
        return Refusal(
            "sheet_encrypted",
            "文件有密码，请去掉密码后另存",
            "the file has a password; save it without one",
        )
    return Refusal(
        "sheet_of_old",
        "这是旧的 .xls 格式，请另存为 .xlsx",
        "this is the old .xls format; save it as .xlsx",
    )
