"""The one step that needs a superuser: the database and its five roles."""

from collections.abc import Mapping
from typing import Any

import asyncpg

__all__ = ["DATABASE", "MIGRATOR", "ROLES", "bootstrap", "create_database"]

DATABASE = "liandan"
MIGRATOR = "liandan_migrator"
ROLES = (MIGRATOR, "liandan_writer", "liandan_reader", "liandan_registry", "liandan_console")

_POWERLESS = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
_LOCK = 0x11A4DA4_0  # any fixed number that no one else uses


async def bootstrap(superuser_dsn: str, passwords: Mapping[str, str] | None = None) -> None:
    """Create the database ``liandan`` and its roles, or bring those that exist into shape.

    ``superuser_dsn`` names a maintenance database, such as ``postgres``. ``passwords``: role to
    password, for servers that ask for one. May run again and from two places at once.
    Raises asyncpg.PostgresError.
    """
    connection = await asyncpg.connect(superuser_dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        for role in ROLES:
            known = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
            await connection.execute(f"{'ALTER' if known else 'CREATE'} ROLE {role} {_POWERLESS}")
            if passwords and role in passwords:
                # A utility statement takes no parameters; the server quotes the literal.
                statement = await connection.fetchval(
                    "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)",
                    role,
                    passwords[role],
                )
                await connection.execute(statement)
        if not await connection.fetchval(
            "SELECT true FROM pg_database WHERE datname = $1", DATABASE
        ):
            await create_database(connection, DATABASE)
        await connection.execute(f"ALTER DATABASE {DATABASE} OWNER TO {MIGRATOR}")
        await _admit(connection, DATABASE)
    finally:
        await connection.close()


async def create_database(connection: Any, name: str) -> None:
    """Create an empty database for our roles alone. Raises asyncpg.PostgresError."""
    await connection.execute(
        f"CREATE DATABASE \"{name}\" OWNER {MIGRATOR} ENCODING 'UTF8' TEMPLATE template0"
    )
    await _admit(connection, name)


async def _admit(connection: Any, name: str) -> None:
    await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
    await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {", ".join(ROLES)}')
