"""What is exported of the backup's note and the certificate's file, as they come and go."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from infra.runtime.settings import Settings
from services.courier.upkeep import backup_moment, certificate_end, watch_upkeep
from tests.unit.infra.test_certificate import ENDS, SHORT

DONE = datetime(2026, 11, 22, 3, 15, tzinfo=UTC)


def exported(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"liandan_{name}_timestamp_seconds", labels)


def test_the_gauges_follow_the_files(tmp_path: Path) -> None:
    pem = tmp_path / "tls.pem"
    watch_upkeep(Settings(home=tmp_path, tls_certificate_file=str(pem)))
    assert exported("backup_last_success") == 0, "never"
    assert exported("certificate_not_after", file="tls.pem") == 0, "not there"
    (tmp_path / "run").mkdir()
    note = {"finished_at": DONE.isoformat(), "bytes": 5, "verified_at": None}
    (tmp_path / "run" / "backup.json").write_text(json.dumps(note))
    pem.write_bytes(SHORT)
    assert exported("backup_last_success") == DONE.timestamp()
    assert exported("backup_verified") == 0, "never"
    assert exported("certificate_not_after", file="tls.pem") == ENDS.timestamp()
    note["verified_at"] = "2026-11-22T12:00:00+08:00"
    (tmp_path / "run" / "backup.json").write_text(json.dumps(note))
    assert exported("backup_verified") == datetime(2026, 11, 22, 4, tzinfo=UTC).timestamp()
    pem.write_bytes(b"half a file")
    assert exported("certificate_not_after", file="tls.pem") == 0


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "7", '{"finished_at": 7}', '{"finished_at": "2026-11-22T03:15:00"}']
)
def test_a_note_that_proves_nothing_counts_as_none(tmp_path: Path, text: str) -> None:
    note = tmp_path / "backup.json"
    note.write_text(text)
    assert backup_moment(note, "finished_at") == 0


def test_a_directory_in_the_files_place_is_unreadable(tmp_path: Path) -> None:
    assert certificate_end(tmp_path) == 0
