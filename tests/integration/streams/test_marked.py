"""Whom to judge next: the oldest, or whose deadline has fired, in groups of bounded size."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.local.stack import LocalStack
from infra.runtime.postgres import open_pool
from streams.marked import MARKED_HOLDERS, MARKED_PLATES, marked_groups


@pytest.fixture
async def connection(stack: LocalStack) -> AsyncIterator[Any]:
    """A transaction in which nobody is marked; it is rolled back."""
    pool = await open_pool(stack.settings.database_writer)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("DELETE FROM medical_dirty")
        await connection.execute("DELETE FROM vehicle_dirty")
        yield connection
        await transaction.rollback()
    await pool.close()


async def mark(connection: Any, *holders: str, fired: bool = False) -> None:
    await connection.executemany(
        "INSERT INTO medical_dirty (holder, label, fired) VALUES ($1, 'x', $2)",
        [(holder, fired) for holder in holders],
    )


async def oldest(connection: Any) -> list[list[str]]:
    return await marked_groups(connection, MARKED_HOLDERS.oldest)


async def fired(connection: Any) -> list[list[str]]:
    return await marked_groups(connection, MARKED_HOLDERS.fired)


async def test_nobody_is_marked(connection: Any) -> None:
    for query in (*MARKED_HOLDERS, *MARKED_PLATES):
        assert await marked_groups(connection, query) == []


async def test_the_oldest_comes_first_once_however_often_it_is_marked(connection: Any) -> None:
    await mark(connection, "b", "a", "b", "c", "a")
    assert await oldest(connection) == [["b", "a", "c"]]
    assert await fired(connection) == []


async def test_whose_deadline_has_fired_is_found_behind_any_crowd_and_in_its_turn_too(
    connection: Any,
) -> None:
    await connection.execute(
        "INSERT INTO medical_dirty (holder, label) SELECT 'crowd', 'x' FROM generate_series(1, 9999)"
    )
    await mark(connection, "late")
    await mark(connection, "z", "late", fired=True)
    assert await fired(connection) == [["z", "late"]]
    # So many marks fill the look, and the crowd has more than a group may have: it is judged alone.
    assert await oldest(connection) == [["crowd"]]
    await connection.execute("DELETE FROM medical_dirty WHERE holder = 'crowd'")
    assert await oldest(connection) == [["late", "z"]]


async def test_a_group_ends_at_fifty_or_at_five_hundred_marks(connection: Any) -> None:
    await mark(connection, *(f"h{n:03}" for n in range(120)))
    assert [len(group) for group in await oldest(connection)] == [50, 50, 20]
    await mark(connection, *["h000"] * 499, *["h001"] * 300)
    assert (await oldest(connection))[:2] == [["h000"], [f"h{n:03}" for n in range(1, 51)]]


async def test_vehicles_are_ranked_alike(connection: Any) -> None:
    await connection.executemany(
        "INSERT INTO vehicle_dirty (plate, begins, ends, leg, fired) VALUES ($1, 0, 1, false, $2)",
        [("a", False), ("b", False), ("b", True)],
    )
    assert await marked_groups(connection, MARKED_PLATES.oldest) == [["a", "b"]]
    assert await marked_groups(connection, MARKED_PLATES.fired) == [["b"]]
