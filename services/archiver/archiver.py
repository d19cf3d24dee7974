"""The archiver's loop: fetch, one transaction, again."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, KafkaTimeoutError, UnknownTopicOrPartitionError

from infra.runtime.kafka import new_reader
from infra.runtime.log_check import partitions_of
from infra.runtime.metrics import LAST_SUCCESS
from infra.runtime.offsets import (
    Fenced,
    LogBroken,
    Move,
    OffsetTable,
    Position,
    cluster_id_of,
    verify_log,
)
from infra.runtime.schema import require_schema
from infra.runtime.settings import MANIFEST_TOPIC, MEDICAL_TOPIC, Settings
from services.archiver import metrics
from services.archiver.batch import Batch
from services.archiver.patience import Patience, Stopped, Store
from services.archiver.write import Months, Written, write

__all__ = ["CONSUMER", "Archiver"]

CONSUMER = "archiver"
_MOST_RECORDS = 5000
"""In one transaction: more is no faster and holds its locks and memory longer."""
_POLL_MS = 200
_GATHER_S = 0.1
"""A fetch begins no sooner after the one before: one record costs a transaction as dear as a dozen do."""
_CHECK_EVERY_S = 30.0
"""How often the log is compared anew while running: Kafka may come back as another one."""
_CHECK_STORE_S = 2.0
"""With nothing to write: how often the stored positions are compared with those held here. A
database put back to an earlier copy lacks records that only reading again brings back."""
_HEARD_WITHIN_MS = 5000
_MEASURE_S = 1.0
_SILENT_S = 20.0
"""No answer to any fetch for so long: the reader is replaced. aiokafka asks twice a second."""

log = structlog.get_logger(__name__)


class Archiver:
    """Archives one topic until ``stop`` is set.

    ``run`` raises LogBroken (a person must decide), Fenced (another archiver is at work),
    SchemaUnfit (upgrade first), and waits out everything that passes.
    """

    def __init__(
        self, settings: Settings, stop: asyncio.Event, topic: str = MANIFEST_TOPIC
    ) -> None:
        self._settings = settings
        self._topic = topic
        family = topic.partition(".")[0]
        # Names of manifests' series are as they were when there was no other topic.
        self._label = "" if topic != MEDICAL_TOPIC else f"{family}-"
        self._loop = "archive" if topic != MEDICAL_TOPIC else f"archive_{family}"
        self._lag = (metrics.LAG_RECORDS, metrics.LAG_SECONDS)
        self._patience = Patience(stop)
        self._months = Months()
        self._store = Store(settings.database_writer, self._patience, self._months.forget)
        self._positions: dict[int, Position] = {}

    async def run(self) -> None:
        """Archive until told to stop; at any other end nothing is half done."""
        try:
            await self._store.run(require_schema)
            while True:
                await self._session()
        except Stopped:
            log.info("stopped", positions=self._offsets())
        finally:
            self._store.drop()

    async def _session(self) -> None:
        """From taking the partitions to the first failure of the reader."""
        cluster_id = await self._patience.kafka(lambda: cluster_id_of(self._settings))
        table = OffsetTable(CONSUMER, self._topic, cluster_id)
        try:
            await self._prepare(table)
            await self._read(table)
        except LogBroken as broken:
            stopped = broken.partitions
            await self._store.run(lambda c: table.mark(c, stopped, stopped=True))
            raise

    async def _prepare(self, table: OffsetTable) -> None:
        """Take the partitions that are new here and compare the log with the positions."""
        partitions = await self._patience.kafka(self._partitions)
        if new := [p for p in partitions if p not in self._positions]:
            self._positions |= await self._store.run(lambda c: table.take(c, new))
        await self._patience.kafka(lambda: self._verify(table))
        await self._store.run(lambda c: table.mark(c, self._positions, stopped=False))

    async def _read(self, table: OffsetTable) -> None:
        reader = new_reader(self._settings)
        try:
            await reader.start()
            reader.assign([TopicPartition(self._topic, p) for p in self._positions])
            for p, position in self._positions.items():
                reader.seek(TopicPartition(self._topic, p), position.next_offset)
            log.info("archiving", topic=self._topic, positions=self._offsets())
            await self._archive(reader, table)
        except KafkaError as error:
            metrics.RETRIES.labels("kafka").inc()
            log.warning("reading again", error=repr(error))
            await self._patience.pause(3)
        finally:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(reader.stop(), 1.0)

    async def _archive(self, reader: AIOKafkaConsumer, table: OffsetTable) -> None:
        """Fetch and shape one batch while Postgres works on the one before it."""
        checked = heard_at = asked = fetched_at = time.monotonic()
        heard: list[int | None] = []
        ahead = dict(self._positions)
        writing: asyncio.Task[None] | None = None
        try:
            while not self._patience.stop.is_set():
                await asyncio.sleep(max(0.0, fetched_at + _GATHER_S - time.monotonic()))
                fetched_at = time.monotonic()
                fetched = await reader.getmany(timeout_ms=_POLL_MS, max_records=_MOST_RECORDS)
                begun = time.perf_counter()
                batch = Batch.of(fetched, ahead, datetime.now(UTC))
                while writing is not None and (batch.moves or writing.done()):
                    await asyncio.wait([writing], timeout=_MEASURE_S)
                    if writing.done():
                        await writing
                        writing = None
                    self._measure(reader, kept=writing is None)
                    heard_at = time.monotonic()
                polled = [reader.last_poll_timestamp(tp) for tp in reader.assignment()]
                if batch.moves or polled != heard:
                    heard, heard_at = polled, time.monotonic()
                elif time.monotonic() - heard_at > _SILENT_S:
                    raise KafkaTimeoutError(f"nothing heard of Kafka for {_SILENT_S:g} s")
                if batch.moves:
                    ahead |= batch.targets()
                    writing = asyncio.create_task(self._keep(batch, table, begun))
                    asked = time.monotonic()
                elif writing is None and time.monotonic() - asked > _CHECK_STORE_S:
                    writing = asyncio.create_task(self._still_owner(table))
                    asked = time.monotonic()
                self._measure(reader, kept=writing is None)
                if time.monotonic() - checked > _CHECK_EVERY_S:
                    await self._verify(table)
                    if set(await self._partitions()) - self._positions.keys():
                        return  # partitions were added: take them too
                    checked = time.monotonic()
            raise Stopped
        except asyncio.CancelledError:
            if writing is not None:
                writing.cancel()
            raise
        finally:
            if writing is not None:
                await writing

    async def _keep(self, batch: Batch, table: OffsetTable, begun: float) -> None:
        first = True

        async def attempt(connection: Any) -> Written:
            nonlocal first
            if not first and (done := await self._committed(connection, table, batch.moves)):
                return Written(done, len(batch.rows), 0, 0)
            first = False
            return await write(connection, table, batch, self._months)

        written = await self._store.run(attempt)
        self._positions |= written.positions
        metrics.ARCHIVED.inc(written.archived)
        metrics.DUPLICATES.inc(written.duplicates)
        metrics.CONFLICTS.inc(written.conflicts)
        for oddity in batch.oddities:
            metrics.ODDITIES.labels(oddity.reason).inc()
        metrics.BATCH_RECORDS.observe(len(batch.rows))
        metrics.BATCH_SECONDS.observe(time.perf_counter() - begun)

    async def _committed(
        self, connection: Any, table: OffsetTable, moves: Sequence[Move]
    ) -> dict[int, Position] | None:
        """Return the positions if an attempt whose connection broke had committed all the same.

        Anything between is for the fence in the next attempt to find.
        """
        targets = {m.position.partition: (m.next_offset, m.position.epoch) for m in moves}
        stored = await table.read(connection, targets)
        if targets == {p: (s.next_offset, s.epoch) for p, s in stored.items()}:
            return stored
        return None

    async def _still_owner(self, table: OffsetTable) -> None:
        """Compare the stored positions with those held here. Raises Fenced.

        Another owner took them, or the database is an earlier copy: a fresh start reads on from
        what is stored.
        """
        stored = await self._store.run(lambda c: table.read(c, self._positions))
        lost = [
            p
            for p, held in self._positions.items()
            if (there := stored.get(p)) is None
            or (there.next_offset, there.epoch) != (held.next_offset, held.epoch)
        ]
        if lost:
            raise Fenced(CONSUMER, self._topic, lost)

    async def _verify(
        self, table: OffsetTable, positions: Mapping[int, Position] | None = None
    ) -> None:
        await verify_log(
            self._settings,
            self._topic,
            self._positions if positions is None else positions,
            consumer=CONSUMER,
            cluster_id=table.cluster_id,
        )

    async def _partitions(self) -> list[int]:
        partitions = await partitions_of(self._settings, self._topic)
        if not partitions and not self._positions:
            raise UnknownTopicOrPartitionError(self._topic)
        return partitions

    def _measure(self, reader: AIOKafkaConsumer, *, kept: bool) -> None:
        """Set the gauges, also while Postgres is away.

        A round is a success if all that was read is kept, and Kafka was heard: an empty fetch
        alone proves nothing.
        """
        now, heard = time.time(), kept
        for p, position in self._positions.items():
            tp = TopicPartition(self._topic, p)
            end, polled = reader.highwater(tp), reader.last_poll_timestamp(tp)
            heard = heard and polled is not None and now * 1000 - polled < _HEARD_WITHIN_MS
            if end is None:
                continue
            lag = max(0, end - position.next_offset)
            since = position.clock.timestamp() if lag and position.clock else now
            records, seconds = self._lag
            records.labels(f"{self._label}{p}").set(lag)
            seconds.labels(f"{self._label}{p}").set(max(0.0, now - since))
        if heard:
            LAST_SUCCESS.labels(self._loop).set(now)

    def _offsets(self) -> dict[int, int]:
        return {p: position.next_offset for p, position in self._positions.items()}
