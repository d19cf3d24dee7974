"""One change set: records inserted first, the head row taken last (design §7).

So no verdict judged at sequence n commits after n + 1, and judges are held up only for the moment
of the head update, not for the import.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg

from schemas.decode import decode_registry_record
from schemas.fast import NotUnderstood
from schemas.problems import Problem
from streams.judging.registry import touches

__all__ = ["Change", "ChangeSet", "RegistryRefused", "write_change_set"]


class Change(NamedTuple):
    """One record as it will be stored."""

    kind: str
    id: str
    body: bytes
    units: tuple[str, ...]
    marks: tuple[str, ...]
    limits: tuple[str, ...]


class ChangeSet(NamedTuple):
    """What was written: ``seq`` is the registry's sequence after it (unchanged if nothing was new)."""

    seq: int
    written: int
    unchanged: int


class RegistryRefused(ValueError):
    """Some lines could not be read; nothing was written. ``lines``: number to problems."""

    def __init__(self, lines: dict[int, Sequence[Problem]]) -> None:
        super().__init__(f"{len(lines)} lines refused, nothing written")
        self.lines = lines


def read_changes(lines: Iterable[bytes]) -> list[Change]:
    """Decode NDJSON lines (blank ones skipped). Raises RegistryRefused with every bad line."""
    changes: list[Change] = []
    refused: dict[int, Sequence[Problem]] = {}
    for number, line in enumerate(lines, start=1):
        body = line.strip()
        if not body:
            continue
        try:
            record = decode_registry_record(body)
        except NotUnderstood as e:
            refused[number] = e.problems
            continue
        units, marks, limits = touches(record)
        changes.append(Change(record.kind, record.id, body, units, marks, limits))
    if refused:
        raise RegistryRefused(refused)
    return changes


async def write_change_set(dsn: str, lines: Iterable[bytes], actor: str) -> ChangeSet:
    """Write NDJSON lines as one change set with role ``liandan_registry``: all or nothing.

    Records equal to the newest version are left out. Raises RegistryRefused, or what asyncpg does.
    """
    changes = read_changes(lines)
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        async with connection.transaction():
            known = await _newest(connection, changes)
            new = [c for c in changes if known.get((c.kind, c.id)) != c.body]
            if not new:
                seq = await connection.fetchval("SELECT seq FROM registry_head")
                return ChangeSet(seq, 0, len(changes))
            change_set = uuid4()
            await _insert(connection, change_set, new)
            # The head row last: from here to the commit judges wait.
            head = await connection.fetchrow(
                "UPDATE registry_head SET seq = seq + 1, recorded_at ="
                " greatest(clock_timestamp(), recorded_at + interval '1 microsecond')"
                " RETURNING seq, recorded_at"
            )
            await connection.execute(
                "INSERT INTO registry_change (seq, change_set, recorded_at, actor, records)"
                " VALUES ($1, $2, $3, $4, $5)",
                head["seq"],
                change_set,
                head["recorded_at"],
                actor,
                len(new),
            )
            return ChangeSet(head["seq"], len(new), len(changes) - len(new))
    finally:
        await connection.close()


async def _newest(
    connection: asyncpg.Connection, changes: Sequence[Change]
) -> dict[tuple[str, str], bytes]:
    rows = await connection.fetch(
        "SELECT DISTINCT ON (r.kind, r.record_id) r.kind, r.record_id, r.body"
        " FROM registry_record r JOIN registry_change c USING (change_set)"
        " JOIN unnest($1::text[], $2::text[]) AS t (kind, record_id)"
        " ON t.kind = r.kind AND t.record_id = r.record_id"
        " ORDER BY r.kind, r.record_id, c.seq DESC, r.ordinal DESC",
        [c.kind for c in changes],
        [c.id for c in changes],
    )
    return {(row["kind"], row["record_id"]): row["body"] for row in rows}


async def _insert(
    connection: asyncpg.Connection, change_set: UUID, changes: Sequence[Change]
) -> None:
    await connection.executemany(
        "INSERT INTO registry_record (change_set, ordinal, kind, record_id, body, touch_units,"
        " touch_marks, touch_limits) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (change_set, ordinal, c.kind, c.id, c.body, c.units, c.marks, c.limits)
            for ordinal, c in enumerate(changes)
        ],
    )
