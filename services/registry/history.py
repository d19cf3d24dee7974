"""Bi-temporal reads: what was known of a record, and of the whole registry, at any moment.

``recorded_at`` and ``seq`` say when we knew; validity in the world is inside the records. All
functions take an asyncpg connection or pool of a role that may read the registry.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple

__all__ = [
    "NOW",
    "Known",
    "Version",
    "all_versions",
    "count_kinds",
    "list_records",
    "record_as_known",
    "state_as_known",
    "versions_of",
]

PAGE = 1000
"""Records read at once by ``state_as_known``."""


class Known(NamedTuple):
    """A state of knowledge: what was recorded up to a moment, or a sequence, both included."""

    at: datetime | None = None
    seq: int | None = None


NOW = Known()
"""The newest knowledge."""


class Version(NamedTuple):
    """One version of one record, with the change set that brought it."""

    kind: str
    id: str
    seq: int
    recorded_at: datetime
    actor: str
    body: bytes


_VERSIONS = """
SELECT r.kind, r.record_id, c.seq, c.recorded_at, c.actor, r.body
FROM registry_record r JOIN registry_change c USING (change_set)
WHERE r.kind = $1 AND r.record_id = $2
  AND ($3::timestamptz IS NULL OR c.recorded_at <= $3) AND ($4::bigint IS NULL OR c.seq <= $4)
ORDER BY c.seq, r.ordinal
"""

_PAGE = """
SELECT DISTINCT ON (r.kind, r.record_id)
       r.kind, r.record_id, c.seq, c.recorded_at, c.actor, r.body
FROM registry_record r JOIN registry_change c USING (change_set)
WHERE ($1::text IS NULL OR r.kind = $1)
  AND ($2::timestamptz IS NULL OR c.recorded_at <= $2) AND ($3::bigint IS NULL OR c.seq <= $3)
  AND (r.kind, r.record_id) > ($4, $5)
ORDER BY r.kind, r.record_id, c.seq DESC, r.ordinal DESC
LIMIT $6
"""

_ALL = """
SELECT r.kind, r.record_id, c.seq, c.recorded_at, c.actor, r.body, r.ordinal
FROM registry_record r JOIN registry_change c USING (change_set)
WHERE ($1::text IS NULL OR r.kind = $1)
  AND ($2::timestamptz IS NULL OR c.recorded_at <= $2) AND ($3::bigint IS NULL OR c.seq <= $3)
  AND (c.seq, r.ordinal) > ($4, $5)
ORDER BY c.seq, r.ordinal
LIMIT $6
"""

_COUNTS = """
SELECT r.kind, count(DISTINCT r.record_id) AS records
FROM registry_record r JOIN registry_change c USING (change_set)
WHERE ($1::timestamptz IS NULL OR c.recorded_at <= $1) AND ($2::bigint IS NULL OR c.seq <= $2)
GROUP BY r.kind
"""


async def versions_of(
    connection: Any, kind: str, record_id: str, known: Known = NOW
) -> list[Version]:
    """Return all versions of a record known by then, oldest first; empty if there is none."""
    rows = await connection.fetch(_VERSIONS, kind, record_id, known.at, known.seq)
    return [Version(*row) for row in rows]


async def record_as_known(
    connection: Any, kind: str, record_id: str, known: Known = NOW
) -> Version | None:
    """Return the version of a record that counted then, a retraction too."""
    versions = await versions_of(connection, kind, record_id, known)
    return versions[-1] if versions else None


async def list_records(
    connection: Any,
    kind: str | None = None,
    known: Known = NOW,
    *,
    after: tuple[str, str] = ("", ""),
    limit: int = 100,
) -> list[Version]:
    """Return a page of records as known then, ordered by kind and id, retractions too.

    ``after``: kind and id of the last record of the page before.
    """
    rows = await connection.fetch(_PAGE, kind, known.at, known.seq, *after, limit)
    return [Version(*row) for row in rows]


async def state_as_known(
    connection: Any, kind: str | None = None, known: Known = NOW
) -> AsyncIterator[Version]:
    """Yield every record as known then. Later writes are left out even while this is read."""
    known = await _fixed(connection, known)
    after = ("", "")
    while page := await list_records(connection, kind, known, after=after, limit=PAGE):
        for version in page:
            yield version
        after = page[-1].kind, page[-1].id


async def all_versions(
    connection: Any, kind: str | None = None, known: Known = NOW
) -> AsyncIterator[Version]:
    """Yield every version of every record, in the order in which they were recorded."""
    known = await _fixed(connection, known)
    after = (0, -1)
    while page := await connection.fetch(_ALL, kind, known.at, known.seq, *after, PAGE):
        for row in page:
            yield Version(*tuple(row)[:6])
        after = page[-1]["seq"], page[-1]["ordinal"]


async def _fixed(connection: Any, known: Known) -> Known:
    """Leave out what is written from now on: pages are read one after the other."""
    if known.seq is not None:
        return known
    return known._replace(seq=await connection.fetchval("SELECT seq FROM registry_head"))


async def count_kinds(connection: Any, known: Known = NOW) -> dict[str, int]:
    """Return how many records of each kind were known then, retractions too."""
    rows = await connection.fetch(_COUNTS, known.at, known.seq)
    return {row["kind"]: row["records"] for row in rows}
