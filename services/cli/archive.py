"""The archived log as the judge reads it: registry, clock, what was said of manifests and medical waste."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

from schemas.decode import decode_registry_record
from schemas.fast import NotUnderstood
from schemas.topics import MANIFEST_TOPIC, MEDICAL_TOPIC
from streams.judging.medical.on_files import MedicalFiles
from streams.judging.registry import RecordVersion, RegistryView
from streams.judging.statement import Statement, read_statement, to_micros

__all__ = ["Archive", "archive"]

_REGISTRY = """
SELECT c.seq, r.body FROM registry_change c JOIN registry_record r USING (change_set)
WHERE $1::timestamptz IS NULL OR c.recorded_at <= $1 ORDER BY c.seq, r.ordinal
"""
_CLOCK = """
SELECT CASE WHEN bool_and(clock IS NOT NULL) THEN min(clock) END FROM consumer_offset
WHERE consumer = 'judge' AND topic = $1
"""
# Of copies the earliest received counts; the order of the rest is not asked for.
# What the stream set aside unjudged is not judged here either.
_EVENTS = """
SELECT l.subject, l.topic, l.raw, l.received_at FROM event_log l
WHERE l.subject IS NOT NULL AND NOT EXISTS (
    SELECT FROM quarantine q WHERE q.consumer = 'judge' AND q.topic = l.topic
        AND q.partition = l.partition AND q.kafka_offset = l.kafka_offset
        AND q.reason IN ('wrong_key', 'too_many_events'))
ORDER BY l.subject, l.received_at, l.digest
"""


class Archive(NamedTuple):
    """One snapshot of the archive."""

    view: RegistryView
    clock: datetime | None
    """How far the stream has judged."""
    manifests: AsyncIterator[tuple[str, list[Statement]]]
    """What was said of each manifest; what this program does not understand is left out."""
    medical: MedicalFiles
    """What was said of medical waste, complete once all manifests were taken."""


@asynccontextmanager
async def archive(connection: Any, known_at: datetime | None = None) -> AsyncIterator[Archive]:
    """Open the archive, read only, as it stands at one instant. Raises what asyncpg raises.

    ``known_at`` leaves out registry records recorded later, and events that happened later.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        view = RegistryView()
        rows = await connection.fetch(_REGISTRY, known_at)
        view.apply(RecordVersion(row["seq"], decode_registry_record(row["body"])) for row in rows)
        clock = known_at or await connection.fetchval(_CLOCK, MANIFEST_TOPIC)
        with MedicalFiles() as medical:
            yield Archive(view, clock, _manifests(connection, known_at, medical), medical)


async def _manifests(
    connection: Any, known_at: datetime | None, medical: MedicalFiles
) -> AsyncIterator[tuple[str, list[Statement]]]:
    subject: str | None = None
    said: list[Statement] = []
    async for row in connection.cursor(_EVENTS, prefetch=2000):
        if row["subject"] != subject:
            if subject is not None and said:
                yield subject, said
            subject, said = row["subject"], []
        raw, received_us = row["raw"], to_micros(row["received_at"])
        if row["topic"] == MEDICAL_TOPIC:
            medical.put(raw, received_us, 0, known_at)
            continue
        try:
            statement = read_statement(raw, received_us)
        except NotUnderstood:
            continue
        if known_at is None or statement.event.time <= known_at:
            said.append(statement)
    if subject is not None and said:
        yield subject, said
