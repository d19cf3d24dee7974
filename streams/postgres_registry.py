"""What every transaction of the Postgres state shares: registry reads, verdict history."""

from collections.abc import Sequence
from typing import Any

import msgspec

from schemas.decode import decode_registry_record
from streams.judging.outcome import Outcome
from streams.judging.registry import RecordVersion

__all__ = ["HISTORY", "RegistryReader", "outcomes_json"]

_CHANGES = """
SELECT c.seq, c.recorded_at, r.body FROM registry_change c JOIN registry_record r USING (change_set)
WHERE c.seq > $1 AND c.seq <= $2 ORDER BY c.seq, r.ordinal
"""

HISTORY = """
INSERT INTO verdict_history (subject, registry_seq, clock, outcomes)
SELECT subject, $2, $3, outcomes::jsonb FROM unnest($1::text[], $4::text[]) AS t (subject, outcomes)
"""


class RegistryReader:
    """A transaction that holds the registry's head while it lasts."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def registry_since(self, seq: int) -> tuple[int, list[RecordVersion]]:
        """Return the sequence, locked against writers, and the records changed after ``seq``."""
        now = await self._connection.fetchval("SELECT seq FROM registry_head FOR SHARE")
        if now == seq:
            return now, []
        rows = await self._connection.fetch(_CHANGES, seq, now)
        return now, [RecordVersion(row["seq"], decode_registry_record(row["body"])) for row in rows]


def outcomes_json(outcomes: Sequence[Outcome]) -> str:
    """Return outcomes as stored in ``jsonb``."""
    return msgspec.json.encode(outcomes).decode()
