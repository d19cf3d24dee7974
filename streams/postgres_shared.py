"""The transaction on one shared subject, on Postgres (READ COMMITTED)."""

from datetime import datetime
from typing import Any

import msgspec

from streams.alert_rows import write_shared
from streams.judging.decision import LimitDecision, Memo
from streams.judging.outcome import Draw
from streams.judging.packing import outcomes_json
from streams.postgres_registry import RegistryMark, RegistryReader

__all__ = ["PostgresShared"]


class PostgresShared(RegistryReader):
    """Implements ``streams.judging.state.SharedPort`` for one consumer's clock."""

    def __init__(self, connection: Any, consumer: str, topic: str, registry: RegistryMark) -> None:
        super().__init__(connection, registry)
        self._consumer = consumer
        self._topic = topic

    async def claim(self, subject: str) -> bool:
        """Lock the subject for this transaction and take its dirty rows."""
        locked = await self._connection.fetchval(
            "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", subject
        )
        if not locked:
            return False  # another worker is at it; rows that come meanwhile keep it dirty
        rows = await self._connection.fetch(
            "DELETE FROM dirty WHERE subject = $1 RETURNING id", subject
        )
        return bool(rows)

    async def load(self, subject: str) -> tuple[Memo | None, list[Draw], datetime | None]:
        """Return memo, draws and the minimum clock; call after ``claim``."""
        # A later statement than the DELETE: it sees every draw whose dirty row that one took.
        rows = await self._connection.fetch(
            "SELECT limit_id, manifest, at, grams, state, uncertain,"
            " CASE WHEN several THEN 'several_limits' ELSE doubt END, unweighed"
            " FROM draw WHERE limit_id = $1",
            subject,
        )
        memo = await self._connection.fetchval(
            "SELECT memo FROM shared_subject WHERE subject = $1", subject
        )
        clock = await self._connection.fetchval(
            "SELECT CASE WHEN bool_and(clock IS NOT NULL) THEN min(clock) END FROM consumer_offset"
            " WHERE consumer = $1 AND topic = $2",
            self._consumer,
            self._topic,
        )
        return (
            msgspec.msgpack.decode(memo, type=Memo) if memo is not None else None,
            [Draw(*row) for row in rows],
            clock,
        )

    async def write(self, decision: LimitDecision, seq: int, clock: datetime | None) -> None:
        """Write the subject's verdict and alerts."""
        await self._connection.execute(
            "INSERT INTO shared_subject (subject, outcomes, memo, registry_seq, clock)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (subject) DO UPDATE SET"
            " outcomes = excluded.outcomes, memo = excluded.memo,"
            " registry_seq = excluded.registry_seq, clock = excluded.clock,"
            " updated_at = clock_timestamp()",
            decision.subject,
            outcomes_json(decision.outcomes).decode(),
            msgspec.msgpack.encode(decision.memo),
            seq,
            clock,
        )
        await write_shared(self._connection, [decision], seq, clock)
