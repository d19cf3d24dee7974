"""What the archiver keeps: every byte, each event once, every contradiction."""

import asyncio
import hashlib
import itertools
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from aiokafka.admin import NewPartitions
from prometheus_client import REGISTRY

from infra.runtime.kafka import new_producer, new_reader
from infra.runtime.metrics import LAST_SUCCESS
from infra.runtime.offsets import Fenced, LogBroken, OffsetTable, accept_log
from infra.runtime.settings import Settings
from schemas.receipt import receipt_id
from services.archiver.archiver import CONSUMER
from services.archiver.write import write
from tests.fresh_topic import (
    Headers,
    accept_start,
    admin,
    create_topic,
    delete_topic,
    send,
    send_with,
    writer,
)

SOURCE = "urn:uscc:91110000100000000A"


def event(event_id: str, note: str = "", **more: Any) -> bytes:
    said = {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": "liandan.manifest.voided.v1",
        "subject": "20263100000001",
        "time": "2026-11-20T08:30:00+08:00",
        "data": {"reason": note},
    }
    return json.dumps(said | more).encode()


def received(moment: datetime) -> tuple[str, bytes]:
    micros = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return ("received_at", str(micros).encode())


def fresh_id() -> str:
    return uuid.uuid4().hex


WEIRD = [
    b"",
    None,
    b"\x00",
    b"\xff\xfe{not json",
    bytes(range(256)) * 40,
    b"[" * 100_000,
    b'{"id":"' + b"\\u0000" * 3 + b'","source":"s"}',
    b'{"id":"\\ud800","source":"s"}',
    b'{"id":"\xed\xa0\x80","source":"s"}',
    b'{"id":1e400,"source":["x"],"type":{},"subject":null,"time":true,"data":7}',
    event("x" * 200_000),
    event(fresh_id(), subject="万" * 3000, type="t" * 5000),
    event(fresh_id(), time="9999-99-99T99:99:99Z"),
    event(fresh_id(), type="liandan.manifest.filed.v1", data={"consignor": 3}),
    b" " + event(fresh_id()) + b"\r\n",
]


async def test_every_byte_is_kept_whatever_it_is(
    settings: Settings, topic: str, archiving: Any, archived: Any
) -> None:
    headers: list[Headers] = [
        [("raw", b"\xff\x00"), ("text", "联单".encode()), ("none", None), ("nul\x00name", b"x")]
    ] * len(WEIRD)
    await send(settings, topic, WEIRD, headers=headers)
    async with archiving():
        rows = await archived(len(WEIRD))
    assert [row["raw"] for row in rows] == [value or b"" for value in WEIRD]
    for row in rows:
        assert row["digest"] == hashlib.sha256(row["raw"]).digest()
        assert json.loads(row["headers"]) == [
            ["raw", "/wA=", "base64"],
            ["text", "联单"],
            ["none", None],
            ["bnVsAG5hbWU=", "x", None, "base64"],
        ]
    assert rows[-1]["source"] == SOURCE


async def test_the_columns_say_what_the_event_says(
    settings: Settings, topic: str, archiving: Any, archived: Any, postgres: Any
) -> None:
    now = datetime.now(UTC) - timedelta(minutes=5)
    one = fresh_id()
    data = {"consignor": {"site_region": "310115"}, "receiver": {"site_region": "320500"}}
    raw = event(one, type="liandan.manifest.filed.v1", data=data)
    digest = hashlib.sha256(raw).hexdigest()
    header = [received(now), ("digest", digest.encode()), ("key_id", b"key-1")]
    await send(settings, topic, [raw], headers=[header])
    async with archiving():
        (row,) = await archived(1)
    assert row["receipt_id"] == receipt_id(SOURCE, one, digest)
    wanted = {
        "source": SOURCE,
        "event_id": one,
        "type": "liandan.manifest.filed.v1",
        "subject": "20263100000001",
        "event_time": datetime(2026, 11, 20, 0, 30, tzinfo=UTC),
        "received_at": now,
        "key_id": "key-1",
        "origin_region": "310115",
        "destination_region": "320500",
    }
    assert {name: row[name] for name in wanted} == wanted
    known = await postgres.fetchrow("SELECT * FROM event_dedupe WHERE event_id = $1", one)
    assert (known["origin_region"], known["copies"], known["conflict"]) == ("310115", 1, False)
    assert not await postgres.fetch("SELECT FROM quarantine WHERE topic = $1", topic)


async def test_copies_are_all_logged_and_known_once(
    settings: Settings, topic: str, archiving: Any, archived: Any, postgres: Any
) -> None:
    one = fresh_id()
    first = datetime.now(UTC) - timedelta(hours=1)
    copies = [event(one)] * 3
    late = [[received(first + timedelta(minutes=n))] for n in (2, 1, 3)]
    async with archiving():
        await send(settings, topic, copies, headers=late)  # in one batch
        await archived(3)
        await send(settings, topic, copies[:1], headers=[[received(first)]], partition=1)
        await archived(4)
    (known,) = await postgres.fetch("SELECT * FROM event_dedupe WHERE event_id = $1", one)
    assert (known["copies"], known["received_at"], known["conflict"]) == (4, first, False)


ORDERS = [
    pytest.param(order, together, id=f"{''.join(map(str, order))}-{together}")
    for order in itertools.permutations(range(3))
    for together in ("one-batch", "one-by-one")
]


@pytest.mark.parametrize(("order", "together"), ORDERS)
async def test_the_order_in_which_a_conflict_comes_makes_no_difference(
    settings: Settings, topic: str, archiving: Any, archived: Any, postgres: Any,
    order: tuple[int, ...], together: str,
) -> None:  # fmt: skip
    one = fresh_id()
    begun = datetime.now(UTC) - timedelta(hours=1)
    values = [event(one, f"version {n}") for n in range(3)]
    moments = [begun, begun + timedelta(seconds=1), begun + timedelta(seconds=2)]
    if together == "one-batch":
        await send(
            settings, topic, [values[n] for n in order], headers=[[received(moments[n])] for n in order]
        )  # fmt: skip
    async with archiving():
        if together == "one-by-one":
            for count, n in enumerate(order, 1):
                await send(settings, topic, [values[n]], headers=[[received(moments[n])]])
                await archived(count)
        await archived(3)
    known = await postgres.fetch("SELECT * FROM event_dedupe WHERE event_id = $1", one)
    assert [(row["copies"], row["conflict"]) for row in known] == [(1, True)] * 3
    noted = await postgres.fetch(
        "SELECT * FROM quarantine WHERE event_id = $1 AND reason = 'conflict'", one
    )
    losers = {bytes(row["raw"]) for row in noted}
    # One by one, the third may have been noted against the second before the first came: it still
    # is a loser, and the first never is.
    assert losers == {values[1], values[2]}
    assert len(noted) == 2


async def test_what_the_headers_claim_wrongly_is_noted_and_kept(
    settings: Settings, topic: str, archiving: Any, archived: Any, postgres: Any
) -> None:
    now = datetime.now(UTC)
    headers: list[Headers] = [
        [("digest", b"0" * 64)],
        [("digest", b"\xff")],
        [received(now + timedelta(days=2))],
        [received(now - timedelta(days=41))],
        [("received_at", b"9" * 40)],
        [("received_at", b"soon")],
        [received(now - timedelta(days=39))],
        [],
    ]
    await send(settings, topic, [event(fresh_id()) for _ in headers], headers=headers)
    async with archiving():
        rows = await archived(len(headers))
    noted = await postgres.fetch(
        "SELECT kafka_offset, reason FROM quarantine WHERE topic = $1 ORDER BY 1", topic
    )
    assert [tuple(row) for row in noted] == [
        *((n, "digest_mismatch") for n in (0, 1)),
        *((n, "received_at_insane") for n in (2, 3, 4, 5)),
    ]
    for n in (2, 3, 4, 5, 7):
        assert rows[n]["received_at"] == rows[n]["appended_at"]


async def test_append_times_of_no_calendar_stop_nothing(
    settings: Settings, archiving: Callable[..., Any], topic: str, archived: Any
) -> None:
    await delete_topic(settings, topic)
    await create_topic(settings, 2, topic, **{"message.timestamp.type": "CreateTime"})
    async with new_producer(settings) as producer:
        await send_with(producer, topic, [event(fresh_id())], timestamp_ms=0)
    async with archiving():
        (row,) = await archived(1)
    assert abs(row["appended_at"] - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_restart_goes_on_where_it_was(
    settings: Settings, topic: str, archiving: Any, archived: Any
) -> None:
    for count in (3, 6):
        async with archiving():
            await send(settings, topic, [event(fresh_id()) for _ in range(3)])
            await archived(count)
    async with archiving():
        await archived(6)


async def test_reading_again_by_hand_counts_nothing_twice(
    settings: Settings, topic: str, archiving: Any, archived: Any, postgres: Any
) -> None:
    ids = [fresh_id() for _ in range(4)]
    await send(settings, topic, [event(one) for one in ids[:3]])
    async with archiving():
        await archived(3)
    await accept_start(settings, "archiver", topic)
    await send(settings, topic, [event(ids[3])])
    async with archiving():
        await archived(4)
    copies = await postgres.fetch(
        "SELECT copies FROM event_dedupe WHERE event_id = ANY ($1::text[])", ids
    )
    assert [row["copies"] for row in copies] == [1] * 4


async def test_a_new_owner_fences_the_old_one(
    settings: Settings, topic: str, archiving: Any, archived: Any
) -> None:
    await send(settings, topic, [event(fresh_id())])
    with pytest.raises(Fenced):
        async with archiving() as old:
            await archived(1)
            async with writer(settings) as connection:
                row = await connection.fetchrow(
                    "SELECT cluster_id FROM consumer_offset WHERE topic = $1", topic
                )
                await OffsetTable("archiver", topic, row["cluster_id"]).take(connection, [0, 1])
            await send(settings, topic, [event(fresh_id())])
            await asyncio.wait_for(old, 10)
    await archived(1)


async def test_a_log_that_is_another_stops_the_archiver(
    settings: Settings, topic: str, archiving: Any, archived: Any, postgres: Any
) -> None:
    await send(settings, topic, [event(fresh_id()) for _ in range(3)])
    async with archiving():
        await archived(3)
    await delete_topic(settings, topic)
    await create_topic(settings, 2, topic)
    with pytest.raises(LogBroken, match="lost its tail"):
        async with archiving() as task:
            await asyncio.wait_for(task, 10)
    stopped = "SELECT count(*) FROM consumer_offset WHERE topic = $1 AND stopped_at IS NOT NULL"
    assert await postgres.fetchval(stopped, topic) >= 1, "operators are told"
    async with writer(settings) as connection:
        for partition in (0, 1):
            await accept_log(
                settings.database_writer, settings, CONSUMER, topic, partition, to="end"
            )
        assert await connection.fetchval(stopped, topic) == 0


async def test_a_commit_whose_answer_was_lost_is_not_done_twice(
    settings: Settings, topic: str, archiving: Any, archived: Any, postgres: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    calls = []

    async def write_and_break(*arguments: Any) -> Any:
        calls.append(await write(*arguments))
        if len(calls) in (1, 3):
            raise asyncpg.ConnectionDoesNotExistError
        return calls[-1]

    monkeypatch.setattr("services.archiver.archiver.write", write_and_break)
    ids = [fresh_id() for _ in range(3)]
    async with archiving() as task:
        for count, one in enumerate(ids, 1):
            await send(settings, topic, [event(one)])
            await archived(count)
    assert not task.exception()
    assert len(calls) == 3
    copies = await postgres.fetch(
        "SELECT copies FROM event_dedupe WHERE event_id = ANY ($1::text[])", ids
    )
    assert [row["copies"] for row in copies] == [1] * 3


async def test_a_log_replaced_while_it_runs_is_noticed(
    settings: Settings, topic: str, archiving: Any, archived: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.archiver.archiver._CHECK_EVERY_S", 0.2)
    await send(settings, topic, [event(fresh_id()) for _ in range(3)])
    with pytest.raises(LogBroken):
        async with archiving() as task:
            await archived(3)
            await delete_topic(settings, topic)
            await asyncio.wait_for(task, 20)


async def test_partitions_added_while_it_runs_are_archived_too(
    settings: Settings, topic: str, archiving: Any, archived: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.archiver.archiver._CHECK_EVERY_S", 0.2)
    await send(settings, topic, [event(fresh_id())])
    async with archiving():
        await archived(1)
        async with admin(settings) as client:
            await client.create_partitions({topic: NewPartitions(3)})
        await send(settings, topic, [event(fresh_id())], partition=2)
        await archived(2)


async def test_no_success_is_claimed_before_anything_can_be_kept(
    settings: Settings, topic: str, archiving: Any
) -> None:
    away = settings.model_copy(update={"database_writer": "postgresql://nobody@127.0.0.1:1/none"})
    LAST_SUCCESS.labels("archive").set(0)
    async with archiving(away):
        await asyncio.sleep(0.5)
    assert REGISTRY.get_sample_value(
        "liandan_last_success_timestamp_seconds", {"loop": "archive"}
    ) == 0  # fmt: skip
    async with archiving(), asyncio.timeout(20):
        while True:
            if REGISTRY.get_sample_value(
                "liandan_last_success_timestamp_seconds", {"loop": "archive"}
            ):
                break
            await asyncio.sleep(0.02)


async def test_a_reader_that_hears_nothing_is_replaced_and_nothing_is_missed(
    settings: Settings, topic: str, archiving: Any, archived: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.archiver.archiver._SILENT_S", 0.1)
    readers = []

    def deaf_reader(given: Settings) -> Any:
        readers.append(new_reader(given))
        readers[-1].last_poll_timestamp = lambda _tp: 1
        return readers[-1]

    monkeypatch.setattr("services.archiver.archiver.new_reader", deaf_reader)
    async with archiving(), asyncio.timeout(20):
        for count in (1, 2, 3):
            await send(settings, topic, [event(fresh_id())])
            await archived(count)
            while True:
                if len(readers) > count:
                    break
                await asyncio.sleep(0.02)
