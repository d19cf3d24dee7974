"""A backup is whole or none, and comes back as it was; what is not good is refused before harm."""

import asyncio
import json
import os
import shutil
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from infra.local.lone_postgres import lone_postgres
from infra.local.postgres import SUPERUSER, Postgres
from infra.local.residence import bundled_binaries
from infra.postgres import DATABASE, MIGRATOR, migrate
from infra.postgres.backup import (
    BackupDamaged,
    BackupError,
    Contents,
    Tools,
    check_files,
    find_backup,
    find_tools,
    list_backups,
    make_backup,
    restore_backup,
)
from infra.postgres.backup.contents import AppliedFile, write_contents
from infra.postgres.backup.errors import (
    BackupBusy,
    BackupUnfit,
    DatabaseInUse,
    DatabaseNotEmpty,
    NoBackup,
    NoRoom,
    NoTools,
    SuperuserNeeded,
)
from infra.postgres.backup.folder import sole_writer
from services.registry import write_change_set
from services.simulator import build_world

BUNDLED = (bundled_binaries(),)
ROLES = ("migrator", "writer", "reader", "registry")

# Owner and grants of everything that is ours, by name.
RIGHTS = """
SELECT relname AS name, pg_get_userbyid(relowner) AS owner, relacl::text AS acl FROM pg_class
WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT proname, pg_get_userbyid(proowner), proacl::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT attrelid::regclass || '.' || attname, '', attacl::text FROM pg_attribute
WHERE attacl IS NOT NULL AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
ORDER BY 1, 2, 3
"""


@pytest.fixture(scope="module")
async def server(fresh_home: Any) -> AsyncIterator[Postgres]:
    """A server whose database has a registry and a log of 20,000 records."""
    world = build_world("demo", 5, 300, medical=False, trucks=False)
    with fresh_home() as home:
        async with lone_postgres(home) as running:
            await migrate(running.dsn(MIGRATOR, DATABASE))
            await write_change_set(running.dsn("liandan_registry", DATABASE), world.registry, "t")
            connection = await asyncpg.connect(running.dsn(MIGRATOR, DATABASE))
            await connection.execute(
                "SELECT ensure_event_log_partition('2026-11-20'); INSERT INTO event_log (received_at,"
                " topic, partition, kafka_offset, appended_at, digest, headers, raw)"
                " SELECT '2026-11-20', 't', 0, n, '2026-11-20', sha256(raw), '[]', raw FROM"
                " (SELECT n, convert_to(repeat(md5(n::text), 20), 'UTF8') AS raw"
                "  FROM generate_series(1, 20000) n) AS t;"
                "INSERT INTO consumer_offset (consumer, topic, partition, cluster_id, next_offset,"
                " epoch) VALUES ('archiver', 't', 0, 'c', 20001, 1)"
            )
            await connection.close()
            yield running


@pytest.fixture
def dsn(server: Postgres) -> str:
    return server.dsn(MIGRATOR, DATABASE)


@pytest.fixture
def superuser(server: Postgres) -> str:
    return server.dsn(SUPERUSER, "postgres")


async def made(dsn: str, directory: Path, **more: Any) -> tuple[Path, Contents]:
    path, contents, _ = await make_backup(dsn, directory, program="9", bundled=BUNDLED, **more)
    return path, contents


async def ask(dsn: str, sql: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def databases(superuser: str) -> set[str]:
    return {name for (name,) in await ask(superuser, "SELECT datname FROM pg_database")}


async def test_a_backup_says_what_it_holds_and_nobody_else_can_read_it(dsn, tmp_path):
    path, contents = await made(dsn, tmp_path / "new" / "backups", jobs=2)
    assert contents.rows["event_log"] == 20000
    assert contents.rows["consumer_offset"] == 1
    assert [(s.consumer, s.next_offset) for s in contents.positions] == [("archiver", 20001)]
    assert contents.registry_seq == 1
    assert contents.schema == max(
        v for (v,) in await ask(dsn, "SELECT version FROM schema_migration")
    )
    assert contents.started_at < contents.snapshot_at < contents.finished_at
    assert find_backup(path) == find_backup(path.parent) == (path, contents)
    check_files(path, contents)
    for each in (path, *path.rglob("*")):
        mode = stat.S_IMODE(each.stat().st_mode)
        assert mode == (0o700 if each.is_dir() else 0o600), each
    with pytest.raises(NoBackup):
        find_backup(tmp_path)


async def test_what_comes_back_is_what_was_there_with_owners_and_grants(
    dsn, superuser, server, tmp_path
):
    path, contents = await made(dsn, tmp_path)
    rights, log = await ask(dsn, RIGHTS), await ask(dsn, "SELECT * FROM event_log ORDER BY 4")
    await ask(dsn, "DELETE FROM event_log")
    restored = await restore_backup(
        dsn, path, contents, superuser=superuser, replace=True, bundled=BUNDLED, jobs=2
    )
    assert await ask(dsn, RIGHTS) == rights
    assert await ask(dsn, "SELECT * FROM event_log ORDER BY 4") == log
    assert restored.migrations == []
    # The roles can do their work, strangers cannot come in, and the old one is there to look at.
    assert await ask(server.dsn("liandan_reader", DATABASE), "SELECT seq FROM registry_head") == [
        (1,)
    ]
    grants = "SELECT datacl::text FROM pg_database WHERE datname = 'liandan'"
    ((acl,),) = await ask(superuser, grants)
    assert "{=" not in acl and ",=" not in acl
    assert restored.set_aside in await databases(superuser)
    assert await ask(server.dsn(MIGRATOR, restored.set_aside), "SELECT * FROM event_log") == []


async def test_an_empty_database_needs_no_superuser(dsn, superuser, server, tmp_path):
    path, contents = await made(dsn, tmp_path)
    connection = await asyncpg.connect(superuser)
    await connection.execute(f"CREATE DATABASE blank OWNER {MIGRATOR} TEMPLATE template0")
    await connection.close()
    blank = server.dsn(MIGRATOR, "blank")
    restored = await restore_backup(blank, path, contents, bundled=BUNDLED)
    assert restored.set_aside is None
    assert await ask(blank, "SELECT count(*) FROM event_log") == [(20000,)]


async def test_a_database_that_holds_something_is_not_replaced_unasked(dsn, tmp_path):
    path, contents = await made(dsn, tmp_path)
    with pytest.raises(DatabaseNotEmpty, match="event_log 20000"):
        await restore_backup(dsn, path, contents, bundled=BUNDLED)
    with pytest.raises(SuperuserNeeded):
        await restore_backup(dsn, path, contents, replace=True, bundled=BUNDLED)


async def test_a_database_in_use_is_not_replaced_and_it_says_by_whom(
    dsn, superuser, server, tmp_path
):
    path, contents = await made(dsn, tmp_path)
    worker = await asyncpg.connect(
        server.dsn("liandan_writer", DATABASE),
        server_settings={"application_name": "liandan/0006 worker-7"},
    )
    try:
        with pytest.raises(DatabaseInUse, match=r"worker-7 \(pid \d+\)"):
            await restore_backup(
                dsn, path, contents, superuser=superuser, replace=True, bundled=BUNDLED
            )
    finally:
        await worker.close()


def flip(path: Path) -> None:
    file = max((path / "dump").iterdir(), key=lambda f: f.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def lose(path: Path) -> None:
    next((path / "dump").glob("*.gz")).unlink()


def add(path: Path) -> None:
    (path / "dump" / "9999.dat.gz").write_bytes(b"")


def retell(path: Path) -> None:
    told = path / "contents.json"
    told.write_text(told.read_text().replace('"registry_seq": 1', '"registry_seq": 2'))


@pytest.mark.parametrize("damage", [flip, lose, add, retell])
async def test_a_damaged_backup_is_refused_before_anything_is_touched(
    dsn, superuser, tmp_path, damage: Callable[[Path], None]
):
    path, _ = await made(dsn, tmp_path)
    before = await databases(superuser)
    damage(path)
    with pytest.raises(BackupDamaged):
        found, told = find_backup(path)
        await restore_backup(dsn, found, told, superuser=superuser, replace=True, bundled=BUNDLED)
    assert await databases(superuser) == before
    assert await ask(dsn, "SELECT count(*) FROM event_log") == [(20000,)]
    if damage is retell:
        (listed,) = list_backups(tmp_path)
        assert listed.contents is None
        assert "contents.json" in listed.fault


async def test_a_backup_that_comes_back_otherwise_takes_nobodys_place(dsn, superuser, tmp_path):
    path, contents = await made(dsn, tmp_path)
    wrong = msgspec.structs.replace(contents, rows={**contents.rows, "event_log": 20001})
    write_contents(path, wrong)
    before = await databases(superuser)
    with pytest.raises(BackupDamaged, match="event_log: 20000 rows instead of 20001"):
        await restore_backup(dsn, path, wrong, superuser=superuser, replace=True, bundled=BUNDLED)
    assert await databases(superuser) == before


@pytest.mark.parametrize(
    "change",
    [{"server_major": 99}, {"migrations": [AppliedFile(9999, "9999_later.sql")]}],
)
async def test_a_backup_of_something_newer_is_refused(dsn, tmp_path, change):
    path, contents = await made(dsn, tmp_path)
    with pytest.raises(BackupUnfit):
        await restore_backup(
            dsn, path, msgspec.structs.replace(contents, **change), bundled=BUNDLED
        )


async def test_a_newer_format_is_told_from_damage(dsn, tmp_path):
    path, contents = await made(dsn, tmp_path)
    write_contents(path, msgspec.structs.replace(contents, format=2))
    with pytest.raises(BackupUnfit, match="written by a newer program"):
        find_backup(path)


async def test_a_short_disk_is_told_before_anything_is_written(dsn, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=30_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(NoRoom, match="30 MB left"):
        await made(dsn, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


async def test_no_backup_is_overwritten_and_the_oldest_go(dsn, tmp_path):
    path, _ = await made(dsn, tmp_path)
    twin = Path(shutil.copytree(path, tmp_path / "liandan-20250101T000000Z"))
    odd = tmp_path / "liandan-20240101T000000Z"
    odd.mkdir()
    stranger = tmp_path / "photos"
    stranger.mkdir()
    while datetime.now(UTC).strftime("liandan-%Y%m%dT%H%M%SZ") == path.name:
        await asyncio.sleep(0.05)
    newest, _, pruned = await make_backup(dsn, tmp_path, program="9", bundled=BUNDLED, keep=2)
    assert pruned == [twin]
    # What cannot be read, and what is not ours, is left to people.
    assert {p.name for p in tmp_path.iterdir()} == {
        ".lock", newest.name, path.name, odd.name, stranger.name,
    }  # fmt: skip
    assert [backup.contents is None for backup in list_backups(tmp_path)] == [False, False, True]


async def test_two_do_not_write_at_once(dsn, tmp_path):
    with sole_writer(tmp_path), pytest.raises(BackupBusy):
        await made(dsn, tmp_path)


async def started(dsn: str, directory: Path, home: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.cli", "backup", str(directory),
        env={**os.environ, "LIANDAN_HOME": str(home), "LIANDAN_DATABASE_MIGRATOR": dsn},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


@pytest.mark.parametrize("when", [".*.partial", ".*.partial/dump/toc.dat", ".*.partial/dump/*.gz"])
async def test_a_writer_killed_half_way_leaves_nothing_that_could_be_taken_for_a_backup(
    dsn, tmp_path, when
):
    directory, home = tmp_path / "backups", tmp_path / "home"
    process = await started(dsn, directory, home)
    async with asyncio.timeout(60):
        while not any(directory.glob(when)):
            await asyncio.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert list_backups(directory) == []
    with pytest.raises(NoBackup):
        find_backup(directory)
    for left in directory.glob(".*.partial"):
        with pytest.raises(NoBackup):
            find_backup(left)
    assert not (home / "run" / "backup.json").exists()
    async with asyncio.timeout(10):  # its pg_dump died with it
        while await ask(dsn, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pg_dump'"):
            await asyncio.sleep(0.05)
    process = await started(dsn, directory, home)
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
    (backup,) = list_backups(directory)
    assert {path.name for path in directory.iterdir()} == {".lock", backup.path.name}
    note = json.loads((home / "run" / "backup.json").read_text())
    assert datetime.fromisoformat(note["finished_at"]).tzinfo is not None
    assert note["bytes"] == backup.contents.bytes
    assert note["verified_at"] is None


async def test_tools_fit_the_server_and_older_ones_are_refused():
    tools = await find_tools(18, BUNDLED)
    assert tools.major == 18
    assert (await find_tools(9, BUNDLED)).major <= 18, "the nearest one that is not older"
    with pytest.raises(NoTools, match="Postgres 99"):
        await find_tools(99, BUNDLED)


async def test_no_password_is_on_a_command_line(tmp_path):
    """The tool is a script here that writes down what everyone on the machine could see of it."""
    tool = tmp_path / "pg_dump"
    tool.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/seen; echo "$PGPASSWORD" > {tmp_path}/secret\n'
    )
    tool.chmod(0o755)
    tools = Tools(tmp_path, "18.4", 18)
    for dsn in (
        "postgresql://liandan_migrator:s%40crt@db:5432/liandan?sslmode=require",
        "postgresql://liandan_migrator@db/liandan?password=s%40crt&sslmode=require",
    ):
        await tools.run("pg_dump", dsn, ("--file=x",), tmp_path / "log")
        assert "crt" not in (tmp_path / "seen").read_text()
        assert "liandan_migrator@db" in (tmp_path / "seen").read_text()
        assert "sslmode=require" in (tmp_path / "seen").read_text()
        assert (tmp_path / "secret").read_text() == "s@crt\n"


async def test_a_tool_that_fails_is_quoted_and_leaves_nothing(dsn, tmp_path, monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c no_such_setting=1")
    with pytest.raises(BackupError, match="no_such_setting"):
        await made(dsn, tmp_path)
    assert list_backups(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
