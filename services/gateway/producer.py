"""The event log: records go to Kafka, and nothing is called kept before all in-sync copies have it.

Each partition of a topic has a lane with at most one batch under way; what arrives meanwhile makes the next
batch. So a single post waits for nobody, and many posts share a batch without a linger.

aiokafka's idempotent producer retries for ever and may wedge after an outage (pitfalls: 1017). So a
batch without an acknowledgement in time, or with any error (only final ones come through), ends the
producer's life: its records are not kept, and another is built. What the old one still had under
way may reach the log later; its poster was told 503 and posts it again, and it counts once.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import structlog
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from schemas.topics import MANIFEST_TOPIC
from services.gateway.metrics import (
    ACK_SECONDS,
    KAFKA_READY,
    PRODUCER_REBUILDS,
    PRODUCER_STARTS_FAILED,
)

__all__ = ["EventLog", "LogRecord", "partition_of"]

_PATIENCE_S = 1.0
"""A post waits so long for a producer that is being built, then gets its 503."""
_RETRY_S = (0.2, 1.0)
"""Pause between attempts to connect: the first, and the longest."""
_ABANDON_S = 3.0

_log = structlog.get_logger(__name__)


class LogRecord(NamedTuple):
    """One record: subject as key, the event's exact bytes, headers of ``schemas.topics``."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    topic: str = MANIFEST_TOPIC


@lru_cache(maxsize=65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's own clients choose for a key, so all producers agree."""
    hashed: int = murmur2(key)
    return (hashed & 0x7FFFFFFF) % partitions


class _Parcel:
    """The records of one request: which of them are kept, and when all is said."""

    def __init__(self, size: int) -> None:
        self.kept = [False] * size
        self.left = size
        self.abandoned = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def settle(self, place: int, kept: bool) -> None:
        self.kept[place] = kept
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)


_Waiting = tuple[LogRecord, _Parcel, int]
_Lane = tuple[str, int]
"""(topic, partition)"""


class EventLog:
    """Appends to the topics that records name. ``new_producer`` makes an unstarted ``AIOKafkaProducer``.

    It is ready once ``topic`` is known. ``others`` are asked for then as well, but one that is
    missing (a gateway newer than its topics) refuses its own records only.
    """

    def __init__(
        self,
        new_producer: Callable[[], Any],
        topic: str,
        ack_timeout_s: float,
        others: Sequence[str] = (),
    ) -> None:
        self._new_producer, self._topic, self._timeout = new_producer, topic, ack_timeout_s
        self._others = others
        self._producer: Any = None
        self._ready = asyncio.Event()
        self._broken: asyncio.Future[str] | None = None
        self._lanes: dict[_Lane, deque[_Waiting]] = {}
        self._running: dict[_Lane, asyncio.Task[None]] = {}
        self._behind: set[asyncio.Task[Any]] = set()
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect; returns at once, whether Kafka is there or not."""
        self._keeper = asyncio.create_task(self._keep_a_producer(), name="kafka producer")

    async def stop(self) -> None:
        """Let batches under way end (0.3 s at most) and disconnect."""
        if self._running:
            await asyncio.wait(set(self._running.values()), timeout=0.3)
        last = self._producer
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if last is not None:
            self._later(_abandon(last))
        if self._behind:
            await asyncio.wait(self._behind, timeout=0.4)

    @property
    def ready(self) -> bool:
        """Whether a producer is connected."""
        return self._ready.is_set()

    async def append(self, records: Sequence[LogRecord]) -> list[bool]:
        """Append and return, for each record, whether it was acknowledged within the timeout."""
        if not records:
            return []
        parcel = _Parcel(len(records))
        try:
            async with asyncio.timeout(self._timeout):
                if not self._ready.is_set():
                    async with asyncio.timeout(_PATIENCE_S):
                        await self._ready.wait()
                partitions = {r.topic: self._partitions(r.topic) for r in records}
                for place, record in enumerate(records):
                    number = partitions[record.topic]
                    if not number:  # the topic is gone
                        parcel.settle(place, False)
                        continue
                    lane = record.topic, partition_of(record.key, number)
                    self._lanes.setdefault(lane, deque()).append((record, parcel, place))
                    if lane not in self._running:
                        self._run(lane)
                await parcel.done
        except TimeoutError:
            return list(parcel.kept)
        finally:
            parcel.abandoned = True
        return parcel.kept

    def _partitions(self, topic: str) -> int:
        client = self._producer.client
        known = client.cluster.partitions_for_topic(topic)
        if known is None:
            client.force_metadata_update()  # it may have been created since: for the next post
        return len(known or ())

    def _run(self, lane: _Lane) -> None:
        task = asyncio.create_task(self._drain(lane), name=f"lane {lane}")
        self._running[lane] = task

    async def _drain(self, lane: _Lane) -> None:
        waiting = self._lanes[lane]
        try:
            while waiting:
                await self._send(lane, waiting)
        finally:
            del self._running[lane]

    async def _send(self, lane: _Lane, waiting: "deque[_Waiting]") -> None:
        """Send one batch from the head of the lane and settle its records."""
        topic, partition = lane
        producer = self._producer
        if producer is None:
            while waiting:
                _, parcel, place = waiting.popleft()
                parcel.settle(place, False)
            return
        batch = producer.create_batch()
        taken: list[tuple[_Parcel, int]] = []
        while waiting:
            (key, value, headers, _), parcel, place = waiting[0]
            if not parcel.abandoned:
                if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                    break
                taken.append((parcel, place))
            waiting.popleft()
        if not taken:
            return
        batch.close()  # nothing is added any more: no linger
        kept = False
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                acknowledged = await producer.send_batch(batch, topic, partition=partition)
                await acknowledged
            kept = True
            ACK_SECONDS.observe(time.perf_counter() - began)
        except (KafkaError, OSError) as error:  # TimeoutError is an OSError
            self._report(producer, repr(error) if str(error) else "no acknowledgement in time")
        finally:
            for parcel, place in taken:
                parcel.settle(place, kept)

    def _report(self, producer: Any, reason: str) -> None:
        """Have the producer replaced, unless it was already."""
        if producer is self._producer and self._broken is not None and not self._broken.done():
            self._broken.set_result(reason)

    async def _keep_a_producer(self) -> None:
        pause, longest = _RETRY_S
        away = False
        while True:
            producer = self._new_producer()
            try:
                async with asyncio.timeout(self._timeout):
                    await producer.start()
                    # All by name: a topic known from the first look at the cluster alone would be
                    # forgotten as soon as another one is asked for.
                    await producer.client.set_topics([self._topic, *self._others])
                    await producer.partitions_for(self._topic)
            except asyncio.CancelledError:
                self._later(_abandon(producer))
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, Kafka may be back later
                PRODUCER_STARTS_FAILED.inc()
                if not away:
                    _log.warning("kafka away", error=repr(error))
                self._later(_abandon(producer))
                await asyncio.sleep(pause)
                away, pause = True, min(2 * pause, longest)
                continue
            if away:
                _log.info("kafka reached")
            away, pause = False, _RETRY_S[0]
            self._broken = asyncio.get_running_loop().create_future()
            self._producer = producer
            self._ready.set()
            KAFKA_READY.set(1)
            try:
                reason = await self._broken
            finally:
                self._ready.clear()
                self._producer = None
                KAFKA_READY.set(0)
            PRODUCER_REBUILDS.inc()
            _log.warning("kafka producer rebuilt", reason=reason)
            self._later(_abandon(producer))

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)


async def _abandon(producer: Any) -> None:
    """End a producer without waiting for what it still has to send, in a few seconds at most.

    ``producer.stop`` would wait for its batches as long as Kafka is away. Private names of
    aiokafka 0.14: ``_sender``, ``_closed`` (canary: test_producer_canary).
    """
    sender = asyncio.ensure_future(producer._sender.close())
    client = asyncio.ensure_future(producer.client.close())
    _, late = await asyncio.wait({sender, client}, timeout=_ABANDON_S)
    for task in late:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(sender, client, return_exceptions=True)
    producer._closed = True
