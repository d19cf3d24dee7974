"""A file of tracks is there whole or not at all, and says itself what it holds."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from infra.runtime.offsets import Position
from services.archiver import track_file
from services.archiver.track_buffer import Draft
from services.archiver.track_file import (
    UNWRITABLE,
    TrackFile,
    files_in,
    read_back,
    remove_unfinished,
    set_aside,
    write_file,
)
from services.archiver.track_row import TrackRow, micros
from services.archiver.tracks import _chain

AT = micros(datetime(2026, 11, 30, 9, 30, tzinfo=UTC))
WEIRD = [b"", b"\x00", bytes(range(256)) * 300, b"\xff\xfe", "联单'\"".encode()]


def rows(first: int, count: int, partition: int = 0) -> list[TrackRow]:
    made = []
    for n in range(first, first + count):
        raw = WEIRD[n % len(WEIRD)]
        plate = [None, "冀A12345", "it's"][n % 3]
        digest = hashlib.sha256(raw).digest()
        made.append(
            TrackRow(AT + n, AT + n, partition, n, plate, "s", f"e{n}", "event", None, digest, raw)
        )
    return made


def written(
    directory: Path, first: int, count: int, partition: int = 0, hour: str = "09"
) -> TrackFile:
    name = f"2026-11-30/{hour}/p{partition}-{first}-e1.parquet"
    return write_file(directory, Draft(name, rows(first, count, partition)))


def test_rows_are_byte_for_byte_what_was_given(tmp_path: Path) -> None:
    directory = tmp_path / "it's here"
    file = written(directory, 0, 30)
    with duckdb.connect() as database:
        found = database.execute(
            "SELECT epoch_us(received_at), epoch_us(appended_at), partition, kafka_offset, plate,"
            " source, event_id, kind, key_id, digest, raw FROM read_parquet($1)",
            [str(directory / file.name)],
        ).fetchall()
    assert [TrackRow(*row) for row in found] == rows(0, 30)
    path = directory / file.name
    assert file.sha256 == hashlib.sha256(path.read_bytes()).digest()
    assert (file.rows, file.bytes) == (30, path.stat().st_size)


def test_a_file_read_back_is_the_file_written(tmp_path: Path) -> None:
    file = written(tmp_path, 7, 12)
    assert read_back(tmp_path, file.name) == file
    assert files_in(tmp_path) == [file.name]


def test_large_records_do_not_need_more_memory_than_is_given(tmp_path: Path) -> None:
    raws = [os.urandom(256 * 1024) for _ in range(300)]
    large = [
        TrackRow(AT, AT, 0, n, "冀A12345", None, None, "event", None, hashlib.sha256(r).digest(), r)
        for n, r in enumerate(raws)
    ]
    file = write_file(tmp_path, Draft("2026-11-30/09/p0-0-e1.parquet", large))
    assert read_back(tmp_path, file.name) == file


def test_a_damaged_file_or_one_with_a_gap_is_not_taken(tmp_path: Path) -> None:
    file = written(tmp_path, 0, 10)
    path = tmp_path / file.name
    path.write_bytes(path.read_bytes()[:-20])
    assert read_back(tmp_path, file.name) is None
    gap = write_file(tmp_path, Draft(file.name, [*rows(0, 3), *rows(5, 3)]))
    assert read_back(tmp_path, gap.name) is None
    forged = [row._replace(raw=b"other") for row in rows(0, 3)]
    assert read_back(tmp_path, write_file(tmp_path, Draft(file.name, forged)).name) is None


def test_what_fails_in_the_middle_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(track_file, "_sync", full)
    with pytest.raises(UNWRITABLE):
        written(tmp_path, 0, 3)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_directory_that_is_a_file_is_told_as_one_that_passes(tmp_path: Path) -> None:
    (tmp_path / "tracks").write_text("")
    with pytest.raises(UNWRITABLE):
        written(tmp_path / "tracks", 0, 3)


def test_what_was_being_written_is_removed_and_what_is_set_aside_is_kept(tmp_path: Path) -> None:
    one, other = written(tmp_path, 0, 3), written(tmp_path, 3, 3)
    unfinished = (tmp_path / one.name).with_name(".p0-9-e1.parquet.tmp")
    unfinished.write_bytes(b"half")
    remove_unfinished(tmp_path)
    assert not unfinished.exists()
    before = (tmp_path / other.name).read_bytes()
    set_aside(tmp_path, other.name)
    assert files_in(tmp_path) == [one.name]
    assert (tmp_path / f"{other.name}.orphan").read_bytes() == before


def test_orphans_are_adopted_in_the_order_of_the_log_only_where_it_goes_on(tmp_path: Path) -> None:
    third, first = written(tmp_path, 20, 5, hour="09"), written(tmp_path, 10, 5, hour="11")
    second = written(tmp_path, 15, 5, hour="10")
    beyond, strange = written(tmp_path, 40, 5), written(tmp_path, 0, 5, partition=7)
    ahead = {0: Position(0, 10, None, 2, None)}
    chain = _chain([third, beyond, first, strange, second], ahead)
    assert chain == [first, second, third]
    assert ahead[0].next_offset == 25
    assert ahead[0].digest == third.spans[0].digest
