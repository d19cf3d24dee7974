"""The event log on a broker that can be broken at will; the real one: tests/integration."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import aiokafka
import pytest
from aiokafka.errors import KafkaError, OutOfOrderSequenceNumber
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.sender import Sender
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import MANIFEST_TOPIC, TRACKS_TOPIC
from services.gateway.metrics import PRODUCER_REBUILDS
from services.gateway.producer import EventLog, LogRecord, partition_of
from tests.unit.services.gateway.gateway_bench import FakeBroker


def record(n: int, size: int = 10) -> LogRecord:
    return LogRecord(b"%d" % n, b"x" * size, [])


async def until(say: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not say():
            await asyncio.sleep(0.01)


@given(st.binary(min_size=1, max_size=40), st.integers(1, 64))
def test_keys_go_where_every_kafka_client_sends_them(key: bytes, partitions: int) -> None:
    expected = DefaultPartitioner()(key, list(range(partitions)), list(range(partitions)))
    assert partition_of(key, partitions) == expected


def test_partitions_agree_with_java() -> None:
    # Utils.murmur2 of Kafka's own UtilsTest: "foobar" is -790332482, "21" is -973932308
    assert partition_of(b"foobar", 0x7FFFFFFF + 1) == -790332482 & 0x7FFFFFFF
    assert partition_of(b"21", 0x7FFFFFFF + 1) == -973932308 & 0x7FFFFFFF


async def test_what_waits_shares_a_batch() -> None:
    broker = FakeBroker()
    log = EventLog(broker.new_producer, MANIFEST_TOPIC, 2.0)
    log.start()
    broker.gate = asyncio.Event()
    first = asyncio.create_task(log.append([LogRecord(b"k", b"0", [])]))
    await until(lambda: broker.sent)
    rest = [
        asyncio.create_task(log.append([LogRecord(b"k", b"%d" % n, [])])) for n in range(1, 100)
    ]
    await until(lambda: len(log._lanes[MANIFEST_TOPIC, partition_of(b"k", 4)]) == 99)
    broker.gate.set()
    assert await asyncio.gather(first, *rest) == [[True]] * 100
    assert broker.batches == 2
    assert [value for _, value, _ in broker.records] == [b"%d" % n for n in range(100)]
    await log.stop()


async def test_without_an_acknowledgement_nothing_is_kept_and_the_producer_is_rebuilt() -> None:
    broker = FakeBroker()
    log = EventLog(broker.new_producer, MANIFEST_TOPIC, 0.2)
    log.start()
    assert await log.append([record(1)]) == [True]
    broker.up = False
    rebuilds = PRODUCER_REBUILDS._value.get()
    assert await log.append([record(2), record(3)]) == [False, False]
    await until(lambda: not log.ready)
    assert PRODUCER_REBUILDS._value.get() == rebuilds + 1
    assert await log.append([record(4)]) == [False]
    broker.up = True
    await until(lambda: log.ready)
    assert await log.append([record(5)]) == [True]
    assert [key for key, _, _ in broker.records] == [b"1", b"5"]
    await log.stop()


@pytest.mark.parametrize("error", [OutOfOrderSequenceNumber(), KafkaError("anything final")])
async def test_a_final_error_rebuilds_the_producer_at_once(error: KafkaError) -> None:
    broker = FakeBroker()
    log = EventLog(broker.new_producer, MANIFEST_TOPIC, 5.0)
    log.start()
    assert await log.append([record(1)]) == [True]
    broker.error = error
    assert await asyncio.wait_for(log.append([record(2)]), 1) == [False]
    broker.error = None
    await until(lambda: broker.born == 2 and log.ready)
    assert await log.append([record(2)]) == [True]
    await log.stop()


async def test_a_topic_that_is_missing_refuses_its_own_records_only() -> None:
    broker = FakeBroker()
    broker.missing = {TRACKS_TOPIC}
    log = EventLog(broker.new_producer, MANIFEST_TOPIC, 0.5, [TRACKS_TOPIC])
    log.start()
    track = LogRecord(b"k", b"track", [], TRACKS_TOPIC)
    assert await log.append([track, record(1), track]) == [False, True, False]
    broker.missing = set()
    assert await log.append([track, record(2)]) == [True, True]
    assert sorted(broker.topics) == [MANIFEST_TOPIC, MANIFEST_TOPIC, TRACKS_TOPIC]
    await log.stop()


async def test_it_starts_without_kafka() -> None:
    broker = FakeBroker()
    broker.up = False
    log = EventLog(broker.new_producer, MANIFEST_TOPIC, 0.2)
    log.start()
    assert await log.append([record(1)]) == [False]
    broker.up = True
    await until(lambda: log.ready)
    assert await log.append([record(1)]) == [True]
    await log.stop()


async def test_a_post_that_was_told_no_is_not_sent_afterwards() -> None:
    broker = FakeBroker()
    log = EventLog(broker.new_producer, MANIFEST_TOPIC, 0.3)
    log.start()
    await until(lambda: log.ready)
    broker.gate = asyncio.Event()
    first = asyncio.create_task(log.append([LogRecord(b"k", b"first", [])]))
    await asyncio.sleep(0)
    late = asyncio.create_task(log.append([LogRecord(b"k", b"late", [])]))
    assert await first == await late == [False]
    broker.gate.set()
    await until(lambda: log.ready and broker.born == 2)
    assert await log.append([LogRecord(b"k", b"next", [])]) == [True]
    assert b"late" not in [value for _, value, _ in broker.records]
    await log.stop()


def test_producer_canary() -> None:
    assert aiokafka.__version__ == "0.14.0"
    source = inspect.getsource(aiokafka.AIOKafkaProducer)
    assert "self._sender = Sender(" in source
    assert "if self._closed is False" in inspect.getsource(aiokafka.AIOKafkaProducer.__del__)
    assert "self._sender_task.cancel()" in inspect.getsource(Sender.close)
