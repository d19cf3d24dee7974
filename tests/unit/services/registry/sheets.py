"""CSV text as rows of cells, and back."""

import csv
import io
from typing import Any

from services.registry.record_file import FileForm, read_file
from services.registry.wire import meaning
from tests.property.sayings import write


def cells(raw: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def sheet(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def wires(said: list[Any]) -> list[dict[str, Any]]:
    """Records in normal form."""
    changes = read_file(b"\n".join(write(each) for each in said), FileForm.NDJSON)
    return [meaning(change.body) for change in changes]
