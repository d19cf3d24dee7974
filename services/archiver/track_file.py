"""A file of tracks on the disk: written whole or not at all, and read again to be adopted.

Blocking; raises ``UNWRITABLE``. Only files that end in ``.parquet`` and do not begin with a dot are
of the archive; ``.….tmp`` is one being written, ``….parquet.orphan`` one that was set aside.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from services.archiver.track_buffer import Draft
from services.archiver.track_row import TrackRow, moment

__all__ = [
    "UNWRITABLE",
    "Span",
    "TrackFile",
    "files_in",
    "read_back",
    "remove_unfinished",
    "set_aside",
    "write_file",
]

UNWRITABLE = (OSError, duckdb.Error)
"""Disk full, directory read only or gone, memory short: all of them pass, or a person mends them."""

_PATTERN = "????-??-??/??/"
_CHUNK_ROWS, _CHUNK_BYTES = 5000, 4 * 1024 * 1024
"""Handed over to DuckDB at once: it holds a chunk several times over meanwhile."""
_GROUP_ROWS = 20_000
"""Rows of a row group: what a reader of one plate must unpack at least."""
_MEMORY = "384MB"

_TABLE = """
CREATE TABLE track (received_at TIMESTAMPTZ, appended_at TIMESTAMPTZ, partition INTEGER,
    kafka_offset BIGINT, plate VARCHAR, source VARCHAR, event_id VARCHAR, kind VARCHAR,
    key_id VARCHAR, digest BLOB, raw BLOB)
"""
_INSERT = """
INSERT INTO track
SELECT make_timestamptz(a), make_timestamptz(b), c, d, e, f, g, h, i, j, k FROM (SELECT
    unnest($1::BIGINT[]) AS a, unnest($2::BIGINT[]) AS b, unnest($3::INTEGER[]) AS c,
    unnest($4::BIGINT[]) AS d, unnest($5::VARCHAR[]) AS e, unnest($6::VARCHAR[]) AS f,
    unnest($7::VARCHAR[]) AS g, unnest($8::VARCHAR[]) AS h, unnest($9::VARCHAR[]) AS i,
    unnest($10::BLOB[]) AS j, unnest($11::BLOB[]) AS k)
"""
_SPANS = """
SELECT partition, min(kafka_offset), max(kafka_offset), count(*), count(DISTINCT kafka_offset),
    arg_max(digest, kafka_offset), epoch_us(min(appended_at)), epoch_us(max(appended_at)),
    bool_and(sha256(raw) = lower(hex(digest)))
FROM read_parquet($1) GROUP BY partition ORDER BY partition
"""


class Span(NamedTuple):
    """What a file holds of one partition."""

    partition: int
    first: int
    last: int
    digest: bytes
    """Of the last record."""
    clock: datetime
    """The latest append time."""


class TrackFile(NamedTuple):
    """A file that stands on the disk."""

    name: str
    sha256: bytes
    bytes: int
    rows: int
    spans: tuple[Span, ...]
    appended_from: datetime
    appended_to: datetime


def write_file(directory: Path, draft: Draft) -> TrackFile:
    """Write a file and return it once it, and its name, would survive a power cut."""
    final = directory / draft.name
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.name}.tmp")
    try:
        # 1. The whole file under a name that nobody reads. 2. Its bytes to the disk.
        _copy(temporary, draft)
        temporary.chmod(0o600)
        _sync(temporary)
        sha256, size = _digest(temporary)
        # 3. Its name. 4. The names to the disk.
        temporary.replace(final)
        for folder in (final.parent, final.parent.parent, directory):
            _sync(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    appended = [row.appended_at for row in draft.rows]
    return TrackFile(
        draft.name,
        sha256,
        size,
        len(draft.rows),
        tuple(_spans(draft)),
        moment(min(appended)),
        moment(max(appended)),
    )


def read_back(directory: Path, name: str) -> TrackFile | None:
    """Return a file as it stands; None if it is no whole one, or holds records with gaps."""
    path = directory / name
    try:
        with _database() as database:
            found = database.execute(_SPANS, [str(path)]).fetchall()
    except duckdb.Error:
        return None
    if not found or not all(
        sound and last - first + 1 == rows == different
        for _, first, last, rows, different, _, _, _, sound in found
    ):
        return None
    sha256, size = _digest(path)
    return TrackFile(
        name,
        sha256,
        size,
        sum(row[3] for row in found),
        tuple(Span(p, first, last, d, moment(c)) for p, first, last, _, _, d, _, c, _ in found),
        moment(min(row[6] for row in found)),
        moment(max(row[7] for row in found)),
    )


def files_in(directory: Path) -> list[str]:
    """Return the names of the archive's files, in the order of their hours."""
    found = directory.glob(f"{_PATTERN}*.parquet")
    return sorted(p.relative_to(directory).as_posix() for p in found if p.name[0] != ".")


def remove_unfinished(directory: Path) -> None:
    """Remove what an earlier life was writing when it ended."""
    for path in directory.glob(f"{_PATTERN}.*.tmp"):
        path.unlink(missing_ok=True)


def set_aside(directory: Path, name: str) -> None:
    """Take a file out of the archive without losing a byte of it."""
    path = directory / name
    path.rename(path.with_name(f"{path.name}.orphan"))


@contextlib.contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, Any] = {
        "threads": 1,
        "memory_limit": _MEMORY,
        "temp_directory": "",
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(":memory:", config=settings) as database:
        yield database


def _copy(path: Path, draft: Draft) -> None:
    with _database() as database:
        database.execute(_TABLE)
        for rows in _chunks(draft.rows):
            database.execute(_INSERT, list(map(list, zip(*rows, strict=True))))
        quoted = str(path).replace("'", "''")
        database.execute(
            f"COPY track TO '{quoted}' (FORMAT parquet, COMPRESSION zstd,"
            f" ROW_GROUP_SIZE {_GROUP_ROWS}, USE_TMP_FILE false, ROW_GROUP_SIZE_BYTES 8388608)"
        )


def _chunks(rows: Sequence[TrackRow]) -> Iterator[Sequence[TrackRow]]:
    begin = size = 0
    for n, row in enumerate(rows):
        if n > begin and (n - begin >= _CHUNK_ROWS or size + len(row.raw) > _CHUNK_BYTES):
            yield rows[begin:n]
            begin, size = n, 0
        size += len(row.raw)
    yield rows[begin:]


def _spans(draft: Draft) -> Iterator[Span]:
    held: dict[int, list[TrackRow]] = {}
    for row in draft.rows:
        held.setdefault(row.partition, []).append(row)
    for partition, rows in sorted(held.items()):
        last = max(rows, key=lambda row: row.kafka_offset)
        first = min(row.kafka_offset for row in rows)
        clock = moment(max(row.appended_at for row in rows))
        yield Span(partition, first, last.kafka_offset, last.digest, clock)


def _digest(path: Path) -> tuple[bytes, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest(), file.tell()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
