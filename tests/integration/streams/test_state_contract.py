"""The state port: what memory does, Postgres does, and the other way round."""

import json
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from manifests import (
    approval_line,
    approval_members,
    arrived,
    china,
    corrected,
    credit_code,
    dispatched,
    filed,
    form,
    licence_members,
    record_line,
    voided,
    waste,
)

from infra.local.stack import LocalStack
from infra.runtime.offsets import OffsetTable
from infra.runtime.postgres import open_pool
from schemas.alert import Alert
from schemas.decode import decode_registry_record
from services.registry import write_change_set
from streams.batch import BatchResult, Input, SubjectCache, commit_batch
from streams.judging.decision import ManifestDecision, decide_manifest, unpack_events
from streams.judging.facts import Facts
from streams.judging.memory_state import MemoryState
from streams.judging.outcome import Draw, Outcome
from streams.judging.packing import judged_outcomes
from streams.judging.registry import RecordVersion, RegistryView, limit_key
from streams.judging.rules import RULE_BOOK, ManifestRule, RuleBook
from streams.judging.rules.rule import says
from streams.judging.state import FencedError, Quarantined
from streams.judging.statement import Statement, from_micros
from streams.pager import page_registry
from streams.postgres_state import PostgresState
from streams.shared import judge_shared

NOON = china("2026-09-12 12:00")
SETTLE = timedelta(minutes=15)
HOUR = timedelta(hours=1)


class Port:
    """A state under test, with firms and a partition of its own, and eyes on what it wrote."""

    def __init__(self) -> None:
        self.partition = random.randrange(1_000, 2**31)
        base = random.randrange(10**9)
        self.consignor, self.carrier, self.receiver = (credit_code(base * 10 + n) for n in range(3))
        self.approval = f"appr-{uuid4()}"
        self.limit = limit_key(self.approval, 1)
        self._serial = random.randrange(10**6) * 100
        self.view = RegistryView()
        self.cache = SubjectCache(100)
        self.offset = 0

    state: Any

    async def learn(self, *lines: bytes) -> int:
        raise NotImplementedError

    async def order(self, subject: str, partition: int | None = None) -> None:
        raise NotImplementedError

    async def outbox(self, subject: str) -> dict[str, Alert]:
        raise NotImplementedError

    async def quarantined(self) -> list[tuple[int, str, bytes]]:
        raise NotImplementedError

    async def deadlines(self, subject: str) -> dict[str, datetime]:
        raise NotImplementedError

    # What both can do

    def number(self, n: int = 0) -> str:
        return f"20261301{self._serial + n:08d}"

    def filed(self, n: int = 0, **more: Any) -> Statement:
        return filed(
            by=self.consignor, consignor=self.consignor, receiver=self.receiver,
            carriers=[self.carrier], subject=self.number(n), **more,
        )  # fmt: skip

    def gone(self, n: int = 0, **more: Any) -> list[Statement]:
        return [self.filed(n, **more), dispatched(by=self.carrier, subject=self.number(n))]

    def approval_line(self, cap: int = 3, **more: Any) -> bytes:
        members = approval_members(
            consignor=self.consignor,
            lines=[approval_line(receiver=self.receiver, quantity_t=cap)],
        )
        return record_line("transfer_approval", self.approval, **{**members, **more})

    def permit_line(self) -> bytes:
        members = {"number": "1", "carrier": self.carrier}
        return record_line("carrier_permit", f"permit-{self.carrier}", **members)

    def licence_line(self, **more: Any) -> bytes:
        return record_line(
            "licence", f"lic-{self.receiver}", **licence_members(holder=self.receiver, **more)
        )

    async def commit(
        self, *said: Statement, clock: datetime | None = None, book: RuleBook = RULE_BOOK
    ) -> BatchResult:
        upto = self.offset + len(said)
        given = Input(self.offset, upto, b"d" * 32 if said else None, clock, said)
        result = await commit_batch(self.state, self.partition, given, self.view, self.cache, book)
        self.offset = upto
        return result

    def decide(self, *said: Statement) -> ManifestDecision:
        return decide_manifest(said[0].event.subject, None, said, self.view, None)

    async def write(self, *decisions: ManifestDecision, clock: datetime | None = NOON) -> None:
        async with self.state.batch(self.partition) as tx:
            await tx.write(decisions, [], 0, clock)


class InMemory(Port):
    def __init__(self) -> None:
        super().__init__()
        self.state = MemoryState(SETTLE)

    async def learn(self, *lines: bytes) -> int:
        data = self.state.data
        data.registry_seq += 1
        records = [decode_registry_record(line) for line in lines]
        data.registry += [RecordVersion(data.registry_seq, record) for record in records]
        return int(data.registry_seq)

    async def order(self, subject: str, partition: int | None = None) -> None:
        self.state.data.rejudge.append((partition or self.partition, subject))

    async def outbox(self, subject: str) -> dict[str, Alert]:
        found = {
            key: msgspec.json.decode(body, type=Alert)
            for key, body in self.state.data.outbox.items()
        }
        return {key: alert for key, alert in found.items() if alert.subject == subject}

    async def quarantined(self) -> list[tuple[int, str, bytes]]:
        return sorted((q.offset, q.reason, q.raw) for q in self.state.data.quarantine.values())

    async def deadlines(self, subject: str) -> dict[str, datetime]:
        rows = self.state.data.deadlines.items()
        return {key: fires for (_, of, key), fires in rows if of == subject}


class InPostgres(Port):
    def __init__(self, pool: Any, registry_dsn: str) -> None:
        super().__init__()
        self.pool = pool
        self._registry_dsn = registry_dsn
        self.offsets = OffsetTable(f"test-{uuid4()}", "manifest.events", "cluster")
        self.state = PostgresState(pool, self.offsets, SETTLE, small=True)

    async def learn(self, *lines: bytes) -> int:
        return (await write_change_set(self._registry_dsn, lines, "test")).seq

    async def order(self, subject: str, partition: int | None = None) -> None:
        await self.pool.execute(
            "INSERT INTO rejudge (partition, subject, seq) VALUES ($1, $2, 0)",
            partition or self.partition,
            subject,
        )

    async def outbox(self, subject: str) -> dict[str, Alert]:
        rows = await self.pool.fetch(
            "SELECT key, payload::text FROM outbox WHERE payload ->> 'subject' = $1", subject
        )
        return {row["key"]: msgspec.json.decode(row["payload"], type=Alert) for row in rows}

    async def quarantined(self) -> list[tuple[int, str, bytes]]:
        rows = await self.pool.fetch(
            "SELECT kafka_offset, reason, raw FROM quarantine WHERE consumer = $1 ORDER BY 1, 2",
            self.offsets.consumer,
        )
        return [tuple(row) for row in rows]

    async def deadlines(self, subject: str) -> dict[str, datetime]:
        rows = await self.pool.fetch(
            "SELECT key, fires_at FROM deadline WHERE subject = $1", subject
        )
        return {row["key"]: row["fires_at"] for row in rows}


@pytest.fixture(params=["memory", "postgres"])
async def port(request: pytest.FixtureRequest, stack: LocalStack) -> AsyncIterator[Port]:
    if request.param == "memory":
        yield InMemory()
        return
    pool = await open_pool(stack.settings.database_writer)
    made = InPostgres(pool, stack.settings.database_registry)
    await made.state.take([made.partition])
    yield made
    await pool.close()


@pytest.fixture
async def postgres(stack: LocalStack) -> AsyncIterator[InPostgres]:
    pool = await open_pool(stack.settings.database_writer)
    made = InPostgres(pool, stack.settings.database_registry)
    await made.state.take([made.partition])
    yield made
    await pool.close()


class Halt(Exception):
    pass


# Offsets and the clock ----------------------------------------------------------------------------


async def advance(port: Port, expected: int, upto: int, clock: datetime | None = None) -> Any:
    async with port.state.batch(port.partition) as tx:
        return await tx.advance(expected, upto, b"d" * 32, clock)


async def test_an_offset_moves_only_from_where_it_stands(port: Port) -> None:
    await advance(port, 0, 3)
    for wrong in (0, 2, 4):
        with pytest.raises(FencedError):
            await advance(port, wrong, 9)
    await advance(port, 3, 3)
    await advance(port, 3, 7)
    with pytest.raises(FencedError):
        await advance(port, 3, 7)


async def test_the_clock_is_answered_and_never_goes_back(port: Port) -> None:
    assert await advance(port, 0, 0, None) is None
    assert await advance(port, 0, 1, NOON) == NOON
    assert await advance(port, 1, 2, NOON - HOUR) == NOON
    assert await advance(port, 2, 2, None) == NOON
    assert await advance(port, 2, 2, NOON + HOUR) == NOON + HOUR


async def test_a_failed_transaction_leaves_offset_and_clock(port: Port) -> None:
    with pytest.raises(Halt):
        async with port.state.batch(port.partition) as tx:
            await tx.advance(0, 5, b"d" * 32, NOON)
            raise Halt
    assert await advance(port, 0, 2, NOON - HOUR) == NOON - HOUR


async def test_an_owner_that_was_replaced_is_fenced_and_writes_nothing(
    postgres: InPostgres,
) -> None:
    other = PostgresState(postgres.pool, postgres.offsets, SETTLE, small=True)
    await other.take([postgres.partition])
    with pytest.raises(FencedError):
        await postgres.commit(*postgres.gone())
    async with other.batch(postgres.partition) as tx:
        assert await tx.load([postgres.number()]) == {}
    assert await postgres.outbox(postgres.number()) == {}


# What is held -------------------------------------------------------------------------------------


async def test_what_was_written_of_a_manifest_is_loaded_as_it_was(port: Port) -> None:
    decision = port.decide(*port.gone())
    await port.write(decision)
    async with port.state.batch(port.partition) as tx:
        found = await tx.load([port.number(), port.number(1)])
        assert await tx.load([]) == {}
    assert set(found) == {port.number()}
    assert found[port.number()].statements == decision.held.statements
    assert found[port.number()].memo == decision.held.memo
    assert decision.held.memo.alerts, "or the memo would be proved empty only"


@pytest.mark.parametrize("small", [False, True])
async def test_rows_of_either_form_are_read_and_replaced(postgres: InPostgres, small: bool) -> None:
    forms = [
        PostgresState(postgres.pool, postgres.offsets, SETTLE, small=each)
        for each in (not small, small)
    ]
    held = None
    for state, said in zip(forms, ([postgres.filed()], [postgres.gone()[1]]), strict=True):
        await state.take([postgres.partition])
        async with state.batch(postgres.partition) as tx:
            held = (await tx.load([postgres.number()])).get(postgres.number())
            decision = decide_manifest(postgres.number(), held, said, postgres.view, NOON)
            await tx.write([decision], (), 0, NOON)
    assert held is not None
    assert len(held.statements) == 1
    row = await postgres.pool.fetchrow(
        "SELECT events, verdict, outcomes::text FROM manifest WHERE subject = $1", postgres.number()
    )
    assert (row["verdict"] is not None, row["outcomes"] is None) == (small, small)
    assert judged_outcomes(row) == decision.outcomes
    assert unpack_events(row["events"]) == decision.held.statements
    history = await postgres.pool.fetch(
        "SELECT verdict, outcomes::text FROM verdict_history WHERE subject = $1 ORDER BY id",
        postgres.number(),
    )
    assert [h["verdict"] is not None for h in history] == [small]
    assert judged_outcomes(history[0]) == decision.changed


async def test_a_later_decision_replaces_the_earlier_one(port: Port) -> None:
    await port.write(port.decide(port.filed()))
    later = port.decide(*port.gone())
    await port.write(later)
    async with port.state.batch(port.partition) as tx:
        found = (await tx.load([port.number()]))[port.number()]
    assert found.memo == later.held.memo
    assert len(found.statements) == 2


async def test_an_alias_leads_to_its_manifest_and_claiming_it_orders_a_rejudgement(
    port: Port,
) -> None:
    under_alias = dispatched(by=port.carrier, subject=port.number(9))
    await port.commit(under_alias)
    assert await port.quarantined() == []
    result = await port.commit(port.filed(aliases=[port.number(9)]))
    async with port.state.batch(port.partition) as tx:
        owners = await tx.owners_of_aliases([port.number(9), port.number(8), port.number()])
    assert owners == {port.number(9): port.number()}
    assert not result.quarantined
    await port.commit()
    assert [(reason, raw) for _, reason, raw in await port.quarantined()] == [
        ("alias_subject", under_alias.raw)
    ]


# Registry -----------------------------------------------------------------------------------------


async def test_the_registry_is_read_by_sequence_from_where_one_stands(port: Port) -> None:
    first = await port.learn(port.licence_line())
    second = await port.learn(port.approval_line(), port.licence_line(note="neu"))
    assert second == first + 1
    for shape in ("batch", "shared"):
        opened = port.state.batch(port.partition) if shape == "batch" else port.state.shared()
        async with opened as tx:
            seq, changes = await tx.registry_since(first)
            assert await tx.registry_since(seq) == (seq, [])
            _, all_changes = await tx.registry_since(first - 1)
        assert seq == second
        assert [(c.seq, c.record.kind) for c in changes] == [
            (second, "transfer_approval"),
            (second, "licence"),
        ]
        assert [c.seq for c in all_changes] == [first, second, second]
        assert changes[1].record.note == "neu"


# Orders -------------------------------------------------------------------------------------------


async def test_orders_are_taken_once_by_their_partition_and_no_more_than_asked(port: Port) -> None:
    for n in range(3):
        await port.order(port.number(n))
    await port.order(port.number(), port.partition + 1)
    async with port.state.batch(port.partition) as tx:
        assert await tx.take_rejudge(2) == {port.number(0), port.number(1)}
    with pytest.raises(Halt):
        async with port.state.batch(port.partition) as tx:
            assert await tx.take_rejudge(2) == {port.number(2)}
            raise Halt
    async with port.state.batch(port.partition) as tx:
        assert await tx.take_rejudge(9) == {port.number(2)}
        assert await tx.take_rejudge(9) == set()


async def test_an_order_makes_a_manifest_be_judged_by_what_is_known_now(port: Port) -> None:
    await port.learn(port.licence_line(), port.permit_line())
    await port.commit(*port.gone())
    assert [a.state for a in (await port.outbox(port.number())).values()] == ["open"]
    await port.learn(port.approval_line())
    await port.order(port.number())
    port.cache = SubjectCache(100)
    result = await port.commit()
    assert result.rejudged == 1
    found = {key[-2:]: a.state for key, a in (await port.outbox(port.number())).items()}
    assert found == {":1": "open", ":2": "withdrawn"}


# Deadlines ----------------------------------------------------------------------------------------


def late(rule: ManifestRule, facts: Facts, view: Any, now: datetime | None) -> list[Outcome]:
    due = late_due(rule, facts, view)
    if due is None:
        return [says(rule, "not_applicable", "x", "not_moved")]
    over = now is not None and now >= due
    return [says(rule, "violated" if over else "passed", "x", "late", ("迟", "late"))]


def late_due(rule: ManifestRule, facts: Facts, view: Any) -> datetime | None:
    """Two hours after the departure, unless it was voided."""
    if facts.dispatched is None or facts.voided is not None:
        return None
    return facts.dispatched.at + 2 * HOUR


LATE = RuleBook((ManifestRule("test.late", 1, "迟", "late", late, late_due),), ())
DEPARTED = china("2026-09-12 12:00")


def departure(port: Port, at: datetime = DEPARTED, **more: Any) -> list[Statement]:
    return [port.filed(), dispatched(at, by=port.carrier, subject=port.number(), **more)]


async def test_a_deadline_fires_once_when_the_clock_has_reached_it(port: Port) -> None:
    await port.commit(*departure(port), clock=DEPARTED, book=LATE)
    assert await port.deadlines(port.number()) == {"next": DEPARTED + 2 * HOUR}
    early = await port.commit(clock=DEPARTED + 2 * HOUR - timedelta(microseconds=1), book=LATE)
    assert early.decisions == ()
    fired = await port.commit(clock=DEPARTED + 2 * HOUR, book=LATE)
    assert [c.alert.finding for d in fired.decisions for c in d.alerts] == ["violation"]
    assert await port.deadlines(port.number()) == {}
    assert (await port.commit(clock=DEPARTED + 9 * HOUR, book=LATE)).decisions == ()
    assert len(await port.outbox(port.number())) == 1


async def test_a_deadline_that_was_past_when_it_was_armed_waits_for_things_to_settle(
    port: Port,
) -> None:
    armed = DEPARTED + 30 * HOUR
    await port.commit(*departure(port), clock=armed, book=LATE)
    assert await port.deadlines(port.number()) == {"next": armed + SETTLE}
    assert (await port.commit(clock=armed + SETTLE - HOUR / 60, book=LATE)).decisions == ()
    assert len((await port.commit(clock=armed + SETTLE, book=LATE)).decisions) == 1


async def test_a_deadline_is_moved_by_news_and_taken_away_by_a_void(port: Port) -> None:
    await port.commit(*departure(port, id="d1"), clock=DEPARTED, book=LATE)
    earlier = dispatched(DEPARTED - HOUR, by=port.carrier, subject=port.number(), id="d0")
    await port.commit(earlier, clock=DEPARTED, book=LATE)
    assert await port.deadlines(port.number()) == {"next": DEPARTED + HOUR}
    await port.commit(
        voided(DEPARTED, by=port.consignor, subject=port.number()), clock=DEPARTED, book=LATE
    )
    assert await port.deadlines(port.number()) == {}
    assert (await port.commit(clock=DEPARTED + 9 * HOUR, book=LATE)).decisions == ()


async def test_a_deadline_taken_by_a_failed_transaction_fires_again(port: Port) -> None:
    await port.commit(*departure(port), clock=DEPARTED, book=LATE)
    with pytest.raises(Halt):
        async with port.state.batch(port.partition) as tx:
            assert await tx.take_due(DEPARTED + 3 * HOUR, 10) == {port.number()}
            raise Halt
    async with port.state.batch(port.partition) as tx:
        assert await tx.take_due(DEPARTED + HOUR, 10) == set()
        assert await tx.take_due(DEPARTED + 3 * HOUR, 10) == {port.number()}
        assert await tx.take_due(DEPARTED + 3 * HOUR, 10) == set()


# Shared subjects ----------------------------------------------------------------------------------


async def judged(port: Port) -> Any:
    return await judge_shared(port.state, port.limit, port.view)


async def test_a_draw_makes_its_limit_dirty_until_it_was_judged(port: Port) -> None:
    await port.learn(port.approval_line(), port.licence_line())
    assert await judged(port) is None
    await port.commit(*port.gone(), *port.gone(1, wastes=[waste(tonnes=5)]))
    assert port.limit in await port.state.dirty_subjects(10_000)
    decision = await judged(port)
    assert [(o.state, o.margin) for o in decision.outcomes] == [("violated", "-4 t")]
    assert port.limit not in await port.state.dirty_subjects(10_000)
    assert await judged(port) is None
    ((_, alert),) = (await port.outbox(port.limit)).items()
    assert (alert.rule, alert.state) == ("cross_province.quantity_exceeded", "open")


async def test_draws_are_replaced_and_released_and_the_memo_comes_back(port: Port) -> None:
    await port.learn(port.approval_line(cap=1), port.licence_line())
    await port.commit(*port.gone())
    first = await judged(port)
    void = voided(DEPARTED, by=port.consignor, subject=port.number())
    await port.commit(void)
    async with port.state.shared() as tx:
        memo, draws, clock = await tx.load(port.limit)
    assert (memo, clock) == (first.memo, None)
    assert draws == [Draw(port.limit, port.number(), drawn_at(port), 0, "released")]
    again = await judged(port)
    assert [o.reason for o in again.outcomes] == ["nothing_drawn"]
    states = {key[-2:]: a.state for key, a in (await port.outbox(port.limit)).items()}
    assert states == {":1": "open", ":2": "withdrawn"}


def drawn_at(port: Port) -> datetime:
    held = port.cache.get(port.number())
    assert held is not None
    return from_micros(next(iter(held.memo.draws.values())).at)


async def test_a_draw_on_one_of_several_documents_comes_back_with_its_doubt(port: Port) -> None:
    other = json.loads(port.approval_line(cap=9))
    other |= {"id": other["id"] + "-b", "document": other["document"] + "乙"}
    line = json.dumps(other, ensure_ascii=False).encode()
    await port.learn(port.approval_line(cap=1), line, port.licence_line())
    await port.commit(*port.gone())
    async with port.state.shared() as tx:
        _, draws, _ = await tx.load(port.limit)
    assert [(d.least, d.grams, d.doubt) for d in draws] == [(0, 2_000_000, "several_limits")]
    (found,) = (await judged(port)).outcomes
    assert (found.state, found.reason) == ("needs_review", "several_limits")


async def test_a_draw_comes_back_with_its_range_and_without_its_missing_weight(port: Port) -> None:
    await port.learn(port.approval_line(cap=3), port.licence_line())
    pieces = waste(2, tonnes=None, packages=20)
    heavy = port.filed(id="f", wastes=[waste(tonnes=5), pieces])
    there = [
        dispatched(by=port.carrier, subject=port.number()),
        arrived(by=port.carrier, subject=port.number()),
    ]
    data = json.loads(port.filed(wastes=[waste(tonnes=2), pieces]).raw)["data"]
    light = corrected(
        heavy, "filed", data, DEPARTED + 90 * HOUR, port.consignor, subject=port.number()
    )
    await port.commit(heavy, *there)
    await port.commit(light)
    async with port.state.shared() as tx:
        _, draws, _ = await tx.load(port.limit)
    assert draws == [
        Draw(port.limit, port.number(), drawn_at(port), 5_000_000, "reserved", 3_000_000,
             "corrected_after_arrival", True),
    ]  # fmt: skip
    (found,) = (await judged(port)).outcomes
    assert (found.state, found.reason) == ("needs_review", "corrected_after_arrival")
    # A process that knows nothing but what is stored writes nothing anew.
    port.cache = SubjectCache(100)
    await port.order(port.number())
    (again,) = (await port.commit()).decisions
    assert again.draws == ()


async def test_a_shared_clock_is_that_of_the_partition_furthest_behind(port: Port) -> None:
    await advance(port, 0, 1, NOON)
    async with port.state.shared() as tx:
        assert (await tx.load(port.limit))[2] == NOON
    if isinstance(port, InPostgres):
        await port.state.take([port.partition + 1])
    second = port.partition + 1
    async with port.state.batch(second) as tx:
        await tx.advance(0, 0, None, None)
    async with port.state.shared() as tx:
        assert (await tx.load(port.limit))[2] is None, "one partition has no clock yet"
    async with port.state.batch(second) as tx:
        await tx.advance(0, 0, None, NOON - HOUR)
    async with port.state.shared() as tx:
        assert (await tx.load(port.limit))[2] == NOON - HOUR


async def test_a_judgement_that_fails_leaves_its_subject_dirty(port: Port) -> None:
    await port.learn(port.approval_line(cap=1))
    await port.commit(*port.gone())
    with pytest.raises(Halt):
        async with port.state.shared() as tx:
            assert await tx.claim(port.limit)
            raise Halt
    assert port.limit in await port.state.dirty_subjects(10_000)
    assert await judged(port) is not None


async def test_a_subject_in_another_workers_hands_is_left_and_stays_dirty(
    postgres: InPostgres,
) -> None:
    await postgres.learn(postgres.approval_line(cap=1))
    await postgres.commit(*postgres.gone())
    async with postgres.state.shared() as one, postgres.state.shared() as two:
        assert await one.claim(postgres.limit)
        assert not await two.claim(postgres.limit)
        # Comes while the first one works: it does not see it, so the subject stays dirty.
        await postgres.commit(*postgres.gone(1))
    assert postgres.limit in await postgres.state.dirty_subjects(10_000)


# Quarantine ---------------------------------------------------------------------------------------


async def test_one_record_is_quarantined_once_for_each_reason(port: Port) -> None:
    rows = [
        Quarantined(5, "not_understood", {"problems": []}, b"\x00\xff", 1),
        Quarantined(5, "wrong_key", {"key": "x"}, b"\x00\xff", 1, "urn:x", "id", port.number()),
        Quarantined(6, "not_understood", {"problems": [{"zh": "错"}]}, b"{", 2),
    ]
    for _ in range(2):
        async with port.state.batch(port.partition) as tx:
            await tx.write([], rows, 0, None)
    assert await port.quarantined() == sorted((q.offset, q.reason, q.raw) for q in rows)


async def test_other_bytes_under_a_known_id_are_quarantined_with_the_batch(port: Port) -> None:
    first, other = port.filed(id="f"), port.filed(id="f", wastes=[waste(tonnes=9)])
    other = msgspec.structs.replace(other, received_us=9 * 10**15, offset=1)
    await port.commit(msgspec.structs.replace(first, offset=0))
    await port.commit(other)
    assert await port.quarantined() == [(1, "conflict", other.raw)]


# All or nothing -----------------------------------------------------------------------------------


async def test_a_failed_batch_leaves_nothing_of_what_it_wrote(port: Port) -> None:
    await port.learn(port.approval_line(cap=1), port.licence_line())
    await port.order(port.number(5))
    lost = Quarantined(0, "not_understood", {}, b"x", 1)
    with pytest.raises(Halt):
        async with port.state.batch(port.partition) as tx:
            _, changes = await tx.registry_since(0)
            port.view.apply(changes)
            await tx.advance(0, 2, b"d" * 32, NOON)
            assert await tx.take_rejudge(9) == {port.number(5)}
            book = RuleBook((*RULE_BOOK.manifest, *LATE.manifest), RULE_BOOK.limit)
            said, bad = port.gone(1), port.gone(2, wastes=[waste(code="900-039-49")])
            decisions = [
                decide_manifest(s[0].event.subject, None, s, port.view, NOON, book, SETTLE)
                for s in (said, bad)
            ]
            assert decisions[0].draws
            assert decisions[0].arm
            assert decisions[1].alerts
            await tx.write(decisions, [lost], 1, NOON)
            raise Halt
    numbers = [port.number(1), port.number(2)]
    assert await port.quarantined() == []
    assert port.limit not in await port.state.dirty_subjects(10_000)
    for number in numbers:
        assert await port.outbox(number) == {}
        assert await port.deadlines(number) == {}
    async with port.state.batch(port.partition) as tx:
        assert await tx.load(numbers) == {}
        assert await tx.take_rejudge(9) == {port.number(5)}
        assert await tx.advance(0, 1, b"d" * 32, NOON - HOUR) == NOON - HOUR
    async with port.state.shared() as tx:
        assert (await tx.load(port.limit))[1] == []


async def test_a_licence_that_changes_dirties_every_year_that_is_drawn_on_and_no_other_limit(
    postgres: InPostgres,
) -> None:
    mine, years = f"lic-{uuid4()}", ("2025", "2026")
    limits = [f"licence/{mine}/{year}" for year in years]
    for limit in (*limits, f"licence/{mine}x/2026", f"licence/{mine}", f"whitelist/{mine}/2026"):
        await postgres.pool.execute(
            "INSERT INTO draw (limit_id, manifest, at, grams, state)"
            " VALUES ($1, 'a', now(), 1, 'reserved'), ($1, 'b', now(), 1, 'settled')",
            limit,
        )
    await postgres.learn(record_line("licence", mine, **licence_members(holder=postgres.receiver)))
    while await page_registry(postgres.pool):
        pass
    dirty = await postgres.pool.fetch(
        "SELECT subject FROM dirty WHERE subject LIKE '%' || $1 || '%' ORDER BY 1", mine
    )
    assert [row["subject"] for row in dirty] == limits


async def test_whom_only_another_reading_names_is_found_when_its_licence_changes(
    postgres: InPostgres,
) -> None:
    other = credit_code(int(postgres.receiver[6:-1]) + 5)
    subject, by = postgres.number(), postgres.consignor
    exchanged = form(consignor=by, receiver=other, carriers=[postgres.carrier])
    await postgres.commit(
        *postgres.gone(id="f"),
        arrived(by=postgres.carrier, subject=subject),
        corrected("f", "filed", exchanged, NOON, by, subject=subject),
    )
    row = await postgres.pool.fetchrow("SELECT receiver FROM manifest WHERE subject = $1", subject)
    assert row["receiver"] == other
    await postgres.learn(postgres.licence_line())
    while await page_registry(postgres.pool):
        pass
    async with postgres.state.batch(postgres.partition) as tx:
        assert await tx.take_rejudge(9) == {subject}


async def test_alerts_stand_as_rows_with_their_history_and_one_outbox_row_a_revision(
    postgres: InPostgres,
) -> None:
    await postgres.learn(postgres.licence_line(), postgres.permit_line())
    await postgres.commit(*postgres.gone(), clock=NOON)
    for retracted in (False, True):
        await postgres.learn(postgres.approval_line(retracted=retracted))
        await postgres.order(postgres.number())
        await postgres.commit(clock=NOON)
    (row,) = await postgres.pool.fetch("SELECT * FROM alert WHERE subject = $1", postgres.number())
    assert (row["state"], row["revision"], row["scope"]) == ("open", 3, "manifest")
    assert (row["origin_region"], row["destination_region"]) == ("130100", "370100")
    assert (row["consignor"], row["receiver"]) == (postgres.consignor, postgres.receiver)
    assert (row["grams"], row["severity"]) == (2_000_000, "medium")
    assert row["received_at"] == from_micros(max(s.received_us for s in postgres.gone()))
    history = await postgres.pool.fetch(
        "SELECT revision, state, body FROM alert_history WHERE id = $1 ORDER BY 1", row["id"]
    )
    assert [(h["revision"], h["state"]) for h in history] == [
        (1, "open"), (2, "withdrawn"), (3, "open"),
    ]  # fmt: skip
    assert history[0]["body"] == history[2]["body"] == row["body"]
    assert set(await postgres.outbox(postgres.number())) == {f"{row['id']}:{n}" for n in (1, 2, 3)}
    verdicts = await postgres.pool.fetchval(
        "SELECT count(*) FROM verdict_history WHERE subject = $1", postgres.number()
    )
    assert verdicts == 3
