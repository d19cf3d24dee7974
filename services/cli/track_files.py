"""The archived files of vehicles' positions, read by DuckDB where they lie (services/archiver/track_file.py).

Folders are days and hours, in UTC, at which the log took the records; a terminal may send what it saw
days later. So a search goes from a day before its beginning to some days after its end.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from services.cli.console import Failure, quote

__all__ = [
    "ArchivedRecord",
    "Fault",
    "all_records",
    "compare",
    "digest_of",
    "files_between",
    "records_by_plate",
    "records_of",
]

_EARLY = timedelta(days=1)
"""A terminal's clock may be ahead."""
_FETCH = 500

# A record that came again, or that stands in an orphan as well, is said once.
_RECORDS = """
SELECT filename, partition, kafka_offset, epoch_us(received_at), plate, source, event_id, kind, digest, raw
FROM read_parquet($1, filename = true) WHERE $2 IS NULL OR plate = $2
QUALIFY row_number() OVER (
    PARTITION BY source, event_id, digest ORDER BY partition, kafka_offset, filename) = 1
"""
# All copies: which of them was judged hangs on where they stand in the log.
_BY_PLATE = """
SELECT filename, partition, kafka_offset, epoch_us(received_at), plate, source, event_id, kind, digest, raw
FROM read_parquet($1, filename = true) WHERE plate IS NOT NULL ORDER BY plate
"""
_SORTED_IN = "1GB"
"""Beyond it DuckDB sorts on the disk."""


class ArchivedRecord(NamedTuple):
    """A row of a file. ``received_at``: microseconds since 1970."""

    file: str
    partition: int
    kafka_offset: int
    received_at: int
    plate: str | None
    source: str | None
    event_id: str | None
    kind: str
    digest: bytes
    raw: bytes


class Fault(NamedTuple):
    """A file that is not as the database has it."""

    file: str
    what: str
    """``differs``, ``missing`` or ``unrecorded``."""


def files_between(
    directory: Path, since: datetime | None, until: datetime | None, late: timedelta
) -> list[str]:
    """Return the names of files in which positions of a time may be, in the order of their hours."""
    first = (since - _EARLY).date() if since is not None else date.min
    last = (until + late).date() if until is not None and until.year < 9000 else date.max
    found = []
    for day in directory.glob("????-??-??"):
        try:
            inside = first <= date.fromisoformat(day.name) <= last
        except ValueError:
            continue
        if inside:
            found += [p for p in day.glob("??/*.parquet") if p.name[0] != "."]
    return sorted(path.relative_to(directory).as_posix() for path in found)


def all_records(directory: Path, files: Sequence[str]) -> Iterator[ArchivedRecord]:
    """Yield the records of all vehicles; the rest is as for ``records_of``."""
    return _records(directory, files, _RECORDS, None)


def records_of(directory: Path, files: Sequence[str], plate: str) -> Iterator[ArchivedRecord]:
    """Yield a plate's records, each once. Raises Failure when a file is no whole Parquet file."""
    return _records(directory, files, _RECORDS, plate)


def records_by_plate(directory: Path, files: Sequence[str]) -> Iterator[ArchivedRecord]:
    """Yield the records of all vehicles, those of a plate together, copies too; raises as ``records_of``."""
    return _records(directory, files, _BY_PLATE)


def _records(
    directory: Path, files: Sequence[str], asked: str, *values: str | None
) -> Iterator[ArchivedRecord]:
    if not files:
        return
    with (
        tempfile.TemporaryDirectory() as spilled,
        duckdb.connect(
            ":memory:",
            config={
                "autoload_known_extensions": False,
                "memory_limit": _SORTED_IN,
                "temp_directory": spilled,
            },
        ) as database,
    ):
        try:
            found = database.execute(asked, [[str(directory / f) for f in files], *values])
            while rows := found.fetchmany(_FETCH):
                for name, *rest in rows:
                    yield ArchivedRecord(Path(name).relative_to(directory).as_posix(), *rest)
        except duckdb.Error as error:
            raise Failure(
                f"车辆位置文件读不出（{quote(error)}）。",
                f"A file of vehicles' positions cannot be read ({quote(error)}).",
                "请用 liandan tracks --verify 查看是哪一个。",
                "`liandan tracks --verify` tells which.",
            ) from error


def digest_of(path: Path) -> bytes:
    """Return a file's SHA-256. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def compare(directory: Path, recorded: Sequence[Any], there: Sequence[str]) -> list[Fault]:
    """Compare rows of ``track_file`` (name, sha256) with what is on the disk, file by file."""
    faults = []
    for row in recorded:
        try:
            if digest_of(directory / row["name"]) != row["sha256"]:
                faults.append(Fault(row["name"], "differs"))
        except FileNotFoundError:
            faults.append(Fault(row["name"], "missing"))
    known = {row["name"] for row in recorded}
    faults += [Fault(name, "unrecorded") for name in there if name not in known]
    return sorted(faults)
