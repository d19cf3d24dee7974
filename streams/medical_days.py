"""The days of institutions and plants: judged by any worker, one institution or plant a transaction.

READ COMMITTED: what this transaction does not see has its own dirty row still standing, so the holder
comes round again. Judging is that of files (``streams/judging/medical``), over the packages of the days
concerned; what is loaded is whatever was said of those packages, with all that corrects it.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from schemas.instant import CHINA
from streams.alert_rows import write_alerts
from streams.judging.alerts import alert_changes
from streams.judging.decision import LimitDecision, Memo
from streams.judging.medical.day import (
    HospitalDay,
    PlantDay,
    hospital_days,
    plant_days,
)
from streams.judging.medical.judge import JudgedDay, day_marks, day_parties, judge_day, summary_of
from streams.judging.medical.said import Counted, MedicalStatement, counted, read_medical
from streams.judging.outcome import outcome_digest
from streams.judging.packing import outcomes_json
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.medical_batch import PICKUP, PLANT
from streams.postgres_registry import HISTORY
from streams.postgres_state import PostgresState

__all__ = ["fire_medical", "judge_dirty_days", "judge_holder"]

MOST = 200
"""Institutions and plants in one round."""
_DAY = "/day"
_WINDOW = timedelta(days=31)
"""How long after a day a pick-up may bear on what was sealed on it (``hospital_days``)."""

_EVENTS_OF = """
SELECT DISTINCT e.source, e.event_id, e.digest, e.received_us, e.raw, e.corrects
FROM medical_word w JOIN medical_event e USING (source, event_id, digest)
WHERE w.holder = $1 AND w.label = ANY ($2::text[])
"""
_EVENTS_BETWEEN = """
SELECT DISTINCT e.source, e.event_id, e.digest, e.received_us, e.raw, e.corrects
FROM medical_word w JOIN medical_event e USING (source, event_id, digest)
WHERE w.holder = $1 AND left(w.label, 1) = '/' AND w.label = $2 AND w.at >= $3 AND w.at < $4
"""
_CORRECTING = """
SELECT e.source, e.event_id, e.digest, e.received_us, e.raw, e.corrects
FROM unnest($1::text[], $2::text[]) t (source, event_id)
JOIN medical_event e ON e.source = t.source AND e.corrects = t.event_id
"""
_NAMED = """
SELECT e.source, e.event_id, e.digest, e.received_us, e.raw, e.corrects
FROM unnest($1::text[], $2::text[]) t (source, event_id) JOIN medical_event e USING (source, event_id)
"""
_ROW = """
INSERT INTO medical_day (subject, holder, kind, day, origin_region, destination_region, marks, summary,
    outcomes, memo, open, due, fires_at, fired_at, registry_seq, clock)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::json, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (subject) DO UPDATE SET
    origin_region = excluded.origin_region, destination_region = excluded.destination_region,
    marks = excluded.marks, summary = excluded.summary, outcomes = excluded.outcomes,
    memo = excluded.memo, open = excluded.open, due = excluded.due, fires_at = excluded.fires_at,
    fired_at = excluded.fired_at, registry_seq = excluded.registry_seq, clock = excluded.clock,
    updated_at = clock_timestamp()
"""
_CLOCK = """
SELECT CASE WHEN bool_and(clock IS NOT NULL) THEN min(clock) END FROM consumer_offset
WHERE consumer = $1 AND topic = $2
"""
_FIRE = """
WITH fired AS (
    UPDATE medical_day SET fires_at = NULL, fired_at = greatest(fired_at, $1)
    WHERE subject IN (SELECT subject FROM medical_day WHERE fires_at <= $1 ORDER BY fires_at
        LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING holder, kind, day
)
INSERT INTO medical_dirty (holder, label)
SELECT holder, CASE kind WHEN 'medical' THEN '/day/' ELSE '/plant/' END || day FROM fired
RETURNING id
"""


class _Touched(NamedTuple):
    """What of a holder must be judged again."""

    packages: list[str]
    days: set[date]
    pickups: set[date]
    plant: set[date]


async def fire_medical(state: PostgresState, most: int = 500) -> int:
    """Have the rules of the days whose deadline has come see the clock; return how many."""
    async with state.pool.acquire() as connection:
        clock = await _clock(connection, state)
        return len(await connection.fetch(_FIRE, clock, most)) if clock is not None else 0


async def judge_dirty_days(
    state: PostgresState, view: RegistryView, book: RuleBook = RULE_BOOK
) -> list[LimitDecision]:
    """Judge whom something new bears on, oldest first; return the decisions made."""
    async with state.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT holder FROM medical_dirty GROUP BY holder ORDER BY min(id) LIMIT $1", MOST
        )
    decisions: list[LimitDecision] = []
    for row in rows:
        decisions += await judge_holder(state, row["holder"], view, book)
    return decisions


async def judge_holder(
    state: PostgresState, holder: str, view: RegistryView, book: RuleBook = RULE_BOOK
) -> list[LimitDecision]:
    """Judge the dirty days of one institution or plant; none when another worker is at it."""
    async with state.shared() as tx:
        connection = tx.connection
        # 1. The registry as it stands, held until commit: no verdict at n commits after n + 1.
        seq, changes = await tx.registry_since(view.seq)
        view.apply(changes)
        view.seq = max(view.seq, seq)
        # 2. The holder alone, and what is dirty of it.
        if not await connection.fetchval(
            "SELECT pg_try_advisory_xact_lock(hashtextextended('medical/' || $1, 0))", holder
        ):
            return []
        labels = await connection.fetch(
            "DELETE FROM medical_dirty WHERE holder = $1 RETURNING label", holder
        )
        if not labels:
            return []
        touched = _sorted({row["label"] for row in labels})
        # 3. In later statements: which days that is, and all that was said of their packages.
        days: list[HospitalDay | PlantDay] = [
            *await _hospital_days(connection, holder, touched),
            *await _plant_days(connection, holder, touched.plant),
        ]
        # 4. Verdicts, alerts, deadlines.
        clock = await _clock(connection, state)
        return [
            await _judge(connection, facts, view, seq, clock, state.settle, book) for facts in days
        ]


def _sorted(labels: Collection[str]) -> _Touched:
    packages = sorted(label for label in labels if not label.startswith("/"))

    def of(kind: str) -> set[date]:
        prefix = f"{kind}/"
        return {
            date.fromisoformat(label.removeprefix(prefix))
            for label in labels
            if label.startswith(prefix)
        }

    return _Touched(packages, of(_DAY), of(PICKUP), of(PLANT))


async def _hospital_days(
    connection: asyncpg.Connection, holder: str, touched: _Touched
) -> list[HospitalDay]:
    days = set(touched.days)
    if touched.pickups:
        rows = await connection.fetch(
            "SELECT day FROM medical_day WHERE holder = $1 AND kind = 'medical' AND open"
            " AND day > $2 AND day <= $3",
            holder,
            min(touched.pickups) - _WINDOW - timedelta(days=1),
            max(touched.pickups),
        )
        days |= {row["day"] for row in rows}
    said: dict[Any, MedicalStatement] = {}
    if touched.packages:
        await _load(connection, said, _EVENTS_OF, holder, touched.packages)
        found = hospital_days(counted(said.values())[0])
        now_on = {
            (package.id, day.day)
            for day in found
            if day.institution == holder
            for package in day.packages
            if package.id in set(touched.packages)
        }
        days |= {day for _, day in now_on}
        before = await connection.fetch(
            "DELETE FROM medical_member WHERE holder = $1 AND label = ANY ($2::text[]) RETURNING day",
            holder,
            touched.packages,
        )
        days |= {row["day"] for row in before}
        await connection.execute(
            "INSERT INTO medical_member (holder, label, day)"
            " SELECT $1, * FROM unnest($2::text[], $3::date[])",
            holder,
            [label for label, _ in now_on],
            [day for _, day in now_on],
        )
    if not days:
        return []
    members = await connection.fetch(
        "SELECT DISTINCT label FROM medical_member WHERE holder = $1 AND day = ANY ($2::date[])"
        " AND NOT label = ANY ($3::text[])",
        holder,
        sorted(days),
        touched.packages,
    )
    labels = [row["label"] for row in members]
    await _load(connection, said, _EVENTS_OF, holder, labels)
    start, end = _midnight(min(days)), _midnight(max(days) + _WINDOW + timedelta(days=1))
    await _load(connection, said, _EVENTS_BETWEEN, holder, PICKUP, start, end)
    # A register names packages of other days, too, of which not all that was said is loaded here.
    whole = {*labels, *touched.packages}
    by_day = {
        facts.day: facts._replace(packages=tuple(p for p in facts.packages if p.id in whole))
        for facts in hospital_days(counted(said.values())[0])
        if facts.institution == holder
    }
    return [by_day.get(day, HospitalDay(holder, day, (), ())) for day in sorted(days)]


async def _plant_days(
    connection: asyncpg.Connection, holder: str, days: set[date]
) -> list[PlantDay]:
    found = []
    for day in sorted(days):
        said: dict[Any, MedicalStatement] = {}
        span = _midnight(day), _midnight(day + timedelta(days=3))
        await _load(connection, said, _EVENTS_BETWEEN, holder, PLANT, *span)
        told: list[Counted] = counted(said.values())[0]
        facts = next((p for p in plant_days(told) if p.unit == holder and p.day == day), None)
        known = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM medical_day WHERE subject = $1)", f"plant/{holder}/{day}"
        )
        if facts is not None or known:
            found.append(facts or PlantDay(holder, day, (), ()))
    return found


async def _load(
    connection: asyncpg.Connection,
    said: dict[Any, MedicalStatement],
    question: str,
    *about: object,
) -> None:
    """Add the events that a question finds, and whatever is tied to them by corrections."""
    rows: Sequence[Any] = await connection.fetch(question, *about)
    while rows:
        new = []
        for row in rows:
            key = row["source"], row["event_id"], row["digest"]
            if key not in said:
                said[key] = read_medical(row["raw"], row["received_us"], row["digest"])
                new.append(row)
        if not new:
            return
        sources, ids = [row["source"] for row in new], [row["event_id"] for row in new]
        rows = await connection.fetch(_CORRECTING, sources, ids)
        corrected = [row for row in new if row["corrects"] is not None]
        if corrected:
            rows += await connection.fetch(
                _NAMED, [r["source"] for r in corrected], [r["corrects"] for r in corrected]
            )


async def _judge(
    connection: asyncpg.Connection,
    facts: HospitalDay | PlantDay,
    view: RegistryView,
    seq: int,
    clock: datetime | None,
    settle: timedelta,
    book: RuleBook,
) -> LimitDecision:
    subject = facts.subject
    row = await connection.fetchrow(
        "SELECT memo, due, fires_at, fired_at FROM medical_day WHERE subject = $1 FOR UPDATE",
        subject,
    )
    memo = msgspec.msgpack.decode(row["memo"], type=Memo) if row is not None else Memo()
    fired = row["fired_at"] if row is not None else None
    judged: JudgedDay = judge_day(facts, view, fired, book)
    parties = day_parties(facts, view)
    told = [(outcome, outcome_digest(outcome)) for outcome in judged.outcomes]
    changed = tuple(outcome for outcome, digest in told if digest not in memo.outcomes)
    alerts, changes = alert_changes(subject, parties, judged.outcomes, memo.alerts, book)
    new = Memo(frozenset(digest for _, digest in told), alerts)
    fires = None
    if judged.due is not None:
        same = row is not None and row["due"] == judged.due and row["fires_at"] is not None
        armed = judged.due if clock is None else max(judged.due, clock + settle)
        fires = row["fires_at"] if same else armed
    await connection.execute(
        _ROW,
        subject,
        facts.institution if isinstance(facts, HospitalDay) else facts.unit,
        "medical" if isinstance(facts, HospitalDay) else "plant",
        facts.day,
        parties.origin_region,
        parties.destination_region,
        day_marks(facts, view),
        msgspec.json.encode(summary_of(judged)).decode(),
        outcomes_json(judged.outcomes).decode(),
        msgspec.msgpack.encode(new),
        judged.due is not None or any(outcome.found for outcome in judged.outcomes),
        judged.due,
        fires,
        fired,
        seq,
        clock,
    )
    decision = LimitDecision(subject, new, parties, judged.outcomes, changed, tuple(changes))
    if changed:
        await connection.execute(HISTORY, [subject], seq, clock, [outcomes_json(changed)], [None])
    await write_alerts(connection, "shared", [decision], seq, clock)
    return decision


async def _clock(connection: Any, state: PostgresState) -> datetime | None:
    clock: datetime | None = await connection.fetchval(
        _CLOCK, state.offsets.consumer, state.offsets.topic
    )
    return clock


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA).astimezone(UTC)
