"""The archiver and its Postgres are killed under load: every record once, none lost."""

import asyncio
import contextlib
import os
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from infra.local.service import ARCHIVER
from infra.local.stack import LocalStack
from infra.runtime.kafka import new_producer
from infra.runtime.offsets import OffsetTable
from infra.runtime.settings import MANIFEST_TOPIC
from tests.conftest import MakeStack
from tests.fresh_topic import create_topic, delete_topic, send, send_with, writer

pytestmark = pytest.mark.chaos

PARTITIONS, ROUND, PAUSE_S = 4, 250, 0.1
_ARCHIVED = "SELECT coalesce(sum(next_offset), 0) FROM consumer_offset"


def event(n: int, run: str) -> bytes:
    return (
        b'{"specversion":"1.0","id":"%s-%d","source":"urn:uscc:91110000100000000A",'
        b'"type":"liandan.manifest.voided.v1","subject":"%d","data":"%s"}'
        % (run.encode(), n, n % 997, b"x" * 600)
    )


class Load:
    """Sends rounds of events to every partition until told to end; ``sent`` counts them."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack, self.run, self.sent = stack, uuid.uuid4().hex, 0

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        end = asyncio.Event()

        async def go() -> None:
            async with new_producer(self.stack.settings) as producer:
                while not end.is_set():
                    for partition in range(PARTITIONS):
                        values = [event(self.sent + n, self.run) for n in range(ROUND)]
                        await send_with(producer, MANIFEST_TOPIC, values, partition=partition)
                        self.sent += ROUND
                    await asyncio.sleep(PAUSE_S)  # a steady stream, not all the machine gives

        task = asyncio.ensure_future(go())
        try:
            yield
        finally:
            end.set()
            await task

    async def archived(self) -> int | None:
        """Return how many are archived; None while Postgres is away."""
        try:
            async with writer(self.stack.settings) as connection:
                return int(await connection.fetchval(_ARCHIVED))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return None

    async def until_archived(self, count: int) -> int:
        async with asyncio.timeout(40):
            while True:
                there = await self.archived()
                if there is not None and there >= count:
                    return there
                await asyncio.sleep(0.05)

    async def check_all_once(self) -> None:
        await self.until_archived(self.sent)
        async with writer(self.stack.settings) as connection:
            rows = await connection.fetch(
                "SELECT partition, count(*), count(DISTINCT kafka_offset), min(kafka_offset),"
                " max(kafka_offset) FROM event_log GROUP BY 1 ORDER BY 1"
            )
            each = self.sent // PARTITIONS
            for row in rows:
                assert each - ROUND <= row[1] <= each + ROUND
                assert tuple(row)[2:] == (row[1], 0, row[1] - 1)
            assert len(rows) == PARTITIONS
            assert sum(row[1] for row in rows) == self.sent
            known = await connection.fetchrow("SELECT count(*), sum(copies) FROM event_dedupe")
            assert tuple(known) == (self.sent, self.sent), "no copy was counted twice"


async def test_killed_three_times_under_load_it_archives_every_record_once(
    make_stack: MakeStack,
) -> None:
    stack = await make_stack([ARCHIVER], manifest_partitions=PARTITIONS)
    load = Load(stack)
    async with load():
        there = 0
        for _ in range(3):
            there = await load.until_archived(there + 1)  # it is in the middle of the work
            stack.kill("archiver")
            await stack.wait_ready("archiver")
    await load.check_all_once()


async def test_postgres_killed_three_times_under_load_nothing_is_lost_or_doubled(
    make_stack: MakeStack,
) -> None:
    stack = await make_stack([ARCHIVER], manifest_partitions=PARTITIONS)
    load, pid = Load(stack), stack.pid("archiver")
    async with load():
        there = 0
        for _ in range(3):
            there = await load.until_archived(there + 1)
            stack.kill("postgres")
            await stack.wait_ready("postgres")
    await load.check_all_once()
    assert stack.pid("archiver") == pid, "it waited and was not restarted"


async def test_kafka_killed_under_load_it_goes_on_by_itself(make_stack: MakeStack) -> None:
    stack = await make_stack([ARCHIVER], manifest_partitions=PARTITIONS)
    pid = stack.pid("archiver")
    for n in range(2):
        values = [event(n * ROUND + k, "kafka") for k in range(ROUND)]
        await send(stack.settings, MANIFEST_TOPIC, values)
        await Load(stack).until_archived((n + 1) * ROUND)
        stack.kill("kafka")
        await stack.wait_ready("kafka")
    await send(stack.settings, MANIFEST_TOPIC, [b"last"])
    await Load(stack).until_archived(2 * ROUND + 1)
    assert stack.pid("archiver") == pid


async def test_it_stops_within_three_seconds_also_without_postgres(make_stack: MakeStack) -> None:
    killed: list[Any] = []
    stack = await make_stack(
        [ARCHIVER],
        options={"on_event": lambda e: killed.append(e) if e.kind == "killed" else None},
    )
    for postgres in (True, False):
        if not postgres:
            await stack.start_child("archiver")
            stack.suspend_restart("postgres")
            stack.kill("postgres", signal.SIGKILL)
            await send(stack.settings, MANIFEST_TOPIC, [b"waits"])
        begun = time.monotonic()
        await stack.stop_child("archiver")
        assert time.monotonic() - begun < 3
    assert not killed


async def test_a_broken_log_and_a_new_owner_have_exit_codes(make_stack: MakeStack) -> None:
    stack = await make_stack([], manifest_partitions=1)
    settings, load = stack.settings, Load(stack)

    async def start() -> Any:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.archiver",
            env={**os.environ, "LIANDAN_HOME": str(stack.home)},
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    await send(settings, MANIFEST_TOPIC, [b"one", b"two"])
    process = await start()
    await load.until_archived(2)
    async with writer(settings) as connection:
        cluster = await connection.fetchval("SELECT cluster_id FROM consumer_offset")
        await OffsetTable("archiver", MANIFEST_TOPIC, cluster).take(connection, [0])
    await send(settings, MANIFEST_TOPIC, [b"three"])
    await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 4

    await delete_topic(settings, MANIFEST_TOPIC)
    await create_topic(settings, 1, MANIFEST_TOPIC)
    process = await start()
    _, told = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 3
    cure = "liandan offsets accept --consumer archiver --topic manifest.events --partition 0"
    assert f"{cure} --from start" in told.decode()
