"""Postgres' own pg_dump and pg_restore: which ones fit a server, and running them.

They never get a password on their command line, which everyone on the machine can read.
"""

import asyncio
import os
import re
import shutil
import urllib.parse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from infra.postgres.backup.errors import NoRoom, NoTools, ToolFailed
from infra.runtime.child import Child, ChildFailed, run_to_end

__all__ = ["Tools", "find_tools"]

_DEBIAN = Path("/usr/lib/postgresql")
_VERSION = re.compile(r"\(PostgreSQL\) ((\d+)[.\w]*)")
_LONGEST_S = 7 * 86_400.0
_DISK_FULL = "No space left on device"


class Tools(NamedTuple):
    """A directory with pg_dump and pg_restore of one version."""

    directory: Path
    version: str
    major: int

    async def run(self, program: str, dsn: str, arguments: Sequence[str], log: Path) -> None:
        """Run a program against ``dsn`` to its end; it dies with this process.

        Raises ToolFailed with its last words, NoRoom.
        """
        address, secret = _apart(dsn)
        child = Child(
            name=program,
            argv=(
                str(self.directory / program),
                f"--dbname={address}",
                "--no-password",
                *arguments,
            ),
            log=log,
            env={**os.environ, "LC_ALL": "C", **secret},
        )
        try:
            await run_to_end(child, _LONGEST_S)
        except ChildFailed as failed:
            if (
                program == "pg_dump" and _DISK_FULL in failed.log_tail
            ):  # else it is the server's disk
                free = shutil.disk_usage(log.parent).free
                raise NoRoom(log.parent, free, free + 1_000_000) from failed
            told = " ".join(failed.log_tail.splitlines()[-3:])
            raise ToolFailed(program, failed.what, told) from failed


async def find_tools(major: int, bundled: Iterable[Path] = ()) -> Tools:
    """Return the tools for a server: of its own major version, else the next newer one.

    Older ones are refused by the server's newer catalogue; newer ones may write commands that the
    server does not know, so the nearest is best. Looks in PATH, where Debian keeps them, and in
    ``bundled``. Raises NoTools.
    """
    found = [tools for tools in [await _look(d) for d in _places(bundled)] if tools is not None]
    fitting = [tools for tools in found if tools.major >= major]
    if not fitting:
        raise NoTools(major, [f"{tools.version} ({tools.directory})" for tools in found])
    return min(fitting, key=lambda tools: tools.major)


def _places(bundled: Iterable[Path]) -> list[Path]:
    on_path = shutil.which("pg_dump")
    places = [Path(on_path).parent] if on_path else []
    return [*places, *sorted(_DEBIAN.glob("*/bin")), *bundled]


async def _look(directory: Path) -> Tools | None:
    versions = []
    for program in ("pg_dump", "pg_restore"):
        try:
            process = await asyncio.create_subprocess_exec(
                directory / program,
                "--version",
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            return None
        told, _ = await process.communicate()
        versions.append(_VERSION.search(told.decode(errors="replace")))
    dump, restore = versions
    if dump is None or restore is None or dump[1] != restore[1]:
        return None
    return Tools(directory, dump[1], int(dump[2]))


def _apart(dsn: str) -> tuple[str, dict[str, str]]:
    """Return the address without its password, and the environment that carries it."""
    parts = urllib.parse.urlsplit(dsn)
    query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    password = query.pop("password", None)
    user, at, place = parts.netloc.rpartition("@")
    name, colon, secret = user.partition(":")
    if colon:
        password = urllib.parse.unquote(secret)
    address = parts._replace(netloc=name + at + place, query=urllib.parse.urlencode(query))
    return address.geturl(), {} if password is None else {"PGPASSWORD": password}
