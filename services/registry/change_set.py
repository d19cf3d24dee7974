"""One change set: records inserted first, the head row taken last (design §7).

So no verdict judged at sequence n commits after n + 1, and judges are held up only for the moment
of the head update, not for the import.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import asyncpg

from services.registry.draft import Change, read_drafts
from services.registry.ndjson_file import read_ndjson
from services.registry.plan import Effect, Plan, newest_bodies, plan_changes
from services.registry.rule_version import require_approved

__all__ = ["ChangeSet", "plan_change_set", "write_change_set", "write_changes"]

_WRITERS = (0x11A4DA4, 1)
"""Advisory lock of registry writers, held to the commit: what one found unchanged must stay so
until it has written, or the outcome would be that of no order of the two. Judges never wait for it.
"""


class ChangeSet(NamedTuple):
    """What was written: ``seq`` is the registry's sequence after it (unchanged if nothing was new)."""

    seq: int
    written: int
    unchanged: int
    plan: Plan


async def write_change_set(dsn: str, lines: Iterable[bytes], actor: str) -> ChangeSet:
    """Write NDJSON lines as one change set with role ``liandan_registry``: all or nothing.

    Records that say what their newest version says are left out. Raises RegistryRefused, or what
    asyncpg does.
    """
    return await write_changes(dsn, read_drafts(read_ndjson(lines)), actor)


async def plan_change_set(dsn: str, changes: Sequence[Change]) -> Plan:
    """Tell what ``write_changes`` would do now; any role that may read the registry."""
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        return plan_changes(changes, await newest_bodies(connection, changes))
    finally:
        await connection.close()


async def write_changes(dsn: str, changes: Sequence[Change], actor: str) -> ChangeSet:
    """Write decoded changes as one change set; see ``write_change_set``.

    A version of the rule book is taken only as it was approved.
    """
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        async with connection.transaction():
            # 1. One writer at a time.
            await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", *_WRITERS)
            # 2. What is new.
            plan = plan_changes(changes, await newest_bodies(connection, changes))
            new, unchanged = plan.writes, plan.count(Effect.UNCHANGED)
            if not new:
                seq = await connection.fetchval("SELECT seq FROM registry_head")
                return ChangeSet(seq, 0, unchanged, plan)
            await require_approved(connection, new)
            # 3. The records.
            change_set = uuid4()
            await _insert(connection, change_set, new)
            # 4. The head row last: from here to the commit judges wait.
            head = await connection.fetchrow("SELECT seq, recorded_at FROM advance_registry_head()")
            await connection.execute(
                "INSERT INTO registry_change (seq, change_set, recorded_at, actor, records)"
                " VALUES ($1, $2, $3, $4, $5)",
                head["seq"],
                change_set,
                head["recorded_at"],
                actor,
                len(new),
            )
            return ChangeSet(head["seq"], len(new), unchanged, plan)
    finally:
        await connection.close()


async def _insert(connection: Any, change_set: UUID, changes: Sequence[Change]) -> None:
    await connection.executemany(
        "INSERT INTO registry_record (change_set, ordinal, kind, record_id, body, touch_units,"
        " touch_marks, touch_limits) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (change_set, ordinal, c.kind, c.id, c.body, c.units, c.marks, c.limits)
            for ordinal, c in enumerate(changes)
        ],
    )
