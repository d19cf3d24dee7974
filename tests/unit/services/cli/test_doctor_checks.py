from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from infra.runtime.settings import Settings
from services.cli.check_line import check_positions
from services.cli.check_machine import check_machine
from services.cli.checkup import Checkup


@pytest.fixture
def checkup():
    return Checkup(Console(record=True, width=200, quiet=True))


def rows(**behind):
    now = datetime.now(UTC)
    return [
        {
            "consumer": consumer,
            "partition": 0,
            "next_offset": 100 - lag,
            "updated_at": now - timedelta(seconds=age),
        }
        for consumer, (lag, age) in behind.items()
    ]


def test_caught_up_and_merely_behind_are_healthy(checkup):
    check_positions(checkup, rows(judge=(0, 900), archiver=(40, 1)), {0: 100})
    assert checkup.wrong == []


def test_a_consumer_that_stands_still_is_named_with_its_partition(checkup):
    check_positions(checkup, rows(judge=(40, 60), archiver=(0, 1)), {0: 100})
    (note,) = checkup.wrong
    assert "judge" in note.en
    assert "partition 0" in note.en
    assert note.cure_zh


def test_a_consumer_that_never_came_is_wrong_once_there_is_something_to_read(checkup):
    check_positions(checkup, rows(judge=(0, 1)), {0: 100})
    assert ["archiver" in note.en for note in checkup.wrong] == [True]
    fresh = Checkup(checkup.console)
    check_positions(fresh, [], {0: 0})
    assert fresh.wrong == []


def test_too_little_disk_and_no_java_are_told_with_cures(checkup, tmp_path, monkeypatch):
    from services.cli import check_machine as machine

    monkeypatch.setattr(machine, "system_java", lambda: None)
    monkeypatch.setattr(machine, "bundled_java", lambda: None)
    monkeypatch.setattr(machine, "_NEEDED_MB", 10**9)
    check_machine(checkup, tmp_path / "not" / "there", tmp_path, None)
    assert len(checkup.wrong) == 2
    assert all(note.cure_zh and note.cure_en for note in checkup.wrong)


def test_a_taken_port_is_wrong_only_if_it_was_asked_for(checkup, tmp_path, monkeypatch):
    from services.cli import check_machine as machine

    monkeypatch.setattr(machine, "is_free", lambda _port: False)
    monkeypatch.delenv("LIANDAN_GATEWAY_PORT", raising=False)
    monkeypatch.setenv("LIANDAN_HOME", str(tmp_path))
    check_machine(checkup, tmp_path, tmp_path, Settings())
    assert checkup.wrong == []
    check_machine(checkup, tmp_path, tmp_path, Settings(gateway_port=8080))
    assert len(checkup.wrong) == 1


def test_the_archive_of_vehicles_is_behind_by_a_file_and_that_is_no_fault(checkup):
    check_positions(checkup, rows(judge=(0, 900), archiver=(60, 900)), {0: 100}, "vehicle.tracks")
    assert checkup.wrong == []
    check_positions(checkup, rows(judge=(40, 900), archiver=(0, 1)), {0: 100}, "vehicle.tracks")
    assert ["judge" in note.en for note in checkup.wrong] == [True]
