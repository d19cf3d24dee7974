"""Plain SQL migrations ``migrations/NNNN_name.sql``: in order, once, never edited afterwards."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

__all__ = ["MIGRATIONS", "MigrationError", "migrate"]

MIGRATIONS = Path(__file__).with_name("migrations")

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_LOCK = 0x11A4DA4_1  # any fixed number that no one else uses


class MigrationError(Exception):
    """The files and what the database has recorded do not go together."""


@dataclass(frozen=True)
class _Migration:
    version: int
    name: str
    sql: str
    sha256: str


async def migrate(migrator_dsn: str, directory: Path = MIGRATIONS) -> list[str]:
    """Apply what is missing, each file in a transaction of its own; return the names applied.

    A file that fails leaves no trace, those before it stay. A second runner waits for the first
    and then finds nothing to do.
    Raises MigrationError (an applied file was edited, removed or overtaken by a lower number; a
    name is malformed) and asyncpg.PostgresError from the SQL itself.
    """
    migrations = _read(directory)
    connection = await asyncpg.connect(migrator_dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migration (
                version integer PRIMARY KEY,
                name text NOT NULL,
                sha256 text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """
        )
        rows = await connection.fetch("SELECT version, name, sha256 FROM schema_migration")
        applied = {row["version"]: (row["name"], row["sha256"]) for row in rows}
        _compare(migrations, applied)
        fresh = [migration for migration in migrations if migration.version not in applied]
        for migration in fresh:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3)",
                    migration.version,
                    migration.name,
                    migration.sha256,
                )
        return [migration.name for migration in fresh]
    finally:
        await connection.close()


def _read(directory: Path) -> list[_Migration]:
    migrations: dict[int, _Migration] = {}
    for path in sorted(directory.glob("*.sql")):
        found = _NAME.fullmatch(path.name)
        if found is None:
            raise MigrationError(f"{path.name}: expected a name such as 0001_first_tables.sql")
        version, content = int(found.group(1)), path.read_bytes()
        if version in migrations:
            raise MigrationError(f"{path.name}: {migrations[version].name} has the same number")
        migrations[version] = _Migration(
            version, path.name, content.decode(), hashlib.sha256(content).hexdigest()
        )
    return list(migrations.values())


def _compare(migrations: list[_Migration], applied: dict[int, tuple[str, str]]) -> None:
    """Refuse to go on when history and files differ."""
    files = {migration.version: migration for migration in migrations}
    for version, (name, sha256) in sorted(applied.items()):
        if version not in files:
            raise MigrationError(
                f"{name} was applied to this database but is not among the files: "
                "the database is newer than this program"
            )
        if files[version].sha256 != sha256:
            raise MigrationError(
                f"{files[version].name} was edited after it was applied as {name}: "
                "restore it and put the change into a new file"
            )
    newest = max(applied, default=0)
    for migration in migrations:
        if migration.version < newest and migration.version not in applied:
            raise MigrationError(
                f"{migration.name} comes before {applied[newest][0]}, which was applied already: "
                "give it the next number"
            )
