"""What the leader tells operators of the database."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY

from infra.runtime.offsets import OffsetTable
from infra.runtime.postgres import open_pool
from infra.runtime.settings import MANIFEST_TOPIC, Settings
from services.courier.courier import Courier
from services.courier.survey import survey

_PUT = """
INSERT INTO quarantine (consumer, topic, partition, kafka_offset, reason, detail, raw, created_at)
VALUES ('judge', 'survey', 0, $1, 'conflict', '{}', 'x', clock_timestamp() - make_interval(hours => $2))
"""
_CLOCK = """
UPDATE consumer_offset SET clock = clock_timestamp() - interval '90 seconds'
WHERE topic = $1 AND partition = 1000
"""


def seen(name: str, **labels: str) -> float:
    value = REGISTRY.get_sample_value(f"liandan_{name}", labels)
    assert value is not None
    return value


@pytest.fixture
async def pool(settings: Settings, postgres: Any) -> AsyncIterator[Any]:
    """Role writer, as the courier has it; quarantine and positions as they were before."""
    migrator = await asyncpg.connect(settings.database_migrator)
    await migrator.execute("DELETE FROM quarantine")
    async with await open_pool(settings.database_writer) as opened:
        yield opened
    await migrator.execute("DELETE FROM quarantine WHERE topic = 'survey'")
    await migrator.execute("DELETE FROM consumer_offset WHERE partition = 1000")
    await migrator.close()


async def test_it_tells_what_waits_in_quarantine_until_it_is_answered(
    pool: Any, settings: Settings
) -> None:
    await survey(pool)
    assert seen("quarantine_unanswered_rows") == 0
    assert seen("quarantine_oldest_seconds") == 0
    await pool.execute(_PUT, 1, 2)
    await pool.execute(_PUT, 2, 1)
    await survey(pool)
    assert seen("quarantine_unanswered_rows") == 2
    assert 7200 <= seen("quarantine_oldest_seconds") < 7260
    assert seen("database_size_bytes") > 1_000_000
    registry = await asyncpg.connect(settings.database_registry)
    await registry.execute(
        "UPDATE quarantine SET answered_at = clock_timestamp(), answer = 'told the firm'"
        " WHERE kafka_offset = 1 AND topic = 'survey'"
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await registry.execute("UPDATE quarantine SET raw = 'y'")
    await registry.close()
    await survey(pool)
    assert seen("quarantine_unanswered_rows") == 1
    assert 3600 <= seen("quarantine_oldest_seconds") < 3660


async def test_it_tells_who_refused_to_go_on_and_how_far_judging_is(pool: Any) -> None:
    table = OffsetTable("judge", MANIFEST_TOPIC, "one")
    async with pool.acquire() as connection:
        await table.take(connection, [1000])
        await connection.execute(_CLOCK, MANIFEST_TOPIC)
        await survey(pool)
        assert seen("consumer_stopped_partitions", consumer="judge") == 0
        assert seen("judge_clock_age_seconds") >= 90
        await table.mark(connection, [1000], stopped=True)
        await survey(pool)
        assert seen("consumer_stopped_partitions", consumer="judge") == 1
        assert seen("consumer_stopped_partitions", consumer="archiver") == 0
        await table.mark(connection, [1000], stopped=False)
        await survey(pool)
        assert seen("consumer_stopped_partitions", consumer="judge") == 0


async def test_the_leader_looks_again_and_again(pool: Any, settings: Settings) -> None:
    stop = asyncio.Event()
    given = settings.model_copy(update={"courier_survey_s": 0.05})
    courier = asyncio.create_task(Courier(given, stop).run())
    await pool.execute(_PUT, 3, 1)
    async with asyncio.timeout(10):
        while seen("quarantine_unanswered_rows") != 1:
            await asyncio.sleep(0.02)
        while not REGISTRY.get_sample_value(
            "liandan_last_success_timestamp_seconds", {"loop": "survey"}
        ):
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(courier, 5)
