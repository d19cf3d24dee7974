"""The verdicts of days and weeks of medical waste: judged, and written in a few statements."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from streams.alert_rows import write_shared
from streams.judging.decision import LimitDecision, Memo, decide_outcomes
from streams.judging.medical.day import HospitalDay, PlantDay
from streams.judging.medical.judge import JudgedDay, day_marks, day_parties, judge_day, summary_of
from streams.judging.medical.waiting import Settling, Wait, settling
from streams.judging.medical.week import HospitalWeek, MedicalFacts
from streams.judging.packing import outcomes_json
from streams.judging.registry import RegistryView
from streams.judging.rules import RuleBook
from streams.medical_said import columns

__all__ = ["Standing", "write_verdicts"]

_STOOD = """
SELECT subject, memo, fired_at FROM medical_day
WHERE subject = ANY ($1::text[]) ORDER BY subject FOR UPDATE
"""
_STOOD_WEEKS = """
SELECT subject, memo, fired_at FROM medical_week
WHERE subject = ANY ($1::text[]) ORDER BY subject FOR UPDATE
"""
_DAYS = """
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
_WEEKS = """
INSERT INTO medical_week (subject, holder, day, origin_region, marks, outcomes, memo, due, fires_at,
    fired_at, registry_seq, clock)
SELECT subject, holder, day, origin, string_to_array(marks, ' '), outcomes::json, memo, due, fires,
    fired, $1, $2
FROM unnest($3::text[], $4::text[], $5::date[], $6::text[], $7::text[], $8::text[], $9::bytea[],
    $10::timestamptz[], $11::timestamptz[], $12::timestamptz[])
    AS t (subject, holder, day, origin, marks, outcomes, memo, due, fires, fired)
ON CONFLICT (subject) DO UPDATE SET
    origin_region = excluded.origin_region, marks = excluded.marks, outcomes = excluded.outcomes,
    memo = excluded.memo, due = excluded.due, fires_at = excluded.fires_at,
    fired_at = excluded.fired_at, registry_seq = excluded.registry_seq, clock = excluded.clock,
    updated_at = clock_timestamp()
"""


class Standing(NamedTuple):
    """By what and when days are judged: registry, clock, book."""

    view: RegistryView
    seq: int
    clock: datetime | None
    settle: timedelta
    book: RuleBook


class _Row(NamedTuple):
    """What stands of a day or week."""

    memo: Memo = Memo()
    fired_at: datetime | None = None


async def write_verdicts(
    connection: asyncpg.Connection, every: Sequence[MedicalFacts], by: Standing
) -> list[LimitDecision]:
    """Judge days or weeks, of one sort at a time, and write what comes of them."""
    if not every:
        return []
    weeks = isinstance(every[0], HospitalWeek)
    rows = await connection.fetch(
        _STOOD_WEEKS if weeks else _STOOD, [facts.subject for facts in every]
    )
    stood = {
        r["subject"]: _Row(msgspec.msgpack.decode(r["memo"], type=Memo), r["fired_at"])
        for r in rows
    }
    decisions, written = [], []
    for facts in every:
        await asyncio.sleep(0)  # batches to be kept go on meanwhile, and with them the clock
        before = stood.get(facts.subject, _Row())
        judged, stands = _judged(facts, before, by)
        parties = day_parties(judged.facts, by.view)
        decision = decide_outcomes(judged.subject, parties, judged.outcomes, before.memo, by.book)
        decision = decision._replace(
            memo=msgspec.structs.replace(decision.memo, fires=stands.known)
        )
        decisions.append(decision)
        columns_of = _week if weeks else _day
        written.append(columns_of(judged, decision, stands, before, by))
    await connection.execute(_WEEKS if weeks else _DAYS, by.seq, by.clock, *columns(written))
    await write_shared(connection, decisions, by.seq, by.clock)
    return decisions


def _judged(facts: MedicalFacts, before: _Row, by: Standing) -> tuple[JudgedDay, Settling]:
    """Judge a day or week by the clock that it has seen, but for silences that are not settled."""
    stands: list[Settling] = []

    def held(waits: Sequence[Wait]) -> frozenset[str]:
        stands.append(settling(before.memo.fires, waits, before.fired_at, by.clock, by.settle))
        return stands[-1].held

    judged = judge_day(facts, by.view, before.fired_at, by.book, held)
    return judged, stands[-1]


def _day(
    judged: JudgedDay, decision: LimitDecision, stands: Settling, before: _Row, by: Standing
) -> tuple[Any, ...]:
    """Return the columns of ``_DAYS`` from the third on."""
    facts = judged.facts
    return (
        judged.subject,
        facts.unit if isinstance(facts, PlantDay) else facts.institution,
        "medical" if isinstance(facts, HospitalDay) else "plant",
        facts.day,
        decision.parties.origin_region,
        decision.parties.destination_region,
        " ".join(day_marks(facts, by.view)),
        msgspec.json.encode(summary_of(judged)).decode(),
        outcomes_json(judged.outcomes).decode(),
        msgspec.msgpack.encode(decision.memo),
        judged.open,
        stands.due,
        stands.fires_at,
        before.fired_at,
    )


def _week(
    judged: JudgedDay, decision: LimitDecision, stands: Settling, before: _Row, by: Standing
) -> tuple[Any, ...]:
    """Return the columns of ``_WEEKS`` from the third on."""
    facts: Any = judged.facts
    return (
        judged.subject,
        facts.institution,
        facts.day,
        decision.parties.origin_region,
        " ".join(day_marks(facts, by.view)),
        outcomes_json(judged.outcomes).decode(),
        msgspec.msgpack.encode(decision.memo),
        stands.due,
        stands.fires_at,
        before.fired_at,
    )
