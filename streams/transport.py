"""Faust's aiokafka transport with the batch as its unit.

One Faust message per partition and fetch, the Kafka consumer on the app's own loop, and start
offsets from the handler. The only module that touches private names of Faust and aiokafka; each
has a canary in ``tests/unit/streams/test_transport_canaries.py``.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any

import aiokafka
import structlog
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import (
    ConsumerStoppedError,
    KafkaConnectionError,
    KafkaError,
    NoOffsetForPartitionError,
)
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT, ConsumerMessage
from mode.utils.futures import maybe_async
from yarl import URL

from infra.runtime.settings import Settings
from streams.partitions import Batch, Partitions

__all__ = ["BatchConsumer", "BatchTransport", "ConsumerLog", "LoopConsumerThread"]

FETCH_BYTES = 3 * 1024 * 1024
"""Per partition and fetch; the largest event is 256 KiB."""

FETCH_WAIT_MS = 100
"""Longest the broker holds an empty fetch. Requests of one connection are answered in order, so
this delays every question for an end offset, and a partition that was left out of a fetch waits
for its end (Faust: 1,500)."""

METADATA_MAX_AGE_MS = 10_000
"""A worker that joined while the topic was away, being made anew say, owns nothing until it looks again:
with the library's five minutes it would stand idle for as long, and say nothing."""

MAX_POLL_INTERVAL_MS = 300_000
"""A batch in hand for longer: the worker is stuck and leaves its partitions to others."""

COMMIT_S = 5.0
"""Commits to Kafka only inform its tools; none may hold up anything."""

END_OFFSETS_S = 2.0

CONNECT_RETRY_S = 1.0

log = structlog.get_logger(__name__)


class ConsumerDiedError(RuntimeError):
    """A background task of aiokafka has ended; the consumer only looks alive."""


class LoopConsumerThread(driver.AIOKafkaConsumerThread):
    """No thread: the consumer's service on the app's own loop."""

    consumer: "BatchConsumer"
    mundane_level = "debug"

    async def start(self) -> None:
        """Start as a plain service (the base starts a thread with a second loop)."""
        self._thread_started.set()
        await self._default_start()

    async def stop(self) -> None:
        """Leave the group and close the connections."""
        if not self._stopped.is_set():
            self._stopped.set()
            await self._shutdown_thread()

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call directly; there is no other thread."""
        return await maybe_async(fun(*args, **kwargs))

    async def on_start(self) -> None:
        """Connect, however long Kafka is away."""
        while not self.should_stop:
            self._consumer = self._create_consumer(loop=self.thread_loop)
            try:
                await self._consumer.start()
            except KafkaConnectionError as exc:
                log.warning("kafka is away, trying again", error=str(exc))
                await self._consumer.stop()
                await self.sleep(CONNECT_RETRY_S)
            else:
                self.partitions.log = ConsumerLog(self._consumer, self.consumer.transport.topic)
                break

    @property
    def partitions(self) -> Partitions:
        """The leases of this worker."""
        return self.consumer.transport.partitions

    def _create_worker_consumer(
        self,
        transport: "BatchTransport",  # type: ignore[override]
    ) -> aiokafka.AIOKafkaConsumer:
        settings = transport.settings
        session_ms = int(settings.worker_session_timeout_s * 1000)
        return aiokafka.AIOKafkaConsumer(
            client_id=f"liandan-{settings.worker_id}",
            group_id=settings.worker_group,
            bootstrap_servers=settings.kafka_bootstrap,
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_poll_records=settings.worker_batch_records,
            max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=session_ms // 10,
            rebalance_timeout_ms=session_ms * 3,
            metadata_max_age_ms=METADATA_MAX_AGE_MS,
        )

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Return only when no handler call for these partitions runs or will run.

        aiokafka logs and forgets what a rebalance callback raises; ``fail`` does not.
        """
        try:
            await self.partitions.revoke()
            await self.consumer.on_partitions_revoked(revoked)
        except Exception as exc:
            self.partitions.fail(exc)
            raise

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Note the grant; Faust's recovery, outside the rebalance, then calls for the seek.

        There and not here: no heartbeats are sent during this callback.
        """
        try:
            self.partitions.grant({tp.partition for tp in assigned})
            await self.consumer.on_partitions_assigned(assigned, generation_id)
        except Exception as exc:
            self.partitions.fail(exc)
            raise

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek to what the handler has, never to what Kafka has."""
        topic = self.consumer.transport.topic
        return {TP(topic, p): offset for p, offset in (await self.partitions.claim()).items()}

    async def _fetch_records(  # type: ignore[override]
        self,
        consumer: aiokafka.AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float = 1.0,  # noqa: ASYNC109 - the signature is Faust's
        max_records: int | None = None,
    ) -> Mapping[TP, list[Batch]]:
        """Fetch from claimed partitions only; aiokafka takes an empty set for all of them."""
        leases = self.partitions.leases
        if not await self.partitions.room(timeout):
            return {}
        wanted = {
            tp: at for tp in active_partitions if (at := leases.get(tp.partition)) and at.live
        }
        if not wanted:
            await asyncio.sleep(FETCH_WAIT_MS / 1000)
            return {}
        self.partitions.fetching()
        try:
            found = await super()._fetch_records(
                consumer, set(wanted), timeout=timeout, max_records=max_records
            )
            # No await from the fetch to the batches: a lease's reading and aiokafka's position
            # move as one.
            batches = {}
            for tp, records in found.items():
                end = consumer.highwater(tp) if tp in consumer.assignment() else None
                if batch := self.partitions.batch(
                    tp.partition, records, end or records[-1].offset + 1
                ):
                    batches[tp] = [batch]
        except ConsumerStoppedError:
            raise
        except NoOffsetForPartitionError as exc:
            # A rebalance overtook this fetch: aiokafka goes on with the new assignment, to which
            # nobody has sought yet, and Kafka knows no offset of a group that never committed.
            if any(wanted[TP(*tp)].live for tp in exc.args if TP(*tp) in wanted):
                self.partitions.fail(exc)
                raise
            return {}
        except Exception as exc:
            self.partitions.fail(exc)
            raise
        return batches

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        consumer = self._ensure_consumer()
        held = consumer.assignment()
        found = {
            TopicPartition(*tp): OffsetAndMetadata(offset, "")
            for tp, offset in offsets.items()
            if tp in held
        }
        if not found:
            return False
        try:
            await asyncio.wait_for(consumer.commit(found), COMMIT_S)
        except (KafkaError, TimeoutError) as exc:
            log.info("kafka did not take the offsets", error=repr(exc))
            return False
        return True

    def close(self) -> None:
        """Do nothing: ``stop`` leaves the group, once."""


class BatchConsumer(driver.Consumer):
    """Faust's consumer, given batches for records: its offsets are those of last records."""

    transport: "BatchTransport"
    mundane_level = "debug"

    def _new_consumer_thread(self) -> LoopConsumerThread:
        return LoopConsumerThread(self, loop=self.loop, thread_loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, record: Batch) -> ConsumerMessage:
        last = record.records[-1]
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            [],
            None,
            record,  # type: ignore[arg-type]
            None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: the offsets between two batches' last records are no gap."""

    def _new_offset(self, tp: TP) -> int | None:
        """Return the offset after the newest ack: batches are acked in order."""
        acked = self._acked[tp]
        if not acked:
            return None
        newest = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return newest + 1

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing; ``Partitions.stalled`` sees what this guesses at."""


class BatchTransport(driver.Transport):
    """The transport to set on an app; carries what the consumer needs to know."""

    Consumer = BatchConsumer

    def __init__(self, app: AppT, settings: Settings, topic: str, partitions: Partitions) -> None:
        super().__init__([URL(f"kafka://{settings.kafka_bootstrap.split(',')[0]}")], app)
        self.settings = settings
        self.topic = topic
        self.partitions = partitions


class ConsumerLog:
    """``streams.partitions.Log`` on an aiokafka consumer that has been started."""

    def __init__(self, consumer: aiokafka.AIOKafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic

    def seek(self, partition: int, offset: int) -> None:
        """Make ``offset`` the next to be fetched; what was prefetched is forgotten."""
        self._consumer.seek(TopicPartition(self._topic, partition), offset)

    def fetched(self, partition: int) -> tuple[int | None, int | None]:
        """Return the next offset to fetch and the end of the log as of the newest fetch."""
        tp = TopicPartition(self._topic, partition)
        if not self._consumer._subscription.is_assigned(tp):
            return None, None
        state = self._consumer._subscription.subscription.assignment.state_value(tp)
        return (state.position if state.has_valid_position else None), state.highwater

    async def end_offsets(self, partitions: Collection[int]) -> Mapping[int, int]:
        """Ask the broker for the ends of these logs; empty when it does not answer."""
        asked = [TopicPartition(self._topic, p) for p in partitions]
        try:
            ends = await asyncio.wait_for(self._consumer.end_offsets(asked), END_OFFSETS_S)
        except (KafkaError, TimeoutError) as exc:
            log.debug("kafka did not say where the logs end", error=repr(exc))
            return {}
        return {tp.partition: end for tp, end in ends.items()}

    def check(self) -> None:
        """Raise what one of aiokafka's background tasks died of; nobody else looks."""
        consumer = self._consumer
        if consumer._closed:
            return
        consumer._coordinator.check_errors()
        for task in (consumer._fetcher.error_future, consumer._client._sync_task):
            if task.done():
                raise ConsumerDiedError(f"{task!r}") from task.exception()

    def stay(self) -> None:
        """Touch aiokafka's idle clock.

        It counts from the last fetch; a member without partitions, or one whose group cannot
        settle because Kafka is away, would be out after the poll interval and never come back.
        """
        with self._consumer._subscription.fetch_context():
            pass
