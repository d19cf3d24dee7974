"""A Postgres without Kafka: ready in a second."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from infra.local.postgres import SUPERUSER, Postgres
from infra.local.residence import find_residence
from infra.postgres import DATABASE, bootstrap
from infra.runtime.supervision import Supervisor


@pytest.fixture(scope="session")
async def postgres(fresh_home) -> AsyncIterator[Postgres]:
    """A server with database and roles, without tables."""
    with fresh_home() as home:
        server = Postgres(find_residence(home), home / "postgres.log")
        await server.prepare()
        async with Supervisor() as supervisor:
            await supervisor.start(server.child())
            await bootstrap(server.dsn(SUPERUSER, "postgres"))
            yield server


@pytest.fixture
async def empty_schema(postgres: Postgres, request: pytest.FixtureRequest) -> str:
    """Address of the migrator with a schema of the test's own as its search path."""
    dsn = postgres.dsn("liandan_migrator", DATABASE)
    connection = await asyncpg.connect(dsn)
    name = f"s{abs(hash(request.node.nodeid)):x}"
    await connection.execute(f"CREATE SCHEMA {name}")
    await connection.close()
    return f"{dsn}&search_path={name}"


Fetch = Callable[[str, str], Awaitable[object]]


@pytest.fixture
def fetchval() -> Fetch:
    """Ask one address one question."""

    async def ask(dsn: str, sql: str) -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return ask


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """Two small migrations that may be changed."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE first (n int); CREATE TABLE also (n int);")
    (folder / "0002_second.sql").write_text("INSERT INTO first VALUES (1);")
    return folder
