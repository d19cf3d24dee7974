"""``run/backup.json`` tells of the newest backup, and whether that one was proven."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from infra.postgres.backup import Contents, note_backup, note_verified, read_note

AT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def contents(hours: int) -> Contents:
    moment = (AT + timedelta(hours=hours)).isoformat()
    return msgspec.convert(
        {
            **dict.fromkeys(("started_at", "snapshot_at", "finished_at"), moment),
            **dict.fromkeys(("program", "server", "tool"), "1"),
            **dict.fromkeys(("server_major", "registry_seq", "database_bytes"), 1),
            "migrations": [],
            "positions": [],
            "rows": {},
            "files": {"dump/toc.dat": {"bytes": 7 + hours, "sha256": ""}},
        },
        Contents,
    )


def test_it_holds_what_the_metrics_read(tmp_path: Path) -> None:
    assert read_note(tmp_path) is None
    note_backup(tmp_path, contents(0))
    path = tmp_path / "run" / "backup.json"
    told = json.loads(path.read_text())
    assert told == {"finished_at": "2026-11-25T03:00:00Z", "bytes": 7, "verified_at": None}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    note_verified(tmp_path, contents(0), AT + timedelta(hours=1))
    assert json.loads(path.read_text())["verified_at"] == "2026-11-25T04:00:00Z"


def test_a_new_backup_is_unproven_and_an_old_proof_does_not_hide_it(tmp_path: Path) -> None:
    note_backup(tmp_path, contents(0))
    note_verified(tmp_path, contents(0), AT)
    note_backup(tmp_path, contents(5))
    note_verified(tmp_path, contents(0), AT + timedelta(hours=9))
    note = read_note(tmp_path)
    assert note is not None
    assert (note.bytes, note.verified_at) == (12, None)


def test_what_cannot_be_read_is_no_note(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "backup.json").write_text('{"finished_at": 1')
    assert read_note(tmp_path) is None
