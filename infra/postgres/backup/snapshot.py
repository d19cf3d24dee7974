"""One moment of the database, for pg_dump and for what is written about it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg

from infra.postgres.backup.contents import AppliedFile, Standing
from infra.runtime.schema import application_name

__all__ = ["Snapshot", "count_rows", "open_snapshot"]

_TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname
"""
_HEAP_BYTES = """
SELECT coalesce(sum(pg_table_size(c.oid)), 0)::bigint FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
"""


class Snapshot:
    """A transaction that sees one moment for as long as it is open."""

    def __init__(self, connection: Any, id_: str) -> None:
        self._connection = connection
        self.id = id_
        """For ``pg_dump --snapshot``."""

    async def moment(self) -> datetime:
        """Return when the snapshot was taken, by the server's clock."""
        moment: datetime = await self._connection.fetchval("SELECT transaction_timestamp()")
        return moment

    async def heap_bytes(self) -> int:
        """Return what the rows take on disk, without indexes: more than their dump will."""
        size: int = await self._connection.fetchval(_HEAP_BYTES)
        return size

    async def database_bytes(self) -> int:
        """Return what the whole database takes on disk."""
        size: int = await self._connection.fetchval("SELECT pg_database_size(current_database())")
        return size

    async def migrations(self) -> list[AppliedFile]:
        """Return the migrations that were applied."""
        rows = await self._connection.fetch(
            "SELECT version, name, oldest_program FROM schema_migration ORDER BY version"
        )
        return [AppliedFile(*row) for row in rows]

    async def registry_seq(self) -> int:
        """Return the registry's sequence."""
        seq: int = await self._connection.fetchval("SELECT seq FROM registry_head")
        return seq

    async def positions(self) -> list[Standing]:
        """Return where each consumer stood."""
        rows = await self._connection.fetch(
            "SELECT consumer, topic, partition, cluster_id, next_offset, clock"
            " FROM consumer_offset ORDER BY consumer, topic, partition"
        )
        return [Standing(*row) for row in rows]

    async def rows(self) -> dict[str, int]:
        """Count the rows of every table."""
        return await count_rows(self._connection)


async def count_rows(connection: Any) -> dict[str, int]:
    """Count the rows of every table in ``public``, a partitioned one as a whole."""
    counts = {}
    for (table,) in await connection.fetch(_TABLES):
        counts[table] = await connection.fetchval(f'SELECT count(*) FROM "{table}"')  # noqa: S608
    return counts


@asynccontextmanager
async def open_snapshot(dsn: str) -> AsyncIterator[Snapshot]:
    """Hold a snapshot open that other sessions can share. Raises what asyncpg raises."""
    connection = await asyncpg.connect(
        dsn,
        timeout=10,
        server_settings={
            "application_name": application_name("backup"),
            # It waits for as long as pg_dump takes.
            "idle_in_transaction_session_timeout": "0",
            "statement_timeout": "0",
        },
    )
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield Snapshot(connection, await connection.fetchval("SELECT pg_export_snapshot()"))
    finally:
        await asyncio.shield(connection.close(timeout=5))
