"""What a backup says of itself: ``contents.json``, and whether its files are still those.

A backup is a directory ``liandan-<UTC time>`` with ``dump/`` (pg_dump's directory format),
``contents.json`` and its own digest ``contents.json.sha256``; ``verified.json`` comes later.
"""

import hashlib
import os
from datetime import datetime
from pathlib import Path

import msgspec

from infra.postgres.backup.errors import BackupDamaged, BackupUnfit, NoBackup

__all__ = [
    "CONTENTS",
    "DUMP",
    "FORMAT",
    "AppliedFile",
    "Contents",
    "DumpFile",
    "Standing",
    "check_files",
    "digest_files",
    "read_contents",
    "sync_directory",
    "write_contents",
    "write_whole",
]

FORMAT = 1
CONTENTS, DUMP = "contents.json", "dump"
_DIGEST = f"{CONTENTS}.sha256"


class DumpFile(msgspec.Struct, frozen=True):
    """One file of the dump."""

    bytes: int
    sha256: str


class AppliedFile(msgspec.Struct, frozen=True):
    """One migration that the database had."""

    version: int
    name: str
    oldest_program: int = 0


class Standing(msgspec.Struct, frozen=True):
    """Where one consumer stood in one partition of the log."""

    consumer: str
    topic: str
    partition: int
    cluster_id: str
    next_offset: int
    clock: datetime | None


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Everything but ``files`` and ``finished_at`` was read in the snapshot that was dumped."""

    format: int = FORMAT
    program: str
    """Version of liandan."""
    server: str
    server_major: int
    tool: str
    """Version of pg_dump."""
    started_at: datetime
    snapshot_at: datetime
    """The recovery point: what was committed by then is in it."""
    finished_at: datetime
    migrations: list[AppliedFile]
    registry_seq: int
    rows: dict[str, int]
    """By table; of a partitioned one all of it."""
    positions: list[Standing]
    database_bytes: int
    """What the database took on the server's disk, with indexes."""
    files: dict[str, DumpFile]
    """By path below the backup."""

    @property
    def schema(self) -> int:
        """Number of the newest migration."""
        return max((applied.version for applied in self.migrations), default=0)

    @property
    def bytes(self) -> int:
        """Size of the dump."""
        return sum(file.bytes for file in self.files.values())


def digest_files(backup: Path) -> dict[str, DumpFile]:
    """Return size and SHA-256 of every file of the dump."""
    found = {}
    for path in sorted((backup / DUMP).rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                found[path.relative_to(backup).as_posix()] = DumpFile(file.tell(), digest)
    return found


def check_files(backup: Path, contents: Contents) -> None:
    """Compare every file with what was written of it. Raises BackupDamaged, naming them."""
    there = digest_files(backup)
    damage = [f"{name}: missing" for name in contents.files.keys() - there.keys()]
    damage += [f"{name}: not part of it" for name in there.keys() - contents.files.keys()]
    damage += [
        f"{name}: SHA-256 {there[name].sha256[:12]}… instead of {file.sha256[:12]}…"
        for name, file in contents.files.items()
        if name in there and there[name] != file
    ]
    if damage:
        raise BackupDamaged(backup, sorted(damage))


def write_contents(backup: Path, contents: Contents) -> None:
    """Write ``contents.json`` and its digest, which ``sha256sum -c`` understands."""
    text = msgspec.json.format(msgspec.json.encode(contents), indent=2) + b"\n"
    write_whole(backup / CONTENTS, text)
    digest = hashlib.sha256(text).hexdigest()
    write_whole(backup / _DIGEST, f"{digest}  {CONTENTS}\n".encode())


def read_contents(backup: Path) -> Contents:
    """Return what a backup says of itself.

    Raises NoBackup, BackupDamaged, BackupUnfit (written by a newer program).
    """
    try:
        text = (backup / CONTENTS).read_bytes()
        told = (backup / _DIGEST).read_text()
    except (FileNotFoundError, NotADirectoryError):
        raise NoBackup(backup) from None
    if told.split()[:1] != [hashlib.sha256(text).hexdigest()]:
        raise BackupDamaged(backup, [CONTENTS])
    try:
        written = msgspec.json.decode(text, type=_Written)
        if written.format <= FORMAT:
            return msgspec.json.decode(text, type=Contents)
    except msgspec.MsgspecError as error:
        raise BackupDamaged(backup, [f"{CONTENTS}: {error}"]) from None
    raise BackupUnfit(
        f"备份 {backup} 由更新的程序写成（格式 {written.format}）。",
        f"The backup {backup} was written by a newer program (format {written.format}).",
    )


class _Written(msgspec.Struct):
    format: int


def write_whole(path: Path, text: bytes) -> None:
    """Replace a file (mode 0600): readers, and a crash, find the old or the new one, never half."""
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
