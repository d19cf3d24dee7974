"""Postgres as the console uses it: one short transaction for each page, within a time limit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

import structlog

from infra.runtime.bounded import Bounded
from infra.runtime.postgres import POSTGRES_AWAY, is_own_fault, open_pool
from services.console.session import SessionOver, Who, who_of
from services.console.token import is_token

__all__ = ["Database", "DatabaseAway", "Desk"]

TIMEOUT_S = 5.0
"""A page that takes longer says that the database is away."""
_CONNECTIONS = 8
_HEALTH_S = 1.0

_log = structlog.get_logger(__name__)
T = TypeVar("T")


class DatabaseAway(Exception):
    """The database does not answer, or not in time: it passes."""


class Desk(NamedTuple):
    """One transaction of one person: what ``connection`` reads is what they may see."""

    connection: Any
    who: Who


class Database:
    """Runs work in transactions; opens without a server being there."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.pool: Any = None
        self._bounded = Bounded()

    async def open(self) -> None:
        """Prepare the pool; connects to nothing yet."""
        self.pool = await open_pool(self._dsn, most=_CONNECTIONS, command_timeout_s=TIMEOUT_S)

    async def close(self) -> None:
        """Close the connections, by force after 0.3 s."""
        self._bounded.cancel()
        if self.pool is not None:
            try:
                await asyncio.wait_for(self.pool.close(), 0.3)
            except (*POSTGRES_AWAY, asyncio.CancelledError):
                self.pool.terminate()

    async def as_holder(self, token: str | None, work: Callable[[Desk], Awaitable[T]]) -> T:
        """Do ``work`` for the holder of a session. Raises SessionOver, DatabaseAway."""
        if token is None or not is_token(token):
            raise SessionOver

        async def entered(connection: Any) -> T:
            row = await connection.fetchrow("SELECT * FROM console_enter($1)", token)
            if row is None:
                raise SessionOver
            return await work(Desk(connection, who_of(row)))

        return await self.plainly(entered)

    async def plainly(self, work: Callable[[Any], Awaitable[T]], timeout_s: float = TIMEOUT_S) -> T:
        """Do ``work`` on a connection without a session: the views are empty. Raises DatabaseAway."""

        async def whole() -> T:
            async with self.pool.acquire(timeout=TIMEOUT_S) as connection, connection.transaction():
                return await work(connection)

        try:
            return await self._bounded(whole, timeout_s)
        except POSTGRES_AWAY as error:
            if is_own_fault(error):
                raise
            _log.warning("database away", error=repr(error))
            raise DatabaseAway from error

    async def answers(self) -> bool:
        """Whether the database answers at the moment."""
        try:
            return bool(await self.plainly(lambda c: c.fetchval("SELECT true"), _HEALTH_S))
        except DatabaseAway:
            return False
