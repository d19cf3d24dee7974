"""The days of institutions and plants: judged by any worker, some dozen of them a transaction.

READ COMMITTED: what this transaction does not see has its own dirty row still standing, so whom it is
about comes round again. Judging is that of files (``streams/judging/medical``), over the packages of the
days concerned; what is loaded is whatever was said of those packages, with all that corrects it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from schemas.envelope import unit_of
from schemas.instant import CHINA
from streams.alert_rows import write_alerts
from streams.judging.alerts import alert_changes
from streams.judging.decision import LimitDecision, Memo
from streams.judging.medical.day import (
    HospitalDay,
    Pickup,
    PlantDay,
    hospital_days,
    pickups_of,
    plant_days,
)
from streams.judging.medical.judge import JudgedDay, day_marks, day_parties, judge_day, summary_of
from streams.judging.medical.package import Mark
from streams.judging.medical.said import MedicalStatement, counted, read_medical
from streams.judging.outcome import outcome_digest
from streams.judging.packing import outcomes_json
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.statement import Ref
from streams.medical_batch import PICKUP, PLANT
from streams.postgres_registry import HISTORY
from streams.postgres_state import PostgresState

__all__ = ["fire_medical", "judge_dirty_days", "judge_holders"]

GROUP = 50
"""Institutions and plants judged in one transaction: the registry's head is held meanwhile."""
MOST = 500
"""In one round, before the registry and deadlines are looked at again."""
_DAY = "/day"
_WINDOW = timedelta(days=31)
"""How long after a day a pick-up may bear on what was sealed on it (``hospital_days``)."""

_LOCK = """
SELECT h FROM unnest($1::text[]) h
WHERE pg_try_advisory_xact_lock(hashtextextended('medical/' || h, 0))
"""
_EVENTS = "DISTINCT e.source, e.event_id, e.digest, e.received_us, e.raw, e.corrects"
_EVENTS_OF = f"""
SELECT {_EVENTS} FROM unnest($1::text[], $2::text[]) t (holder, label)
JOIN medical_word w USING (holder, label) JOIN medical_event e USING (source, event_id, digest)
"""  # noqa: S608
_EVENTS_BETWEEN = f"""
SELECT {_EVENTS} FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) t (holder, since, until)
JOIN medical_word w ON w.holder = t.holder AND w.at >= t.since AND w.at < t.until
    AND left(w.label, 1) = '/' AND w.label = $4
JOIN medical_event e USING (source, event_id, digest)
"""  # noqa: S608
_PICKUPS = """
SELECT w.holder, w.source, w.event_id, w.digest, w.at, e.corrects IS NOT NULL
    OR EXISTS (SELECT FROM medical_event c WHERE c.source = w.source AND c.corrects = w.event_id)
    OR EXISTS (SELECT FROM medical_event c WHERE c.source = w.source AND c.event_id = w.event_id
        AND c.digest <> w.digest) AS tied
FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) t (holder, since, until)
JOIN medical_word w ON w.holder = t.holder AND w.at >= t.since AND w.at < t.until
    AND left(w.label, 1) = '/' AND w.label = $4
JOIN medical_event e USING (source, event_id, digest)
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
_OPEN_DAYS = """
SELECT d.holder, d.day FROM unnest($1::text[], $2::date[], $3::date[]) t (holder, since, until)
JOIN medical_day d ON d.holder = t.holder AND d.kind = 'medical' AND d.open
    AND d.day > t.since AND d.day <= t.until
"""
_FORGET = """
DELETE FROM medical_member m USING unnest($1::text[], $2::text[]) t (holder, label)
WHERE m.holder = t.holder AND m.label = t.label RETURNING m.holder, m.day
"""
_REMEMBER = """
INSERT INTO medical_member (holder, label, day)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[])
"""
_MEMBERS = """
SELECT DISTINCT m.holder, m.label FROM unnest($1::text[], $2::date[]) t (holder, day)
JOIN medical_member m USING (holder, day)
"""
_ROW = """
INSERT INTO medical_day (subject, holder, kind, day, origin_region, destination_region, marks, summary,
    outcomes, memo, open, due, fires_at, fired_at, registry_seq, clock)
SELECT subject, holder, kind, day, origin, destination, string_to_array(marks, ' '), summary::jsonb,
    outcomes::json, memo, open, due, fires, fired, $1, $2
FROM unnest($3::text[], $4::text[], $5::text[], $6::date[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::bytea[], $13::boolean[], $14::timestamptz[], $15::timestamptz[],
    $16::timestamptz[]) AS t (subject, holder, kind, day, origin, destination, marks, summary, outcomes,
        memo, open, due, fires, fired)
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

_Day = HospitalDay | PlantDay
_Said = dict[Any, MedicalStatement]


class _Touched(NamedTuple):
    """What of a holder must be judged again."""

    packages: set[str]
    days: set[date]
    pickups: set[date]
    plant: set[date]


class _Row(NamedTuple):
    """What stands of a day."""

    memo: Memo = Memo()
    due: datetime | None = None
    fires_at: datetime | None = None
    fired_at: datetime | None = None


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
    holders = [row["holder"] for row in rows]
    decisions: list[LimitDecision] = []
    for n in range(0, len(holders), GROUP):
        decisions += await judge_holders(state, holders[n : n + GROUP], view, book)
    return decisions


async def judge_holders(
    state: PostgresState, holders: Sequence[str], view: RegistryView, book: RuleBook = RULE_BOOK
) -> list[LimitDecision]:
    """Judge the dirty days of institutions and plants, but for those that another worker is at."""
    async with state.shared() as tx:
        connection = tx.connection
        # 1. The registry as it stands, held until commit: no verdict at n commits after n + 1.
        seq, changes = await tx.registry_since(view.seq)
        view.apply(changes)
        view.seq = max(view.seq, seq)
        # 2. Each holder alone, and what is dirty of it.
        locked = [row["h"] for row in await connection.fetch(_LOCK, holders)]
        labels = await connection.fetch(
            "DELETE FROM medical_dirty WHERE holder = ANY ($1::text[]) RETURNING holder, label",
            locked,
        )
        by_holder: dict[str, set[str]] = defaultdict(set)
        for row in labels:
            by_holder[row["holder"]].add(row["label"])
        touched = {holder: _sorted(its) for holder, its in sorted(by_holder.items())}
        # 3. In later statements: which days that is, and all that was said of their packages.
        days: list[_Day] = [
            *await _hospital_days(connection, touched),
            *await _plant_days(connection, touched),
        ]
        # 4. Verdicts, alerts, deadlines.
        clock = await _clock(connection, state)
        return await _judge(connection, days, view, seq, clock, state.settle, book)


def _sorted(labels: Collection[str]) -> _Touched:
    packages = {label for label in labels if not label.startswith("/")}

    def of(kind: str) -> set[date]:
        prefix = f"{kind}/"
        return {
            date.fromisoformat(label.removeprefix(prefix))
            for label in labels
            if label.startswith(prefix)
        }

    return _Touched(packages, of(_DAY), of(PICKUP), of(PLANT))


async def _hospital_days(
    connection: asyncpg.Connection, touched: dict[str, _Touched]
) -> list[HospitalDay]:
    days = {holder: set(its.days) for holder, its in touched.items()}
    came = {holder: its.pickups for holder, its in touched.items() if its.pickups}
    if came:
        since = [min(on) - _WINDOW - timedelta(days=1) for on in came.values()]
        rows = await connection.fetch(_OPEN_DAYS, list(came), since, list(map(max, came.values())))
        for row in rows:
            days[row["holder"]].add(row["day"])
    said: _Said = {}
    pairs = [(holder, label) for holder, its in touched.items() for label in its.packages]
    if pairs:
        await _load(connection, said, _EVENTS_OF, *_columns(pairs))
        now_on = [
            (day.institution, package.id, day.day)
            for day in hospital_days(counted(said.values())[0])
            if day.institution in touched
            for package in day.packages
            if package.id in touched[day.institution].packages
        ]
        before = await connection.fetch(_FORGET, *_columns(pairs))
        if now_on:
            await connection.execute(_REMEMBER, *_columns(now_on))
        for holder, _, day in now_on:
            days[holder].add(day)
        for row in before:
            days[row["holder"]].add(row["day"])
    wanted = [(holder, day) for holder, its in days.items() for day in sorted(its)]
    if not wanted:
        return []
    # A register names packages of other days, too, of which not all that was said is loaded here.
    members = [tuple(row) for row in await connection.fetch(_MEMBERS, *_columns(wanted))]
    whole = {*members, *pairs}
    await _load(connection, said, _EVENTS_OF, *_columns(sorted({*members} - {*pairs})))
    spans = [
        (holder, _midnight(min(its)), _midnight(max(its) + _WINDOW + timedelta(days=1)))
        for holder, its in days.items()
        if its
    ]
    pickups = await _pickups(connection, said, spans)
    found = {}
    for facts in hospital_days(counted(said.values())[0]):
        packages = tuple(p for p in facts.packages if (facts.institution, p.id) in whole)
        its = pickups_of(facts.day, pickups.get(facts.institution, facts.pickups))
        found[facts.institution, facts.day] = facts._replace(packages=packages, pickups=its)
    return [found.get(key, HospitalDay(*key, (), ())) for key in wanted]


async def _pickups(
    connection: asyncpg.Connection, said: _Said, spans: Sequence[tuple[str, datetime, datetime]]
) -> dict[str, list[Pickup]]:
    """Return each holder's pick-ups, of which no more than the time is needed.

    Those of a holder whose registers were corrected or contradicted come with what was said of them.
    """
    rows = await connection.fetch(_PICKUPS, *_columns(spans), PICKUP)
    tied = {row["holder"] for row in rows if row["tied"]}
    again = [span for span in spans if span[0] in tied]
    await _load(connection, said, _EVENTS_BETWEEN, *_columns(again), PICKUP)
    found: dict[str, list[Pickup]] = {span[0]: [] for span in spans if span[0] not in tied}
    for row in sorted(rows, key=lambda r: (r["at"], r["source"], r["event_id"])):
        if row["holder"] in found:
            ref = Ref(row["source"], row["event_id"], row["digest"])
            unit = unit_of(row["source"])
            mark = Mark("collected", row["at"], unit, ref, "", None, None)
            found[row["holder"]].append(Pickup(mark))
    return found


async def _plant_days(
    connection: asyncpg.Connection, touched: dict[str, _Touched]
) -> list[PlantDay]:
    wanted = [(holder, day) for holder, its in touched.items() for day in sorted(its.plant)]
    if not wanted:
        return []
    said: _Said = {}
    spans = [(holder, _midnight(day), _midnight(day + timedelta(days=3))) for holder, day in wanted]
    await _load(connection, said, _EVENTS_BETWEEN, *_columns(spans), PLANT)
    found = {(facts.unit, facts.day): facts for facts in plant_days(counted(said.values())[0])}
    subjects = [f"plant/{holder}/{day}" for holder, day in wanted]
    rows = await connection.fetch(
        "SELECT holder, day FROM medical_day WHERE subject = ANY ($1::text[])", subjects
    )
    known = {(row["holder"], row["day"]) for row in rows}
    return [
        found.get(key) or PlantDay(*key, (), ()) for key in wanted if key in found or key in known
    ]


def _columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Turn rows into columns, for ``unnest``; none where there is no row: two empty ones."""
    return list(map(list, zip(*rows, strict=True))) or [[], []]


async def _load(connection: asyncpg.Connection, said: _Said, question: str, *about: object) -> None:
    """Add the events that a question finds, and whatever is tied to them by corrections."""
    rows: Sequence[Any] = await connection.fetch(question, *about) if about[0] else []
    while rows:
        new = []
        for row in rows:
            key = row["source"], row["event_id"], row["digest"]
            if key not in said:
                said[key] = read_medical(row["raw"], row["received_us"], row["digest"])
                new.append(row)
        if not new:
            return
        ids = [(row["source"], row["event_id"]) for row in new]
        rows = await connection.fetch(_CORRECTING, *_columns(ids))
        corrected = [(r["source"], r["corrects"]) for r in new if r["corrects"] is not None]
        if corrected:
            rows += await connection.fetch(_NAMED, *_columns(corrected))


async def _judge(
    connection: asyncpg.Connection,
    days: Sequence[_Day],
    view: RegistryView,
    seq: int,
    clock: datetime | None,
    settle: timedelta,
    book: RuleBook,
) -> list[LimitDecision]:
    """Judge days and write what comes of them, in a few statements."""
    if not days:
        return []
    rows = await connection.fetch(
        "SELECT subject, memo, due, fires_at, fired_at FROM medical_day"
        " WHERE subject = ANY ($1::text[]) ORDER BY subject FOR UPDATE",
        [facts.subject for facts in days],
    )
    stood = {
        r["subject"]: _Row(
            msgspec.msgpack.decode(r["memo"], type=Memo), r["due"], r["fires_at"], r["fired_at"]
        )
        for r in rows
    }
    decisions, written = [], []
    for facts in days:
        before = stood.get(facts.subject, _Row())
        judged = judge_day(facts, view, before.fired_at, book)
        decision = _decided(judged, before, view, book)
        decisions.append(decision)
        written.append(_row(judged, decision, before, view, clock, settle))
    await connection.execute(_ROW, seq, clock, *_columns(written))
    changed = [d for d in decisions if d.changed]
    if changed:
        told = [outcomes_json(d.changed) for d in changed]
        subjects = [d.subject for d in changed]
        await connection.execute(HISTORY, subjects, seq, clock, told, [None] * len(changed))
    await write_alerts(connection, "shared", decisions, seq, clock)
    return decisions


def _decided(judged: JudgedDay, before: _Row, view: RegistryView, book: RuleBook) -> LimitDecision:
    parties = day_parties(judged.facts, view)
    told = [(outcome, outcome_digest(outcome)) for outcome in judged.outcomes]
    changed = tuple(outcome for outcome, digest in told if digest not in before.memo.outcomes)
    alerts, changes = alert_changes(
        judged.subject, parties, judged.outcomes, before.memo.alerts, book
    )
    memo = Memo(frozenset(digest for _, digest in told), alerts)
    return LimitDecision(judged.subject, memo, parties, judged.outcomes, changed, tuple(changes))


def _row(
    judged: JudgedDay,
    decision: LimitDecision,
    before: _Row,
    view: RegistryView,
    clock: datetime | None,
    settle: timedelta,
) -> tuple[Any, ...]:
    """Return the columns of ``_ROW`` from the third on."""
    facts, due = judged.facts, judged.due
    fires = None
    if due is not None:
        armed = due if clock is None else max(due, clock + settle)
        fires = before.fires_at if before.due == due and before.fires_at is not None else armed
    return (
        judged.subject,
        facts.institution if isinstance(facts, HospitalDay) else facts.unit,
        "medical" if isinstance(facts, HospitalDay) else "plant",
        facts.day,
        decision.parties.origin_region,
        decision.parties.destination_region,
        " ".join(day_marks(facts, view)),
        msgspec.json.encode(summary_of(judged)).decode(),
        outcomes_json(judged.outcomes).decode(),
        msgspec.msgpack.encode(decision.memo),
        due is not None or any(outcome.found for outcome in judged.outcomes),
        due,
        fires,
        before.fired_at,
    )


async def _clock(connection: Any, state: PostgresState) -> datetime | None:
    clock: datetime | None = await connection.fetchval(
        _CLOCK, state.offsets.consumer, state.offsets.topic
    )
    return clock


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA).astimezone(UTC)
