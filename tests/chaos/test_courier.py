"""The courier is killed again and again: every alert reaches the topic, copies keep their id."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import psutil  # type: ignore[import-untyped]
import pytest
from aiokafka import TopicPartition

from infra.local.service import COURIER
from infra.local.stack import LocalStack
from infra.runtime.kafka import new_reader
from infra.runtime.settings import ALERTS_TOPIC
from tests.conftest import MakeStack
from tests.fresh_topic import writer
from tests.outbox_rows import put

pytestmark = pytest.mark.chaos

KILLS = 4


@contextlib.asynccontextmanager
async def judging(stack: LocalStack) -> AsyncIterator[list[str]]:
    """Write alerts to the outbox until the end; yields the keys written."""
    keys: list[str] = []
    end = asyncio.Event()

    async def go() -> None:
        async with writer(stack.settings) as connection:
            while not end.is_set():
                keys.append(await put(connection))
                await asyncio.sleep(0.001)

    task = asyncio.ensure_future(go())
    try:
        yield keys
    finally:
        end.set()
        await task


async def on_topic(stack: LocalStack) -> list[str]:
    """Return the ids of all records of the topic, as an outsider sees them."""
    partition = TopicPartition(ALERTS_TOPIC, 0)
    ids: list[str] = []
    async with new_reader(stack.settings) as reader:
        reader.assign([partition])
        await reader.seek_to_beginning(partition)
        end = (await reader.end_offsets([partition]))[partition]
        while await reader.position(partition) < end:
            for records in (await reader.getmany(timeout_ms=500)).values():
                for record in records:
                    ids.append(dict(record.headers)["id"].decode())
                    assert ids[-1].startswith(record.key.decode() + ":")
    return ids


async def all_sent(stack: LocalStack) -> None:
    waiting = "SELECT count(*) FROM outbox WHERE sent_at IS NULL OR feed_seq IS NULL"
    async with asyncio.timeout(60), writer(stack.settings) as connection:
        while await connection.fetchval(waiting):
            await asyncio.sleep(0.05)


async def check(stack: LocalStack, keys: list[str]) -> None:
    await all_sent(stack)
    ids = await on_topic(stack)
    assert set(ids) == set(keys), "never zero"
    async with writer(stack.settings) as connection:
        fed = await connection.fetch(
            "SELECT feed_seq, alert_id || ':' || revision AS key FROM feed ORDER BY feed_seq"
        )
    assert [row["feed_seq"] for row in fed] == list(range(1, len(keys) + 1)), "no gap"
    assert sorted(row["key"] for row in fed) == sorted(keys)


async def freeze(stack: LocalStack, connection: asyncpg.Connection) -> None:
    """Stop the courier where it holds no lock on the outbox: what it holds then, it keeps."""
    async with asyncio.timeout(20):
        while True:
            stack.kill("courier", signal.SIGSTOP)
            while psutil.Process(stack.pid("courier")).status() != psutil.STATUS_STOPPED:
                await asyncio.sleep(0.001)
            try:
                async with connection.transaction():
                    await connection.execute("LOCK TABLE outbox IN SHARE MODE NOWAIT")
                return
            except asyncpg.LockNotAvailableError:
                stack.kill("courier", signal.SIGCONT)
                await asyncio.sleep(0.01)


async def test_killed_under_load_it_sends_every_alert(make_stack: MakeStack) -> None:
    stack = await make_stack([COURIER])
    async with judging(stack) as keys:
        for _ in range(KILLS):
            await asyncio.sleep(0.5)
            stack.kill("courier")
            await stack.wait_ready("courier")
    await check(stack, keys)


async def test_killed_between_send_and_mark_it_sends_again_with_the_same_id(
    make_stack: MakeStack,
) -> None:
    stack = await make_stack([COURIER])
    async with writer(stack.settings) as connection:
        await all_sent(stack)
        await freeze(stack, connection)
        keys = [await put(connection) for _ in range(20)]
        async with writer(stack.settings) as blocking, blocking.transaction():
            # Nothing can be marked: sent and acknowledged, and no more, when the kill comes.
            await blocking.execute("LOCK TABLE outbox IN SHARE MODE")
            stack.kill("courier", signal.SIGCONT)
            async with asyncio.timeout(30):
                while set(await on_topic(stack)) != set(keys):
                    await asyncio.sleep(0.05)
            stack.kill("courier")
    await check(stack, keys)
    copies = Counter(await on_topic(stack))
    assert set(copies.values()) <= {1, 2}, "twice at worst"
    assert 2 in copies.values(), "the kill came before the mark"


async def test_kafka_and_postgres_killed_it_goes_on_by_itself(make_stack: MakeStack) -> None:
    stack = await make_stack([COURIER])
    pid = stack.pid("courier")
    keys: list[str] = []
    for name in ("kafka", "postgres"):
        stack.kill(name)
        await stack.wait_ready(name)
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    async with writer(stack.settings) as connection:
                        keys.append(await put(connection))
                    break
        await all_sent(stack)
    await check(stack, keys)
    assert stack.pid("courier") == pid
