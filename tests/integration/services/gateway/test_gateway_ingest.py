"""Posts against real Kafka and Postgres."""

import asyncio
import json
import uuid
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import asyncpg
import pytest

from infra.local.stack import LocalStack
from schemas.receipt import event_digest, receipt_id
from services.cli.keys import revoke_key
from services.gateway.database import FIND_EVENTS, Database
from tests.gateway_events import event
from tests.integration.services.gateway.gateway_served import Served, known, records_of

LINES = "application/x-ndjson"
NewUnit = Any


def odd(event_id: str, source: str) -> bytes:
    """Bytes that no serialiser would write again."""
    text = (
        event(event_id, source=source).decode().replace('", "', '"  ,\t"').replace("填", "\\u586b")
    )
    return text.replace('{"reason"', '{ "reason"').encode()


async def test_the_exact_bytes_stand_on_the_log(
    served: Served, new_unit: NewUnit, stack: LocalStack
) -> None:
    me = await new_unit()
    await known(served, me.key)
    whole = b"\n " + odd("whole", me.uscc) + b" \n"
    array = [odd(f"array-{n}", me.uscc) for n in range(3)]
    lines = [b"  " + odd(f"line-{n}", me.uscc) + b" \t" for n in range(3)]
    answers = [
        await served.post(whole, me.key, "application/cloudevents+json"),
        await served.post(b"[ " + b" ,\r\n".join(array) + b"]", me.key),
        await served.post(b"\r\n".join([*lines, b""]), me.key, LINES),
    ]
    assert [a.status_code for a in answers] == [202, 200, 200]
    receipts = [answers[0].json()["receipt"]]
    receipts += [i["receipt"] for a in answers[1:] for i in a.json()["items"]]
    records = {
        dict(r.headers)["receipt"].decode(): r for r in await records_of(stack.settings, me.key)
    }
    assert len(records) == 7
    for sent, receipt in zip([whole, *array, *lines], receipts, strict=True):
        record = records[receipt["id"]]
        headers = dict(record.headers)
        assert record.value == sent
        assert record.key == json.loads(sent)["subject"].encode()
        assert headers["digest"].decode() == receipt["digest"] == event_digest(sent)
        assert (
            receipt["received_at"]
            == datetime.fromtimestamp(int(headers["received_at"]) // 10**6, UTC).strftime(
                "%Y-%m-%dT%H:%M:%S."
            )
            + f"{int(headers['received_at']) % 10**6:06d}Z"
        )
        assert receipt["id"] == str(
            receipt_id(f"urn:uscc:{me.uscc}", receipt["event_id"], receipt["digest"])
        )


async def test_concurrent_copies_reach_the_log_once(
    served: Served, new_unit: NewUnit, stack: LocalStack
) -> None:
    me = await new_unit()
    await known(served, me.key)
    raw = event("same", source=me.uscc)
    answers = await asyncio.gather(*(served.post(raw, me.key) for _ in range(20)))
    told = [a.json()["receipt"] for a in answers]
    assert len({r["id"] for r in told}) == 1
    assert sorted(r["status"] for r in told) == ["accepted"] + ["duplicate"] * 19
    assert len(await records_of(stack.settings, me.key)) == 1


async def archive(postgres: Any, raw: bytes, received_at: datetime) -> uuid.UUID:
    """Write what the archiver writes of an event (dedupe only)."""
    told = json.loads(raw)
    receipt = receipt_id(told["source"], told["id"], event_digest(raw))
    await postgres.execute(
        "INSERT INTO event_dedupe (source, event_id, digest, receipt_id, received_at, subject,"
        " copies) VALUES ($1, $2, $3, $4, $5, $6, 1)",
        told["source"], told["id"], bytes.fromhex(event_digest(raw)), receipt, received_at,
        told["subject"],
    )  # fmt: skip
    return receipt


@pytest.mark.parametrize("analysed", [False, True])
async def test_the_record_is_looked_up_by_its_index_however_small_it_was(
    stack: LocalStack, postgres: Any, analysed: bool
) -> None:
    """A plan is kept until the table is analysed again: made when it was small it must not read it all."""
    if analysed:
        await archive(postgres, event(f"small-{uuid.uuid4()}"), datetime.now(UTC))
        owner = await asyncpg.connect(stack.settings.database_migrator)
        await owner.execute("ANALYZE event_dedupe")
        await owner.close()
    database = Database(stack.settings.database_reader, monotonic)
    await database.open()
    try:
        async with database._pool.acquire() as asking, asking.transaction():
            await asking.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            await asking.execute(f"PREPARE look (text[], text[]) AS {FIND_EVENTS}")
            rows = await asking.fetch("EXPLAIN EXECUTE look('{a}', '{b}')")
            await asking.execute("DEALLOCATE look")
    finally:
        await database.close()
    plan = [row[0] for row in rows]
    assert sum("Index Scan" in line for line in plan) == 4, plan
    assert not [line for line in plan if "Seq Scan" in line or "Hash" in line], plan


async def test_outside_the_window_the_record_tells_duplicates_and_conflicts(
    served: Served, new_unit: NewUnit, stack: LocalStack, postgres: Any
) -> None:
    me = await new_unit()
    await known(served, me.key)
    first, other, third = (
        event("old", source=me.uscc, data={"reason": reason}) for reason in ("一", "二", "三")
    )
    kept = await archive(postgres, first, datetime(2026, 11, 1, 8, 0, 0, 123, UTC))
    answer = await served.post(first, me.key)
    assert answer.status_code == 202
    receipt = answer.json()["receipt"]
    assert (receipt["id"], receipt["status"]) == (str(kept), "duplicate")
    assert receipt["received_at"] == "2026-11-01T08:00:00.000123Z"
    answer = await served.post(other, me.key)
    assert (answer.status_code, answer.json()["receipt_id"]) == (409, str(kept))
    # Kept while the gate could not see the conflict: whoever posts it again has its receipt.
    second = await archive(postgres, other, datetime(2026, 11, 2, tzinfo=UTC))
    answer = await served.post(other, me.key)
    assert (answer.status_code, answer.json()["receipt"]["id"]) == (202, str(second))
    answer = await served.post(third, me.key)
    assert (answer.status_code, answer.json()["receipt_id"]) == (409, str(kept))
    assert await records_of(stack.settings, me.key) == []


async def test_a_revoked_key_is_refused_within_the_refresh(
    served: Served, new_unit: NewUnit, stack: LocalStack
) -> None:
    import asyncpg

    me = await new_unit()
    await known(served, me.key)
    registry = await asyncpg.connect(stack.settings.database_registry)
    assert await revoke_key(registry, me.key.key_id)
    assert not await revoke_key(registry, me.key.key_id)
    await registry.close()
    answer = await served.post_until(401, event("x", source=me.uscc), me.key)
    assert answer.json()["code"] == "key_revoked"


async def test_a_restart_without_postgres_knows_its_keys(serve: Any, new_unit: NewUnit) -> None:
    me = await new_unit()
    async with serve() as before:
        await known(before, me.key)
    async with serve(database_reader="postgresql://nobody@127.0.0.1:9/none") as after:
        answer = await after.post(event("x", source=me.uscc), me.key)
        assert answer.status_code == 202
        for path in (
            "/v1/receipts/" + answer.json()["receipt"]["id"],
            "/v1/manifests/20261101000001",
        ):
            away = await after.get(path, me.key)
            assert (away.status_code, away.json()["code"]) == (503, "record_away")
            assert int(away.headers["retry-after"]) > 0


async def test_without_any_snapshot_nobody_is_let_in_nor_turned_away_for_good(
    serve: Any, new_unit: NewUnit
) -> None:
    me = await new_unit()
    async with serve(database_reader="postgresql://nobody@127.0.0.1:9/none") as served:
        answer = await served.post(event("x", source=me.uscc), me.key)
        assert (answer.status_code, answer.json()["code"]) == (503, "keys_away")
