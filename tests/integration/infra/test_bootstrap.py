"""The roles can do what they must and nothing a superuser can."""

import asyncio

import asyncpg
import pytest

from infra.local.postgres import SUPERUSER
from infra.postgres import DATABASE, ROLES, bootstrap


async def test_no_role_has_powers(postgres):
    for role in ROLES:
        connection = await asyncpg.connect(postgres.dsn(role, DATABASE))
        powers = await connection.fetchrow(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls "
            "FROM pg_roles WHERE rolname = current_user"
        )
        assert not any(powers), role
        await connection.close()


async def test_powers_given_by_hand_are_taken_back(postgres, fetchval):
    superuser = postgres.dsn(SUPERUSER, "postgres")
    await fetchval(superuser, "ALTER ROLE liandan_writer SUPERUSER CREATEDB BYPASSRLS")
    await bootstrap(superuser)
    writer = postgres.dsn("liandan_writer", DATABASE)
    ask = (
        "SELECT rolsuper OR rolcreatedb OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    assert await fetchval(writer, ask) is False


async def test_bootstrap_may_run_from_several_places_at_once(postgres):
    superuser = postgres.dsn(SUPERUSER, "postgres")
    await asyncio.gather(*(bootstrap(superuser) for _ in range(4)))


async def test_only_the_migrator_may_create_tables(postgres):
    for role in ROLES:
        connection = await asyncpg.connect(postgres.dsn(role, DATABASE))
        create = connection.execute("CREATE TABLE public.made_by_hand (n int)")
        if role == "liandan_migrator":
            await create
            await connection.execute("DROP TABLE public.made_by_hand")
        else:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await create
        await connection.close()


async def test_passwords_are_set_for_servers_that_ask_for_one(postgres, fetchval):
    superuser = postgres.dsn(SUPERUSER, "postgres")
    await bootstrap(superuser, {"liandan_reader": "it's \\ secret"})
    ask = "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = '{}'"
    assert await fetchval(superuser, ask.format("liandan_reader")) is True
    assert await fetchval(superuser, ask.format("liandan_writer")) is None


async def test_the_database_knows_chinese_and_orders_by_code_point(postgres, fetchval):
    dsn = postgres.dsn("liandan_reader", DATABASE)
    assert await fetchval(dsn, "SHOW server_encoding") == "UTF8"
    assert await fetchval(dsn, "SELECT 'é' ILIKE 'É' AND '联单' ~ '^\\w+$'") is True
    assert await fetchval(dsn, "SELECT 'Z' < 'a'") is True


async def test_nothing_listens_on_tcp_and_fsync_is_on(postgres, fetchval):
    dsn = postgres.dsn("liandan_reader", DATABASE)
    assert await fetchval(dsn, "SHOW listen_addresses") == ""
    assert await fetchval(dsn, "SHOW fsync") == "on"
    assert await fetchval(dsn, "SHOW data_checksums") == "on"
