"""Positions kept in Postgres, in the same transaction as what was made of the records.

A consumer takes its partitions (``OffsetTable.take``), has the log compared with them
(``verify_log``), reads from ``next_offset`` and moves each position in the transaction that holds
its results (``advance``). A crash between commit and acknowledgement is therefore harmless, and an
owner that was replaced without knowing it is fenced.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from infra.runtime.log_check import accept_log, cluster_id_of, verify_log
from infra.runtime.position import Fenced, LogBroken, Move, Position, record_digest

__all__ = [
    "Fenced",
    "LogBroken",
    "Move",
    "OffsetTable",
    "Position",
    "accept_log",
    "cluster_id_of",
    "record_digest",
    "verify_log",
]

_TAKE = """
INSERT INTO consumer_offset AS o (consumer, topic, partition, cluster_id, next_offset, epoch)
SELECT $1, $2, p, $3, 0, 1 FROM unnest($4::int[]) WITH ORDINALITY AS t (p, n) ORDER BY n
ON CONFLICT (consumer, topic, partition) DO UPDATE SET
    epoch = o.epoch + 1,
    cluster_id = CASE WHEN o.next_offset = 0 THEN excluded.cluster_id ELSE o.cluster_id END,
    updated_at = clock_timestamp()
RETURNING partition, next_offset, digest, epoch, clock, updated_at, cluster_id
"""

_READ = """
SELECT partition, next_offset, digest, epoch, clock, updated_at FROM consumer_offset
WHERE consumer = $1 AND topic = $2 AND partition = ANY ($3::int[])
"""

_ADVANCE = """
UPDATE consumer_offset AS o SET
    next_offset = m.new_offset,
    digest = m.digest,
    clock = greatest(o.clock, m.clock),
    updated_at = clock_timestamp()
FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[], $8::timestamptz[],
    $9::timestamptz[]) AS m (partition, epoch, old_offset, new_offset, digest, clock, version)
WHERE o.consumer = $1 AND o.topic = $2 AND o.partition = m.partition
    AND o.next_offset = m.old_offset AND o.epoch = m.epoch
    AND (m.version IS NULL OR o.updated_at = m.version)
RETURNING o.partition, o.clock, o.updated_at
"""

_STOP = """
UPDATE consumer_offset SET stopped_at = clock_timestamp()
WHERE consumer = $1 AND topic = $2 AND partition = ANY ($3::int[]) AND stopped_at IS NULL
"""
_GO_ON = """
UPDATE consumer_offset SET stopped_at = NULL
WHERE consumer = $1 AND topic = $2 AND partition = ANY ($3::int[]) AND stopped_at IS NOT NULL
"""


class OffsetTable:
    """The positions of one consumer in one topic of one cluster. Holds no state of its own."""

    def __init__(self, consumer: str, topic: str, cluster_id: str) -> None:
        self.consumer = consumer
        self.topic = topic
        self.cluster_id = cluster_id

    async def take(self, connection: Any, partitions: Collection[int]) -> dict[int, Position]:
        """Become the owner: whoever held these partitions is fenced from now on.

        A partition never seen starts at offset 0, epoch 1. Raises LogBroken (and takes nothing)
        when a position belongs to another Kafka cluster. Call ``verify_log`` before reading.
        """
        async with connection.transaction():
            rows = await connection.fetch(
                _TAKE, self.consumer, self.topic, self.cluster_id, sorted(partitions)
            )
            strange = [row for row in rows if row["cluster_id"] != self.cluster_id]
            if strange:
                raise LogBroken.at(
                    self.consumer,
                    self.topic,
                    [
                        (
                            row["partition"],
                            f"位点 {row['next_offset']} 属于另一个 Kafka 集群 {row['cluster_id']}，"
                            f"现在连接的是 {self.cluster_id}",
                            f"position {row['next_offset']} belongs to another Kafka cluster,"
                            f" {row['cluster_id']}; this one is {self.cluster_id}",
                        )
                        for row in sorted(strange, key=lambda row: row["partition"])
                    ],
                )
        return {row["partition"]: _position(row) for row in rows}

    async def read(self, connection: Any, partitions: Collection[int]) -> dict[int, Position]:
        """Return the positions as stored, without becoming the owner; missing ones are left out.

        For an owner whose commit ended in a broken connection: if ``epoch`` is still its own,
        ``next_offset`` says whether the commit was done.
        """
        rows = await connection.fetch(_READ, self.consumer, self.topic, sorted(partitions))
        return {row["partition"]: _position(row) for row in rows}

    async def mark(self, connection: Any, partitions: Collection[int], *, stopped: bool) -> None:
        """Leave word that partitions are refused (``LogBroken``), or that they go on.

        The process ends when it refuses, so this row is what tells operators of it.
        """
        statement = _STOP if stopped else _GO_ON
        await connection.execute(statement, self.consumer, self.topic, sorted(partitions))

    async def advance(
        self,
        connection: Any,
        position: Position,
        *,
        next_offset: int,
        digest: bytes | None,
        clock: datetime | None,
    ) -> Position:
        """Move one position inside the caller's transaction and return the new one.

        Without new records (``next_offset`` unchanged) only the clock moves. The clock never goes
        back, whatever is given. Raises Fenced: the caller rolls back and drops its cache.
        """
        moved = await self.advance_all(connection, [Move(position, next_offset, digest, clock)])
        return moved[position.partition]

    async def advance_all(self, connection: Any, moves: Sequence[Move]) -> dict[int, Position]:
        """Move several positions of distinct partitions in one statement, all or Fenced."""
        for old, new_offset, _, _ in moves:
            if new_offset < old.next_offset:
                raise ValueError(f"{old} cannot go back to {new_offset}")
        # Without new records the digest is still that of the last one.
        digests = [m.digest if m.next_offset > m.position.next_offset else m.position.digest
                   for m in moves]  # fmt: skip
        rows = await connection.fetch(
            _ADVANCE,
            self.consumer,
            self.topic,
            [m.position.partition for m in moves],
            [m.position.epoch for m in moves],
            [m.position.next_offset for m in moves],
            [m.next_offset for m in moves],
            digests,
            [m.clock for m in moves],
            [m.position.version for m in moves],
        )
        stored = {row["partition"]: row for row in rows}
        lost = [m.position.partition for m in moves if m.position.partition not in stored]
        if lost:
            raise Fenced(self.consumer, self.topic, lost)
        return {
            m.position.partition: m.position._replace(
                next_offset=m.next_offset,
                digest=digest,
                clock=stored[m.position.partition]["clock"],
                version=stored[m.position.partition]["updated_at"],
            )
            for m, digest in zip(moves, digests, strict=True)
        }


def _position(row: Any) -> Position:
    return Position(
        row["partition"],
        row["next_offset"],
        row["digest"],
        row["epoch"],
        row["clock"],
        row["updated_at"],
    )
