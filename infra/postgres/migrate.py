"""Plain SQL migrations ``migrations/NNNN_name.sql``: in order, once, never edited afterwards.

Expand and migrate files are applied while programs run. Contract files wait until they are asked
for, and until no program runs that is older than they allow; a fresh database takes them at once.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from infra.postgres.migration import MIGRATIONS, Migration, MigrationError, read_migrations
from infra.runtime.schema import CONTRACT_LOCK, application_name, schema_of

__all__ = ["MIGRATIONS", "MigrationError", "contracts_waiting", "migrate"]

_LOCK = 0x11A4DA4_1  # any fixed number that no one else uses
_LOCK_TIMEOUT = "10s"
"""How long a file waits for a table. While it waits, everyone else waits behind it; what holds a
table for longer is a backup, or a person."""

_ACCOUNT = """
CREATE TABLE IF NOT EXISTS schema_migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE schema_migration
    ADD COLUMN IF NOT EXISTS phase text NOT NULL DEFAULT 'expand',
    ADD COLUMN IF NOT EXISTS oldest_program integer NOT NULL DEFAULT 0;
GRANT SELECT ON schema_migration TO liandan_writer, liandan_reader, liandan_registry;
"""
_HAS_ACCOUNT = """
SELECT true FROM pg_attribute
WHERE attrelid = to_regclass('schema_migration') AND attname = 'oldest_program'
"""
_APPLIED = "SELECT version, name, sha256, phase, oldest_program FROM schema_migration"
_RECORD = """
INSERT INTO schema_migration (version, name, sha256, phase, oldest_program)
VALUES ($1, $2, $3, $4, $5)
"""
# Of others' sessions the migrator sees no more than these columns.
_CONNECTED = """
SELECT pid, usename, application_name FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename LIKE 'liandan\\_%' ORDER BY pid
"""


class _Applied(NamedTuple):
    """What the database has recorded of a file."""

    name: str
    sha256: str
    phase: str
    oldest_program: int


async def migrate(
    migrator_dsn: str, directory: Path = MIGRATIONS, *, contract: bool = False
) -> list[str]:
    """Apply what is missing, each file in a transaction of its own; return the names applied.

    A file that fails leaves no trace, those before it stay. A second runner waits for the first
    and then finds nothing to do. A database that newer programs have expanded is left as it is.
    Raises MigrationError (an applied file was edited, removed or overtaken by a lower number; a
    file is malformed; this program, or one that runs, is too old; a table is held by somebody) and
    asyncpg.PostgresError from the SQL itself.
    """
    migrations = read_migrations(directory)
    connection = await _connect(migrator_dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        # Not again and again: ALTER TABLE would wait for whoever reads it, such as a backup.
        if not await connection.fetchval(_HAS_ACCOUNT):
            await connection.execute(_ACCOUNT)
        applied = await _applied(connection)
        _compare(migrations, applied)
        fresh = [
            migration
            for migration in migrations
            if migration.version not in applied
            and (migration.phase != "contract" or contract or not applied)
        ]
        for migration in fresh:
            await _apply(connection, migration)
        return [migration.name for migration in fresh]
    finally:
        await connection.close()


async def contracts_waiting(migrator_dsn: str, directory: Path = MIGRATIONS) -> list[str]:
    """Return the names of contract files that nobody has asked for yet.

    Raises MigrationError and what asyncpg raises; the database has been migrated before.
    """
    connection = await _connect(migrator_dsn)
    try:
        applied = await _applied(connection)
    finally:
        await connection.close()
    return [
        migration.name
        for migration in read_migrations(directory)
        if migration.phase == "contract" and migration.version not in applied
    ]


async def _connect(dsn: str) -> Any:
    return await asyncpg.connect(
        dsn, server_settings={"application_name": application_name("migrate")}
    )


async def _applied(connection: Any) -> dict[int, _Applied]:
    return {row[0]: _Applied(*row[1:]) for row in map(tuple, await connection.fetch(_APPLIED))}


async def _apply(connection: Any, migration: Migration) -> None:
    try:
        async with connection.transaction():
            if migration.phase == "contract":
                await connection.execute("SELECT pg_advisory_xact_lock($1)", CONTRACT_LOCK)
                await _refuse_older_programs(connection, migration)
            await connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
            await connection.execute(migration.sql)
            await connection.execute(
                _RECORD,
                migration.version,
                migration.name,
                migration.sha256,
                migration.phase,
                migration.oldest_program,
            )
            if migration.phase == "contract":  # whoever came meanwhile waits for our lock
                await _refuse_older_programs(connection, migration)
    except asyncpg.LockNotAvailableError as error:
        raise MigrationError(
            f"{migration.name}: another session (a backup?) held a table for more than"
            f" {_LOCK_TIMEOUT}; nothing was changed, try again when it is done",
            f"{migration.name}：另一会话（如备份）占用表超过 {_LOCK_TIMEOUT}，未作更改，请待其结束后重试",
        ) from error


async def _refuse_older_programs(connection: Any, migration: Migration) -> None:
    """Raise MigrationError when a program is connected that the file does not allow.

    A session that does not tell its number is taken for an old one.
    """
    # Who is connected is remembered within a transaction, unless told to look again.
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    older = [
        f"{row['application_name'] or row['usename']} (pid {row['pid']})"
        for row in await connection.fetch(_CONNECTED)
        if (schema_of(row["application_name"]) or 0) < migration.oldest_program
    ]
    if older:
        who = ", ".join(older)
        raise MigrationError(
            f"{migration.name} takes away what programs before {migration.oldest_program:04d} use,"
            f" and these are connected: {who}; stop them first",
            f"{migration.name} 将移除 {migration.oldest_program:04d} 之前的程序所用的内容，"
            f"而下列程序仍在连接：{who}；请先停止",
        )


def _compare(migrations: list[Migration], applied: Mapping[int, _Applied]) -> None:
    """Refuse to go on when history and files differ, but not for what newer programs added."""
    files = {migration.version: migration for migration in migrations}
    mine = max((m.version for m in migrations if m.phase != "contract"), default=0)
    last = max(files, default=0)
    for version, done in sorted(applied.items()):
        if version in files:
            if files[version].sha256 != done.sha256:
                raise MigrationError(
                    f"{files[version].name} was edited after it was applied as {done.name}: "
                    "restore it and put the change into a new file",
                    f"{files[version].name} 在应用（为 {done.name}）之后被改动，"
                    "请还原，并把改动写入新文件",
                )
        elif version < last:
            raise MigrationError(
                f"{done.name} was applied to this database but is not among the files",
                f"{done.name} 已应用于此数据库，但程序中没有该文件",
            )
        elif done.oldest_program > mine:
            raise MigrationError(
                f"{done.name} was applied to this database: it is newer than this program, and"
                f" programs before {done.oldest_program:04d} may not use it",
                f"此数据库已应用 {done.name}，比本程序新，{done.oldest_program:04d} 之前的程序不得使用",
            )
    newest = max((v for v, done in applied.items() if done.phase != "contract"), default=0)
    for migration in migrations:
        late = migration.version < newest and migration.version not in applied
        if late and migration.phase != "contract":
            raise MigrationError(
                f"{migration.name} comes before {applied[newest].name}, which was applied already: "
                "give it the next number",
                f"{migration.name} 的编号小于已应用的 {applied[newest].name}，请改用下一个编号",
            )
