"""Events straight into Kafka, as the gateway writes them, at a steady rate."""

import asyncio
import json
import time
from collections.abc import Sequence

from infra.runtime.kafka import new_producer
from infra.runtime.settings import MANIFEST_TOPIC, Settings
from schemas.receipt import event_digest
from schemas.topics import HEADER_DIGEST, HEADER_RECEIVED_AT

__all__ = ["feed"]

ROUND_S = 0.1


async def feed(settings: Settings, events: Sequence[bytes], per_second: float = 1e9) -> None:
    """Append events in their order, keyed by subject; return when Kafka has them all."""
    size = max(1, min(500, int(per_second * ROUND_S)))
    begun = time.monotonic()
    async with new_producer(settings) as producer:
        for start in range(0, len(events), size):
            sent = [
                await producer.send(
                    MANIFEST_TOPIC,
                    raw,
                    key=json.loads(raw)["subject"].encode(),
                    headers=[
                        (HEADER_RECEIVED_AT, str(time.time_ns() // 1000).encode()),
                        (HEADER_DIGEST, event_digest(raw).encode()),
                    ],
                )
                for raw in events[start : start + size]
            ]
            await asyncio.gather(*sent)
            ahead = begun + (start + size) / per_second - time.monotonic()
            await asyncio.sleep(max(0.0, ahead))
