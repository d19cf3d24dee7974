"""Just the database server of a home, while no stack runs on it: for backup, restore and proof."""

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from infra.local.errors import ChildNotStarted, HomeInUse, HomeUnusable, NoSpace
from infra.local.lock import HomeLock
from infra.local.postgres import SUPERUSER, Postgres
from infra.local.residence import Residence, find_residence, remove_home
from infra.postgres import bootstrap
from infra.runtime.supervision import ChildFailed, Supervisor

__all__ = ["lone_postgres", "scratch_postgres"]

_PREFIX = "scratch-"
_SERVER_BYTES = 300_000_000
"""Of an empty server with its binaries and first write-ahead log."""


@contextlib.asynccontextmanager
async def lone_postgres(home: Path) -> AsyncIterator[Postgres]:
    """Run the home's database server, made anew if there is none, with database and roles.

    Raises LocalStackError (HomeInUse while a stack runs on the home).
    """
    lock, residence = _claim(home)
    try:
        server = Postgres(residence, home / "logs" / "postgres.log")
        async with Supervisor() as supervisor:
            try:
                await server.prepare()
                await supervisor.start(server.child())
            except ChildFailed as failed:
                raise ChildNotStarted(
                    failed.name, failed.what, failed.log, failed.log_tail
                ) from failed
            await bootstrap(server.dsn(SUPERUSER, "postgres"))
            yield server
    finally:
        lock.release()


@contextlib.asynccontextmanager
async def scratch_postgres(below: Path, needed_bytes: int) -> AsyncIterator[Postgres]:
    """Run a database server that is gone afterwards, in a new directory below ``below``.

    What a killed one left is removed first. Raises LocalStackError, NoSpace among them.
    """
    home = _scratch_home(below, needed_bytes)
    try:
        async with lone_postgres(home) as server:
            yield server
    finally:
        remove_home(home)


def _claim(home: Path) -> tuple[HomeLock, Residence]:
    lock = HomeLock(home)
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        return lock, find_residence(home)
    except OSError as error:
        lock.release()
        raise HomeUnusable(home, error.strerror or str(error)) from error
    except BaseException:
        lock.release()
        raise


def _scratch_home(below: Path, needed_bytes: int) -> Path:
    try:
        below.mkdir(parents=True, exist_ok=True)
        _clear(below)
        free = shutil.disk_usage(below).free
        if free < needed_bytes + _SERVER_BYTES:
            raise NoSpace(below, free, needed_bytes + _SERVER_BYTES)
        home = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=below))
        home.chmod(0o755)  # as root the server is another user's, who must get there
    except OSError as error:
        raise HomeUnusable(below, error.strerror or str(error)) from error
    return home


def _clear(below: Path) -> None:
    for left in below.glob(f"{_PREFIX}*"):
        lock = HomeLock(left)
        with contextlib.suppress(HomeInUse, OSError):
            lock.acquire()
            lock.release()
            remove_home(left)
