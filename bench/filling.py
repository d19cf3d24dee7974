"""A topic filled beforehand, as the gateway would: keyed, with its headers, in large batches."""

import time
from collections.abc import Iterable
from functools import cache
from typing import Any

from aiokafka.partitioner import DefaultPartitioner

from bench.worlds import Said
from infra.runtime.kafka import new_producer
from infra.runtime.settings import Settings
from schemas.receipt import event_digest

__all__ = ["fill"]


async def fill(settings: Settings, topic: str, partitions: int, said: Iterable[Said]) -> int:
    """Append all events to their partitions; return how many."""
    choose = DefaultPartitioner()
    everyone = list(range(partitions))

    @cache
    def partition_of(key: bytes) -> int:
        return int(choose(key, everyone, everyone))

    async with new_producer(settings) as producer:
        open_batches: dict[int, Any] = {p: producer.create_batch() for p in everyone}
        received = time.time_ns() // 1000
        count = 0
        for key_text, raw in said:
            key = key_text.encode()
            p = partition_of(key)
            headers = [
                ("received_at", b"%d" % (received + count)),
                ("digest", event_digest(raw).encode()),
                ("key_id", b"key-1"),
            ]
            while (
                open_batches[p].append(key=key, value=raw, timestamp=None, headers=headers) is None
            ):
                await _send(producer, open_batches[p], topic, p)
                open_batches[p] = producer.create_batch()
            count += 1
        for p, batch in open_batches.items():
            if batch.record_count():
                await _send(producer, batch, topic, p)
        await producer.flush()
    return count


async def _send(producer: Any, batch: Any, topic: str, partition: int) -> None:
    batch.close()
    await producer.send_batch(batch, topic, partition=partition)
