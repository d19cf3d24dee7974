"""What one fetch brought, shaped for one transaction. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from aiokafka.structs import ConsumerRecord, TopicPartition

from infra.runtime.offsets import Move, Position
from services.archiver.row import Oddity, Row, read_record

__all__ = ["Batch", "Known", "known_events"]


class Known(NamedTuple):
    """A row of ``event_dedupe``: one event with certain bytes, however often it came."""

    source: str
    event_id: str
    digest: bytes
    receipt_id: UUID
    received_at: datetime
    subject: str | None
    copies: int
    origin_region: str | None
    destination_region: str | None


class Batch(NamedTuple):
    """Rows of several partitions, what is odd among them, and where the positions move."""

    rows: Sequence[Row]
    oddities: Sequence[Oddity]
    moves: Sequence[Move]

    @classmethod
    def of(
        cls,
        fetched: Mapping[TopicPartition, Sequence[ConsumerRecord]],
        positions: Mapping[int, Position],
        now: datetime,
    ) -> Self:
        """Shape a fetch. Records before a position were kept already and are left out."""
        rows: list[Row] = []
        oddities: list[Oddity] = []
        moves: list[Move] = []
        for tp, records in fetched.items():
            position = positions[tp.partition]
            before = len(rows)
            for record in records:
                if record.offset >= position.next_offset:
                    row, odd = read_record(record, now)
                    rows.append(row)
                    oddities += odd
            if len(rows) > before:
                last = rows[-1]
                moves.append(Move(position, last.kafka_offset + 1, last.digest, last.appended_at))
        return cls(rows, oddities, moves)

    def targets(self) -> dict[int, Position]:
        """Return the positions that the next batch starts from, once this one is committed."""
        return {
            m.position.partition: m.position._replace(
                next_offset=m.next_offset, digest=m.digest, version=None
            )
            for m in self.moves
        }

    def without(self, kept: set[tuple[int, int]]) -> "Batch":
        """Return the batch without rows that are archived already: (partition, offset)."""
        return Batch(
            [row for row in self.rows if (row.partition, row.kafka_offset) not in kept],
            [o for o in self.oddities if (o.row.partition, o.row.kafka_offset) not in kept],
            self.moves,
        )


def known_events(rows: Sequence[Row]) -> list[Known]:
    """Merge copies within a batch, so that an upsert touches no row twice.

    The earliest receive time wins. Rows without source or id have no identity and are left out.
    """
    merged: dict[UUID, Known] = {}
    for row in rows:
        if row.receipt_id is None or row.source is None or row.event_id is None:
            continue
        known = merged.get(row.receipt_id)
        if known is None:
            merged[row.receipt_id] = Known(
                row.source,
                row.event_id,
                row.digest,
                row.receipt_id,
                row.received_at,
                row.subject,
                1,
                row.origin_region,
                row.destination_region,
            )
        else:
            merged[row.receipt_id] = known._replace(
                copies=known.copies + 1, received_at=min(known.received_at, row.received_at)
            )
    return list(merged.values())
