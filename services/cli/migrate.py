"""``liandan migrate``: database schema and topics of an outside Kafka and Postgres."""

import asyncio
import urllib.parse
from typing import Annotated

import typer

from infra.kafka.topics import ensure_topics
from infra.postgres import bootstrap
from infra.postgres import migrate as apply_migrations
from infra.runtime.settings import Settings
from services.cli.console import say
from services.cli.failures import quiet_logs, reaching, served

__all__ = ["migrate"]


def migrate(
    superuser: Annotated[
        str,
        typer.Option(
            envvar="LIANDAN_DATABASE_SUPERUSER",
            help="先建库和角色所用的超级用户地址 / create database and roles with this address first",
        ),
    ] = "",
) -> None:
    """升级数据库结构并建主题 / Apply what is missing to the database, create missing topics.

    `liandan up` 和 `liandan demo` 会自动完成 / `up` and `demo` do this by themselves.
    """
    with served():
        quiet_logs()
        asyncio.run(_migrate(Settings(), superuser))


async def _migrate(settings: Settings, superuser: str) -> None:
    with reaching("Postgres"):
        if superuser:
            await bootstrap(superuser, _passwords(settings))
            say("✓ 数据库和角色已就绪", "database and roles are there", "green")
        applied = await apply_migrations(settings.database_migrator)
    for name in applied:
        say(f"✓ {name}", "applied", "green")
    if not applied:
        say("✓ 数据库结构已是最新", "the schema is up to date", "green")
    with reaching("Kafka"):
        created = await ensure_topics(settings)
    say(f"✓ Kafka 主题：新建 {', '.join(created) or '无'}", "topics created, if any", "green")


def _passwords(settings: Settings) -> dict[str, str]:
    """Return the roles' passwords as they stand in the addresses."""
    found = {}
    for dsn in (
        settings.database_writer,
        settings.database_reader,
        settings.database_registry,
        settings.database_migrator,
    ):
        parts = urllib.parse.urlsplit(dsn)
        if parts.username and parts.password:
            found[parts.username] = urllib.parse.unquote(parts.password)
    return found
