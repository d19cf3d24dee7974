"""A gateway that has not seen what another one has just taken: it keeps what contradicts it.

A gateway refuses an id that stands with other bytes. Two gateways may each take one version in the
same moment (docs/architecture.md, known limits); the demo plays the second with this.
"""

import time
from collections.abc import Sequence

import msgspec

from infra.runtime.kafka import new_producer
from infra.runtime.settings import MANIFEST_TOPIC, Settings
from schemas.receipt import event_digest
from schemas.topics import HEADER_DIGEST, HEADER_RECEIVED_AT

__all__ = ["take_elsewhere"]


class _Subject(msgspec.Struct):
    subject: str


async def take_elsewhere(settings: Settings, events: Sequence[bytes]) -> None:
    """Put events into the log as a gateway does; return when Kafka has them."""
    async with new_producer(settings) as producer:
        for raw in events:
            await producer.send_and_wait(
                MANIFEST_TOPIC,
                raw,
                key=msgspec.json.decode(raw, type=_Subject).subject.encode(),
                headers=[
                    (HEADER_RECEIVED_AT, str(time.time_ns() // 1000).encode()),
                    (HEADER_DIGEST, event_digest(raw).encode()),
                ],
            )
