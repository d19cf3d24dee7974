"""Positions in real Postgres: owners, fences, clocks."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.stack import LocalStack
from infra.runtime.offsets import Fenced, LogBroken, Move, OffsetTable, record_digest
from tests.fresh_topic import writer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def table(cluster_id: str = "one", topic: str | None = None) -> OffsetTable:
    return OffsetTable("test", topic or f"test-{uuid.uuid4().hex[:12]}", cluster_id)


@pytest.fixture
async def connection(stack: LocalStack) -> AsyncIterator[Any]:
    async with writer(stack.settings) as connected:
        yield connected


async def test_a_partition_never_seen_starts_at_zero(connection: Any) -> None:
    positions = await table().take(connection, [1, 0])
    assert {p: tuple(position)[:5] for p, position in positions.items()} == {
        0: (0, 0, None, 1, None),
        1: (1, 0, None, 1, None),
    }


async def test_taking_twice_raises_the_epoch_and_keeps_the_position(connection: Any) -> None:
    one = table()
    old = (await one.take(connection, [0]))[0]
    moved = await one.advance(connection, old, next_offset=7, digest=b"d" * 32, clock=NOON)
    again = (await one.take(connection, [0]))[0]
    assert again == moved._replace(epoch=2, version=again.version)


async def test_a_zombie_is_fenced_and_writes_nothing(connection: Any) -> None:
    one = table()
    zombie = (await one.take(connection, [0]))[0]
    owner = (await one.take(connection, [0]))[0]
    with pytest.raises(Fenced):
        await one.advance(connection, zombie, next_offset=5, digest=b"z", clock=NOON)
    assert (await one.read(connection, [0]))[0] == owner
    await one.advance(connection, owner, next_offset=3, digest=b"o", clock=None)


async def test_an_equal_row_of_a_database_that_was_put_back_is_another_one(connection: Any) -> None:
    """Deadlines and orders are carried out without moving the offset: caches would be newer."""
    one = table()
    copied = (await one.take(connection, [0]))[0]
    moved = await one.advance(connection, copied, next_offset=0, digest=None, clock=NOON)
    await connection.execute(
        "UPDATE consumer_offset SET clock = NULL, updated_at = $3"
        " WHERE consumer = $1 AND topic = $2",
        one.consumer,
        one.topic,
        copied.version,
    )
    with pytest.raises(Fenced):
        await one.advance(connection, moved, next_offset=0, digest=None, clock=NOON)
    await one.advance(connection, copied, next_offset=1, digest=b"d", clock=NOON)


async def test_a_zombie_in_the_middle_of_a_transaction_is_waited_for(stack: LocalStack) -> None:
    one = table()
    async with writer(stack.settings) as first, writer(stack.settings) as second:
        zombie = (await one.take(first, [0]))[0]
        transaction = first.transaction()
        await transaction.start()
        await one.advance(first, zombie, next_offset=5, digest=b"z", clock=NOON)
        taking = asyncio.ensure_future(one.take(second, [0]))
        await asyncio.wait([taking], timeout=0.1)
        assert not taking.done()
        await transaction.commit()
        assert (await taking)[0][1:4] == (5, b"z", 2)


async def test_the_same_move_cannot_be_made_twice(connection: Any) -> None:
    one = table()
    position = (await one.take(connection, [0]))[0]
    await one.advance(connection, position, next_offset=5, digest=b"d", clock=NOON)
    with pytest.raises(Fenced):
        await one.advance(connection, position, next_offset=5, digest=b"d", clock=NOON)


async def test_the_clock_moves_without_records_and_never_back(connection: Any) -> None:
    one = table()
    at = (await one.take(connection, [0]))[0]
    at = await one.advance(connection, at, next_offset=2, digest=b"d", clock=NOON)
    for clock in (NOON - timedelta(hours=1), None, NOON + timedelta(seconds=1)):
        at = await one.advance(connection, at, next_offset=2, digest=None, clock=clock)
        assert at == (await one.read(connection, [0]))[0]
    assert at.clock == NOON + timedelta(seconds=1)
    assert at.digest == b"d", "without new records the digest is that of the last one"


async def test_going_back_is_refused(connection: Any) -> None:
    one = table()
    at = (await one.take(connection, [0]))[0]
    at = await one.advance(connection, at, next_offset=2, digest=b"d", clock=None)
    with pytest.raises(ValueError, match="cannot go back"):
        await one.advance(connection, at, next_offset=1, digest=b"d", clock=None)


async def test_another_cluster_is_refused_once_something_was_read(connection: Any) -> None:
    one = table("one")
    at = await one.take(connection, [0, 1])
    await one.advance(connection, at[1], next_offset=9, digest=b"d", clock=None)
    other = table("other", one.topic)
    assert (await other.take(connection, [0]))[0].next_offset == 0
    with pytest.raises(LogBroken) as broken:
        await other.take(connection, [0, 1])
    cure = f"liandan offsets accept --consumer test --topic {one.topic} --partition 1 --from start"
    assert broken.value.cure == cure
    assert str(broken.value).endswith(cure)
    assert "one" in broken.value.sentence_en
    assert (await one.read(connection, [1]))[1].epoch == 1, "nothing was taken"


async def test_many_partitions_move_together_or_not_at_all(connection: Any) -> None:
    one = table()
    at = await one.take(connection, [0, 1, 2])
    await one.take(connection, [1])
    moves = [Move(at[p], 5 + p, record_digest(b"%d" % p), NOON) for p in at]
    with pytest.raises(Fenced) as fenced:
        async with connection.transaction():
            await one.advance_all(connection, moves)
    assert fenced.value.partitions == (1,)
    assert (await one.read(connection, [0]))[0] == at[0]
    moved = await one.advance_all(connection, [moves[0], moves[2]])
    assert moved == await one.read(connection, [0, 2])


steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(0, 2)),
        st.tuples(st.just("move"), st.integers(0, 2), st.integers(0, 3)),
    ),
    max_size=12,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
async def test_whatever_the_interleaving_only_the_last_owner_moves(
    connection: Any, steps: list[tuple[Any, ...]]
) -> None:
    """Three owners take and move in any order; the model knows who may."""
    one, held, owner, at = table(), {}, None, 0
    for what, who, *more in steps:
        if what == "take":
            held[who] = (await one.take(connection, [0]))[0]
            owner = who
        elif who in held:
            try:
                held[who] = await one.advance(
                    connection, held[who], next_offset=held[who].next_offset + more[0],
                    digest=b"d", clock=None,
                )  # fmt: skip
                assert who == owner
                at += more[0]
            except Fenced:
                assert who != owner
    if owner is not None:
        assert (await one.read(connection, [0]))[0].next_offset == at


async def test_a_mark_of_a_stop_stays_until_the_consumer_goes_on(connection: Any) -> None:
    one, stopped = table(), "SELECT stopped_at FROM consumer_offset WHERE topic = $1 ORDER BY 1"
    at = await one.take(connection, [0, 1])
    await one.mark(connection, [1], stopped=True)
    first, none = [row[0] for row in await connection.fetch(stopped, one.topic)]
    assert none is None
    await one.mark(connection, [1], stopped=True)
    assert (await connection.fetch(stopped, one.topic))[0][0] == first, "since when, not how often"
    await one.take(connection, [0, 1])
    assert (await connection.fetch(stopped, one.topic))[0][0] == first, "a new owner is no cure"
    await one.mark(connection, [0, 1], stopped=False)
    assert not any(row[0] for row in await connection.fetch(stopped, one.topic))
    assert (await one.read(connection, [0]))[0].next_offset == at[0].next_offset
