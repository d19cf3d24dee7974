"""``run/backup.json`` in the home: when a backup was last made and proven, for the metrics."""

import contextlib
from datetime import datetime
from pathlib import Path

import msgspec

from infra.postgres.backup.contents import Contents, write_whole

__all__ = ["BackupNote", "note_backup", "note_verified", "read_note"]


class BackupNote(msgspec.Struct, frozen=True):
    """The newest backup that this home knows of."""

    finished_at: datetime
    bytes: int
    verified_at: datetime | None = None


def read_note(home: Path) -> BackupNote | None:
    """Return the note, None if there is none that can be read."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(_path(home).read_bytes(), type=BackupNote)
    return None


def note_backup(home: Path, contents: Contents) -> None:
    """Note a backup that was just made."""
    _write(home, BackupNote(contents.finished_at, contents.bytes))


def note_verified(home: Path, contents: Contents, moment: datetime) -> None:
    """Note that a backup was proven, unless a newer one has been made since."""
    known = read_note(home)
    if known is None or known.finished_at <= contents.finished_at:
        _write(home, BackupNote(contents.finished_at, contents.bytes, moment))


def _write(home: Path, note: BackupNote) -> None:
    _path(home).parent.mkdir(parents=True, exist_ok=True)
    write_whole(_path(home), msgspec.json.encode(note) + b"\n")


def _path(home: Path) -> Path:
    return home / "run" / "backup.json"
