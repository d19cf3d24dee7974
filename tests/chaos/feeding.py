"""Events straight into Kafka, as the gateway writes them, at a steady rate."""

import asyncio
import json
import time
from collections.abc import Sequence

from infra.runtime.kafka import new_producer
from infra.runtime.settings import Settings
from schemas.families import family_of
from schemas.receipt import event_digest
from schemas.topics import HEADER_DIGEST, HEADER_RECEIVED_AT

__all__ = ["as_posted", "feed"]

ROUND_S = 0.1


async def feed(settings: Settings, events: Sequence[bytes], per_second: float = 1e9) -> None:
    """Append events in their order, each to its family's topic by its key; return when Kafka has them all."""
    size = max(1, min(500, int(per_second * ROUND_S)))
    begun = time.monotonic()
    async with new_producer(settings) as producer:
        for start in range(0, len(events), size):
            sent = [
                await producer.send(
                    family_of(raw).topic,
                    raw,
                    key=family_of(raw).key(family_of(raw).decode(raw)).encode(),
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


def as_posted(raw: bytes) -> bytes:
    """Return an event without the extension of an exported log: it is received now."""
    event = json.loads(raw)
    event.pop("liandanreceivedat", None)
    return json.dumps(event, ensure_ascii=False).encode()
