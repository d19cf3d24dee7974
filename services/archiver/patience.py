"""Waiting for Kafka and Postgres to come back, until told to stop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from infra.runtime.postgres import POSTGRES_AWAY, is_own_fault
from infra.runtime.schema import application_name
from services.archiver.metrics import RETRIES

__all__ = ["Patience", "Stopped", "Store"]

T = TypeVar("T")
_FIRST_S, _LONGEST_S = 0.1, 2.0
_CONNECT_S, _COMMAND_S = 5.0, 60.0

log = structlog.get_logger(__name__)


class Stopped(Exception):
    """Told to stop while waiting; the position is unchanged."""


class Patience:
    """Tries again with growing pauses. ``stop`` ends every wait with Stopped."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.stop = stop

    async def pause(self, attempt: int) -> None:
        """Wait 0.1 s, 0.2 s … 2 s. Raises Stopped."""
        try:
            async with asyncio.timeout(min(_FIRST_S * 2**attempt, _LONGEST_S)):
                await self.stop.wait()
        except TimeoutError:
            return
        raise Stopped

    async def kafka(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until Kafka answers; what is not a KafkaError passes through. Raises Stopped."""
        attempt = 0
        while True:
            try:
                return await ask()
            except KafkaError as error:
                RETRIES.labels("kafka").inc()
                log.warning("kafka is away", error=repr(error), attempt=attempt)
            await self.pause(attempt)
            attempt = min(attempt + 1, 10)


class Store:
    """One Postgres connection, opened again whenever it breaks."""

    def __init__(self, dsn: str, patience: Patience, on_connect: Callable[[], None]) -> None:
        self._dsn = dsn
        self._patience = patience
        self._on_connect = on_connect
        self._connection: Any = None

    async def run(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Do ``work(connection)`` until it is done without Postgres failing.

        Work that committed when its connection broke is called again: it must be able to tell.
        Raises Stopped, and whatever is no passing failure of Postgres.
        """
        attempt = 0
        while True:
            try:
                if self._connection is None:
                    self._connection = await self._open()
                return await work(self._connection)
            except POSTGRES_AWAY as error:
                self.drop()
                if is_own_fault(error):
                    raise
                RETRIES.labels("postgres").inc()
                log.warning("postgres is away", error=repr(error), attempt=attempt)
            await self._patience.pause(attempt)
            attempt = min(attempt + 1, 10)

    async def _open(self) -> Any:
        self._on_connect()
        return await asyncpg.connect(
            self._dsn,
            timeout=_CONNECT_S,
            command_timeout=_COMMAND_S,
            server_settings={
                "application_name": application_name("archiver"),
                "jit": "off",  # compiling an insert of 5,000 rows takes longer than running it
                "enable_seqscan": "off",  # as ``open_pool`` says of ``by_index``
                "synchronous_commit": "on",  # what is archived stays archived
            },
        )

    def drop(self) -> None:
        """Close the connection at once; an open transaction is rolled back by the server."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
