"""The days and weeks of institutions and plants: judged by any worker, some dozen of them a transaction.

READ COMMITTED: what this transaction does not see has its own dirty row still standing, so whom it is
about comes round again. Judging is that of files (``streams/judging/medical``), over the packages of the
days concerned; what is loaded is whatever was said of those packages, with all that corrects it.
"""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg

from schemas.envelope import unit_of
from streams.judging.medical.day import (
    HospitalDay,
    Pickup,
    PlantDay,
    hospital_days,
    pickups_of,
    plant_days,
    weighed_as_one,
)
from streams.judging.medical.package import Mark
from streams.judging.medical.said import Counted, counted
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.statement import Ref
from streams.marked import MARKED_HOLDERS, PROMPT, Judged, judge_marked
from streams.medical_batch import PICKUP, PLANT
from streams.medical_said import EVENTS_BETWEEN, EVENTS_OF, Said, columns, load, midnight
from streams.medical_verdicts import Standing, write_verdicts
from streams.medical_weeks import weeks_to_judge
from streams.postgres_state import PostgresState

__all__ = ["DUE_DAYS", "fire_medical", "judge_dirty_days", "judge_holders"]

_DAY, _WEEK = "/day", "/week"
_WINDOW = timedelta(days=31)
"""How long after a day a pick-up may bear on what was sealed on it (``hospital_days``)."""

_LOCK = """
SELECT h FROM unnest($1::text[]) h
WHERE pg_try_advisory_xact_lock(hashtextextended('medical/' || h, 0))
"""
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
_DAYS_OF = """
SELECT DISTINCT m.holder, m.day FROM unnest($1::text[], $2::text[]) t (holder, label)
JOIN medical_member m USING (holder, label)
"""
_CLOCK = """
SELECT CASE WHEN bool_and(clock IS NOT NULL) THEN min(clock) END FROM consumer_offset
WHERE consumer = $1 AND topic = $2
"""
DUE_DAYS = """
SELECT coalesce(least((SELECT min(fires_at) FROM medical_day), (SELECT min(fires_at) FROM medical_week))
    <= $1, false)
"""
# By an array: see ``postgres_batch.TAKE_DUE``.
_FIRE = """
WITH days AS (
    UPDATE medical_day SET fires_at = NULL, fired_at = greatest(fired_at, $1)
    WHERE subject = ANY (ARRAY(SELECT subject FROM medical_day WHERE fires_at <= $1 ORDER BY fires_at
        LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING holder, CASE kind WHEN 'medical' THEN '/day/' ELSE '/plant/' END || day AS label, due
), weeks AS (
    UPDATE medical_week SET fires_at = NULL, fired_at = greatest(fired_at, $1)
    WHERE subject = ANY (ARRAY(SELECT subject FROM medical_week WHERE fires_at <= $1 ORDER BY fires_at
        LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING holder, '/week/' || day AS label, due
)
INSERT INTO medical_dirty (holder, label, fired)
SELECT holder, label, due > $1 - $3::interval FROM (SELECT * FROM days UNION ALL SELECT * FROM weeks) fired
RETURNING id
"""

_Day = HospitalDay | PlantDay


class _Touched(NamedTuple):
    """What of a holder must be judged again."""

    packages: set[str]
    days: set[date]
    pickups: set[date]
    plant: set[date]
    weeks: set[date]


async def fire_medical(state: PostgresState, most: int = 500) -> int:
    """Have the rules of the days whose deadline has come see the clock; return how many."""
    async with state.pool.acquire() as connection:
        clock = await _clock(connection, state)
        return len(await connection.fetch(_FIRE, clock, most, PROMPT)) if clock is not None else 0


async def judge_dirty_days(
    state: PostgresState, view: RegistryView, book: RuleBook = RULE_BOOK, *, fired: bool = False
) -> Judged:
    """Judge one group of those that something new bears on, oldest first; or whose deadline has ``fired``."""
    return await judge_marked(
        state.pool,
        MARKED_HOLDERS,
        lambda holders: judge_holders(state, holders, view, book),
        fired=fired,
    )


async def judge_holders(
    state: PostgresState, holders: Sequence[str], view: RegistryView, book: RuleBook = RULE_BOOK
) -> Judged:
    """Judge the dirty days of institutions and plants, but for those that another worker is at.

    All that is dirty of one: a deadline is not judged by less than what was told before it fired.
    """
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
        hospitals = await _hospital_days(connection, touched)
        days: list[_Day] = [*hospitals, *await _plant_days(connection, touched)]
        # 4. Verdicts, alerts, deadlines; then the weeks that are added up from these days.
        clock = await _clock(connection, state)
        by = Standing(view, seq, clock, state.settle, book)
        decisions = await write_verdicts(connection, days, by)
        asked = {holder: its.weeks for holder, its in touched.items()}
        told_on = {holder: set(its.pickups) for holder, its in touched.items()}
        for facts in hospitals:
            told_on[facts.institution].add(facts.day)
        weeks = await weeks_to_judge(connection, asked, told_on)
        decisions += await write_verdicts(connection, weeks, by)
        return Judged(len(locked), decisions)


def _sorted(labels: Collection[str]) -> _Touched:
    packages = {label for label in labels if not label.startswith("/")}

    def of(kind: str) -> set[date]:
        prefix = f"{kind}/"
        return {
            date.fromisoformat(label.removeprefix(prefix))
            for label in labels
            if label.startswith(prefix)
        }

    return _Touched(packages, of(_DAY), of(PICKUP), of(PLANT), of(_WEEK))


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
    said: Said = {}
    pairs = [(holder, label) for holder, its in touched.items() for label in its.packages]
    if pairs:
        await load(connection, said, EVENTS_OF, *columns(pairs))
        told, _ = counted(said.values())
        now_on = [
            (day.institution, package.id, day.day)
            for day in hospital_days(told)
            if day.institution in touched
            for package in day.packages
            if package.id in touched[day.institution].packages
        ]
        before = await connection.fetch(_FORGET, *columns(pairs))
        if now_on:
            await connection.execute(_REMEMBER, *columns(now_on))
        for holder, _, day in now_on:
            days[holder].add(day)
        beside = _weighed_beside(told, {*pairs}, touched)
        for row in (*before, *await connection.fetch(_DAYS_OF, *columns(sorted(beside)))):
            days[row["holder"]].add(row["day"])
    wanted = [(holder, day) for holder, its in days.items() for day in sorted(its)]
    if not wanted:
        return []
    # A register names packages of other days, too, of which not all that was said is loaded here.
    members = [tuple(row) for row in await connection.fetch(_MEMBERS, *columns(wanted))]
    whole = {*members, *pairs}
    await load(connection, said, EVENTS_OF, *columns(sorted({*members} - {*pairs})))
    spans = [
        (holder, midnight(min(its)), midnight(max(its) + _WINDOW + timedelta(days=1)))
        for holder, its in days.items()
        if its
    ]
    pickups = await _pickups(connection, said, spans)
    told, _ = counted(said.values())
    beside = _weighed_beside(told, whole, touched)
    if beside:
        await load(connection, said, EVENTS_OF, *columns(sorted(beside)))
        told, _ = counted(said.values())
    found = {}
    for facts in hospital_days(told):
        packages = tuple(p for p in facts.packages if (facts.institution, p.id) in whole)
        its = pickups_of(facts.day, pickups.get(facts.institution, facts.pickups))
        registers = tuple(
            register
            for register in facts.registers
            if {(facts.institution, p.id) for p in register.packages} <= whole | beside
        )
        found[facts.institution, facts.day] = facts._replace(
            packages=packages, pickups=its, registers=registers
        )
    return [found.get(key, HospitalDay(*key, (), ())) for key in wanted]


def _weighed_beside(
    told: Iterable[Counted], packages: set[tuple[str, str]], holders: Container[str]
) -> set[tuple[str, str]]:
    """Return what registers with one weight for all list besides some of these packages."""
    beside: set[tuple[str, str]] = set()
    for one in told:
        if weighed_as_one(one) and one.data.institution in holders:
            listed = {(one.data.institution, package.id) for package in one.data.packages}
            if listed & packages:
                beside |= listed - packages
    return beside


async def _pickups(
    connection: asyncpg.Connection, said: Said, spans: Sequence[tuple[str, datetime, datetime]]
) -> dict[str, list[Pickup]]:
    """Return each holder's pick-ups, of which no more than the time is needed.

    Those of a holder whose registers were corrected or contradicted come with what was said of them.
    """
    rows = await connection.fetch(_PICKUPS, *columns(spans), PICKUP)
    tied = {row["holder"] for row in rows if row["tied"]}
    again = [span for span in spans if span[0] in tied]
    await load(connection, said, EVENTS_BETWEEN, *columns(again), PICKUP)
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
    said: Said = {}
    spans = [(holder, midnight(day), midnight(day + timedelta(days=3))) for holder, day in wanted]
    await load(connection, said, EVENTS_BETWEEN, *columns(spans), PLANT)
    found = {(facts.unit, facts.day): facts for facts in plant_days(counted(said.values())[0])}
    subjects = [f"plant/{holder}/{day}" for holder, day in wanted]
    rows = await connection.fetch(
        "SELECT holder, day FROM medical_day WHERE subject = ANY ($1::text[])", subjects
    )
    known = {(row["holder"], row["day"]) for row in rows}
    return [
        found.get(key) or PlantDay(*key, (), ()) for key in wanted if key in found or key in known
    ]


async def _clock(connection: Any, state: PostgresState) -> datetime | None:
    clock: datetime | None = await connection.fetchval(
        _CLOCK, state.offsets.consumer, state.offsets.topic
    )
    return clock
