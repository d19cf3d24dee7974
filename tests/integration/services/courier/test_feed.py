"""Places in the feed: one order, no gap, nobody forgotten, one leader."""

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest

from infra.runtime.settings import Settings
from services.courier.courier import Courier
from services.courier.feed import feed_rows
from tests.fresh_topic import writer
from tests.outbox_rows import put

_KEYS = "SELECT alert_id || ':' || revision AS key FROM feed ORDER BY feed_seq"


async def keys(connection: Any) -> list[str]:
    return [row["key"] for row in await connection.fetch(_KEYS)]


async def test_a_row_that_commits_late_comes_after_and_is_not_missed(
    settings: Settings, postgres: Any
) -> None:
    async with writer(settings) as slow:
        late = slow.transaction()
        await late.start()
        first = await put(slow)  # the smaller id, not committed yet
        second = await put(postgres)
        await feed_rows(postgres)
        assert await keys(postgres) == [second]
        await late.commit()
    await feed_rows(postgres)
    assert await keys(postgres) == [second, first]
    assert await postgres.fetchval("SELECT array_agg(feed_seq ORDER BY feed_seq) FROM feed") == [
        1,
        2,
    ]


async def test_a_rolled_back_round_leaves_no_gap(settings: Settings, postgres: Any) -> None:
    await put(postgres)
    with pytest.raises(ZeroDivisionError):
        async with postgres.transaction():
            await feed_rows(postgres)
            raise ZeroDivisionError
    await put(postgres)
    assert not await feed_rows(postgres)
    assert await postgres.fetchval("SELECT max(feed_seq) FROM feed") == 2
    assert await postgres.fetchval("SELECT count(*) FROM feed") == 2


async def test_the_row_tells_what_the_alert_says(postgres: Any) -> None:
    alert_id = uuid.uuid4()
    await put(postgres, 3, alert_id, state="withdrawn", severity="low", finding="review")
    await feed_rows(postgres)
    row = dict(await postgres.fetchrow("SELECT * FROM feed"))
    payload = row.pop("payload")
    written = await postgres.fetchrow("SELECT created_at, payload FROM outbox")
    assert payload == written["payload"]
    assert row == {
        "feed_seq": 1,
        "alert_id": alert_id,
        "revision": 3,
        "state": "withdrawn",
        "severity": "low",
        "finding": "review",
        "rule": "transfer.approval",
        "origin_region": "330100",
        "destination_region": "340100",
        "at": written["created_at"],
    }


async def test_a_second_writer_fails_and_leaves_nothing(settings: Settings, postgres: Any) -> None:
    await put(postgres)
    async with writer(settings) as other:
        await other.execute("SET lock_timeout = '5s'")
        mine = postgres.transaction()
        await mine.start()
        await feed_rows(postgres)
        theirs = asyncio.ensure_future(feed_rows(other))
        await asyncio.sleep(0.1)
        await mine.commit()
        with pytest.raises(asyncpg.UniqueViolationError):
            await theirs
    assert len(await keys(postgres)) == 1


async def test_one_leads_and_the_other_takes_over(settings: Settings, postgres: Any) -> None:
    stops = [asyncio.Event(), asyncio.Event()]
    first = asyncio.create_task(Courier(settings, stops[0]).run())
    await until(postgres, await put(postgres))
    leader = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = " \
        "hashtext('courier')::oid"  # fmt: skip
    before = await postgres.fetch(leader)
    second = asyncio.create_task(Courier(settings, stops[1]).run())
    await until(postgres, await put(postgres))
    assert await postgres.fetch(leader) == before
    assert len(before) == 1
    stops[0].set()
    await asyncio.wait_for(first, 5)
    await until(postgres, await put(postgres))
    assert await postgres.fetch(leader) != before
    stops[1].set()
    await asyncio.wait_for(second, 5)


async def until(connection: Any, key: str) -> None:
    async with asyncio.timeout(10):
        while key not in await keys(connection):
            await asyncio.sleep(0.02)
