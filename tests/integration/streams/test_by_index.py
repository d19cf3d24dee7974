"""What workers ask at every tick goes by an index, however small its table was when it was planned."""

import json
import random
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest

from infra.local.stack import LocalStack
from infra.runtime.postgres import open_pool
from infra.runtime.settings import MANIFEST_TOPIC
from streams import judge_worker, medical_days, pager, postgres_batch, vehicles

EVERY_TICK = {
    "medical: fire": medical_days._FIRE,
    "medical: due": medical_days.DUE_DAYS,
    "vehicles: fire": vehicles._FIRE,
    "vehicles: due": vehicles.DUE_JOURNEYS,
    "manifests: due": judge_worker._WAITING,
    "manifests: take due": postgres_batch.TAKE_DUE,
    "manifests: take orders": postgres_batch.TAKE_REJUDGE,
}


@pytest.fixture
async def connection(stack: LocalStack) -> AsyncIterator[Any]:
    """A worker's session in a transaction that is rolled back."""
    pool = await open_pool(stack.settings.database_writer, by_index=True)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        yield connection
        await transaction.rollback()
    await pool.close()


def whole_reads(node: dict[str, Any], bounded: bool = False) -> Iterator[str]:
    """Yield the nodes of a plan that read a table to its end."""
    kind = node["Node Type"]
    by_condition = any(name in node for name in ("Index Cond", "TID Cond", "Recheck Cond"))
    if "Scan" in kind and "Relation Name" in node and not by_condition:
        in_order_to_a_limit = bounded and kind.startswith("Index")
        if not in_order_to_a_limit:
            yield f"{kind} on {node['Relation Name']}"
    for inner in node.get("Plans", ()):
        yield from whole_reads(inner, bounded or kind == "Limit")


async def plan_of(connection: Any, statement: str) -> dict[str, Any]:
    """Return the plan that is made without knowing the arguments: the one that is kept."""
    nulls = ", ".join("NULL" for _ in set(re.findall(r"\$\d+", statement)))
    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE asked AS {statement}")
    found = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked ({nulls})")
    await connection.execute("DEALLOCATE asked")
    plan: dict[str, Any] = found[0]["Plan"]
    return plan


@pytest.mark.parametrize("asked", EVERY_TICK)
async def test_what_is_asked_at_every_tick_reads_no_table_whole(
    connection: Any, asked: str
) -> None:
    plan = await plan_of(connection, EVERY_TICK[asked])
    assert list(whole_reads(plan)) == []


async def test_a_session_that_may_read_a_small_table_whole_does(connection: Any) -> None:
    await connection.execute("SET LOCAL enable_seqscan = on")
    fire = EVERY_TICK["medical: fire"].replace("= ANY (ARRAY(", "IN ((")
    assert "Seq Scan on medical_day" in whole_reads(await plan_of(connection, fire))


async def test_a_worker_asks_by_index(stack: LocalStack) -> None:
    worker = judge_worker.JudgeWorker(stack.settings, MANIFEST_TOPIC)
    async with (await worker._opened()).pool as pool:
        assert await pool.fetchval("SHOW enable_seqscan") == "off"


MARKS = [f"kind/{n}" for n in range(40)]


async def put_rows(connection: Any, rng: random.Random, rows: int) -> None:
    """Write rows of every table that bears marks, each with a few of them."""

    def marks() -> list[str]:
        return rng.sample(MARKS, rng.randrange(4))

    for table in ("manifest", "medical_day", "medical_week", "journey", "track_piece"):
        await connection.execute(f"DELETE FROM {table}")
    many = [(n, marks()) for n in range(rows)]
    await connection.executemany(
        "INSERT INTO medical_day (subject, holder, kind, day, marks, summary, outcomes, memo, open,"
        " registry_seq) VALUES ('d' || $1::int, 'h' || $1, CASE $1 % 2 WHEN 0 THEN 'medical' ELSE 'plant' END,"
        " date '2026-09-01' + $1, $2, '{}', '[]', '', false, 1)",
        many,
    )
    await connection.executemany(
        "INSERT INTO medical_week (subject, holder, day, marks, outcomes, memo, registry_seq)"
        " VALUES ('w' || $1::int, 'h' || $1, date '2026-09-01' + $1, $2, '[]', '', 1)",
        many,
    )
    await connection.executemany(
        "INSERT INTO journey (subject, plate, begins, ends, marks, outcomes, memo, registry_seq)"
        " VALUES ('j' || $1::int, 'p' || $1, $1, $1 + 1, $2, '[]', '', 1)",
        many,
    )
    await connection.executemany(
        "INSERT INTO track_piece (plate, day, unit, cells, positions)"
        " VALUES ('p' || $1::int, $1, 'u', $2::integer[], '')",
        [(n, [int(mark.split("/")[1]) for mark in its]) for n, its in many],
    )
    await connection.executemany(
        "INSERT INTO manifest (subject, partition, consignor, receiver, carriers, marks, aliases, events,"
        " state, act_at, outcomes, verdict, memo, registry_seq) VALUES ('m' || $1::int, $1, 'c' || $1 % 7,"
        " 'r' || $1 % 5, '{}', $2, '{}', '', 'filed', now(), '[]', '', '', 1)",
        many,
    )


async def ordered(connection: Any, orders: Any, marks: Sequence[str]) -> list[set[Any]]:
    """Return what a page about these marks orders, table by table."""
    cells = [int(mark.split("/")[1]) for mark in marks]
    found = []
    for statement, columns, about in (
        (orders.manifests, "partition, subject, seq", (9, ["c1"], marks, ["p3"])),
        (orders.medical, "holder, label", (marks,)),
        (orders.journeys, "plate, begins, ends, leg", (marks,)),
        (orders.positions, "plate, begins, ends, leg", (cells, ["p3"])),
    ):
        rows = await connection.fetch(
            f"WITH o AS ({statement} RETURNING {columns}) SELECT * FROM o", *about
        )
        found.append(sorted(tuple(row) for row in rows))
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_many_marks_order_what_few_at_a_time_order(connection: Any, seed: int) -> None:
    rng = random.Random(seed)
    await put_rows(connection, rng, 60)
    marks = rng.sample(MARKS, 1 + 4 * seed)
    few = await ordered(connection, pager._OF_FEW, marks)
    assert await ordered(connection, pager._OF_MANY, marks) == few
    assert all(few), "each table has rows that bear one of them"


async def test_of_many_marks_none_is_looked_for_by_itself(connection: Any) -> None:
    for statement in pager._OF_MANY:
        plan = json.dumps(await plan_of(connection, statement))
        assert "&&" not in plan
        assert "Hash Join" in plan or "Merge Join" in plan
