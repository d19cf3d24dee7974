"""Migrations are applied in order, once, and never edited afterwards."""

import asyncio
import shutil

import asyncpg
import pytest

from infra.postgres import MigrationError, migrate
from infra.postgres.migrate import MIGRATIONS


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


async def test_a_database_that_newer_programs_expanded_is_left_as_it_is(empty_schema, migrations):
    await migrate(empty_schema, migrations)
    (migrations / "0002_second.sql").unlink()
    assert await migrate(empty_schema, migrations) == []


async def test_a_file_that_is_gone_is_refused(empty_schema, migrations):
    await migrate(empty_schema, migrations)
    (migrations / "0001_first.sql").unlink()
    with pytest.raises(MigrationError, match="not among the files"):
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


async def test_ranges_come_to_a_database_with_draws(empty_schema, migrations, fetchval):
    for each in migrations.iterdir():
        each.unlink()
    copied = sorted(MIGRATIONS.glob("000[123]_*.sql"))
    for each in copied[:2]:
        shutil.copy(each, migrations)
    await migrate(empty_schema, migrations)
    manifest = (
        "INSERT INTO manifest (subject, partition, carriers, marks, aliases, events, state, outcomes,"
        " memo, registry_seq) VALUES ('{0}', 7, '{{}}', '{{}}', '{{}}', '{1}', 'arrived', '[]', '', 0)"
    )
    draw = "INSERT INTO draw VALUES ('approval/{0}/1', '{0}', now(), {1}, '{2}')"
    for sql in (
        manifest.format("plain", "x liandan.manifest.arrived.v1"),
        manifest.format("mended", "x liandan.manifest.corrected.v1"),
        manifest.format("drawless", "x liandan.manifest.corrected.v1"),
        manifest.format("told_twice", "x"),
        "INSERT INTO quarantine (consumer, topic, partition, kafka_offset, reason, detail, raw,"
        " subject) VALUES ('c', 't', 7, 1, 'conflict', '{}', '', 'told_twice')",
        draw.format("plain", 4, "doubtful"),
        draw.format("mended", 3, "settled"),
        draw.format("told_twice", 0, "reserved"),
    ):
        await fetchval(empty_schema, sql)
    shutil.copy(copied[2], migrations)
    await migrate(empty_schema, migrations)
    rows = await fetchval(
        empty_schema,
        "SELECT array_agg(concat_ws(' ', manifest, grams - uncertain, grams, state, doubt, unweighed)"
        " ORDER BY manifest) FROM draw",
    )
    assert rows == [
        "mended 3 3 settled f", "plain 0 4 settled voided_after_arrival f",
        "told_twice 0 0 reserved f",
    ]  # fmt: skip
    for table, subjects in (("dirty", ["approval/plain/1"]), ("rejudge", ["mended", "told_twice"])):
        sql = f"SELECT array_agg(subject ORDER BY subject) FROM {table}"
        assert await fetchval(empty_schema, sql) == subjects
    for wrong in (
        "uncertain = 5, doubt = 'voided_after_arrival'", "uncertain = 1, doubt = NULL",
        "uncertain = 0, doubt = 'conflicting_reports'", "uncertain = 1, doubt = 'mood'",
        "state = 'doubtful'",
    ):  # fmt: skip
        with pytest.raises(asyncpg.CheckViolationError):
            await fetchval(empty_schema, f"UPDATE draw SET {wrong} WHERE manifest = 'mended'")
