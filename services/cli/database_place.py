"""Which database backup and restore work on: an outside one, a running stack's, or the home's own.

Where neither a setting nor a running stack names one, it is that of the home: its server is started
for as long as the command takes.
"""

import contextlib
import urllib.parse
from collections.abc import AsyncIterator
from typing import NamedTuple

from infra.local.lone_postgres import lone_postgres
from infra.local.postgres import SUPERUSER
from infra.postgres import DATABASE, MIGRATOR, bootstrap
from infra.runtime.postgres import POSTGRES_AWAY
from infra.runtime.settings import Settings, from_secret_file
from services.cli.console import Failure
from services.cli.failures import reaching
from services.cli.migrate import passwords
from services.cli.running import running_stack

__all__ = ["DatabasePlace", "database_place"]


class DatabasePlace(NamedTuple):
    """Addresses. ``superuser`` None: nobody told one."""

    migrator: str
    superuser: str | None


@contextlib.asynccontextmanager
async def database_place(
    settings: Settings, superuser: str = "", *, new: bool = False
) -> AsyncIterator[DatabasePlace]:
    """Find the database; ``new``: make it, with its roles, where there is none yet.

    Raises Failure, LocalStackError.
    """
    home = settings.home.expanduser().absolute()
    superuser = superuser or from_secret_file("database_superuser") or ""
    if "database_migrator" in settings.model_fields_set:
        if not superuser and running_stack(home) is not None:
            superuser = _superuser_of(settings.database_migrator)
        if superuser and new:
            with reaching("Postgres"):
                await bootstrap(superuser, passwords(settings))
        yield DatabasePlace(settings.database_migrator, superuser or None)
        return
    if not new and not any((home / name).exists() for name in ("postgres", "postgres.id")):
        raise Failure(
            f"{home} 中没有数据库，也没有设置 LIANDAN_DATABASE_MIGRATOR。",
            f"There is no database in {home}, and LIANDAN_DATABASE_MIGRATOR is not set.",
            "请用 LIANDAN_HOME 指明本地环境，或用该设置给出外部数据库的地址。",
            "Name the local stack's home with LIANDAN_HOME, or an outside database with that.",
            code=2,
        )
    try:
        async with lone_postgres(home) as server:
            yield DatabasePlace(server.dsn(MIGRATOR, DATABASE), server.dsn(SUPERUSER, "postgres"))
    except POSTGRES_AWAY as error:
        with reaching("Postgres"):
            raise error


def _superuser_of(dsn: str) -> str:
    """Return the superuser's address on a local stack: its socket lets the stack's user in."""
    parts = urllib.parse.urlsplit(dsn)
    return parts._replace(netloc=f"{SUPERUSER}@", path="/postgres").geturl()
