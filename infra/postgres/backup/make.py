"""Making a backup: one snapshot, dumped by pg_dump and described, whole or not at all."""

import asyncio
import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.postgres.backup.contents import (
    DUMP,
    Contents,
    digest_files,
    sync_directory,
    write_contents,
)
from infra.postgres.backup.errors import BackupError, DirectoryUnusable, NoRoom
from infra.postgres.backup.folder import PARTIAL, name_at, prune, sole_writer
from infra.postgres.backup.snapshot import open_snapshot
from infra.postgres.backup.tools import find_tools
from infra.postgres.backup.versions import server_version

__all__ = ["make_backup"]

_SPARE_BYTES = 64_000_000
_COMPRESSION = "3"
"""Of gzip, which every pg_dump has: a third of the default's time for a tenth more bytes."""


async def make_backup(
    dsn: str,
    directory: Path,
    *,
    program: str,
    bundled: Iterable[Path] = (),
    jobs: int = 1,
    keep: int | None = None,
) -> tuple[Path, Contents, list[Path]]:
    """Back the database up into ``directory``; return the backup, its contents, and what was pruned.

    ``dsn``: of the migrator, who owns all tables. Programs go on meanwhile; migrations wait.
    ``jobs``: tables dumped at once, each on a connection of its own. Raises BackupError and
    what asyncpg raises.
    """
    started_at = datetime.now(UTC)
    with _private(), _on_disk(directory), sole_writer(directory):
        # 1. Never over another one.
        path = directory / name_at(started_at)
        if path.exists():
            raise BackupError(f"{path} 已存在，不予覆盖。", f"{path} is there already.")
        version, major = await server_version(dsn)
        tools = await find_tools(major, bundled)
        partial = directory / f".{path.name}{PARTIAL}"
        partial.mkdir(mode=0o700)
        try:
            async with open_snapshot(dsn) as snapshot:
                # 2. Room for it, before anything is read.
                needed = await snapshot.heap_bytes() + _SPARE_BYTES
                free = shutil.disk_usage(directory).free
                if free < needed:
                    raise NoRoom(directory, free, needed)
                # 3. The dump; what is said of it is read in the same snapshot meanwhile.
                arguments = (
                    *("--format=directory", f"--file={partial / DUMP}", f"--jobs={jobs}"),
                    *(f"--snapshot={snapshot.id}", f"--compress={_COMPRESSION}", "--no-owner"),
                    "--lock-wait-timeout=60s",
                )
                log = partial / "pg_dump.log"
                dumping = asyncio.create_task(tools.run("pg_dump", dsn, arguments, log))
                try:
                    described: dict[str, Any] = {
                        "snapshot_at": await snapshot.moment(),
                        "migrations": await snapshot.migrations(),
                        "registry_seq": await snapshot.registry_seq(),
                        "positions": await snapshot.positions(),
                        "database_bytes": await snapshot.database_bytes(),
                        "rows": await snapshot.rows(),
                    }
                    await dumping
                finally:
                    dumping.cancel()
                    await asyncio.gather(dumping, return_exceptions=True)
            # 4. Digests of what lies on the disk, then the name: only what is whole has one.
            log.unlink()
            contents = Contents(
                program=program,
                server=version,
                server_major=major,
                tool=tools.version,
                started_at=started_at,
                finished_at=datetime.now(UTC),
                files=await asyncio.to_thread(digest_files, partial),
                **described,
            )
            write_contents(partial, contents)
            partial.rename(path)
            sync_directory(directory)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        # 5. Only now that there is a newer one may the oldest go.
        pruned = prune(directory, keep) if keep is not None else []
    return path, contents, pruned


@contextmanager
def _on_disk(directory: Path) -> Iterator[None]:
    """Tell the disk's failures, which name a file, from those of a connection."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DirectoryUnusable(directory, error.strerror or str(error)) from error


@contextmanager
def _private() -> Iterator[None]:
    """Let nobody else read what is written, by pg_dump neither (files 0600, directories 0700)."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
