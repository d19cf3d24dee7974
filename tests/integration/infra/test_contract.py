"""Contract migrations wait for the last old program; programs know which schema they may run on."""

import asyncio
import shutil
import sys
from pathlib import Path

import asyncpg
import pytest
from rich.console import Console

from infra.postgres import MigrationError, contracts_waiting, migrate
from infra.runtime.schema import SchemaUnfit, application_name, program_schema, require_schema
from infra.runtime.settings import Settings
from services.cli.check_line import check_postgres
from services.cli.checkup import Checkup

EXPAND, MIGRATE = "-- phase: expand\n", "-- phase: migrate\n"
MINE = program_schema()


def contract(oldest: int) -> str:
    return f"-- phase: contract\n-- oldest program: {oldest:04d}\n"


@pytest.fixture
def files(migrations: Path) -> Path:
    """Column n was replaced by m: three files, of which the last takes n away."""
    (migrations / "0007_wide.sql").write_text(EXPAND + "ALTER TABLE first ADD COLUMN m int;")
    (migrations / "0008_fill.sql").write_text(MIGRATE + "UPDATE first SET m = n;")
    (migrations / "0009_less.sql").write_text(contract(8) + "ALTER TABLE first DROP COLUMN n;")
    return migrations


async def before(dsn: str, files: Path) -> None:
    """Bring the database to where the old program left it: a fresh one would take all at once."""
    earlier = files.with_name("earlier")
    shutil.copytree(files, earlier, ignore=shutil.ignore_patterns("000[789]*"))
    await migrate(dsn, earlier)


async def connected(dsn: str, name: str, role: str = "migrator") -> asyncpg.Connection:
    dsn = dsn.replace("liandan_migrator", f"liandan_{role}")
    return await asyncpg.connect(dsn, server_settings={"application_name": name})


async def test_a_contract_waits_until_it_is_asked_for(empty_schema, files, fetchval):
    await before(empty_schema, files)
    assert await migrate(empty_schema, files) == ["0007_wide.sql", "0008_fill.sql"]
    assert await contracts_waiting(empty_schema, files) == ["0009_less.sql"]
    assert await migrate(empty_schema, files) == []
    # What comes after it does not wait for it.
    (files / "0010_more.sql").write_text(EXPAND + "CREATE TABLE more ();")
    assert await migrate(empty_schema, files) == ["0010_more.sql"]
    assert await fetchval(empty_schema, "SELECT n FROM first") == 1
    assert await migrate(empty_schema, files, contract=True) == ["0009_less.sql"]
    assert await contracts_waiting(empty_schema, files) == []
    with pytest.raises(asyncpg.UndefinedColumnError):
        await fetchval(empty_schema, "SELECT n FROM first")


async def test_a_fresh_database_takes_a_contract_at_once(empty_schema, files):
    assert (await migrate(empty_schema, files))[-1] == "0009_less.sql"


@pytest.mark.parametrize("name", ["liandan/0007 worker-1", "liandan-archiver", ""])
async def test_no_contract_while_an_older_program_is_connected(empty_schema, files, name):
    await before(empty_schema, files)
    old = await connected(empty_schema, name, "writer")
    try:
        with pytest.raises(MigrationError, match=r"0009_less\.sql.*stop them first"):
            await migrate(empty_schema, files, contract=True)
        assert await contracts_waiting(empty_schema, files) == ["0009_less.sql"]
    finally:
        await old.close()
    new = await connected(empty_schema, "liandan/0008 worker-1", "writer")
    try:
        assert await migrate(empty_schema, files, contract=True) == ["0009_less.sql"]
    finally:
        await new.close()


async def test_an_older_program_that_starts_meanwhile_is_noticed(empty_schema, files):
    await before(empty_schema, files)
    with (files / "0009_less.sql").open("a") as file:
        file.write("SELECT pg_sleep(0.5);")
    applying = asyncio.create_task(migrate(empty_schema, files, contract=True))
    watch = await connected(empty_schema, "liandan/0009 watch")
    try:
        while not await watch.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.5)%'"
            " AND wait_event = 'PgSleep'"
        ):
            await asyncio.sleep(0.01)
        old = await connected(empty_schema, "liandan/0007 worker-1", "writer")
        with pytest.raises(MigrationError, match="worker-1"):
            await applying
        await old.close()
    finally:
        await watch.close()


async def test_a_table_that_somebody_holds_stops_nobody_behind_it(empty_schema, files, monkeypatch):
    monkeypatch.setattr(sys.modules[migrate.__module__], "_LOCK_TIMEOUT", "200ms")
    await before(empty_schema, files)
    backup = await connected(empty_schema, "pg_dump")
    try:
        async with backup.transaction():
            await backup.fetch("SELECT * FROM first")
            with pytest.raises(MigrationError, match="another session"):
                await migrate(empty_schema, files)
        assert await migrate(empty_schema, files) == ["0007_wide.sql", "0008_fill.sql"]
    finally:
        await backup.close()


async def unfit(dsn: str) -> SchemaUnfit | None:
    connection = await connected(dsn, application_name("test"))
    try:
        await require_schema(connection)
    except SchemaUnfit as error:
        return error
    finally:
        await connection.close()
    return None


async def test_a_program_refuses_a_schema_that_is_older_than_it_needs(empty_schema, migrations):
    told = await unfit(empty_schema)
    assert told is not None
    assert told.cure == "liandan migrate"
    await migrate(empty_schema, migrations)
    told = await unfit(empty_schema)
    assert told is not None
    assert f"is 0002, this program needs {MINE:04d}" in told.sentence_en
    (migrations / f"{MINE:04d}_now.sql").write_text(EXPAND + "SELECT 1;")
    await migrate(empty_schema, migrations)
    assert await unfit(empty_schema) is None


async def test_a_program_is_told_the_oldest_one_that_may_run_beside_it(empty_schema, migrations):
    (migrations / f"{MINE:04d}_now.sql").write_text(EXPAND + "SELECT 1;")
    (migrations / f"{MINE + 1:04d}_less.sql").write_text(contract(MINE) + "SELECT 1;")
    await migrate(empty_schema, migrations)  # a fresh database takes the contract as well
    connection = await connected(empty_schema, application_name("test"))
    try:
        assert await require_schema(connection) == MINE
        await connection.execute("DELETE FROM schema_migration WHERE version = $1", MINE + 1)
        assert await require_schema(connection) == 0
    finally:
        await connection.close()


async def test_the_doctor_names_a_schema_that_is_older_and_the_cure(empty_schema, migrations):
    await migrate(empty_schema, migrations)
    checkup = Checkup(Console(width=200, quiet=True))
    await check_postgres(checkup, Settings(database_reader=empty_schema), None)
    (wrong,) = checkup.wrong
    assert f"is 0002, this program needs {MINE:04d}" in wrong.en
    assert wrong.cure_zh == "liandan migrate"


async def test_a_program_runs_on_a_newer_schema_until_it_is_contracted(empty_schema, migrations):
    (migrations / f"{MINE:04d}_now.sql").write_text(EXPAND + "SELECT 1;")
    await migrate(empty_schema, migrations)
    (migrations / f"{MINE + 1:04d}_next.sql").write_text(EXPAND + "SELECT 1;")
    await migrate(empty_schema, migrations)
    assert await unfit(empty_schema) is None
    (migrations / f"{MINE + 2:04d}_less.sql").write_text(contract(MINE + 1) + "SELECT 1;")
    await migrate(empty_schema, migrations, contract=True)
    told = await unfit(empty_schema)
    assert told is not None
    assert f"admits programs from {MINE + 1:04d} on" in told.sentence_en
    for path in migrations.glob("*next.sql"), migrations.glob("*less.sql"):
        next(path).unlink()
    with pytest.raises(MigrationError, match="newer than this program"):
        await migrate(empty_schema, migrations)
