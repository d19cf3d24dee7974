"""The worker against real Postgres: what each part of the batch transaction is there for."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from infra.local.stack import LocalStack
from infra.runtime.kafka import new_producer
from infra.runtime.offsets import LogBroken, OffsetTable, cluster_id_of
from infra.runtime.postgres import open_pool
from infra.runtime.settings import Settings
from services.registry import write_change_set
from streams.judge_worker import CONSUMER, JudgeWorker
from streams.judging.facts import Facts
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, ManifestRule, RuleBook
from streams.judging.rules.rule import says
from streams.judging.state import FencedError
from streams.pager import page_registry
from streams.shared import judge_shared
from tests.integration.streams.speech import NOON, LogOf, Speech

_serials = itertools.count(100)


@pytest.fixture
def speech() -> Speech:
    return Speech(next(_serials))


class Bench:
    """A worker that owns partition 0 of a topic of its own."""

    def __init__(
        self, settings: Settings, topic: str, reader: asyncpg.Pool, producer: AIOKafkaProducer
    ) -> None:
        self.settings = settings
        self.producer = producer
        self.topic = topic
        self.reader = reader
        self.log = LogOf(topic)
        self.workers: list[JudgeWorker] = []

    async def worker(self, book: RuleBook = RULE_BOOK) -> JudgeWorker:
        worker = JudgeWorker(self.settings, self.topic, book)
        self.workers.append(worker)
        await worker.assigned([0])
        return worker

    async def append(self, *values: bytes, **how: Any) -> list[Any]:
        """Append to the real log; return the records with append times of the test's choice."""
        records = self.log.append(*values, **how)
        for record in records:
            await self.producer.send_and_wait(self.topic, record.value, key=record.key)
        return records

    async def say(self, worker: JudgeWorker, *values: bytes, at: datetime | None = None) -> None:
        records = await self.append(*values, at=at)
        await worker.handle(0, records, self.log.end)

    async def alerts(self, subject: str) -> dict[str, tuple[str, int, str | None]]:
        rows = await self.reader.fetch(
            "SELECT rule, state, revision, body ->> 'withdrawn_reason' AS why FROM alert"
            " WHERE subject = $1 ORDER BY rule",
            subject,
        )
        return {row["rule"]: (row["state"], row["revision"], row["why"]) for row in rows}

    async def registry(self, *lines: bytes) -> int:
        return (await write_change_set(self.settings.database_registry, lines, "test")).seq

    async def catch_up(self, worker: JudgeWorker) -> None:
        """Page the registry, carry out the orders, judge the limits: what the loops do."""
        state = await worker._opened()
        while await page_registry(state.pool):
            pass
        await worker.tick(0, self.log.end, None, None)
        for subject in await state.dirty_subjects(1000):
            await judge_shared(state, subject, worker._view)


@pytest.fixture
async def bench(stack: LocalStack) -> AsyncIterator[Bench]:
    topic = f"judge-{uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.settings.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    settings = stack.settings.model_copy(update={"deadline_settle_s": 0.0})
    reader = await open_pool(settings.database_reader)
    producer = new_producer(settings)
    await producer.start()
    made = Bench(settings, topic, reader, producer)
    yield made
    await producer.stop()
    for worker in made.workers:
        if worker._pool is not None:
            await worker._pool.close()
    await reader.close()


async def test_a_transfer_without_approval_raises_one_alert_that_a_late_approval_withdraws(
    bench: Bench, speech: Speech
) -> None:
    await bench.registry(speech.permit(), speech.licence())
    worker = await bench.worker()
    await bench.say(worker, speech.filed(), speech.dispatched())
    assert await bench.alerts(speech.number()) == {"cross_province.no_approval": ("open", 1, None)}
    await bench.registry(speech.approval())
    await bench.catch_up(worker)
    assert await bench.alerts(speech.number()) == {
        "cross_province.no_approval": ("withdrawn", 2, "approved")
    }
    history = await bench.reader.fetch(
        "SELECT h.revision, h.state FROM alert_history h JOIN alert a USING (id)"
        " WHERE a.subject = $1 ORDER BY 1",
        speech.number(),
    )
    assert [tuple(row) for row in history] == [(1, "open"), (2, "withdrawn")]


async def test_a_licence_that_is_taken_back_raises_an_alert_on_what_moved_before(
    bench: Bench, speech: Speech
) -> None:
    await bench.registry(speech.permit(), speech.licence())
    worker = await bench.worker()
    await bench.say(worker, speech.filed(to="130200"), speech.dispatched())
    assert await bench.alerts(speech.number()) == {}
    await bench.registry(speech.licence(retracted=True))
    await bench.catch_up(worker)
    assert await bench.alerts(speech.number()) == {"licence.receiver_unlicensed": ("open", 1, None)}


async def test_no_stale_verdict_survives_a_registry_write_in_the_middle_of_a_batch(
    bench: Bench, speech: Speech
) -> None:
    """A plain read of the head would let the approval commit unseen by batch and pager alike."""
    await bench.registry(speech.permit(), speech.licence())
    worker = await bench.worker()
    state = await worker._opened()
    reached, go_on = asyncio.Event(), asyncio.Event()
    _pause_after(state, "batch", "load", reached, go_on)
    batch = asyncio.create_task(bench.say(worker, speech.filed(), speech.dispatched()))
    await asyncio.wait_for(reached.wait(), 10)
    write = asyncio.create_task(bench.registry(speech.approval()))
    blocked = await _done_or_blocked(bench, write)
    # The worst moment for the pager: the change is written, the batch is not.
    await page_registry(state.pool)
    go_on.set()
    await asyncio.wait_for(asyncio.gather(batch, write), 10)
    await bench.catch_up(worker)
    assert await bench.alerts(speech.number()) == {
        "cross_province.no_approval": ("withdrawn", 2, "approved")
    }
    assert blocked, "the registry write did not wait for the batch that held the head"


async def test_a_registry_write_is_not_starved_by_batches_that_overlap(bench: Bench) -> None:
    """Row locks alone let new sharers pass a waiting writer for as long as there is a backlog."""
    state = await (await bench.worker())._opened()
    written = asyncio.Event()

    async def judge_on_and_on() -> None:
        while not written.is_set():
            async with state.shared() as tx:  # holds the head as a batch does
                await tx.registry_since(0)
                await asyncio.sleep(0.2)

    judges = [asyncio.create_task(judge_on_and_on()) for _ in range(2)]
    await asyncio.sleep(0.1)
    judges.append(asyncio.create_task(judge_on_and_on()))  # out of step with the others
    try:
        async with asyncio.timeout(5):
            await bench.registry(Speech(next(_serials)).licence())
    finally:
        written.set()
        await asyncio.gather(*judges)


async def test_a_zombie_is_fenced_and_writes_nothing(bench: Bench, speech: Speech) -> None:
    zombie = await bench.worker()
    records = await bench.append(speech.filed(), speech.dispatched())
    owner = await bench.worker()
    with pytest.raises(FencedError):
        await zombie.handle(0, records, bench.log.end)
    assert (
        await bench.reader.fetchval(
            "SELECT count(*) FROM manifest WHERE subject = $1", speech.number()
        )
        == 0
    )
    await owner.handle(0, records, bench.log.end)
    assert "licence.receiver_unlicensed" in await bench.alerts(speech.number())


async def test_records_that_come_again_after_a_crash_are_counted_once(
    bench: Bench, speech: Speech
) -> None:
    worker = await bench.worker()
    records = await bench.append(speech.filed(), speech.dispatched())
    await worker.handle(0, records, bench.log.end)
    before = await bench.alerts(speech.number())
    successor = await bench.worker()
    assert (await successor._opened()).positions[0].next_offset == 2
    await successor.handle(0, records, bench.log.end)
    assert await bench.alerts(speech.number()) == before
    assert await bench.reader.fetchval(
        "SELECT count(*) FROM outbox WHERE payload ->> 'subject' = $1", speech.number()
    ) == len(before)


async def test_a_draw_that_comes_while_the_limit_is_judged_is_not_lost(
    bench: Bench, speech: Speech
) -> None:
    """An ON CONFLICT flag would be swallowed by the row that the judge is deleting."""
    await bench.registry(speech.permit(), speech.licence(), speech.approval(tonnes=8))
    worker = await bench.worker()
    state = await worker._opened()
    await bench.say(worker, speech.filed(0), speech.dispatched(0))
    reached, go_on = asyncio.Event(), asyncio.Event()
    _pause_after(state, "shared", "load", reached, go_on)
    first = asyncio.create_task(judge_shared(state, speech.limit, worker._view))
    await asyncio.wait_for(reached.wait(), 10)
    await bench.say(worker, speech.filed(1), speech.dispatched(1))  # 10 t of 8 t now
    go_on.set()
    decision = await asyncio.wait_for(first, 10)
    assert decision is not None
    assert decision.outcomes[0].state == "passed"  # it had read one draw only
    await bench.catch_up(worker)
    assert await bench.alerts(speech.limit) == {
        "cross_province.quantity_exceeded": ("open", 1, None)
    }


async def test_a_log_that_lost_its_tail_stops_the_worker_with_the_command_that_mends_it(
    bench: Bench, speech: Speech
) -> None:
    worker = await bench.worker()
    await bench.say(worker, speech.filed(), speech.dispatched())
    lost = bench.log.append(speech.arrived())  # judged, but the log will not have it
    await worker.handle(0, lost, bench.log.end)
    with pytest.raises(LogBroken) as broken:
        await bench.worker()
    assert (
        f"liandan offsets accept --consumer {CONSUMER} --topic {bench.topic}" in broken.value.cure
    )
    stored = await bench.reader.fetchrow(
        "SELECT next_offset, stopped_at FROM consumer_offset WHERE topic = $1", bench.topic
    )
    assert stored["next_offset"] == 3, "no automatic reset"
    assert stored["stopped_at"] is not None, "operators are told while the process is gone"


async def test_poison_in_the_middle_of_a_batch_goes_to_quarantine_and_its_neighbours_go_on(
    bench: Bench, speech: Speech
) -> None:
    worker = await bench.worker()
    garbage = b'{"specversion":"1.0","id":\xff\x00}'
    twice = speech.filed(1, event_id="same"), speech.filed(1, event_id="same", tonnes=6)
    records = await bench.append(speech.filed(), garbage, *twice, speech.dispatched())
    stray = LogOf(bench.topic)
    stray.end = bench.log.end
    records += stray.append(speech.filed(2), key=b"another number")
    await worker.handle(0, records, len(records))
    rows = await bench.reader.fetch(
        "SELECT kafka_offset, reason, raw FROM quarantine WHERE topic = $1 ORDER BY 1", bench.topic
    )
    assert [(r["kafka_offset"], r["reason"]) for r in rows] == [
        (1, "not_understood"),
        (2, "conflict"),
        (3, "conflict"),
        (5, "wrong_key"),
    ]
    assert rows[0]["raw"] == garbage
    assert "licence.receiver_unlicensed" in await bench.alerts(speech.number())
    assert (
        await bench.reader.fetchval(
            "SELECT state FROM manifest WHERE subject = $1", speech.number(1)
        )
        == "filed"
    )


async def test_an_event_under_a_mere_alias_is_quarantined_with_the_right_number(
    bench: Bench, speech: Speech
) -> None:
    alias = f"G20261301{speech.number()[-8:]}"
    filed = speech.filed().replace(b'"wastes"', f'"aliases": ["{alias}"], "wastes"'.encode())
    worker = await bench.worker()
    await bench.say(worker, filed)
    stray = speech.dispatched().replace(speech.number().encode(), alias.encode())
    await bench.say(worker, stray)
    row = await bench.reader.fetchrow(
        "SELECT reason, detail, raw FROM quarantine WHERE topic = $1", bench.topic
    )
    assert row is not None
    assert (row["reason"], row["detail"], row["raw"]) == (
        "alias_subject",
        {"subject": speech.number()},
        stray,
    )


async def test_an_event_that_came_before_its_alias_was_claimed_is_quarantined_afterwards(
    bench: Bench, speech: Speech
) -> None:
    alias = f"G20261301{speech.number()[-8:]}"
    worker = await bench.worker()
    stray = speech.dispatched().replace(speech.number().encode(), alias.encode())
    await bench.say(worker, stray)
    assert not await bench.reader.fetch("SELECT FROM quarantine WHERE topic = $1", bench.topic)
    filed = speech.filed().replace(b'"wastes"', f'"aliases": ["{alias}"], "wastes"'.encode())
    await bench.say(worker, filed)
    await bench.catch_up(worker)
    row = await bench.reader.fetchrow(
        "SELECT kafka_offset, reason, detail FROM quarantine WHERE topic = $1", bench.topic
    )
    assert row is not None
    assert tuple(row) == (0, "alias_subject", {"subject": speech.number()})


# The clock ---------------------------------------------------------------------------------------

_LIMIT = timedelta(hours=1)


def _silence(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> tuple[Outcome, ...]:
    silent = (
        facts.dispatched is not None
        and facts.arrived is None
        and now is not None
        and now >= facts.dispatched.at + _LIMIT
    )
    state = "violated" if silent else "passed"
    return (says(rule, state, "arrival", "silent" if silent else "heard", ("沉默", "silence")),)


def _silent_from(rule: ManifestRule, facts: Facts, view: RegistryView) -> datetime | None:
    if facts.dispatched is None or facts.arrived is not None:
        return None
    return facts.dispatched.at + _LIMIT


SILENCE = RuleBook(
    (ManifestRule("test.silence", 1, "沉默", "silence", _silence, _silent_from),), ()
)


async def test_total_silence_fires_although_no_record_ever_comes(
    bench: Bench, speech: Speech
) -> None:
    worker = await bench.worker(SILENCE)
    await bench.say(worker, speech.filed(), speech.dispatched(), at=NOON)
    early = NOON + _LIMIT - timedelta(seconds=1)
    await worker.tick(0, 2, 2, early)
    assert await bench.alerts(speech.number()) == {}
    await worker.tick(0, 2, 2, NOON + _LIMIT)
    assert await bench.alerts(speech.number()) == {"test.silence": ("open", 1, None)}
    assert (
        await bench.reader.fetchval(
            "SELECT count(*) FROM deadline WHERE subject = $1", speech.number()
        )
        == 0
    )


async def test_an_outage_raises_no_false_silence(bench: Bench, speech: Speech) -> None:
    """The worker was away for hours; the arrival stands in the log, in time."""
    worker = await bench.worker(SILENCE)
    await bench.say(worker, speech.filed(), speech.dispatched(), at=NOON)
    waiting = await bench.append(speech.arrived(at=NOON + _LIMIT / 2), at=NOON + _LIMIT / 2)
    back = await bench.worker(SILENCE)
    await back.tick(0, 2, None, None)  # behind: nothing is known of now
    assert await bench.alerts(speech.number()) == {}
    await back.handle(0, waiting, bench.log.end)
    await back.tick(0, 3, 3, NOON + 5 * _LIMIT)
    assert await bench.alerts(speech.number()) == {}


async def test_the_clock_never_goes_back(bench: Bench, speech: Speech) -> None:
    worker = await bench.worker(SILENCE)
    await worker.tick(0, 0, 0, NOON + _LIMIT)
    await bench.say(worker, speech.filed(), at=NOON)
    clock = await bench.reader.fetchval(
        "SELECT clock FROM consumer_offset WHERE topic = $1", bench.topic
    )
    assert clock == NOON + _LIMIT


async def test_a_rejudge_order_stands_until_its_batch_has_committed(
    bench: Bench, speech: Speech
) -> None:
    await bench.registry(speech.permit(), speech.licence())
    worker = await bench.worker()
    await bench.say(worker, speech.filed(), speech.dispatched())
    await bench.registry(speech.approval())
    state = await worker._opened()
    assert await page_registry(state.pool) >= 1
    await bench.worker()  # the first worker is a zombie now
    with pytest.raises(FencedError):
        await worker.tick(0, 2, None, None)
    successor = bench.workers[-1]
    await successor.tick(0, 2, None, None)
    assert (await bench.alerts(speech.number()))["cross_province.no_approval"][0] == "withdrawn"


async def test_the_offset_row_of_another_cluster_is_refused(bench: Bench) -> None:
    pool = await open_pool(bench.settings.database_writer)
    async with pool.acquire() as connection:
        other = OffsetTable(CONSUMER, bench.topic, "another-cluster")
        taken = await other.take(connection, [0])
        await other.advance(connection, taken[0], next_offset=1, digest=b"x", clock=None)
    await pool.close()
    assert await cluster_id_of(bench.settings) != "another-cluster"
    with pytest.raises(LogBroken):
        await bench.worker()


def _pause_after(
    state: Any, context: str, method: str, reached: asyncio.Event, go_on: asyncio.Event
) -> None:
    """Make the next transaction of ``state`` wait, open, after it called ``method``."""
    original: Callable[..., Any] = getattr(state, context)

    @asynccontextmanager
    async def paused(*args: Any) -> AsyncIterator[Any]:
        setattr(state, context, original)
        async with original(*args) as tx:
            inner = getattr(tx, method)

            async def then_wait(*inner_args: Any) -> Any:
                result = await inner(*inner_args)
                reached.set()
                await go_on.wait()
                return result

            setattr(tx, method, then_wait)
            yield tx

    setattr(state, context, paused)


async def _done_or_blocked(bench: Bench, task: "asyncio.Task[Any]") -> bool:
    """Wait until the write has either committed (False) or waits for a lock (True)."""
    async with asyncio.timeout(10):
        while not task.done():
            waiting = await bench.reader.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = 'liandan_registry'"
                " AND pid IN (SELECT pid FROM pg_locks WHERE NOT granted)"
            )
            if waiting:
                return True
            await asyncio.sleep(0.01)
    return False
