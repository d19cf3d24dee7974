"""Releases of the server that must not be used."""

import asyncpg

from infra.postgres import MigrationError

__all__ = ["require_sound_release"]

_LOSING = range(180000, 180002)
"""18.0 and 18.1, as ``server_version_num``: ``UPDATE … FROM`` by a nested loop leaves out rows that
another transaction has just changed. Seen with two sessions; 18.2 and later do not."""


async def require_sound_release(dsn: str) -> None:
    """Raise MigrationError if the server is of a release that loses updates.

    Raises asyncpg.PostgresError and OSError when it does not answer.
    """
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        number = int(await connection.fetchval("SHOW server_version_num"))
        version = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close(timeout=2)
    if number in _LOSING:
        raise MigrationError(
            f"Postgres {version} 会丢失并发更新，请升级到 18.2 或更新的版本"
            f" / Postgres {version} loses concurrent updates; upgrade it to 18.2 or newer"
        )
