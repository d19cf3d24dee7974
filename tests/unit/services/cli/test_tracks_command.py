"""``liandan tracks`` on files as the archiver writes them, without a database."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.archiver.track_buffer import Draft
from services.archiver.track_file import write_file
from services.archiver.track_row import TrackRow, micros
from services.cli.main import app
from services.cli.track_files import Fault, compare, digest_of, files_between
from services.cli.track_positions import Unread, positions_of
from tests.gateway_events import ME
from tests.terminal_frames import PLATE, batch, frame, position

AT = datetime(2026, 11, 22, 0, 30, 5, tzinfo=UTC)


def told(at: str, lon: float = 114.5) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0", "id": f"t-{at}", "source": f"urn:uscc:{ME}",
            "type": "liandan.vehicle.track.v1", "subject": PLATE, "time": at,
            "data": {"positions": [{"at": at, "lon": lon, "lat": 38.04, "speed_kmh": 40.5}]},
        }
    ).encode()  # fmt: skip


def row(offset: int, raw: bytes, kind: str = "frame", **more: Any) -> TrackRow:
    digest = hashlib.sha256(raw).digest()
    at = micros(AT) + offset
    made = TrackRow(at, at, 0, offset, PLATE, "urn:uscc:X", digest.hex(), kind, None, digest, raw)
    return made._replace(**more)


ROWS = [
    row(0, frame(0x0200, position("261122083200"))),
    row(1, told("2026-11-22T08:31:00+08:00"), "event"),
    row(2, frame(0x0704, batch([position("261122083000"), position("261122083030")]))),
    row(3, b"\xffgarbage", "event", event_id=None),
    row(4, frame(0x0200, position("261122083200"))),  # sent again
    row(5, frame(0x0200, position("261122083100")), plate="冀B00001"),
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_file(tmp_path / "tracks", Draft("2026-11-22/00/p0-0-e1.parquet", ROWS))
    return tmp_path


def liandan(home: Path, *words: str) -> Any:
    given = {"LIANDAN_HOME": str(home), "COLUMNS": "200"}
    return CliRunner().invoke(app, ["tracks", *words], env=given)


def test_positions_are_told_in_their_order_with_the_evidence(home: Path) -> None:
    done = liandan(home, "冀A·12345", "--format", "ndjson")
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["at"][11:19] for line in lines] == ["00:30:00", "00:30:30", "00:31:00", "00:32:00"]
    assert [line["kind"] for line in lines] == ["frame", "frame", "event", "frame"]
    assert [line["offset"] for line in lines] == [2, 2, 1, 0]
    file = home / "tracks" / "2026-11-22/00/p0-0-e1.parquet"
    assert {line["file_sha256"] for line in lines} == {digest_of(file).hex()}
    assert lines[2]["digest"] == ROWS[1].digest.hex()
    assert (lines[2]["speed_kmh"], lines[0]["speed_kmh"]) == (40.5, 63.5)
    assert (lines[0]["lon"], lines[0]["mileage_km"]) == (114.5, 10.0)
    assert "位点 3" in done.stderr, "what cannot be read is said"


def test_a_period_begins_with_its_first_instant_and_ends_before_its_last(home: Path) -> None:
    done = liandan(
        home, PLATE, "--from", "2026-11-22T08:30:30+08:00", "--to", "2026-11-22T08:32:00+08:00",
        "--format", "ndjson",
    )  # fmt: skip
    assert [json.loads(line)["at"][11:19] for line in done.stdout.splitlines()] == [
        "00:30:30",
        "00:31:00",
    ]


def test_a_table_names_times_of_china_and_files(home: Path) -> None:
    done = liandan(home, PLATE)
    assert "2026-11-22 08:30:00" in done.stdout
    assert "4 个位置，来自 1 个文件" in done.stdout
    assert digest_of(home / "tracks/2026-11-22/00/p0-0-e1.parquet").hex() in done.stdout


def test_without_files_there_are_no_positions(tmp_path: Path) -> None:
    done = liandan(tmp_path, PLATE)
    assert done.exit_code == 0
    assert "0 个位置" in done.stdout


@pytest.mark.parametrize("words", [[], ["nothing"], [PLATE, "--from", "yesterday"]])
def test_what_is_asked_wrongly_is_an_error_of_use(tmp_path: Path, words: list[str]) -> None:
    assert liandan(tmp_path, *words).exit_code == 2


def test_a_file_that_is_none_is_told_with_the_cure(home: Path) -> None:
    (home / "tracks/2026-11-22/00/p0-9-e1.parquet").write_bytes(b"not parquet")
    done = liandan(home, PLATE)
    assert done.exit_code == 3
    assert "--verify" in done.stderr


def test_a_message_of_several_packages_is_read_whole() -> None:
    body = batch([position("261122083000"), position("261122083030")])
    value = frame(0x0704, body[:40], part=(2, 1)) + frame(0x0704, body[40:], part=(2, 2), serial=2)
    assert [seen.at.second for seen in positions_of("frame", value)] == [0, 30]


@pytest.mark.parametrize(
    ("kind", "raw"),
    [("event", b""), ("event", b"{}"), ("frame", b""), ("frame", b"~~"), ("frame", b"~abc~")],
)
def test_garbage_is_told_apart(kind: str, raw: bytes) -> None:
    with pytest.raises(Unread):
        positions_of(kind, raw)


def test_days_are_searched_from_one_before_to_some_after(tmp_path: Path) -> None:
    for day in range(10, 25):
        folder = tmp_path / f"2026-11-{day}" / "09"
        folder.mkdir(parents=True)
        (folder / "p0-0-e1.parquet").touch()
        (folder / ".p0-0-e1.parquet.tmp").touch()
        (folder / "p0-9-e1.parquet.orphan").touch()
    (tmp_path / "2026-99-99" / "09").mkdir(parents=True)
    begin = datetime(2026, 11, 12, tzinfo=UTC)
    found = files_between(tmp_path, begin, begin + timedelta(days=1), timedelta(days=2))
    assert [name[8:10] for name in found] == ["11", "12", "13", "14", "15"]
    assert len(files_between(tmp_path, None, None, timedelta(days=7))) == 15
    assert files_between(tmp_path / "none", None, None, timedelta(0)) == []


def test_files_altered_lost_or_not_on_record_are_told(tmp_path: Path) -> None:
    for name in ("same", "altered", "new"):
        (tmp_path / name).write_bytes(name.encode())
    recorded = [
        {"name": name, "sha256": hashlib.sha256(name.encode()).digest()}
        for name in ("same", "altered", "lost")
    ]
    (tmp_path / "altered").write_bytes(b"altereD")
    assert compare(tmp_path, recorded, ["same", "altered", "new"]) == [
        Fault("altered", "differs"),
        Fault("lost", "missing"),
        Fault("new", "unrecorded"),
    ]
