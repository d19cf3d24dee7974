"""Postgres connections of every process."""

import json
from typing import Any

import asyncpg

__all__ = ["POSTGRES_AWAY", "open_pool"]

POSTGRES_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.AdminShutdownError,
    asyncpg.exceptions.CrashShutdownError,
    asyncpg.exceptions.TooManyConnectionsError,
    asyncpg.exceptions.ClientCannotConnectError,
)
"""What asyncpg raises while the server is away, starting or stopping: wait and try again."""


async def open_pool(
    dsn: str, *, most: int = 4, least: int = 0, command_timeout_s: float = 30.0
) -> asyncpg.Pool:
    """Return a pool on ``dsn``; with ``least=0`` it opens without a server being there.

    ``jsonb`` goes in and out as Python values.
    """

    async def prepare(connection: Any) -> None:
        await connection.set_type_codec(
            "jsonb",
            encoder=lambda value: value if isinstance(value, str) else json.dumps(value),
            decoder=json.loads,
            schema="pg_catalog",
        )

    return await asyncpg.create_pool(
        dsn,
        min_size=least,
        max_size=most,
        init=prepare,
        command_timeout=command_timeout_s,
        timeout=5,
        max_inactive_connection_lifetime=60,
    )
