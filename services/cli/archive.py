"""The archived log as the judge reads it: registry, clock, and what was said of each manifest."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

from schemas.decode import decode_registry_record
from schemas.fast import NotUnderstood
from streams.judging.registry import RecordVersion, RegistryView
from streams.judging.statement import Statement, read_statement, to_micros

__all__ = ["Archive", "archive"]

_REGISTRY = """
SELECT c.seq, r.body FROM registry_change c JOIN registry_record r USING (change_set)
WHERE $1::timestamptz IS NULL OR c.recorded_at <= $1 ORDER BY c.seq, r.ordinal
"""
_CLOCK = """
SELECT CASE WHEN bool_and(clock IS NOT NULL) THEN min(clock) END FROM consumer_offset
WHERE consumer = 'judge'
"""
# Of copies the earliest received counts; the order of the rest is not asked for.
# What the stream set aside unjudged is not judged here either.
_EVENTS = """
SELECT l.subject, l.raw, l.received_at FROM event_log l
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


@asynccontextmanager
async def archive(connection: Any, known_at: datetime | None = None) -> AsyncIterator[Archive]:
    """Open the archive, read only, as it stands at one instant. Raises what asyncpg raises.

    ``known_at`` leaves out registry records recorded later, and events that happened later.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        view = RegistryView()
        rows = await connection.fetch(_REGISTRY, known_at)
        view.apply(RecordVersion(row["seq"], decode_registry_record(row["body"])) for row in rows)
        clock = known_at or await connection.fetchval(_CLOCK)
        yield Archive(view, clock, _manifests(connection, known_at))


async def _manifests(
    connection: Any, known_at: datetime | None
) -> AsyncIterator[tuple[str, list[Statement]]]:
    subject: str | None = None
    said: list[Statement] = []
    async for row in connection.cursor(_EVENTS, prefetch=2000):
        if row["subject"] != subject:
            if subject is not None and said:
                yield subject, said
            subject, said = row["subject"], []
        try:
            statement = read_statement(row["raw"], to_micros(row["received_at"]))
        except NotUnderstood:
            continue
        if known_at is None or statement.event.time <= known_at:
            said.append(statement)
    if subject is not None and said:
        yield subject, said
