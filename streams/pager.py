"""From registry changes to orders: who must be judged again, found by SQL.

Any worker runs it; the cursor row is locked for the time of a page, so one works and the others
pass by. What changed and every earlier version of it count: a licence that moves from one holder to
another bears on both. So do all readings of a manifest: those that only another reading names as
consignor, receiver or vehicle are among its marks.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import asyncpg

from streams.judging.registry import party_mark

__all__ = ["page_registry"]

CHANGE_SETS = 20
"""Change sets in one page."""
_PAGE_S = 600.0
"""Longest statement of a page: a nation's register may come in one change set, and touch all there is."""

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

_MANIFESTS = """
INSERT INTO rejudge (partition, subject, seq)
SELECT partition, subject, $1::bigint FROM manifest WHERE consignor = ANY ($2::text[])
UNION SELECT partition, subject, $1::bigint FROM manifest WHERE receiver = ANY ($2::text[])
UNION SELECT partition, subject, $1::bigint FROM {manifest}
UNION SELECT m.partition, m.subject, $1::bigint FROM vehicle_leg l JOIN manifest m ON m.subject = l.manifest
    WHERE l.plate = ANY ($4::text[])
"""
_MEDICAL = """
INSERT INTO medical_dirty (holder, label)
SELECT holder, CASE kind WHEN 'medical' THEN '/day/' ELSE '/plant/' END || day FROM {medical_day}
UNION ALL SELECT holder, '/week/' || day FROM {medical_week}
"""
_JOURNEYS = """
INSERT INTO vehicle_dirty (plate, begins, ends, leg)
SELECT plate, begins, ends, false FROM {journey}
"""
# A fence bears on whoever was near it, whether or not anything was judged of that; a vehicle's record
# says whose word on its positions counts.
_POSITIONS = """
INSERT INTO vehicle_dirty (plate, begins, ends, leg)
SELECT plate, day * 86400::bigint, (day + 1) * 86400::bigint, false FROM {track_piece}
UNION SELECT plate, day * 86400::bigint, (day + 1) * 86400::bigint, false FROM track_piece
    WHERE plate = ANY ($2::text[])
"""
# A GIN index asked for many marks looks for each of them among all rows that it has not sorted in yet:
# minutes, for the register of a nation. Then every row is looked at once instead.
_FEW = "{table} WHERE {marks} && {told}"
_MANY = """{table} WHERE {key} IN (
    SELECT t.{key} FROM {table} t CROSS JOIN LATERAL unnest(t.{marks}) m JOIN unnest({told}) told ON told = m)"""
MANY = 2_000
"""From how many marks on."""


class _Orders(NamedTuple):
    """Statements that order whatever bears one of the marks told."""

    manifests: str
    medical: str
    journeys: str
    positions: str


def _orders(form: str) -> _Orders:
    def marked(table: str, told: str, marks: str = "marks", key: str = "subject") -> str:
        return form.format(table=table, told=told, marks=marks, key=key)

    return _Orders(
        _MANIFESTS.format(manifest=marked("manifest", "$3::text[]")),
        _MEDICAL.format(
            medical_day=marked("medical_day", "$1::text[]"),
            medical_week=marked("medical_week", "$1::text[]"),
        ),
        _JOURNEYS.format(journey=marked("journey", "$1::text[]")),
        _POSITIONS.format(track_piece=marked("track_piece", "$1::integer[]", "cells", "id")),
    )


_OF_FEW, _OF_MANY = _orders(_FEW), _orders(_MANY)

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
        orders = _OF_FEW if len(marks) < MANY else _OF_MANY

        async def order(statement: str, *told: object) -> None:
            await connection.execute(statement, *told, timeout=_PAGE_S)

        if marks:
            await order(orders.manifests, until, units, marks, plates)
            await order(orders.medical, marks)
            await order(orders.journeys, marks)
        if cells or plates:
            await order(orders.positions, [int(cell) for cell in cells], plates)
        if touched["limits"]:
            await order(_DIRTY, touched["limits"])
        await connection.execute("UPDATE registry_pager SET seq = $1", until)
        return int(until - done)


def _told(marks: Sequence[str], kind: str) -> list[str]:
    return [mark.removeprefix(kind) for mark in marks if mark.startswith(kind)]
