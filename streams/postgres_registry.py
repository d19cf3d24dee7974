"""What every transaction of the Postgres state shares: registry reads, verdict history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.decode import decode_registry_record
from streams.judging.registry import RecordVersion
from streams.judging.state import FencedError

__all__ = ["HISTORY", "RegistryMark", "RegistryReader"]

_CHANGES = """
SELECT c.seq, c.recorded_at, r.body FROM registry_change c JOIN registry_record r USING (change_set)
WHERE c.seq > $1 AND c.seq <= $2 ORDER BY c.seq, r.ordinal
"""

HISTORY = """
INSERT INTO verdict_history (subject, registry_seq, clock, outcomes, verdict)
SELECT subject, $2, $3, convert_from(outcomes, 'UTF8')::json, verdict
FROM unnest($1::text[], $4::bytea[], $5::bytea[]) AS t (subject, outcomes, verdict)
"""


@dataclass(slots=True)
class RegistryMark:
    """The newest change set that a worker has read: the same number may come to mean another."""

    seq: int = 0
    recorded_at: datetime | None = None


class RegistryReader:
    """A transaction that holds the registry's head while it lasts."""

    def __init__(self, connection: Any, mark: RegistryMark) -> None:
        self._connection = connection
        self._mark = mark

    @property
    def connection(self) -> Any:
        """The transaction's connection."""
        return self._connection

    async def registry_since(self, seq: int) -> tuple[int, list[RecordVersion]]:
        """Return the sequence, locked against writers, and the records changed after ``seq``.

        Raises FencedError when the database was put back to before ``seq``: what was read of the
        registry may never have been, and only a fresh start forgets it.
        """
        head = await self._connection.fetchrow("SELECT seq, recorded_at FROM hold_registry_head()")
        now = head["seq"]
        recorded_at = head["recorded_at"]
        if 0 < seq < now:
            recorded_at = await self._connection.fetchval(
                "SELECT recorded_at FROM registry_change WHERE seq = $1", seq
            )
        # Of an empty registry nothing was read, and its first change set is news, not a put-back.
        known = self._mark.recorded_at if 0 < seq == self._mark.seq else None
        if now < seq or (known is not None and recorded_at != known):
            raise FencedError(f"the registry stands at {now} and is not the one read up to {seq}")
        self._mark.seq, self._mark.recorded_at = now, head["recorded_at"]
        if now == seq:
            return now, []
        rows = await self._connection.fetch(_CHANGES, seq, now)
        return now, [RecordVersion(row["seq"], decode_registry_record(row["body"])) for row in rows]
