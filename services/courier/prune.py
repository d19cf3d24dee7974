"""Pruning: old rows go in small batches; what a subscriber still waits for stays."""

from collections.abc import Sequence
from typing import Any

from infra.runtime.settings import Settings
from services.courier.metrics import PRUNED

__all__ = ["prune"]

_BATCH = 1000

# The oldest rows by the primary key, then their age: no statement ever walks a whole table.
_OUTBOX = """
WITH oldest AS (SELECT id, created_at FROM outbox ORDER BY id LIMIT $1)
DELETE FROM outbox o USING oldest
WHERE o.id = oldest.id AND o.sent_at IS NOT NULL AND o.feed_seq IS NOT NULL
    AND o.created_at < clock_timestamp() - make_interval(secs => $2)
"""
_ATTEMPTS = """
WITH oldest AS (SELECT id, at FROM webhook_attempt ORDER BY id LIMIT $1)
DELETE FROM webhook_attempt a USING oldest
WHERE a.id = oldest.id AND oldest.at < clock_timestamp() - make_interval(secs => $2)
"""
_MESSAGES = """
WITH oldest AS (SELECT id, at FROM courier_message ORDER BY id LIMIT $1)
DELETE FROM courier_message m USING oldest
WHERE m.id = oldest.id AND oldest.at < clock_timestamp() - make_interval(secs => $2)
"""
_TOLD = """
DELETE FROM courier_told WHERE (channel, alert_id) IN (
    SELECT channel, alert_id FROM courier_told
    WHERE state = 'withdrawn' AND told_at < clock_timestamp() - make_interval(secs => $2)
    LIMIT $1)
"""
# The last row stays for ever: the next number is counted from it. A disabled endpoint waits no
# more (that it was disabled has been told for hundreds of days), a paused channel neither.
_OLD_FEED = """
SELECT feed_seq FROM (SELECT feed_seq, at FROM feed ORDER BY feed_seq LIMIT $1) f
WHERE f.at < clock_timestamp() - make_interval(secs => $2)
    AND f.feed_seq < (SELECT max(feed_seq) FROM feed)
    AND f.feed_seq <= coalesce((
        SELECT min(least(told_seq, digest_seq)) FROM courier_channel
        WHERE name = ANY ($3::text[]) AND paused_at IS NULL), f.feed_seq)
    AND NOT EXISTS (
        SELECT FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint
        WHERE d.feed_seq = f.feed_seq AND d.delivered_at IS NULL AND d.given_up_at IS NULL
            AND e.removed_at IS NULL AND e.disabled_at IS NULL)
"""


async def prune(pool: Any, settings: Settings, channels: Sequence[str]) -> bool:
    """Prune one batch of each table; True: there may be more. ``channels``: names in use."""
    counts = {
        "outbox": await _delete(pool, _OUTBOX, settings.courier_outbox_days),
        "attempts": await _delete(pool, _ATTEMPTS, settings.courier_attempt_days),
        "messages": await _delete(pool, _MESSAGES, settings.courier_attempt_days),
        "told": await _delete(pool, _TOLD, settings.courier_feed_days),
        "feed": await _prune_feed(pool, settings.courier_feed_days, channels),
    }
    for what, count in counts.items():
        PRUNED.labels(what).inc(count)
    return any(count == _BATCH for count in counts.values())


async def _delete(pool: Any, statement: str, days: float) -> int:
    return int((await pool.execute(statement, _BATCH, 86_400 * days)).rpartition(" ")[2])


async def _prune_feed(pool: Any, days: float, channels: Sequence[str]) -> int:
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(_OLD_FEED, _BATCH, 86_400 * days, list(channels))
        if rows:
            old = [row["feed_seq"] for row in rows]
            for table in ("webhook_delivery", "feed"):
                await connection.execute(
                    f"DELETE FROM {table} WHERE feed_seq = ANY ($1::bigint[])",  # noqa: S608
                    old,
                )
        return len(rows)
