"""A fetch that a rebalance overtakes sees the next assignment, to which nobody has sought yet."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import NoOffsetForPartitionError
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.partitions import Lease, Partitions
from streams.transport import LoopConsumerThread

FIRST, SECOND = TP("topic", 0), TP("topic", 1)


@pytest.fixture
def thread(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A thread with two leases whose next fetch meets a partition without an offset."""
    failures: list[BaseException] = []
    partitions = Partitions(SimpleNamespace(), failures.append)  # type: ignore[arg-type]
    partitions.leases = {p: Lease(p, 0, 0) for p in (0, 1)}
    thread: Any = object.__new__(LoopConsumerThread)
    thread.consumer = SimpleNamespace(transport=SimpleNamespace(partitions=partitions))
    thread.failures, thread.revoked = failures, []

    async def fetch(*_: Any, **__: Any) -> Any:
        for partition in thread.revoked:
            partitions.leases.pop(partition).live = False
        raise NoOffsetForPartitionError(TopicPartition("topic", 0))

    monkeypatch.setattr(driver.AIOKafkaConsumerThread, "_fetch_records", fetch)
    return thread


async def test_it_ends_nobody_when_the_lease_is_gone(thread: Any) -> None:
    thread.revoked = [0, 1]
    assert await thread._fetch_records(None, {FIRST, SECOND}) == {}
    assert thread.failures == []


async def test_a_lease_that_is_held_and_has_no_offset_ends_the_worker(thread: Any) -> None:
    thread.revoked = [1]
    with pytest.raises(NoOffsetForPartitionError):
        await thread._fetch_records(None, {FIRST, SECOND})
    assert len(thread.failures) == 1
