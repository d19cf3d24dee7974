"""The archiver is killed while it writes files of tracks: every record once, none lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import duckdb
import pytest

from infra.local.service import ARCHIVER
from infra.local.stack import LocalStack
from infra.runtime.kafka import new_producer
from infra.runtime.settings import TRACKS_TOPIC
from services.archiver.track_file import files_in
from services.cli.track_files import compare
from tests.conftest import MakeStack
from tests.fresh_topic import send_with, writer
from tests.terminal_frames import frame, position

pytestmark = pytest.mark.chaos

PARTITIONS, ROUND = 2, 100


class Load:
    """Sends frames to every partition until told to end; ``sent`` counts them by partition."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack, self.sent = stack, 0

    def value(self, partition: int, n: int) -> bytes:
        return frame(0x0200, position(lon=n, lat=partition), serial=n & 0xFFFF)

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        end = asyncio.Event()

        async def go() -> None:
            async with new_producer(self.stack.settings) as producer:
                while not end.is_set():
                    for p in range(PARTITIONS):
                        values = [self.value(p, self.sent + n) for n in range(ROUND)]
                        await send_with(producer, TRACKS_TOPIC, values, partition=p)
                    self.sent += ROUND
                    await asyncio.sleep(0.1)

        task = asyncio.ensure_future(go())
        try:
            yield
        finally:
            end.set()
            await task

    async def files(self) -> list[Any] | None:
        """Return the rows of ``track_file``; None while Postgres is away."""
        try:
            async with writer(self.stack.settings) as connection:
                return list(await connection.fetch("SELECT * FROM track_file ORDER BY name"))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return None

    async def until(self, records: int) -> int:
        """Wait until so many records are archived; return how many are."""
        async with asyncio.timeout(60):
            while True:
                found = await self.files()
                there = sum(row["rows"] for row in found or ())
                if found is not None and there >= records:
                    return there
                await asyncio.sleep(0.05)

    async def check_all_once(self) -> None:
        assert await self.until(PARTITIONS * self.sent) == PARTITIONS * self.sent
        directory, files = self.stack.settings.tracks_home, await self.files()
        assert files is not None
        assert not compare(directory, files, files_in(directory))
        assert not list(directory.rglob("*.tmp"))
        with duckdb.connect() as database:
            rows = database.execute(
                "SELECT partition, kafka_offset, raw FROM read_parquet($1) ORDER BY ALL",
                [str(directory / "*" / "*" / "*.parquet")],
            ).fetchall()
        assert rows == [
            (p, n, self.value(p, n)) for p in range(PARTITIONS) for n in range(self.sent)
        ]


async def test_killed_while_it_writes_files_it_archives_every_record_once(
    make_stack: MakeStack,
) -> None:
    stack = await make_stack([ARCHIVER], tracks_partitions=PARTITIONS, tracks_file_s=0.05)
    load = Load(stack)
    async with load():
        there = 0
        for n in range(5):
            there = await load.until(there + 1)
            await asyncio.sleep(0.03 * n)  # at another place of its work each time
            stack.kill("archiver")
            await stack.wait_ready("archiver")
    await load.check_all_once()


async def test_postgres_killed_under_load_the_same_files_are_recorded_once(
    make_stack: MakeStack,
) -> None:
    stack = await make_stack([ARCHIVER], tracks_partitions=PARTITIONS, tracks_file_s=0.05)
    load, pid = Load(stack), stack.pid("archiver")
    async with load():
        there = 0
        for _ in range(2):
            there = await load.until(there + 1)
            stack.kill("postgres")
            await stack.wait_ready("postgres")
    await load.check_all_once()
    assert stack.pid("archiver") == pid, "it waited and was not restarted"
