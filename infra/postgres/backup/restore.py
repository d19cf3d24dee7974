"""Putting a backup back: beside what is there, checked, and only then in its place.

An empty database is filled in one transaction by the migrator alone. To replace one that holds
something a superuser makes a second database, which takes the name once it is whole; the old one
is kept under another. Whatever fails on the way leaves the database as it was.
"""

import tempfile
import urllib.parse
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from infra.postgres.backup.contents import DUMP, Contents, check_files
from infra.postgres.backup.errors import (
    BackupDamaged,
    DatabaseInUse,
    DatabaseNotEmpty,
    SuperuserNeeded,
)
from infra.postgres.backup.snapshot import count_rows
from infra.postgres.backup.tools import Tools, find_tools
from infra.postgres.backup.versions import require_fit, server_version
from infra.postgres.bootstrap import DATABASE, create_database
from infra.postgres.migrate import migrate
from infra.runtime.schema import application_name

__all__ = ["Restored", "fill_database", "restore_backup"]

# Of others' sessions the migrator sees no more than these columns.
_SESSIONS = """
SELECT usename, application_name, pid FROM pg_stat_activity
WHERE datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid() ORDER BY pid
"""
_HOLDS = ("event_log", "manifest", "registry_record", "alert")
_HAS_TABLES = """
SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND relkind IN ('r', 'p'))
"""


class Restored(NamedTuple):
    """What a restore did."""

    set_aside: str | None
    """Name that the database of before has now; None: there was nothing in it."""
    migrations: list[str]
    """Applied on top, because the program is newer than the backup."""


async def restore_backup(
    dsn: str,
    backup: Path,
    contents: Contents,
    *,
    superuser: str | None = None,
    replace: bool = False,
    bundled: Iterable[Path] = (),
    jobs: int = 1,
) -> Restored:
    """Put a backup back into the database of ``dsn`` (the migrator's address).

    ``superuser``: address of a maintenance database, needed for ``replace``. Database and roles
    exist (``bootstrap``). Raises BackupError, MigrationError, and what asyncpg raises.
    """
    # 1. The backup is good and fits; nobody is connected; nothing is in the way.
    check_files(backup, contents)
    _, major = await server_version(dsn)
    require_fit(contents, major)
    tools = await find_tools(major, bundled)
    holds = await _look_at(dsn)
    if holds is None:
        return Restored(None, await fill_database(dsn, backup, contents, tools))
    if not replace:
        raise DatabaseNotEmpty(holds)
    if superuser is None:
        raise SuperuserNeeded
    # 2. A second database, whole before anything happens to the first.
    now = f"{datetime.now(UTC):%Y%m%d_%H%M%S}"
    fresh, aside = f"{DATABASE}_restore_{now}", f"{DATABASE}_before_{now}"
    server = await asyncpg.connect(superuser, timeout=10)
    try:
        await create_database(server, fresh)
        try:
            applied = await fill_database(_at(dsn, fresh), backup, contents, tools, jobs=jobs)
            # 3. Both names change hands in one transaction.
            try:
                async with server.transaction():
                    await server.execute(f'ALTER DATABASE "{DATABASE}" RENAME TO "{aside}"')
                    await server.execute(f'ALTER DATABASE "{fresh}" RENAME TO "{DATABASE}"')
            except asyncpg.ObjectInUseError:
                raise DatabaseInUse(await _sessions(dsn)) from None
        except BaseException:
            await server.execute(f'DROP DATABASE IF EXISTS "{fresh}" WITH (FORCE)')
            raise
    finally:
        await server.close(timeout=5)
    return Restored(aside, applied)


async def fill_database(
    dsn: str, backup: Path, contents: Contents, tools: Tools, *, jobs: int = 0
) -> list[str]:
    """Fill an empty database and bring it up to this program's schema; return what was applied.

    ``jobs`` 0: in one transaction, so that a failure leaves it empty. Raises BackupDamaged when
    what came back is not what was counted, ToolFailed, MigrationError, and what asyncpg raises.
    """
    how = (f"--jobs={jobs}",) if jobs else ("--single-transaction",)
    with tempfile.TemporaryDirectory(prefix="liandan-restore-") as place:
        await tools.run(
            "pg_restore",
            dsn,
            (*how, "--exit-on-error", "--no-owner", str((backup / DUMP).absolute())),
            Path(place) / "pg_restore.log",
        )
    connection = await _connect(dsn)
    try:
        rows = await count_rows(connection)
        if rows != contents.rows:
            odd = sorted(
                f"{table}: {rows.get(table, 0)} rows instead of {contents.rows.get(table, 0)}"
                for table in rows.keys() | contents.rows.keys()
                if rows.get(table, 0) != contents.rows.get(table, 0)
            )
            raise BackupDamaged(backup, odd)
        applied = await migrate(dsn)
        # The planner knows nothing of tables that were just filled.
        for table in rows:
            await connection.execute(f'ANALYZE "{table}"')
    finally:
        await connection.close(timeout=5)
    return applied


async def _look_at(dsn: str) -> str | None:
    """Return what the database holds, None if no table is there. Raises DatabaseInUse."""
    connection = await _connect(dsn)
    try:
        if sessions := _told(await connection.fetch(_SESSIONS)):
            raise DatabaseInUse(sessions)
        if not await connection.fetchval(_HAS_TABLES):
            return None
        counts = await count_rows(connection)
    finally:
        await connection.close(timeout=5)
    return ", ".join(f"{table} {counts[table]}" for table in _HOLDS if table in counts) or "tables"


async def _sessions(dsn: str) -> list[str]:
    connection = await _connect(dsn)
    try:
        return _told(await connection.fetch(_SESSIONS))
    finally:
        await connection.close(timeout=5)


def _told(rows: Sequence[Any]) -> list[str]:
    return [f"{row['application_name'] or row['usename']} (pid {row['pid']})" for row in rows]


async def _connect(dsn: str) -> Any:
    name = application_name("restore")
    return await asyncpg.connect(dsn, timeout=10, server_settings={"application_name": name})


def _at(dsn: str, database: str) -> str:
    return urllib.parse.urlsplit(dsn)._replace(path=f"/{database}").geturl()
