"""The archiver's transaction: positions, log, known events, conflicts, oddities; all or nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from infra.runtime.offsets import OffsetTable, Position
from services.archiver.batch import Batch, Known, known_events
from services.archiver.conflict import mark_conflicts
from services.archiver.row import Oddity, Row

__all__ = ["Months", "Written", "quarantine", "write"]


class Written(NamedTuple):
    """What a transaction did, once it is committed."""

    positions: dict[int, Position]
    archived: int
    duplicates: int
    conflicts: int


class Months:
    """Partitions of ``event_log``, made before they are needed and outside the transaction."""

    def __init__(self) -> None:
        self._there: set[tuple[int, int]] = set()

    def forget(self) -> None:
        """Believe nothing: the next connection may lead to another database."""
        self._there.clear()

    async def ensure(self, connection: Any, moments: set[datetime]) -> None:
        """Make the month of each moment and the one after it."""
        for moment in sorted(moments):
            following = (moment.replace(day=1) + timedelta(days=32)).replace(day=1)
            for month in (moment, following):
                if (month.year, month.month) not in self._there:
                    await connection.execute("SELECT ensure_event_log_partition($1)", month)
                    self._there.add((month.year, month.month))


class _ArchivedBefore(Exception):
    """Some rows are in the log already: the position was set back by hand."""


async def write(connection: Any, table: OffsetTable, batch: Batch, months: Months) -> Written:
    """Archive a batch and move the positions in one transaction.

    Raises Fenced, or what asyncpg raises; nothing is written then, unless the connection broke
    during the commit (``OffsetTable.read`` tells). Records that an operator had read again
    (``liandan offsets accept``) are recognised by place and bytes and not counted twice.
    """
    firsts = {(r.received_at.year, r.received_at.month) for r in batch.rows}
    await months.ensure(connection, {datetime(y, m, 1, tzinfo=UTC) for y, m in firsts})
    try:
        return await _write(connection, table, batch)
    except _ArchivedBefore:
        kept, taken = await _archived_before(connection, batch.rows)
        rest = batch.without(kept | {(o.row.partition, o.row.kafka_offset) for o in taken})
        return await _write(connection, table, rest._replace(oddities=[*rest.oddities, *taken]))


async def _write(connection: Any, table: OffsetTable, batch: Batch) -> Written:
    async with connection.transaction():
        # 1. The fence comes first: its row locks make any other owner wait or fail.
        positions = await table.advance_all(connection, batch.moves)
        # 2. The record itself.
        if batch.rows:
            done = await connection.execute(_LOG, *map(list, zip(*batch.rows, strict=True)))
            if int(done.rpartition(" ")[2]) < len(batch.rows):
                raise _ArchivedBefore
        # 3. Each event once, however often it came. 4. The same id with other bytes.
        known = known_events(batch.rows)
        duplicates, suspects = await _remember(connection, known)
        conflicts = await mark_conflicts(connection, suspects)
        # 5. What is odd. 6. Commit.
        if batch.oddities:
            await quarantine(connection, batch.oddities)
    return Written(positions, len(batch.rows), duplicates, conflicts)


_LOG = """
INSERT INTO event_log (received_at, topic, partition, kafka_offset, appended_at, source, event_id,
    type, subject, event_time, digest, receipt_id, key_id, headers, raw, origin_region,
    destination_region)
SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n::jsonb, o, p, q
FROM unnest($1::timestamptz[], $2::text[], $3::int[], $4::bigint[], $5::timestamptz[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::bytea[], $12::uuid[], $13::text[],
    $14::text[], $15::bytea[], $16::text[], $17::text[])
    AS t (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q)
ON CONFLICT DO NOTHING
"""

_REMEMBER = """
INSERT INTO event_dedupe AS old (source, event_id, digest, receipt_id, received_at, subject, copies,
    origin_region, destination_region)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::uuid[], $5::timestamptz[], $6::text[],
    $7::bigint[], $8::text[], $9::text[])
ON CONFLICT (source, event_id, digest) DO UPDATE SET
    copies = old.copies + excluded.copies,
    received_at = least(old.received_at, excluded.received_at)
RETURNING receipt_id, copies, conflict
"""


async def _remember(connection: Any, known: Sequence[Known]) -> tuple[int, list[Known]]:
    """Return the number of copies beyond the first, and the events to look at for conflicts."""
    if not known:
        return 0, []
    rows = await connection.fetch(_REMEMBER, *map(list, zip(*known, strict=True)))
    stored = {row[0]: row for row in rows}
    duplicates, suspects = 0, []
    for event in known:
        _, copies, conflict = stored[event.receipt_id]
        fresh = copies == event.copies
        duplicates += event.copies - fresh
        # A copy of a known event changes nothing, unless it came first of all in a conflict.
        if fresh or conflict:
            suspects.append(event)
    return duplicates, suspects


_QUARANTINE = """
INSERT INTO quarantine (consumer, topic, partition, kafka_offset, reason, detail, source, event_id,
    subject, raw, received_at)
SELECT 'archiver', a, b, c, d, e::jsonb, f, g, h, i, j
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::bytea[], $10::timestamptz[]) AS t (a, b, c, d, e, f, g, h, i, j)
ON CONFLICT DO NOTHING
"""


async def quarantine(connection: Any, oddities: Sequence[Oddity]) -> None:
    """Write a row for each oddity inside the caller's transaction."""
    columns = [
        (
            row.topic,
            row.partition,
            row.kafka_offset,
            reason,
            msgspec.json.encode(detail).decode(),
            row.source,
            row.event_id,
            row.subject,
            row.raw,
            row.received_at,
        )
        for row, reason, detail in oddities
    ]
    await connection.execute(_QUARANTINE, *map(list, zip(*columns, strict=True)))


_ARCHIVED_BEFORE = """
SELECT e.partition, e.kafka_offset, e.digest
FROM unnest($1::timestamptz[], $2::text[], $3::int[], $4::bigint[])
    AS k (received_at, topic, partition, kafka_offset)
JOIN event_log e USING (received_at, topic, partition, kafka_offset)
"""


async def _archived_before(
    connection: Any, rows: Sequence[Row]
) -> tuple[set[tuple[int, int]], list[Oddity]]:
    """Return the places that hold these very bytes, and rows whose place other bytes hold."""
    columns = map(list, zip(*(row[:4] for row in rows), strict=True))
    found = await connection.fetch(_ARCHIVED_BEFORE, *columns)
    there = {(p, offset): digest for p, offset, digest in found}
    kept, taken = set(), []
    for row in rows:
        digest = there.get((row.partition, row.kafka_offset))
        if digest == row.digest:
            kept.add((row.partition, row.kafka_offset))
        elif digest is not None:
            taken.append(Oddity(row, "place_taken", {"digest": digest.hex()}))
    return kept, taken
