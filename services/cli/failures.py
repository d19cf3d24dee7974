"""Failures of what a command talks to (local stack, Postgres, Kafka, gateway) as sentences."""

import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import typer
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from infra.local.errors import HomeUnusable, LocalStackError
from infra.postgres import MigrationError
from infra.postgres.backup import BackupError
from infra.runtime.logs import configure_logs
from infra.runtime.postgres import POSTGRES_AWAY
from services.cli.console import Failure, explained, quote, say_failure

__all__ = ["AWAY", "connected", "quiet_logs", "reaching", "served", "using_home"]

AWAY = (*POSTGRES_AWAY, asyncpg.PostgresError, KafkaError, httpx2.HTTPError, httpx2.InvalidURL)
"""Everything that clients raise when the other side is away or refuses."""

_START = (
    "请先启动：liandan up；或用 liandan doctor 查原因。",
    "Start it with `liandan up`, or ask `liandan doctor` for the cause.",
)


def quiet_logs(file: Path | None = None) -> None:
    """Keep the libraries' log lines off the terminal: into a file, or drop all but the gravest.

    ``file``: ``<home>/logs/<name>``. Raises HomeUnusable.
    """
    configure_logs("cli", "CRITICAL" if file is None else "INFO")
    if file is not None:
        with using_home(file.parents[1]):
            file.parent.mkdir(parents=True, exist_ok=True)
            stream = file.open("a", encoding="utf-8")
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(stream)


@contextlib.contextmanager
def using_home(home: Path) -> Iterator[None]:
    """Raise HomeUnusable when the home cannot be written."""
    try:
        yield
    except OSError as error:
        raise HomeUnusable(home, error.strerror or quote(error)) from error


@contextlib.contextmanager
def served() -> Iterator[None]:
    """Turn failures into a sentence with its cure and an exit code, never a traceback.

    2: the stack cannot be started here; 3: something does not answer or refuses.
    """
    try:
        with explained():
            yield
    except LocalStackError as error:
        say_failure(str(error))
        raise typer.Exit(2) from None
    except ValidationError as error:
        for each in error.errors(include_url=False):
            name = "LIANDAN_" + str(each["loc"][0]).upper() if each["loc"] else "LIANDAN_…"
            value = each["input"]
            say_failure(
                f"设置 {name}={value} 不合要求，请更正后重试。\n"
                f"The setting {name}={value} is not valid ({each['msg']}); correct it and try again."
            )
        raise typer.Exit(2) from None
    except BackupError as error:
        say_failure(str(error))
        raise typer.Exit(error.code) from None
    except MigrationError as error:
        say_failure(f"数据库与程序不符：{error.zh}\nDatabase and program do not match: {error}")
        raise typer.Exit(3) from None


@contextlib.contextmanager
def reaching(what: str, cure: tuple[str, str] = _START) -> Iterator[None]:
    """Raise Failure when what is reached inside, ``what`` for people, is away or refuses."""
    try:
        yield
    except AWAY as error:
        why = quote(error)
        raise Failure(
            f"{what} 无法使用（{why}）。",
            f"{what} cannot be used ({why}).",
            *cure,
        ) from error


@contextlib.asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    """Lend a connection to Postgres. Raises Failure when it is away."""
    with reaching("Postgres"):
        connection = await asyncpg.connect(dsn, timeout=5)
    try:
        yield connection
    finally:
        await connection.close(timeout=2)
