"""What operators are told of the database: what waits, who refused to go on, how far judging is.

The courier looks because there is one leader, whatever happens to the processes looked at.
"""

from typing import Any

from infra.runtime.settings import MANIFEST_TOPIC, MEDICAL_TOPIC, TRACKS_TOPIC
from services.courier.metrics import (
    CONSUMER_STOPPED,
    DATABASE_BYTES,
    JUDGE_CLOCK_AGE,
    QUARANTINE_OLDEST,
    QUARANTINE_WAITING,
)

__all__ = ["survey"]

_CONSUMERS = ("archiver", "judge")
_TOPICS = [MANIFEST_TOPIC, MEDICAL_TOPIC, TRACKS_TOPIC]

_LOOK = """
WITH waiting AS (
    SELECT count(*) AS rows, min(created_at) AS since FROM quarantine WHERE answered_at IS NULL
)
SELECT w.rows AS waiting, clock_timestamp() - w.since AS oldest, pg_database_size(current_database()) AS bytes,
    (SELECT clock_timestamp() - min(clock) FROM consumer_offset
        WHERE consumer = 'judge' AND topic = ANY ($1)) AS clock_age
FROM waiting w
"""
_STOPPED = """
SELECT consumer, count(*) AS partitions FROM consumer_offset
WHERE topic = ANY ($1) AND stopped_at IS NOT NULL GROUP BY consumer
"""


async def survey(pool: Any) -> bool:
    """Look once and set the gauges; False: nothing is left to do at once.

    Raises what asyncpg raises; the gauges keep what was seen last then.
    """
    seen = await pool.fetchrow(_LOOK, _TOPICS)
    refused = await pool.fetch(_STOPPED, _TOPICS)
    stopped = {row["consumer"]: row["partitions"] for row in refused}
    QUARANTINE_WAITING.set(seen["waiting"])
    QUARANTINE_OLDEST.set(_seconds(seen["oldest"]))
    JUDGE_CLOCK_AGE.set(_seconds(seen["clock_age"]))
    DATABASE_BYTES.set(seen["bytes"])
    for consumer in _CONSUMERS:
        CONSUMER_STOPPED.labels(consumer).set(stopped.get(consumer, 0))
    return False


def _seconds(age: Any) -> float:
    return 0.0 if age is None else max(0.0, float(age.total_seconds()))
