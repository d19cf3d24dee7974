"""The TCP server for terminals: how many, how long, who is who. Part of the gateway's process."""

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import structlog

from infra.runtime.settings import Settings
from schemas.instant import china_day
from services.gateway.database import Database
from services.gateway.metrics import TERMINAL_CONNECTIONS
from services.gateway.producer import EventLog
from services.gateway.terminals.connection import Connection
from services.gateway.terminals.keeper import Keeper
from services.gateway.terminals.known import Known, KnownTerminal, keep_known_fresh
from services.gateway.terminals.registration import LEAST_KEY

__all__ = ["TerminalServer"]

_STRANGER_S = 30.0
"""A connection that has not proved who it is by then is closed."""
_BACKLOG = 1024
_OTHER_FILES = 1024
"""Descriptors left to HTTP, Kafka, Postgres and the rest of the process."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = structlog.get_logger(__name__)


class TerminalServer:
    """Listens while it runs. ``clock``: microseconds since 1970; ``monotonic``: seconds.

    Raises ValueError for a key that is too short.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        log: EventLog,
        database: Database,
    ) -> None:
        if settings.terminals_key and len(settings.terminals_key) < LEAST_KEY:
            raise ValueError(f"terminals_key has fewer than {LEAST_KEY} characters")
        self._settings, self._database = settings, database
        self.clock, self.monotonic = clock, monotonic
        self.rate = settings.terminals_frame_rate
        self.code_key = settings.terminals_key
        self.known = Known(settings.home.expanduser() / "run" / "gateway-terminals.json")
        self.keeper = Keeper(log)
        self.port: int | None = None
        """The port that it listens on, once it does."""
        self._connections: dict[Connection, float] = {}
        """Each with the moment at which it came."""
        self._by_phone: dict[str, Connection] = {}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen until left, if a port is set. Raises OSError where the address cannot be had."""
        settings = self._settings
        if settings.terminals_port is None:
            yield
            return
        self.known.load()
        _allow_files(settings.terminals_most)
        listening = await asyncio.get_running_loop().create_server(
            lambda: Connection(self),
            settings.terminals_host,
            settings.terminals_port,
            backlog=_BACKLOG,
        )
        self.port = listening.sockets[0].getsockname()[1]
        _log.info("listening to terminals", host=settings.terminals_host, port=self.port)
        tasks = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("terminals refresh", self._keep_fresh()),
                ("terminals to the log", self.keeper.run()),
                ("idle terminals", self._sweep()),
            )
        ]
        try:
            yield
        finally:
            listening.close()
            for connection in list(self._connections):
                connection.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def known_today(self, phone: str) -> KnownTerminal | None:
        """Return the terminal of a number that is in force on China's date of this moment."""
        return self.known.of(phone, china_day(_EPOCH + timedelta(microseconds=self.clock())))

    def joined(self, connection: Connection) -> None:
        """Take a connection in, or close it where there are too many."""
        if len(self._connections) >= self._settings.terminals_most:
            connection.close("crowded")
            return
        self._connections[connection] = self.monotonic()
        TERMINAL_CONNECTIONS.set(len(self._connections))

    def left(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        if self._connections.pop(connection, None) is not None:
            TERMINAL_CONNECTIONS.set(len(self._connections))
        self.logged_out(connection)

    def authenticated(self, connection: Connection, terminal: KnownTerminal) -> None:
        """Note who it is. Its earlier connection is closed: networks forget to say that one ended."""
        before = self._by_phone.get(terminal.phone)
        self.logged_out(connection)
        if before is not None and before is not connection:
            before.close()
        connection.terminal = terminal
        self._by_phone[terminal.phone] = connection

    def logged_out(self, connection: Connection) -> None:
        """Take its proof back."""
        terminal, connection.terminal = connection.terminal, None
        if terminal is not None and self._by_phone.get(terminal.phone) is connection:
            del self._by_phone[terminal.phone]

    async def _keep_fresh(self) -> None:
        every_s = self._settings.terminals_refresh_s
        await keep_known_fresh(self.known, self._database, every_s, self.clock)

    async def _sweep(self) -> None:
        """Close who is silent, and who does not say who it is."""
        idle_s = self._settings.terminals_idle_s
        while True:
            await asyncio.sleep(min(5.0, idle_s / 4))
            now = self.monotonic()
            for connection, came in list(self._connections.items()):
                stranger = connection.terminal is None and now - came > _STRANGER_S
                if stranger or now - connection.heard > idle_s:
                    connection.close("idle")


def _allow_files(connections: int) -> None:
    """Let the process have a descriptor for each connection, as far as the system allows it."""
    wanted = connections + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        _log.warning("too few files allowed for so many terminals", allowed=most, wanted=wanted)
