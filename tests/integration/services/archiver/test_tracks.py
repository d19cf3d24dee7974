"""Vehicles' positions in files: every byte, each record once, whatever is away or ends in the middle."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from infra.runtime.metrics import LAST_SUCCESS
from infra.runtime.offsets import Fenced, OffsetTable
from infra.runtime.settings import Settings
from schemas.track import FRAME_TYPE
from services.archiver import tracks
from services.archiver.archiver import CONSUMER
from services.archiver.track_file import TrackFile, files_in
from services.archiver.tracks import TrackArchiver
from services.cli.track_files import compare
from tests.fresh_topic import Headers, accept_start, send
from tests.terminal_frames import frame, position

GARBAGE = [b"", None, b"\x00", b"\xff\xfe{not json", bytes(range(256)) * 40, b"[" * 100_000]
Archived = Callable[[int], Any]


@pytest.fixture
def given(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"tracks_directory": tmp_path, "tracks_file_s": 0.2})


@contextlib.asynccontextmanager
async def archiving(given: Settings, topic: str) -> AsyncIterator["asyncio.Task[None]"]:
    stop = asyncio.Event()
    task = asyncio.ensure_future(TrackArchiver(given, stop, topic).run())
    try:
        yield task
    finally:
        stop.set()
        if not task.done():
            await asyncio.wait_for(task, 5)


@pytest.fixture
def archived(postgres: Any, topic: str, given: Settings) -> Archived:
    """Wait until files of so many records are on record; return their rows by partition, offset."""

    async def wait(count: int) -> list[Any]:
        async with asyncio.timeout(20):
            while True:
                files = await postgres.fetch(
                    "SELECT * FROM track_file WHERE topic = $1 ORDER BY name", topic
                )
                if sum(file["rows"] for file in files) >= count:
                    break
                await asyncio.sleep(0.02)
        assert not compare(given.tracks_home, files, files_in(given.tracks_home))
        with duckdb.connect() as database:
            rows = database.execute(
                "SELECT partition, kafka_offset, kind, source, event_id, plate, digest, raw"
                " FROM read_parquet($1) ORDER BY partition, kafka_offset",
                [[str(given.tracks_home / file["name"]) for file in files]],
            ).fetchall()
        assert len(rows) == count
        assert len({row[:2] for row in rows}) == count, "no record is there twice"
        return rows

    return wait


async def positions(postgres: Any, topic: str) -> dict[int, int]:
    rows = await postgres.fetch(
        "SELECT partition, next_offset FROM consumer_offset WHERE topic = $1", topic
    )
    return {row[0]: row[1] for row in rows}


async def test_records_in_are_rows_out_byte_for_byte_garbage_too(
    given: Settings, topic: str, archived: Archived, postgres: Any
) -> None:
    headers: list[Headers] = [
        [("ce_type", FRAME_TYPE.encode()), ("ce_source", b"urn:uscc:X"), ("ce_id", b"%d" % n)]
        for n in range(20)
    ]
    frames = [frame(0x0200, position(), serial=n) for n in range(20)]
    await send(given, topic, GARBAGE)
    await send(given, topic, frames, partition=1, headers=headers)
    LAST_SUCCESS.labels("archive_tracks").set(0)
    async with archiving(given, topic):
        rows = await archived(len(GARBAGE) + len(frames))
        await send(given, topic, [b"later"])
        rows = await archived(len(rows) + 1)
    assert [row[-1] for row in rows] == [*(v or b"" for v in GARBAGE), b"later", *frames]
    assert all(row[-2] == hashlib.sha256(row[-1]).digest() for row in rows)
    assert rows[-1][2:6] == ("frame", "urn:uscc:X", "19", "k")
    assert rows[0][2] == "event"
    assert await positions(postgres, topic) == {0: len(GARBAGE) + 1, 1: 20}
    assert LAST_SUCCESS.labels("archive_tracks")._value.get() > 0
    assert not await postgres.fetch("SELECT FROM event_log WHERE topic = $1", topic)


async def test_a_digest_that_does_not_fit_is_archived_and_set_out_for_people(
    given: Settings, topic: str, archived: Archived, postgres: Any
) -> None:
    await send(given, topic, [b"x"], headers=[[("digest", b"0" * 64)]])
    async with archiving(given, topic):
        await archived(1)
    (row,) = await postgres.fetch("SELECT * FROM quarantine WHERE topic = $1", topic)
    assert (row["reason"], row["raw"]) == ("digest_mismatch", b"x")


async def test_a_crash_between_the_files_and_the_commit_leaves_orphans_that_are_adopted(
    given: Settings, topic: str, archived: Archived, postgres: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: Any) -> None:
        raise RuntimeError("killed here")

    values = [b"%d" % n for n in range(50)]
    await send(given, topic, values)
    with monkeypatch.context() as patch:
        patch.setattr(TrackArchiver, "_commit", crash)
        async with archiving(given, topic) as task:
            await asyncio.wait([task], timeout=10)
            with pytest.raises(RuntimeError):
                task.result()
    orphans = files_in(given.tracks_home)
    assert orphans
    assert await positions(postgres, topic) == {0: 0, 1: 0}
    digests = [(given.tracks_home / name).read_bytes() for name in orphans]
    await send(given, topic, [b"more"])
    async with archiving(given, topic):
        rows = await archived(51)
    assert [row[-1] for row in rows] == [*values, b"more"]
    assert [(given.tracks_home / name).read_bytes() for name in orphans] == digests


async def test_an_orphan_of_another_log_is_set_aside_and_loses_nothing(
    given: Settings, topic: str, archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(given, topic, [b"true", b"too"])
    real = tracks.write_file

    def forged(directory: Path, draft: Any) -> TrackFile:
        rows = [
            r._replace(raw=b"forged", digest=hashlib.sha256(b"forged").digest()) for r in draft.rows
        ]
        real(directory, draft._replace(rows=rows))
        raise RuntimeError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(tracks, "write_file", forged)
        async with archiving(given, topic) as task:
            await asyncio.wait([task], timeout=10)
            with pytest.raises(RuntimeError):
                task.result()
    (orphan,) = files_in(given.tracks_home)
    async with archiving(given, topic):
        rows = await archived(2)
    assert [row[-1] for row in rows] == [b"true", b"too"]
    assert (given.tracks_home / f"{orphan}.orphan").exists()


async def test_with_the_directory_unwritable_it_waits_and_loses_nothing(
    given: Settings, topic: str, postgres: Any, tmp_path: Path
) -> None:
    blocked = given.model_copy(update={"tracks_directory": tmp_path / "tracks"})
    (tmp_path / "tracks").write_text("in the way")
    await send(given, topic, [b"one", b"two"])
    before = tracks.metrics.RETRIES.labels("disk")._value.get()
    async with archiving(blocked, topic) as task:
        async with asyncio.timeout(10):
            while tracks.metrics.RETRIES.labels("disk")._value.get() < before + 3:
                await asyncio.sleep(0.02)
        assert not task.done()
        assert not any((await positions(postgres, topic)).values())
        (tmp_path / "tracks").unlink()
        async with asyncio.timeout(10):
            while not await postgres.fetch("SELECT FROM track_file WHERE topic = $1", topic):
                await asyncio.sleep(0.02)
    assert await positions(postgres, topic) == {0: 2, 1: 0}


async def test_a_commit_whose_connection_broke_is_done_once(
    given: Settings, topic: str, archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = 0
    real = OffsetTable.advance_all

    async def breaks(self: OffsetTable, connection: Any, moves: Any) -> Any:
        nonlocal broken
        broken += 1
        moved = await real(self, connection, moves)
        if broken < 3:
            connection.terminate()
        return moved

    monkeypatch.setattr(OffsetTable, "advance_all", breaks)
    await send(given, topic, [b"one", b"two"])
    async with archiving(given, topic):
        await archived(2)
    assert broken == 3


async def test_one_that_was_replaced_is_fenced_and_records_nothing(
    given: Settings, topic: str, archived: Archived, postgres: Any
) -> None:
    slow = given.model_copy(update={"tracks_file_s": 60.0})
    await send(given, topic, [b"one"])
    async with archiving(slow, topic) as old:
        async with asyncio.timeout(10):
            while len(await positions(postgres, topic)) < 2:
                await asyncio.sleep(0.02)
        async with archiving(given, topic):
            await archived(1)
            await asyncio.wait([old], timeout=10)
            with pytest.raises(Fenced):
                old.result()
    rows = await archived(1)
    assert rows[0][-1] == b"one"


async def test_read_again_by_hand_it_overwrites_nothing(
    given: Settings, topic: str, archived: Archived, postgres: Any
) -> None:
    await send(given, topic, [b"one"])
    async with archiving(given, topic):
        await archived(1)
    await accept_start(given, CONSUMER, topic)
    async with archiving(given, topic):
        async with asyncio.timeout(10):
            while await positions(postgres, topic) != {0: 1, 1: 0}:
                await asyncio.sleep(0.02)
    files = await postgres.fetch("SELECT * FROM track_file WHERE topic = $1", topic)
    assert len(files) == 2
    assert not compare(given.tracks_home, files, files_in(given.tracks_home))
