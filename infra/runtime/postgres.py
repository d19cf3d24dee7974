"""Postgres connections of every process."""

import json
from typing import Any

import asyncpg

from infra.runtime.schema import application_name

__all__ = ["POSTGRES_AWAY", "is_own_fault", "open_pool"]

POSTGRES_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's last word came between two commands
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.OperatorInterventionError,  # starting, going down, cancelled
    asyncpg.TransactionRollbackError,  # deadlock with another owner: one of us is fenced next
    asyncpg.ReadOnlySQLTransactionError,  # this is a standby by now
)
"""What asyncpg raises for reasons that pass: wait and try again, unless ``is_own_fault``."""


def is_own_fault(error: BaseException) -> bool:
    """Whether one of ``POSTGRES_AWAY`` is an argument that asyncpg cannot send: never try again."""
    return isinstance(error, ValueError)


async def open_pool(
    dsn: str,
    *,
    most: int = 4,
    least: int = 0,
    command_timeout_s: float = 30.0,
    process: str = "",
    by_index: bool = False,
) -> asyncpg.Pool:
    """Return a pool on ``dsn``; with ``least=0`` it opens without a server being there.

    ``process``: how its sessions are named beside the program's schema number.
    ``by_index``: a table is read whole only where no index serves, and no plan is compiled. For who asks by
    key alone: a plan that was made while a table was small is kept until it is analysed again, and it has
    grown by then.
    ``json`` and ``jsonb`` go in and out as Python values.
    """

    async def prepare(connection: Any) -> None:
        for kind in ("json", "jsonb"):
            await connection.set_type_codec(
                kind,
                encoder=lambda value: value if isinstance(value, str) else json.dumps(value),
                decoder=json.loads,
                schema="pg_catalog",
            )

    async def leave(_: Any) -> None:
        """Forget nothing: what lasts longer than a transaction (locks, settings) is not done in a pool."""

    return await asyncpg.create_pool(
        dsn,
        min_size=least,
        max_size=most,
        init=prepare,
        reset=leave,
        command_timeout=command_timeout_s,
        timeout=5,
        max_inactive_connection_lifetime=60,
        server_settings={
            "application_name": application_name(process),
            **({"enable_seqscan": "off", "jit": "off"} if by_index else {}),
        },
    )
