"""The same (source, id) with other bytes: all are kept, all are marked, one counts.

The earliest by (receive time, digest) counts; each other one gets a quarantine row at the place
where it first stands in the log. Which of them was archived first makes no difference.
"""

from collections.abc import Sequence
from typing import Any

from services.archiver.batch import Known

__all__ = ["mark_conflicts"]

# A scalar subquery goes through the index, whatever the planner thinks of the table's size.
_CLASHES = """
SELECT DISTINCT k.source, k.event_id FROM unnest($1::text[], $2::text[]) AS k (source, event_id)
WHERE (
    SELECT count(*) FROM event_dedupe d WHERE d.source = k.source AND d.event_id = k.event_id
) > 1
"""

_MARK = """
UPDATE event_dedupe d SET conflict = true
FROM unnest($1::text[], $2::text[]) AS k (source, event_id)
WHERE d.source = k.source AND d.event_id = k.event_id AND NOT d.conflict
"""

# OFFSET 0: first find the few rows of the receive time, then order them. Left to itself the planner
# walks the whole log in the wanted order until it meets the receipt.
_QUARANTINE = """
WITH clash AS (
    SELECT d.source, d.event_id, d.digest, d.receipt_id, d.received_at,
        first_value(d.digest) OVER (
            PARTITION BY d.source, d.event_id ORDER BY d.received_at, d.digest
        ) AS counts
    FROM unnest($1::text[], $2::text[]) AS k (source, event_id)
    JOIN event_dedupe d USING (source, event_id)
)
INSERT INTO quarantine (consumer, topic, partition, kafka_offset, reason, detail, source, event_id,
    subject, raw, received_at)
SELECT 'archiver', place.topic, place.partition, place.kafka_offset, 'conflict',
    jsonb_build_object(
        'digest', encode(clash.digest, 'hex'), 'counts', encode(clash.counts, 'hex')
    ),
    clash.source, clash.event_id, place.subject, place.raw, place.received_at
FROM clash CROSS JOIN LATERAL (
    SELECT e.* FROM (
        SELECT * FROM event_log
        WHERE received_at = clash.received_at AND receipt_id = clash.receipt_id OFFSET 0
    ) AS e
    ORDER BY e.received_at, e.topic, e.partition, e.kafka_offset LIMIT 1
) AS place
WHERE clash.digest <> clash.counts AND NOT EXISTS (
    SELECT FROM quarantine q
    WHERE q.source = clash.source AND q.event_id = clash.event_id AND q.consumer = 'archiver'
        AND q.reason = 'conflict' AND q.detail ->> 'digest' = encode(clash.digest, 'hex')
)
ON CONFLICT DO NOTHING
"""


async def mark_conflicts(connection: Any, events: Sequence[Known]) -> int:
    """Mark what clashes with one of ``events`` and return how many new quarantine rows it took.

    Runs in the caller's transaction, after the events were written.
    """
    if not events:
        return 0
    keys = [e.source for e in events], [e.event_id for e in events]
    clashes = await connection.fetch(_CLASHES, *keys)
    if not clashes:
        return 0
    keys = [row[0] for row in clashes], [row[1] for row in clashes]
    await connection.execute(_MARK, *keys)
    done: str = await connection.execute(_QUARANTINE, *keys)
    return int(done.rpartition(" ")[2])
