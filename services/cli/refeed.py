"""Sending archived records into the log again: those that nobody had judged when the log was lost.

After the loss of Kafka's log the archive holds what was acknowledged up to the recovery point. The
judge keeps what it has made of it, so only records past its positions go again, byte for byte and
with their headers. Twice is harmless: an event is known by its source, id and digest.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import msgspec

from infra.runtime.kafka import new_producer
from infra.runtime.settings import MANIFEST_TOPIC, Settings

__all__ = ["Unjudged", "count_unjudged", "refeed"]

_PAGE = 1000
_UNJUDGED = """
FROM event_log l
LEFT JOIN consumer_offset j ON j.consumer = 'judge' AND (j.topic, j.partition) = (l.topic, l.partition)
WHERE l.topic = $1 AND l.kafka_offset >= coalesce(j.next_offset, 0)
"""
_STRANGE = """
SELECT count(*) FROM consumer_offset WHERE topic = $1 AND cluster_id = $2 AND next_offset > 0
"""


class Unjudged(msgspec.Struct):
    """How many archived records lie past the judge's positions, and whether the log is another."""

    records: int
    other_log: bool


async def count_unjudged(connection: Any, cluster_id: str) -> Unjudged:
    """Look at the archive; ``cluster_id``: of the Kafka that is there now."""
    records = await connection.fetchval(f"SELECT count(*) {_UNJUDGED}", MANIFEST_TOPIC)
    known = await connection.fetchval(_STRANGE, MANIFEST_TOPIC, cluster_id)
    return Unjudged(records, not known)


async def refeed(connection: Any, settings: Settings) -> int:
    """Send the records and return how many, once Kafka has them all.

    Raises KafkaError, and what asyncpg raises; called again it begins anew.
    """
    sent = 0
    async with new_producer(settings) as producer:
        async for page in _pages(connection):
            acks = [
                await producer.send(
                    MANIFEST_TOPIC,
                    row["raw"],
                    key=None if row["subject"] is None else row["subject"].encode(),
                    headers=list(_headers(row["headers"])),
                )
                for row in page
            ]
            await asyncio.gather(*acks)
            sent += len(acks)
    return sent


async def _pages(connection: Any) -> AsyncIterator[Sequence[Any]]:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(
            "SELECT l.subject, l.headers::text AS headers, l.raw"
            f" {_UNJUDGED} ORDER BY l.received_at, l.partition, l.kafka_offset",
            MANIFEST_TOPIC,
        )
        while page := await cursor.fetch(_PAGE):
            yield page


def _headers(stored: str) -> Iterable[tuple[str, bytes | None]]:
    """Return headers as they came; see ``services.archiver.row.headers_json``."""
    for name, value, *marks in msgspec.json.decode(stored, type=list[list[str | None]]):
        coded, name_coded = (*marks, None, None)[:2]
        plain = None if value is None else value.encode()
        yield (
            base64.b64decode(name or "").decode() if name_coded else (name or ""),
            base64.b64decode(value or "") if coded and value is not None else plain,
        )
