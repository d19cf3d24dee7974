"""Postgres finds a place wherever the home is and whoever runs the stack."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from infra.local import residence
from infra.local.postgres import SUPERUSER, Postgres
from infra.local.residence import find_residence, remove_home
from infra.runtime.supervision import Supervisor

ROOT = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


async def ask_version(home: Path, fetchval) -> object:
    server = Postgres(find_residence(home), home / "postgres.log")
    await server.prepare()
    async with Supervisor() as supervisor:
        await supervisor.start(server.child())
        return await fetchval(server.dsn(SUPERUSER, "postgres"), "SHOW server_version")


@as_root
async def test_under_a_private_home_a_state_directory_is_used(
    home, fresh_home, monkeypatch, fetchval
):
    home.chmod(0o700)
    with fresh_home() as state_root:
        monkeypatch.setattr(residence, "_STATE_ROOT", state_root / "state")
        assert str(await ask_version(home, fetchval)).startswith("18.")
        assert find_residence(home).directory == find_residence(home).directory
        assert find_residence(home).directory.parent == state_root / "state"
        # An emptied home starts afresh: Kafka's log is gone, so must the database be.
        first = find_residence(home).directory
        (home / "postgres.id").unlink()
        assert find_residence(home).directory != first
        second = find_residence(home).directory
        remove_home(home)
        assert first.exists()
        assert not second.exists()


async def test_a_long_path_gets_a_short_private_socket_directory(home, fetchval):
    deep = home / ("long" * 20) / ("deep" * 20)
    deep.mkdir(parents=True)
    assert str(await ask_version(deep, fetchval)).startswith("18.")
    where = find_residence(deep)
    socket = where.socket_directory()
    try:
        assert socket == where.socket_directory()
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        # Somebody else's directory of that name is not taken.
        socket.chmod(0o777)
        other = where.socket_directory()
        assert other != socket
        other.rmdir()
    finally:
        socket.rmdir()


AS_ANYONE = """
import asyncio, sys
from pathlib import Path
from infra.local.postgres import Postgres
from infra.local.residence import find_residence
from infra.runtime.supervision import Supervisor

async def main(home):
    server = Postgres(find_residence(home), home / "postgres.log")
    await server.prepare()
    async with Supervisor() as supervisor:
        await supervisor.start(server.child())
        print("up" if await server.answers() else "down")

asyncio.run(main(Path(sys.argv[1])))
"""


def open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def anyones_python() -> str | None:
    """This Python, or the system's of the same version, if other users may run it."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = (sys.executable, shutil.which(name, path=os.defpath))
    return next((c for c in candidates if c and open_to_all(Path(c))), None)


@as_root
def test_a_plain_user_needs_no_copy_and_no_root(home):
    nobody = 65534
    python, packages = anyones_python(), Path(asyncpg.__file__).parents[1]
    if python is None or not open_to_all(ROOT) or not open_to_all(packages):
        pytest.skip("this checkout or this Python is closed to other users")
    os.chown(home, nobody, nobody)
    done = subprocess.run(
        [python, "-B", "-c", AS_ANYONE, str(home)],
        user=nobody,
        group=nobody,
        extra_groups=[],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, "HOME": str(home), "PYTHONPATH": str(packages)},
        timeout=60,
    )
    assert "up" in done.stdout.splitlines(), done.stderr
    assert not list((home / "postgres").glob("binaries-*"))
