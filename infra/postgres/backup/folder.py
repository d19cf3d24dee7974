"""A directory of backups: which there are, one writer at a time, the oldest removed."""

import contextlib
import fcntl
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from infra.postgres.backup.contents import (
    CONTENTS,
    Contents,
    read_contents,
    sync_directory,
    write_whole,
)
from infra.postgres.backup.errors import BackupBusy, BackupError, NoBackup

__all__ = [
    "PARTIAL",
    "Backup",
    "find_backup",
    "list_backups",
    "mark_verified",
    "name_at",
    "prune",
    "sole_writer",
]

PARTIAL = ".partial"
"""Ending of what is being written, or was when its writer died: never taken for a backup."""

_NAME = re.compile(r"liandan-\d{8}T\d{6}Z")
_VERIFIED = "verified.json"


class Backup(NamedTuple):
    """A complete backup. ``contents`` None: it does not say what it holds; ``fault`` tells why."""

    path: Path
    contents: Contents | None
    verified_at: datetime | None
    fault: str = ""


def name_at(moment: datetime) -> str:
    """Return the name of the backup that was begun at a moment."""
    return f"liandan-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def list_backups(directory: Path) -> list[Backup]:
    """Return the complete backups in a directory, the newest first."""
    if not directory.is_dir():
        return []
    paths = (path for path in directory.iterdir() if _NAME.fullmatch(path.name))
    return [_look(path) for path in sorted(paths, reverse=True)]


def find_backup(path: Path) -> tuple[Path, Contents]:
    """Return a backup and what it says of itself: ``path`` itself, or the newest in it.

    Raises NoBackup, BackupDamaged, BackupUnfit.
    """
    if not (path / CONTENTS).exists():
        there = list_backups(path)
        if not there:
            raise NoBackup(path)
        path = there[0].path
    return path, read_contents(path)


def mark_verified(backup: Path, moment: datetime) -> None:
    """Remember beside a backup that it was restored and found good."""
    write_whole(backup / _VERIFIED, msgspec.json.encode({"verified_at": moment}) + b"\n")


@contextlib.contextmanager
def sole_writer(directory: Path) -> Iterator[None]:
    """Be the only one who writes backups there; clear what a killed writer left.

    Makes the directory (0700) if need be. Raises BackupBusy, OSError.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # falls with its holder
        except BlockingIOError:
            raise BackupBusy(directory) from None
        for left in directory.glob(f".*{PARTIAL}"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def prune(directory: Path, keep: int) -> list[Path]:
    """Remove all but the newest ``keep`` backups whose contents can be read; return what went.

    Those that cannot be read are left for a person to look at.
    """
    good = [backup.path for backup in list_backups(directory) if backup.contents is not None]
    gone = good[keep:]
    for path in gone:
        # Out of the way at once: one half removed must not be taken for a backup.
        left = path.with_name(f".{path.name}{PARTIAL}")
        path.rename(left)
        sync_directory(directory)
        shutil.rmtree(left)
    return gone


def _look(path: Path) -> Backup:
    try:
        contents = read_contents(path)
    except BackupError as error:
        return Backup(path, None, None, str(error).partition("\n")[0])
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        verified = msgspec.json.decode((path / _VERIFIED).read_bytes(), type=_Verified)
        return Backup(path, contents, verified.verified_at)
    return Backup(path, contents, None)


class _Verified(msgspec.Struct):
    verified_at: datetime
