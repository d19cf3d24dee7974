"""A file as a sheet: CSV in UTF-8 or GB18030, or a spreadsheet (.xlsx)."""

import csv
import io

from schemas.checks import Refusal
from services.registry.csv_text import Encoding, read_text
from services.registry.notices.sheet import Cell, Row, Sheet, no_sheet
from services.registry.notices.workbook import is_workbook, read_workbook, too_long

__all__ = ["MOST_COLUMNS", "MOST_ROWS", "read_sheet"]

MOST_ROWS, MOST_COLUMNS = 200_000, 200


def read_sheet(raw: bytes, *, name: str | None = None, encoding: Encoding = "auto") -> Sheet:
    """Read a file by what its bytes are; ``name`` chooses a sheet of a spreadsheet.

    Raises RegistryRefused with what is wrong and what to do.
    """
    if is_workbook(raw):
        return read_workbook(raw, name, MOST_ROWS, MOST_COLUMNS)
    if b"\x00" in raw[:4096] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise no_sheet(
            Refusal(
                "not_a_sheet", "这不是表格文件，应为 CSV 或 .xlsx", "this is no sheet: CSV or .xlsx"
            )
        )
    return _csv(read_text(raw, encoding))


def _csv(text: str) -> Sheet:
    rows: list[Row] = []
    known: dict[str, Cell] = {}

    def cell(text: str) -> Cell:  # a column says the same few things in all its rows
        return known.setdefault(text, Cell(text.strip()))

    line = 1
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            rows.append(Row(line, tuple(map(cell, cells))))
            line = reader.line_num + 1
            if len(rows) > MOST_ROWS or len(cells) > MOST_COLUMNS:
                raise no_sheet(too_long(MOST_ROWS, MOST_COLUMNS), line)
    except csv.Error as error:
        why = Refusal(
            "csv_malformed", f"不是合法的 CSV：{error}", f"this is not valid CSV: {error}"
        )
        raise no_sheet(why, line) from None
    return Sheet(tuple(rows))
