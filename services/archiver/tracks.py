"""The legal road of vehicles' positions: ``vehicle.tracks`` into Parquet files, one row a file.

A file first stands on the disk, then one transaction moves the positions and records its digest. A
crash between the two leaves an *orphan*, which the next start adopts; nothing is archived twice.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaTimeoutError

from infra.runtime.offsets import LogBroken, Move, OffsetTable, Position
from infra.runtime.settings import TRACKS_TOPIC, Settings
from services.archiver import metrics
from services.archiver.archiver import Archiver
from services.archiver.patience import Stopped
from services.archiver.row import Oddity
from services.archiver.track_buffer import Bounds, Buffer, Draft, Drained
from services.archiver.track_file import (
    UNWRITABLE,
    TrackFile,
    files_in,
    read_back,
    remove_unfinished,
    set_aside,
    write_file,
)
from services.archiver.write import quarantine

__all__ = ["TrackArchiver"]

_MOST_RECORDS = 5000
_POLL_MS = 200
_CHECK_EVERY_S, _CHECK_STORE_S = 30.0, 2.0
_MEASURE_S = 1.0
_SILENT_S = 20.0
"""All as in the Archiver."""

_RECORDED = "SELECT name FROM track_file WHERE topic = $1"
_RECORD = """
INSERT INTO track_file (name, topic, sha256, rows, bytes, partitions, first_offsets, last_offsets,
    appended_from, appended_to)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

log = structlog.get_logger(__name__)


class TrackArchiver(Archiver):
    """Archives one topic in files until ``stop`` is set; fails as the Archiver does.

    What is buffered when it ends was never archived and is read again.
    """

    def __init__(self, settings: Settings, stop: asyncio.Event, topic: str = TRACKS_TOPIC) -> None:
        super().__init__(settings, stop, topic)
        self._label, self._loop = "", "archive_tracks"
        self._lag = (metrics.TRACK_LAG_RECORDS, metrics.TRACK_LAG_SECONDS)
        self._directory = settings.tracks_home
        self._bounds = Bounds(settings.tracks_file_s, settings.tracks_file_bytes)
        self._tidy = False

    async def _prepare(self, table: OffsetTable) -> None:
        """As the Archiver; and once, before anything is read, see to what an earlier life left."""
        await super()._prepare(table)
        if not self._tidy:
            await self._adopt(table)
            self._tidy = True

    async def _archive(self, reader: AIOKafkaConsumer, table: OffsetTable) -> None:
        """Fill a buffer; when it is due, close its files, and only then fetch on."""
        buffer = Buffer(self._positions, self._bounds)
        checked = heard_at = asked = time.monotonic()
        heard: list[int | None] = []
        working: asyncio.Task[None] | None = None
        try:
            while not self._patience.stop.is_set():
                fetched = await reader.getmany(timeout_ms=_POLL_MS, max_records=_MOST_RECORDS)
                now, seconds = datetime.now(UTC), time.monotonic()
                buffer.add(fetched, now, seconds)
                polled = [reader.last_poll_timestamp(tp) for tp in reader.assignment()]
                if fetched or polled != heard:
                    heard, heard_at = polled, seconds
                elif seconds - heard_at > _SILENT_S:
                    raise KafkaTimeoutError(f"nothing heard of Kafka for {_SILENT_S:g} s")
                if buffer.due(now, seconds):
                    working = asyncio.create_task(self._close(buffer.drain(), table))
                elif seconds - asked > _CHECK_STORE_S:
                    working = asyncio.create_task(self._still_owner(table))
                    asked = seconds
                while working is not None:
                    await asyncio.wait([working], timeout=_MEASURE_S)
                    if working.done():
                        closed, working = working, None
                        await closed
                        heard_at = time.monotonic()
                    self._measure(reader, kept=working is None)
                if buffer.drained:
                    buffer = Buffer(self._positions, self._bounds)
                self._measure(reader, kept=True)
                if time.monotonic() - checked > _CHECK_EVERY_S:
                    await self._verify(table)
                    if set(await self._partitions()) - self._positions.keys():
                        return  # partitions were added: take them too
                    checked = time.monotonic()
            raise Stopped
        finally:
            if working is not None:
                working.cancel()
                await asyncio.wait([working])

    async def _close(self, drained: Drained, table: OffsetTable) -> None:
        """Make a buffer part of the archive, whatever is away meanwhile. Raises Fenced, Stopped."""
        # 1. The files, durable under their names.
        files = [await self._written(draft) for draft in drained.drafts]
        # 2. In one transaction: the positions (the fence), the files' digests, what is odd.
        await self._commit(table, files, drained.moves, drained.oddities)

    async def _written(self, draft: Draft) -> TrackFile:
        attempt = 0
        while True:
            try:
                return await asyncio.to_thread(write_file, self._directory, draft)
            except UNWRITABLE as error:
                metrics.RETRIES.labels("disk").inc()
                log.error(
                    "tracks cannot be written", file=draft.name, error=repr(error), attempt=attempt
                )
            await self._patience.pause(attempt)
            attempt = min(attempt + 1, 10)

    async def _commit(
        self,
        table: OffsetTable,
        files: Sequence[TrackFile],
        moves: Sequence[Move],
        oddities: Sequence[Oddity] = (),
    ) -> None:
        first = True

        async def attempt(connection: Any) -> dict[int, Position]:
            nonlocal first
            if not first and (done := await self._committed(connection, table, moves)):
                return done
            first = False
            async with connection.transaction():
                positions = await table.advance_all(connection, moves)
                await connection.executemany(_RECORD, [_row_of(f, self._topic) for f in files])
                if oddities:
                    await quarantine(connection, oddities)
            return positions

        self._positions |= await self._store.run(attempt)
        for oddity in oddities:
            metrics.ODDITIES.labels(oddity.reason).inc()
        for file in files:
            metrics.TRACK_RECORDS.inc(file.rows)
            metrics.TRACK_BYTES.inc(file.bytes)
            metrics.TRACK_FILES.inc()
            log.info("file of tracks archived", file=file.name, rows=file.rows, bytes=file.bytes)

    async def _adopt(self, table: OffsetTable) -> None:
        """Take files into the archive that go on where it ends, in their order; set others aside.

        After a crash that is one file or two; after the database was put back to an earlier copy,
        all since. What they hold must be what Kafka's log holds at the place where they end.
        """
        await self._on_disk(remove_unfinished, self._directory)
        rows = await self._store.run(lambda c: c.fetch(_RECORDED, self._topic))
        recorded = {row["name"] for row in rows}
        orphans = [n for n in await self._on_disk(files_in, self._directory) if n not in recorded]
        if not orphans:
            return
        read = [await self._on_disk(read_back, self._directory, name) for name in orphans]
        ahead = dict(self._positions)
        chain = _chain([file for file in read if file is not None], ahead)
        try:
            await self._patience.kafka(lambda: self._verify(table, ahead))
        except LogBroken as broken:
            log.error("orphans are not of this log", files=orphans, error=broken.sentence_en)
            chain = []
        for file in chain:
            moves = [
                Move(self._positions[s.partition], s.last + 1, s.digest, s.clock)
                for s in file.spans
            ]
            await self._commit(table, [file], moves)
            metrics.TRACK_ORPHANS.labels("adopted").inc()
            log.warning("orphan adopted", file=file.name, rows=file.rows)
        adopted = {file.name for file in chain}
        for name in orphans:
            if name not in adopted:
                await self._on_disk(set_aside, self._directory, name)
                metrics.TRACK_ORPHANS.labels("set_aside").inc()
                log.error("orphan set aside", file=name)

    async def _on_disk(self, work: Any, *arguments: Any) -> Any:
        """Do blocking work until the disk lets it be done. Raises Stopped."""
        attempt = 0
        while True:
            try:
                return await asyncio.to_thread(work, *arguments)
            except UNWRITABLE as error:
                metrics.RETRIES.labels("disk").inc()
                log.error("tracks cannot be read", error=repr(error), attempt=attempt)
            await self._patience.pause(attempt)
            attempt = min(attempt + 1, 10)


def _chain(files: Sequence[TrackFile], ahead: dict[int, Position]) -> list[TrackFile]:
    """Return the files that follow on ``ahead`` one after another, and move it to their end."""
    chain: list[TrackFile] = []
    rest = list(files)
    while True:
        fits = next((f for f in rest if _follows(f, ahead)), None)
        if fits is None:
            return chain
        rest.remove(fits)
        chain.append(fits)
        for span in fits.spans:
            ahead[span.partition] = ahead[span.partition]._replace(
                next_offset=span.last + 1, digest=span.digest
            )


def _follows(file: TrackFile, ahead: dict[int, Position]) -> bool:
    return all(
        s.partition in ahead and s.first == ahead[s.partition].next_offset for s in file.spans
    )


def _row_of(file: TrackFile, topic: str) -> tuple[Any, ...]:
    return (
        file.name,
        topic,
        file.sha256,
        file.rows,
        file.bytes,
        [span.partition for span in file.spans],
        [span.first for span in file.spans],
        [span.last for span in file.spans],
        file.appended_from,
        file.appended_to,
    )
