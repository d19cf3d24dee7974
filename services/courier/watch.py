"""Gauges that only the database knows: what waits, for how long, what is disabled or set aside."""

from collections.abc import Sequence
from typing import Any

from services.courier.metrics import (
    OUTBOX_AGE,
    PEOPLE_OLDEST,
    SET_ASIDE_ROWS,
    WEBHOOK_DISABLED,
    WEBHOOK_OLDEST,
    WEBHOOK_WAITING,
)

__all__ = ["forget", "watch"]

_WEBHOOKS = """
SELECT count(*) AS waiting,
    coalesce(extract(epoch FROM clock_timestamp() - min(d.queued_at)), 0)::float8 AS oldest
FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint
WHERE d.delivered_at IS NULL AND d.given_up_at IS NULL
    AND e.removed_at IS NULL AND e.disabled_at IS NULL
"""
_REST = """
SELECT
    (SELECT count(*) FROM webhook_endpoint
        WHERE removed_at IS NULL AND disabled_at IS NOT NULL) AS disabled,
    (SELECT count(*) FROM outbox_set_aside) AS set_aside,
    (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(f.at)), 0)::float8
        FROM courier_channel c JOIN feed f ON f.feed_seq = c.told_seq + 1
        WHERE c.name = ANY ($1::text[]) AND c.paused_at IS NULL AND c.failures > 0) AS people
"""


async def watch(pool: Any, channels: Sequence[str]) -> bool:
    """Set the gauges. ``channels``: names in use."""
    webhooks = await pool.fetchrow(_WEBHOOKS)
    rest = await pool.fetchrow(_REST, list(channels))
    WEBHOOK_WAITING.set(webhooks["waiting"])
    WEBHOOK_OLDEST.set(max(0.0, webhooks["oldest"]))
    WEBHOOK_DISABLED.set(rest["disabled"])
    SET_ASIDE_ROWS.set(rest["set_aside"])
    PEOPLE_OLDEST.set(max(0.0, rest["people"]))
    return False


def forget() -> None:
    """Say nothing any more: another courier leads and tells."""
    for gauge in (
        OUTBOX_AGE,
        PEOPLE_OLDEST,
        SET_ASIDE_ROWS,
        WEBHOOK_DISABLED,
        WEBHOOK_OLDEST,
        WEBHOOK_WAITING,
    ):
        gauge.set(0)
