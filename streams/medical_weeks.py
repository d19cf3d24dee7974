"""Weeks of institutions: which ones something new bears on, and what was told in them.

A week is written as soon as something is told that it is held against, and judged when its deadline has
fired: until then nothing is read of it. Then it is added up from the days as they stand in the same
transaction, so its days come first.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

import asyncpg
import msgspec

from streams.judging.medical.judge import Summary
from streams.judging.medical.said import counted
from streams.judging.medical.week import (
    DayWeight,
    HospitalWeek,
    collected_by_day,
    week_of,
    weeks_told_by,
)
from streams.medical_batch import PICKUP
from streams.medical_said import EVENTS_BETWEEN, Said, columns, load, midnight

__all__ = ["weeks_to_judge"]

_WEEK = timedelta(days=7)
_KNOWN = """
SELECT holder, day, fired_at IS NOT NULL AS fired FROM medical_week WHERE subject = ANY ($1::text[])
"""
_DAYS = """
SELECT d.holder, d.day, d.summary::text AS summary
FROM unnest($1::text[], $2::date[], $3::date[]) t (holder, since, until)
JOIN medical_day d ON d.holder = t.holder AND d.kind = 'medical' AND d.day >= t.since AND d.day < t.until
"""
_summary = msgspec.json.Decoder(Summary)
_Key = tuple[str, date]


async def weeks_to_judge(
    connection: asyncpg.Connection,
    asked: Mapping[str, set[date]],
    told_on: Mapping[str, set[date]],
) -> list[HospitalWeek]:
    """Return the weeks that are to be judged, by (institution, Monday).

    ``asked``: Mondays by institution, whatever became of them. ``told_on``: days by institution on
    which something is told anew: of their weeks those that nobody knows, and those that were judged.
    """
    bears = {
        (holder, monday)
        for holder, days in told_on.items()
        for day in days
        for monday in weeks_told_by(day)
    }
    named = {(holder, monday) for holder, mondays in asked.items() for monday in mondays}
    rows = await connection.fetch(
        _KNOWN,
        [HospitalWeek(*key, told=False, before=False, grams=0).subject for key in named | bears],
    )
    known = {(row["holder"], row["day"]): row["fired"] for row in rows}
    wanted = sorted(key for key in named | bears if known.get(key, True) or key in named)
    days = await _told(connection, [key for key in wanted if known.get(key)])
    return [week_of(*key, days.get(key[0], {})) for key in wanted]


async def _told(
    connection: asyncpg.Connection, weeks: list[_Key]
) -> dict[str, dict[date, DayWeight]]:
    """Return what institutions told of in weeks and those before them, by day."""
    if not weeks:
        return {}
    found: dict[str, dict[date, DayWeight]] = defaultdict(dict)
    spans = [(holder, monday - _WEEK, monday + _WEEK) for holder, monday in weeks]
    for row in await connection.fetch(_DAYS, *columns(spans)):
        summary = _summary.decode(row["summary"])
        grams = sum(summary.grams.values()) + summary.unsealed_g
        found[row["holder"]][row["day"]] = DayWeight(summary.packages > 0, grams)
    said: Said = {}
    moments = [(holder, midnight(since), midnight(until)) for holder, since, until in spans]
    await load(connection, said, EVENTS_BETWEEN, *columns(moments), PICKUP)
    for holder, by_day in collected_by_day(counted(said.values())[0]).items():
        for day, grams in by_day.items():
            before = found[holder].get(day, DayWeight())
            found[holder][day] = before._replace(told=True, collected_g=grams)
    return found
