"""Old rows go in batches; what a subscriber still waits for stays, and numbers never start again."""

from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY

from infra.runtime.settings import Settings
from services.courier.endpoint import remove_endpoint
from services.courier.prune import _BATCH, prune
from services.courier.watch import watch
from tests.courier_rig import add, fed, on_loopback, pool_of, put_many, registry
from tests.http_sink import sink


@pytest.fixture
async def aged(settings: Settings, postgres: Any) -> Any:
    """Make everything that there is look two years old."""
    migrator = await asyncpg.connect(settings.database_migrator)

    async def age() -> None:
        for table, column in (
            ("outbox", "created_at"),
            ("feed", "at"),
            ("webhook_attempt", "at"),
            ("courier_message", "at"),
            ("courier_told", "told_at"),
        ):
            await migrator.execute(f"UPDATE {table} SET {column} = now() - interval '730 days'")

    yield age
    await migrator.close()


async def left(connection: Any, table: str) -> int:
    count: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
    return count


async def everything(settings: Settings, channels: tuple[str, ...] = ()) -> None:
    async with pool_of(settings) as pool:
        while await prune(pool, settings, channels):
            pass


async def test_only_what_is_sent_and_in_the_feed_leaves_the_outbox(
    settings: Settings, postgres: Any, aged: Any
) -> None:
    keys = await fed(postgres, 3)
    await postgres.execute("UPDATE outbox SET sent_at = now() WHERE key <> $1", keys[1])
    await put_many(postgres, 1)
    await postgres.execute("UPDATE outbox SET sent_at = now() WHERE feed_seq IS NULL")
    await everything(settings)
    assert await left(postgres, "outbox") == 4, "nothing is old"
    await aged()
    await everything(settings)
    rows = await postgres.fetch("SELECT key = $1 AS unsent, feed_seq FROM outbox", keys[1])
    assert [tuple(row) for row in rows] == [(True, 2), (False, None)]


async def test_batches_go_on_until_all_is_gone_and_the_last_row_of_the_feed_stays(
    settings: Settings, postgres: Any, aged: Any
) -> None:
    await put_many(postgres, 2 * _BATCH + 10)
    await fed(postgres, 0)
    await postgres.execute("UPDATE outbox SET sent_at = now()")
    await aged()
    async with pool_of(settings) as pool:
        assert await prune(pool, settings, ())
        assert await left(postgres, "feed") == _BATCH + 10
        assert await left(postgres, "outbox") == _BATCH + 10
    await everything(settings)
    assert await left(postgres, "outbox") == 0
    assert await postgres.fetchval("SELECT array_agg(feed_seq) FROM feed") == [2 * _BATCH + 10]
    await fed(postgres, 1)
    assert await postgres.fetchval("SELECT max(feed_seq) FROM feed") == 2 * _BATCH + 11


async def test_what_an_endpoint_waits_for_stays_until_it_is_delivered_removed_or_disabled(
    settings: Settings, postgres: Any, aged: Any
) -> None:
    local = on_loopback(settings)
    async with sink() as receiver:
        endpoint, _ = await add(local, receiver.url())
    await fed(postgres, 4)
    await postgres.execute(
        "UPDATE webhook_delivery SET delivered_at = now() WHERE feed_seq IN (1, 3)"
    )
    await aged()
    await everything(local)
    assert await postgres.fetchval("SELECT array_agg(feed_seq ORDER BY 1) FROM feed") == [2, 4]
    async with registry(settings) as desk:
        await remove_endpoint(desk, endpoint)
    await everything(local)
    assert await postgres.fetchval("SELECT array_agg(feed_seq) FROM feed") == [4]


async def test_what_a_channel_was_not_told_stays_unless_it_is_paused_or_gone(
    settings: Settings, postgres: Any, aged: Any
) -> None:
    await fed(postgres, 5)
    await postgres.execute(
        "INSERT INTO courier_channel (name, told_seq, digest_seq, digest_at) "
        "VALUES ('duty', 4, 2, now())"
    )
    await aged()
    await everything(settings, ("duty",))
    assert await postgres.fetchval("SELECT array_agg(feed_seq ORDER BY 1) FROM feed") == [3, 4, 5]
    await everything(settings, ("another",))
    assert await postgres.fetchval("SELECT array_agg(feed_seq) FROM feed") == [5]


async def test_logs_of_attempts_and_messages_go_after_their_days(
    settings: Settings, postgres: Any, aged: Any
) -> None:
    def write() -> Any:
        return postgres.execute(
            "WITH a AS (INSERT INTO webhook_attempt (endpoint, feed_seq, seconds) VALUES ('e', 1, 1)), "
            "m AS (INSERT INTO courier_message (channel, kind, alerts, outcome) "
            "VALUES ('c', 'test', 0, 'sent')) "
            "INSERT INTO courier_told (channel, alert_id, severity, state) "
            "VALUES ('c', gen_random_uuid(), 'low', 'withdrawn'), "
            "('c', gen_random_uuid(), 'low', 'open')"
        )

    await write()
    await aged()
    await write()
    await everything(settings)
    for table, count in (("webhook_attempt", 1), ("courier_message", 1), ("courier_told", 3)):
        assert await left(postgres, table) == count


async def test_the_gauges_tell_what_waits_and_what_is_set_aside(
    settings: Settings, postgres: Any
) -> None:
    local = on_loopback(settings)
    async with sink() as receiver:
        await add(local, receiver.url())
    await fed(postgres, 3)
    await postgres.execute(
        "INSERT INTO outbox (key, topic, payload) VALUES ('bad', 'alerts', '{}')"
    )
    await fed(postgres, 0)
    async with pool_of(settings) as pool:
        await watch(pool, ())
    value = REGISTRY.get_sample_value
    assert value("liandan_courier_webhook_waiting") == 3
    assert 0 < (value("liandan_courier_webhook_oldest_seconds") or 0) < 60
    assert value("liandan_courier_webhook_disabled") == 0
    assert value("liandan_courier_set_aside_rows") == 1
