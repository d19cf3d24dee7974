"""``liandan migrate``: database schema and topics of an outside Kafka and Postgres."""

import asyncio
import urllib.parse
from collections.abc import AsyncIterator
from typing import Annotated

import stamina
import typer
from aiokafka.errors import KafkaError

from infra.kafka.topics import ensure_topics
from infra.postgres import bootstrap, contracts_waiting
from infra.postgres import migrate as apply_migrations
from infra.postgres.release import require_sound_release
from infra.runtime.postgres import POSTGRES_AWAY
from infra.runtime.settings import Settings, from_secret_file
from services.cli.console import say
from services.cli.failures import quiet_logs, reaching, served

__all__ = ["migrate", "passwords"]


def migrate(
    superuser: Annotated[
        str,
        typer.Option(
            envvar="LIANDAN_DATABASE_SUPERUSER",
            help="先建库和角色所用的超级用户地址 / create database and roles with this address first",
        ),
    ] = "",
    wait: Annotated[
        float, typer.Option(min=0, help="等待两者就绪的秒数 / seconds to wait for both to be there")
    ] = 0,
    contract: Annotated[
        bool,
        typer.Option(
            "--contract",
            help="同时移除旧程序所用的内容，须无旧程序在运行 / also take away what only older programs"
            " use; none may run",
        ),
    ] = False,
) -> None:
    """升级数据库结构并建主题 / Apply what is missing to the database, create missing topics.

    升级期间新旧程序可同时运行 / old and new programs may run meanwhile (docs/migrations.md)。
    `liandan up` 和 `liandan demo` 会自动完成 / `up` and `demo` do this by themselves.
    LIANDAN_DATABASE_SUPERUSER_FILE 可指明存放该地址的文件 / may name a file that holds the address.
    """
    with served():
        quiet_logs()
        address = superuser or from_secret_file("database_superuser") or ""
        asyncio.run(_migrate(Settings(), address, wait, contract))


async def _migrate(settings: Settings, superuser: str, wait_s: float, contract: bool) -> None:
    with reaching("Postgres"):
        async for attempt in _attempts(wait_s, POSTGRES_AWAY):
            with attempt:
                if superuser:
                    await bootstrap(superuser, passwords(settings))
                dsn = settings.database_migrator
                await require_sound_release(dsn)
                applied = await apply_migrations(dsn, contract=contract)
                waiting = await contracts_waiting(dsn)
    if superuser:
        say("✓ 数据库和角色已就绪", "database and roles are there", "green")
    for name in applied:
        say(f"✓ {name}", "applied", "green")
    if not applied:
        say("✓ 数据库结构已是最新", "the schema is up to date", "green")
    for name in waiting:
        say(
            f"· {name} 待旧程序全部停止后执行：liandan migrate --contract",
            "waits until no older program runs and `liandan migrate --contract` is called",
        )
    with reaching("Kafka"):
        # Fewer brokers than copies is an error that passes while the others are starting.
        async for attempt in _attempts(wait_s, KafkaError):
            with attempt:
                created = await ensure_topics(settings)
    say(f"✓ Kafka 主题：新建 {', '.join(created) or '无'}", "topics created, if any", "green")


def _attempts(
    wait_s: float, on: type[Exception] | tuple[type[Exception], ...]
) -> AsyncIterator[stamina.Attempt]:
    """Try every second or two until ``wait_s`` is over; once if it is 0."""
    attempts = None if wait_s else 1
    return stamina.retry_context(
        on=on, attempts=attempts, timeout=wait_s or None, wait_initial=0.5, wait_max=2
    )


def passwords(settings: Settings) -> dict[str, str]:
    """Return the roles' passwords as they stand in the addresses."""
    found = {}
    for dsn in (
        settings.database_writer,
        settings.database_reader,
        settings.database_registry,
        settings.database_console,
        settings.database_migrator,
    ):
        parts = urllib.parse.urlsplit(dsn)
        if parts.username and parts.password:
            found[parts.username] = urllib.parse.unquote(parts.password)
    return found
