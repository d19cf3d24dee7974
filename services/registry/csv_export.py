"""Registry records as CSV: what ``csv_file`` reads, with a byte order mark for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from services.registry.cells import cell_of
from services.registry.columns import Column, columns_of
from services.registry.form import MemberType, form_of

__all__ = ["csv_bytes"]


def csv_bytes(kind: str, records: Iterable[dict[str, Any]]) -> bytes:
    """Write records of one kind (normal form of ``wire``), header first."""
    columns = columns_of(kind)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.name for column in columns])
    for record in records:
        writer.writerows(_rows(kind, columns, record))
    return text.getvalue().encode("utf-8-sig")


def _rows(kind: str, columns: tuple[Column, ...], record: dict[str, Any]) -> Iterator[list[str]]:
    """One row for each nested record, each with the record's own columns; at least one."""
    own = {c.name: _cell(c, record) for c in columns if c.outer is None}
    rows = [
        {c.name: _cell(c, item) for c in columns if c.outer is not None and c.outer.name == m.name}
        for m in form_of(kind)
        if m.type is MemberType.RECORDS
        for item in record.get(m.name, [])
    ]
    for nested in rows or [{}]:
        yield [own.get(c.name) or nested.get(c.name, "") for c in columns]


def _cell(column: Column, said: dict[str, Any]) -> str:
    value = said.get(column.member.name)
    return "" if value is None else cell_of(column.member, value)
