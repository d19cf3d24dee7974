"""What the owner of a partition of ``medical.events`` does with a fetch: keep it, mark whom it is about.

One transaction, like that of manifests (``streams/batch.py``): the offset moves with what was kept. No
verdict is made here: a package's words come from an institution, a collector and a plant, in three
partitions, so its day is a shared subject (``streams/medical_days.py``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from schemas.instant import china_day
from streams.judging.medical.said import MedicalStatement, told
from streams.medical_said import columns

__all__ = ["PICKUP", "PLANT", "Spoken", "keep_medical", "spoken"]

PICKUP, PLANT = "/pickup", "/plant"
"""Labels that no package can have."""
_WASHED = 2
"""A washing is still of the days before, so many."""


class Spoken(NamedTuple):
    """Of whom and what an event speaks: credit code, label, instant."""

    holder: str
    label: str
    at: datetime


def spoken(one: MedicalStatement) -> list[Spoken]:
    """Return everything that an event speaks of; of a correction, by what it puts in its place."""
    event: Any = one.event
    verb, data = told(one)
    at = event.time
    if one.verb == "corrected":
        at = event.data.happened_at or at
    match verb:
        case "sealed":
            return [Spoken(one.unit, event.subject, at)]
        case "lost" | "found":
            return [Spoken(data.institution, event.subject, at)]
        case "washed":
            return [Spoken(one.unit, PLANT, at)]
        case "treated":
            packages = [
                Spoken(load.institution, package, at)
                for load in data.loads
                for package in load.packages
            ]
            return [*packages, Spoken(one.unit, PLANT, at)]
    packages = [Spoken(data.institution, package.id, at) for package in data.packages]
    if verb == "received":
        return [*packages, Spoken(one.unit, PLANT, at)]
    if verb == "collected":
        return [*packages, Spoken(data.institution, PICKUP, at)]
    return packages


def dirty_labels(one: Spoken) -> list[str]:
    """Return what must be judged again: the package, or the days that a pick-up or plant bears on."""
    if one.label == PICKUP:
        return [f"{PICKUP}/{china_day(one.at)}"]
    if one.label == PLANT:
        day = china_day(one.at)
        return [f"{PLANT}/{day - timedelta(days=n)}" for n in range(_WASHED + 1)]
    return [one.label]


# One statement, for every one waits for its turn beside what is judged. What it returns it reads of before:
# those of these events that earlier ones correct.
_KEEP = """
WITH events AS (
    INSERT INTO medical_event (source, event_id, digest, received_us, corrects, raw)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bytea[])
    ON CONFLICT (source, event_id, digest) DO UPDATE
        SET received_us = least(medical_event.received_us, excluded.received_us)
), words AS (
    INSERT INTO medical_word (holder, label, source, event_id, digest, at)
    SELECT * FROM unnest($7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[])
    ON CONFLICT DO NOTHING
), marks AS (
    INSERT INTO medical_dirty (holder, label) SELECT * FROM unnest($13::text[], $14::text[])
)
SELECT t.source, t.event_id FROM unnest($1::text[], $2::text[]) t (source, event_id)
WHERE EXISTS (SELECT FROM medical_event e WHERE e.source = t.source AND e.corrects = t.event_id)
"""
_MARK = "INSERT INTO medical_dirty (holder, label) SELECT * FROM unnest($1::text[], $2::text[])"
# Whatever is tied to these events by corrections, in either direction and at any distance. Two look-ups by
# index: one with OR reads all that a unit ever said.
_TIED = """
WITH RECURSIVE tied (source, event_id) AS (
    SELECT * FROM unnest($1::text[], $2::text[])
    UNION
    SELECT t.source, n.event_id FROM tied t
    CROSS JOIN LATERAL (
        SELECT e.corrects FROM medical_event e
        WHERE e.source = t.source AND e.event_id = t.event_id AND e.corrects IS NOT NULL
        UNION ALL
        SELECT e.event_id FROM medical_event e WHERE e.source = t.source AND e.corrects = t.event_id
    ) n (event_id)
)
SELECT w.holder, w.label, w.at FROM tied JOIN medical_word w USING (source, event_id)
"""


async def keep_medical(connection: Any, arrivals: Sequence[MedicalStatement]) -> None:
    """Keep events and mark whom they are about, in the caller's transaction; copies change nothing."""
    fresh: dict[Any, MedicalStatement] = {}
    for one in arrivals:
        known = fresh.get(one.ref)
        if known is None or one.received_us < known.received_us:
            fresh[one.ref] = one
    if not fresh:
        return
    said = list(fresh.values())
    words = [(word, one.ref) for one in said for word in dict.fromkeys(spoken(one))]
    corrected = await connection.fetch(
        _KEEP,
        *columns([(*one.ref, one.received_us, _corrects(one), one.raw) for one in said]),
        *columns([(w.holder, w.label, *ref, w.at) for w, ref in words], width=6),
        *columns(_marks(word for word, _ in words)),
    )
    tied = [(row["source"], row["event_id"]) for row in corrected]
    tied += [(one.ref.source, one.ref.id) for one in said if one.verb == "corrected"]
    if tied:
        rows = await connection.fetch(_TIED, *columns(tied))
        others = _marks(Spoken(row["holder"], row["label"], row["at"]) for row in rows)
        if others:
            await connection.execute(_MARK, *columns(others))


def _marks(words: Iterable[Spoken]) -> list[tuple[str, str]]:
    """Return whom and what must be judged again."""
    return list(
        dict.fromkeys((word.holder, label) for word in words for label in dirty_labels(word))
    )


def _corrects(one: MedicalStatement) -> str | None:
    event: Any = one.event
    return event.data.corrects if one.verb == "corrected" else None
