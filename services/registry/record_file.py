"""A registry desk's file, NDJSON or CSV, as changes."""

from enum import StrEnum

from services.registry.csv_file import read_csv
from services.registry.csv_text import Encoding, read_text
from services.registry.draft import Change, read_drafts
from services.registry.ndjson_file import read_ndjson

__all__ = ["FileForm", "form_by_name", "read_file"]


class FileForm(StrEnum):
    """How a file is written."""

    NDJSON = "ndjson"
    CSV = "csv"


def form_by_name(name: str) -> FileForm:
    """Return the form of a file by its name's ending."""
    return FileForm.CSV if name.lower().endswith(".csv") else FileForm.NDJSON


def read_file(
    raw: bytes, form: FileForm, kind: str | None = None, encoding: Encoding = "auto"
) -> list[Change]:
    """Read a whole file; ``kind`` and ``encoding`` are for CSV. Raises RegistryRefused."""
    if form is FileForm.CSV:
        return read_csv(read_text(raw, encoding), kind)
    return read_drafts(read_ndjson(raw.splitlines()))
