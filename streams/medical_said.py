"""What was said of medical waste, read back from Postgres with all that corrects it."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from schemas.instant import CHINA
from streams.judging.medical.said import MedicalStatement, read_medical

__all__ = ["EVENTS_BETWEEN", "EVENTS_OF", "Said", "columns", "load", "midnight"]

_NAMED_BY = """
SELECT e.source, e.event_id, e.digest, e.received_us, e.raw, e.corrects
FROM (SELECT DISTINCT w.source, w.event_id, w.digest FROM {words}) w
JOIN medical_event e USING (source, event_id, digest)
"""
EVENTS_OF = _NAMED_BY.format(
    words="""unnest($1::text[], $2::text[]) t (holder, label) JOIN medical_word w USING (holder, label)
"""
)
"""All that was said of packages: holders and labels."""
EVENTS_BETWEEN = _NAMED_BY.format(
    words="""unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) t (holder, since, until)
    JOIN medical_word w ON w.holder = t.holder AND w.at >= t.since AND w.at < t.until
        AND left(w.label, 1) = '/' AND w.label = $4
"""
)
"""Pick-ups, or what a plant did, in spans of time: holders, beginnings, ends, and the label."""
_CORRECTING = """
SELECT e.source, e.event_id, e.digest, e.received_us, e.raw, e.corrects
FROM unnest($1::text[], $2::text[]) t (source, event_id)
JOIN medical_event e ON e.source = t.source AND e.corrects = t.event_id
"""
_NAMED = """
SELECT e.source, e.event_id, e.digest, e.received_us, e.raw, e.corrects
FROM unnest($1::text[], $2::text[]) t (source, event_id) JOIN medical_event e USING (source, event_id)
"""

_A_BREATH = 50
"""Events read between two looks at what else waits."""

Said = dict[Any, MedicalStatement]
"""By source, id and digest."""


async def load(connection: asyncpg.Connection, said: Said, question: str, *about: object) -> None:
    """Add the events that a question finds, and whatever is tied to them by corrections."""
    rows: Sequence[Any] = await connection.fetch(question, *about) if about[0] else []
    while rows:
        new = []
        for n, row in enumerate(rows):
            if n % _A_BREATH == 0:
                await asyncio.sleep(0)  # as in ``medical_verdicts``
            key = row["source"], row["event_id"], row["digest"]
            if key not in said:
                said[key] = read_medical(row["raw"], row["received_us"], row["digest"])
                new.append(row)
        if not new:
            return
        ids = [(row["source"], row["event_id"]) for row in new]
        rows = await connection.fetch(_CORRECTING, *columns(ids))
        corrected = [(r["source"], r["corrects"]) for r in new if r["corrects"] is not None]
        if corrected:
            rows += await connection.fetch(_NAMED, *columns(corrected))


def columns(rows: Iterable[Sequence[Any]], width: int = 2) -> list[list[Any]]:
    """Turn rows into columns, for ``unnest``; where there is no row: ``width`` empty ones."""
    return list(map(list, zip(*rows, strict=True))) or [[] for _ in range(width)]


def midnight(day: date) -> datetime:
    """Return the beginning of a China day."""
    return datetime(day.year, day.month, day.day, tzinfo=CHINA).astimezone(UTC)
