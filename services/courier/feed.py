"""The feed: each outbox row's place in one order without gaps, and the webhooks that want it."""

from typing import Any

from services.courier.metrics import FED, FEED_SECONDS
from services.courier.outbox import set_aside

__all__ = ["WANTED", "feed_rows"]

_BATCH = 1000

_UNFED = "SELECT id FROM outbox WHERE feed_seq IS NULL ORDER BY id LIMIT $1"

_FEED = """
WITH fresh AS (
    SELECT o.*, row_number() OVER (ORDER BY o.id)
        + (SELECT coalesce(max(feed_seq), 0) FROM feed) AS seq
    FROM (
        SELECT id, key, payload, created_at FROM outbox WHERE id = ANY ($1::bigint[])
    ) o
), numbered AS (
    UPDATE outbox o SET feed_seq = f.seq FROM fresh f WHERE o.id = f.id
)
INSERT INTO feed (feed_seq, alert_id, revision, state, severity, finding, rule, origin_region,
    destination_region, at, payload)
SELECT seq, split_part(key, ':', 1)::uuid, split_part(key, ':', 2)::integer, payload ->> 'state',
    payload ->> 'severity', payload ->> 'finding', payload ->> 'rule', payload ->> 'origin_region',
    payload ->> 'destination_region', created_at, payload
FROM fresh
RETURNING feed_seq, extract(epoch FROM clock_timestamp() - at)::float8 AS age
"""

WANTED = """
EXISTS (
    SELECT FROM feed r
    WHERE r.alert_id = f.alert_id AND r.feed_seq <= f.feed_seq
        AND (e.severities = '{}' OR r.severity = ANY (e.severities))
        AND (e.findings = '{}' OR r.finding = ANY (e.findings))
        AND (e.regions = '{}' OR EXISTS (
            SELECT FROM unnest(e.regions) AS region
            WHERE starts_with(r.origin_region, region)
                OR starts_with(r.destination_region, region)))
)
"""
"""Whether endpoint ``e`` wants feed row ``f``: it passes the filters, or a revision before it did.
Who was told of an alert must be told that it was withdrawn, however slight it is by then."""

_QUEUE = f"""
INSERT INTO webhook_delivery (endpoint, feed_seq)
SELECT e.id, f.feed_seq FROM feed f CROSS JOIN webhook_endpoint e
WHERE f.feed_seq BETWEEN $1 AND $2 AND e.removed_at IS NULL AND {WANTED}
"""  # noqa: S608 - no value in it


async def feed_rows(connection: Any) -> bool:
    """Give what can be seen of the outbox its numbers, in one transaction; True: more may be left.

    Call it from one connection at a time, the one that holds the courier's lock. Rows are found
    by having no number, never by "id > last": a transaction that began early and commits late is
    found in the next round. A second writer would meet the primary key of ``feed`` and fail.
    """
    async with connection.transaction():
        ids = [row["id"] for row in await connection.fetch(_UNFED, _BATCH)]
        if not ids:
            return False
        await set_aside(connection, ids)
        rows = await connection.fetch(_FEED, ids)
        if rows:
            numbers = [row["feed_seq"] for row in rows]
            await connection.execute(_QUEUE, min(numbers), max(numbers))
    FED.inc(len(rows))
    for row in rows:
        FEED_SECONDS.observe(max(0.0, row["age"]))
    return len(ids) == _BATCH
