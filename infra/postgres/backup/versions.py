"""Which Postgres a server is, and whether a backup may go there."""

import asyncpg

from infra.postgres.backup.contents import Contents
from infra.postgres.backup.errors import BackupUnfit
from infra.postgres.migration import read_migrations

__all__ = ["require_fit", "server_version"]


async def server_version(dsn: str) -> tuple[str, int]:
    """Return version and major version of a server, such as ("18.4", 18)."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        number = int(await connection.fetchval("SHOW server_version_num"))
    finally:
        await connection.close(timeout=5)
    return f"{number // 10_000}.{number % 10_000}", number // 10_000


def require_fit(contents: Contents, server_major: int) -> None:
    """Make sure that neither the server nor this program is too old for a backup.

    Raises BackupUnfit.
    """
    if contents.server_major > server_major:
        raise BackupUnfit(
            f"备份来自 Postgres {contents.server}，不能恢复到较旧的 Postgres {server_major}。",
            f"The backup is of Postgres {contents.server} and cannot go back to {server_major}.",
        )
    mine = max(migration.version for migration in read_migrations())
    if contents.schema > mine:
        raise BackupUnfit(
            f"备份的数据库结构为 {contents.schema:04d}，比本程序（{mine:04d}）新。",
            f"The backup's schema is {contents.schema:04d}, newer than this program's {mine:04d}.",
        )
