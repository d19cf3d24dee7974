"""Migrations are applied in order, once, and never edited afterwards."""

import asyncio

import asyncpg
import pytest

from infra.postgres import MigrationError, migrate


async def test_migrations_are_applied_in_order_and_once(empty_schema, migrations, fetchval):
    assert await migrate(empty_schema, migrations) == ["0001_first.sql", "0002_second.sql"]
    assert await migrate(empty_schema, migrations) == []
    (migrations / "0003_third.sql").write_text("INSERT INTO first VALUES (3);")
    assert await migrate(empty_schema, migrations) == ["0003_third.sql"]
    assert await fetchval(empty_schema, "SELECT array_agg(n ORDER BY n) FROM first") == [1, 3]


async def test_an_edited_file_is_refused(empty_schema, migrations):
    await migrate(empty_schema, migrations)
    (migrations / "0001_first.sql").write_text("CREATE TABLE first (n bigint);")
    with pytest.raises(MigrationError, match=r"0001_first\.sql was edited"):
        await migrate(empty_schema, migrations)


async def test_a_database_newer_than_the_program_is_refused(empty_schema, migrations):
    await migrate(empty_schema, migrations)
    (migrations / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match="database is newer"):
        await migrate(empty_schema, migrations)


async def test_a_file_that_slips_in_before_an_applied_one_is_refused(empty_schema, migrations):
    (migrations / "0002_second.sql").rename(migrations / "0003_second.sql")
    await migrate(empty_schema, migrations)
    (migrations / "0002_late.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="give it the next number"):
        await migrate(empty_schema, migrations)


@pytest.mark.parametrize("name", ["first.sql", "1_first.sql", "0002_second_again.sql"])
async def test_a_name_that_gives_no_order_is_refused(empty_schema, migrations, name):
    (migrations / name).write_text("SELECT 1;")
    with pytest.raises(MigrationError, match=name):
        await migrate(empty_schema, migrations)


async def test_a_file_that_fails_leaves_no_trace(empty_schema, migrations, fetchval):
    broken = migrations / "0003_broken.sql"
    broken.write_text("INSERT INTO first VALUES (3); SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_schema, migrations)
    assert await fetchval(empty_schema, "SELECT array_agg(n) FROM first") == [1]
    broken.write_text("INSERT INTO first VALUES (3);")
    assert await migrate(empty_schema, migrations) == ["0003_broken.sql"]


async def test_of_two_runners_at_once_one_applies(empty_schema, migrations, fetchval):
    with (migrations / "0001_first.sql").open("a") as file:
        file.write("SELECT pg_sleep(0.2);")  # long enough for the others to arrive
    applied = await asyncio.gather(*(migrate(empty_schema, migrations) for _ in range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, 2]
    assert await fetchval(empty_schema, "SELECT count(*) FROM first") == 1


async def test_the_projects_own_migrations_apply_to_an_empty_database(stack, fetchval):
    assert await migrate(stack.settings.database_migrator) == []
    dsn = stack.settings.database_migrator
    assert await fetchval(dsn, "SELECT count(*) FROM schema_migration") is not None
