"""Several writers at once, and one that dies in the middle: as if they had come one by one."""

import asyncio
import itertools
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from services.registry import write_change_set
from services.registry.history import versions_of
from tests.integration.services.registry.desk import Desk


@pytest.fixture
async def reader(desk: Desk) -> Any:
    connection = await asyncpg.connect(desk.settings.database_reader)
    yield connection
    await connection.close()


@asynccontextmanager
async def head_held(desk: Desk) -> AsyncIterator[None]:
    """Hold the registry's head as a judge does in a long batch."""
    judge = await asyncpg.connect(desk.settings.database_writer)
    try:
        async with judge.transaction():
            await judge.fetchval("SELECT seq FROM registry_head FOR SHARE")
            yield
    finally:
        await judge.close()


async def waiting(reader: Any, writers: int) -> None:
    """Return once so many registry writers wait for a lock."""
    async with asyncio.timeout(20):
        while writers > await reader.fetchval(
            "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND usename = 'liandan_registry'"
        ):
            await asyncio.sleep(0.01)


async def test_imports_at_once_are_all_done_each_with_a_sequence_and_a_later_time(
    desk: Desk, reader: Any
) -> None:
    sets = [[desk.unit(n, region=f"130{k}00") for n in range(k, k + 5)] for k in range(1, 9)]
    done = await asyncio.gather(
        *(write_change_set(desk.settings.database_registry, s, f"writer {n}")
          for n, s in enumerate(sets))
    )  # fmt: skip
    assert len({d.seq for d in done}) == len(sets)
    assert {d.written for d in done} == {5}
    rows = await reader.fetch(
        "SELECT seq, recorded_at, records, (SELECT count(*) FROM registry_record r"
        " WHERE r.change_set = c.change_set) AS found FROM registry_change c ORDER BY seq"
    )
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1)), "no gap"
    times = [row["recorded_at"] for row in rows]
    assert all(a < b for a, b in itertools.pairwise(times))
    assert all(row["records"] == row["found"] for row in rows)
    in_order = sorted(zip(done, sets, strict=True), key=lambda pair: pair[0].seq)
    expected = {json.loads(line)["id"]: line for _, lines in in_order for line in lines}
    for record_id, line in expected.items():
        assert (await versions_of(reader, "unit", record_id))[-1].body == line


async def test_what_one_import_found_unchanged_cannot_be_changed_under_it(
    desk: Desk, reader: Any
) -> None:
    """Without the writers' lock the second would leave out its first record: a mix of the two."""
    old, new, other = desk.unit(1), desk.unit(1, region="130200"), desk.unit(2)
    await write_change_set(desk.settings.database_registry, [old], "test")
    async with head_held(desk):
        first = asyncio.create_task(
            write_change_set(desk.settings.database_registry, [new], "first")
        )
        await waiting(reader, 1)
        second = asyncio.create_task(
            write_change_set(desk.settings.database_registry, [old, other], "second")
        )
        await waiting(reader, 2)
    one, two = await asyncio.wait_for(asyncio.gather(first, second), 20)
    assert (two.seq, two.written) == (one.seq + 1, 2)
    versions = await versions_of(reader, "unit", f"{desk.name}-0001")
    assert [v.body for v in versions] == [old, new, old]


async def test_an_import_killed_in_the_middle_has_written_nothing(desk: Desk, reader: Any) -> None:
    before = await reader.fetchval("SELECT seq FROM registry_head")
    file = desk.folder / "many.ndjson"
    file.write_bytes(b"\n".join(desk.unit(n) for n in range(500)))
    async with head_held(desk):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.cli", "registry", "import", str(file),
            env={**os.environ, **desk.env}, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await waiting(reader, 1)  # its records are inserted, the head is asked for
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
    async with asyncio.timeout(20):
        while await reader.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'liandan_registry'"
            " AND state <> 'idle'"
        ):
            await asyncio.sleep(0.01)
    stands = await reader.fetchval(
        "SELECT count(*) FROM registry_record WHERE starts_with(record_id, $1)", f"{desk.name}-"
    )
    assert stands == 0
    assert await reader.fetchval("SELECT seq FROM registry_head") == before
    again = await write_change_set(
        desk.settings.database_registry, file.read_bytes().splitlines(), "again"
    )
    assert (again.seq, again.written) == (before + 1, 500)
