"""Which outbox rows are alerts. What is none is set aside with the reason; its neighbours go on."""

from collections.abc import Sequence
from typing import Any

import structlog

from services.courier.metrics import SET_ASIDE

__all__ = ["WELL_FORMED", "set_aside"]

_REASON = """
CASE
    WHEN o.key !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9]{1,9}$' THEN 'key'
    WHEN jsonb_typeof(o.payload) <> 'object' THEN 'payload'
    WHEN o.payload ->> 'id' IS DISTINCT FROM split_part(o.key, ':', 1) THEN 'id'
    WHEN coalesce(o.payload ->> 'state', '') NOT IN ('open', 'withdrawn') THEN 'state'
    WHEN coalesce(o.payload ->> 'severity', '') NOT IN ('low', 'medium', 'high', 'critical')
        THEN 'severity'
    WHEN coalesce(o.payload ->> 'finding', '') NOT IN ('violation', 'review', 'notice')
        THEN 'finding'
    WHEN coalesce(o.payload ->> 'rule', '') = '' THEN 'rule'
END
"""
# In one CASE, so that what is asked of the payload is asked of an object.

WELL_FORMED = f"({_REASON}) IS NULL"
"""Whether row ``o`` of the outbox is an alert's revision as all who read it need it."""

# A revision that is in the feed already, under another row, is no news: the key is unique, so this
# is one that was pruned and written again.
_SET_ASIDE = f"""
WITH bad AS (
    SELECT id, reason FROM (
        SELECT o.id, coalesce({_REASON}, CASE WHEN EXISTS (
            SELECT FROM feed f WHERE f.alert_id = split_part(o.key, ':', 1)::uuid
                AND f.revision = split_part(o.key, ':', 2)::integer) THEN 'repeated' END) AS reason
        FROM outbox o WHERE o.id = ANY ($1::bigint[])
    ) judged WHERE reason IS NOT NULL
), gone AS (
    DELETE FROM outbox o USING bad WHERE o.id = bad.id
    RETURNING o.id, o.key, o.topic, o.payload, o.created_at, bad.reason
)
INSERT INTO outbox_set_aside (id, key, topic, payload, created_at, reason)
SELECT id, key, topic, payload, created_at, reason FROM gone
RETURNING id, reason
"""  # noqa: S608 - no value in it

log = structlog.get_logger(__name__)


async def set_aside(connection: Any, ids: Sequence[int]) -> None:
    """Move those that the feed cannot take to ``outbox_set_aside``, whole and with the reason."""
    for row in await connection.fetch(_SET_ASIDE, ids):
        SET_ASIDE.labels(row["reason"]).inc()
        log.error("an outbox row is no alert: set aside", row=row["id"], reason=row["reason"])
