"""From registry changes to orders: who must be judged again, found by SQL.

Any worker runs it; the cursor row is locked for the time of a page, so one works and the others
pass by. What changed and every earlier version of it count: a licence that moves from one holder to
another bears on both. So do all readings of a manifest: those that only another reading names as
consignor, receiver or vehicle are among its marks.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg

from streams.judging.registry import party_mark

__all__ = ["page_registry"]

CHANGE_SETS = 20
"""Change sets in one page."""

_TOUCHED = """
WITH changed AS (
    SELECT DISTINCT r.kind, r.record_id FROM registry_record r
    JOIN registry_change c USING (change_set) WHERE c.seq > $1 AND c.seq <= $2
), versions AS (
    SELECT r.* FROM registry_record r JOIN changed USING (kind, record_id)
    JOIN registry_change c USING (change_set) WHERE c.seq <= $2
)
SELECT (SELECT array_agg(DISTINCT u) FROM versions, unnest(touch_units) u) AS units,
       (SELECT array_agg(DISTINCT x) FROM versions, unnest(touch_marks) x) AS marks,
       (SELECT array_agg(DISTINCT l) FROM versions, unnest(touch_limits) l) AS limits
"""

_ORDER = """
INSERT INTO rejudge (partition, subject, seq)
SELECT partition, subject, $1::bigint FROM manifest WHERE consignor = ANY ($2::text[])
UNION SELECT partition, subject, $1::bigint FROM manifest WHERE receiver = ANY ($2::text[])
UNION SELECT partition, subject, $1::bigint FROM manifest WHERE marks && $3::text[]
UNION SELECT m.partition, m.subject, $1::bigint FROM vehicle_leg l JOIN manifest m ON m.subject = l.manifest
    WHERE l.plate = ANY ($4::text[])
"""

_MEDICAL = """
INSERT INTO medical_dirty (holder, label)
SELECT holder, CASE kind WHEN 'medical' THEN '/day/' ELSE '/plant/' END || day
FROM medical_day WHERE marks && $1::text[]
UNION ALL SELECT holder, '/week/' || day FROM medical_week WHERE marks && $1::text[]
"""

_JOURNEYS = """
INSERT INTO vehicle_dirty (plate, begins, ends, leg)
SELECT plate, begins, ends, false FROM journey WHERE marks && $1::text[]
"""
# A fence bears on whoever was near it, whether or not anything was judged of that; a vehicle's record
# says whose word on its positions counts.
_POSITIONS = """
INSERT INTO vehicle_dirty (plate, begins, ends, leg)
SELECT DISTINCT plate, day * 86400::bigint, (day + 1) * 86400::bigint, false FROM track_piece
WHERE cells && $1::integer[] OR plate = ANY ($2::text[])
"""

_DIRTY = """
INSERT INTO dirty (subject)
SELECT l FROM unnest($1::text[]) l WHERE NOT starts_with(reverse(l), '/')
UNION SELECT d.limit_id FROM unnest($1::text[]) l
    JOIN draw d ON d.limit_id >= l COLLATE "C" AND d.limit_id < (left(l, -1) || '0') COLLATE "C"
    WHERE starts_with(reverse(l), '/')
"""
"""A limit that ends in ``/`` stands for all that begin so and are drawn on: a licence's years, say.
``0`` is the character after ``/``, so the range is the prefix, and the key's index finds it."""


async def page_registry(pool: asyncpg.Pool) -> int:
    """Turn the next page of changes into orders; return the change sets done, 0 if none.

    Safe at any time: batches judged at an older sequence have committed before a newer one can be
    seen, so every manifest that they wrote is found here.
    """
    async with pool.acquire() as connection, connection.transaction():
        done = await connection.fetchval("SELECT seq FROM registry_pager FOR UPDATE SKIP LOCKED")
        head = await connection.fetchval("SELECT seq FROM registry_head")
        if done is None or head <= done:
            return 0
        until = min(head, done + CHANGE_SETS)
        touched: Any = await connection.fetchrow(_TOUCHED, done, until)
        units = touched["units"] or []
        marks = [*(touched["marks"] or []), *map(party_mark, units)]
        cells, plates = _told(marks, "cell/"), _told(marks, "plate/")
        if marks:
            await connection.execute(_ORDER, until, units, marks, plates)
            await connection.execute(_MEDICAL, marks)
            await connection.execute(_JOURNEYS, marks)
        if cells or plates:
            await connection.execute(_POSITIONS, [int(cell) for cell in cells], plates)
        if touched["limits"]:
            await connection.execute(_DIRTY, touched["limits"])
        await connection.execute("UPDATE registry_pager SET seq = $1", until)
        return int(until - done)


def _told(marks: Sequence[str], kind: str) -> list[str]:
    return [mark.removeprefix(kind) for mark in marks if mark.startswith(kind)]
