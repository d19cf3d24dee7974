"""``liandan judge`` with positions: by the coarse areas or an operator's borders, told when they are no map."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from services.archiver.track_buffer import Draft
from services.archiver.track_file import write_file
from services.archiver.track_row import TrackRow, micros
from services.cli.main import app
from tests.tracks.framed import framed
from tests.tracks.story import Story, all_stories


def _story(name: str) -> Story:
    (story,) = (s for s in all_stories() if s.name == name)
    return story


def _judge(tmp_path: Path, story: Story, *options: str, env: dict[str, str] | None = None) -> Any:
    registry, events = tmp_path / "registry.ndjson", tmp_path / "events.ndjson"
    registry.write_bytes(b"\n".join(story.registry_lines))
    events.write_bytes(b"\n".join(story.event_lines))
    asked = ["judge", "--registry", str(registry), "--events", str(events), "--format", "ndjson"]
    return CliRunner().invoke(app, [*asked, *options], env=env)


def _found(result: Any, rule: str) -> list[Any]:
    assert result.exit_code == 0, result.output
    return [a for a in map(json.loads, result.stdout.splitlines()) if a["rule"] == rule]


def _square(path: Path, west: float, south: float, east: float, north: float) -> Path:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    feature = {
        "type": "Feature",
        "properties": {"code": "41"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def test_by_coarse_areas_the_finding_says_that_they_are_no_map(tmp_path: Path) -> None:
    (alert,) = _found(
        _judge(tmp_path, _story("stayed_in_a_third_province")), "track.third_province"
    )
    assert "不是地图" in alert["text_zh"]
    assert "not a map" in alert["text_en"]


def test_by_an_operators_borders_and_margin(tmp_path: Path) -> None:
    story = _story("stayed_in_a_third_province")
    near = _square(tmp_path / "near.geojson", 113, 34, 114, 35)
    env = {"LIANDAN_PROVINCES_GEOJSON": str(near)}
    (alert,) = _found(_judge(tmp_path, story, env=env), "track.third_province")
    assert "不是地图" not in alert["text_zh"]
    deep = _judge(tmp_path, story, "--margin-km", "50", env=env)
    assert not _found(deep, "track.third_province")
    away = _square(tmp_path / "away.geojson", 90, 30, 91, 31)
    other = _judge(tmp_path, story, "--provinces", str(away))
    assert not _found(other, "track.third_province")


def test_borders_that_cannot_be_read_are_refused_with_the_reason(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.geojson"
    wrong.write_text("[]")
    result = _judge(tmp_path, _story("an_ordinary_trip"), "--provinces", str(wrong))
    assert result.exit_code == 2
    assert "wrong.geojson" in result.output


@pytest.mark.parametrize(("options", "found"), [((), 0), (("--vehicles",), 1)])
def test_two_places_is_asked_for_where_there_are_no_positions(
    tmp_path: Path, options: tuple[str, ...], found: int
) -> None:
    result = _judge(tmp_path, _story("at_two_places_at_once"), *options)
    assert len(_found(result, "carrier.two_places")) == found


def test_positions_are_read_from_the_archives_files_events_and_frames_alike(tmp_path: Path) -> None:
    story = _story("a_stop_by_the_lake")
    tracks = [raw for raw in story.event_lines if b"vehicle.track" in raw]
    manifests = story.event_lines[: len(story.event_lines) - len(tracks)]
    rows = [_row(n, raw) for n, raw in enumerate(tracks)]
    rows += [_row(len(rows), b"\xffgarbage"), rows[0]._replace(kafka_offset=99)]
    write_file(tmp_path / "tracks", Draft("2026-09-10/00/p0-0-e1.parquet", rows))
    bare = msgspec.structs.replace(story, tracks=[])
    assert bare.event_lines == manifests
    result = _judge(tmp_path, bare, "--tracks", str(tmp_path / "tracks"))
    (found,) = _found(result, "track.stop_at_water")
    (expected,) = _found(_judge(tmp_path, story), "track.stop_at_water")
    assert found["text_zh"] == expected["text_zh"]
    assert not _found(_judge(tmp_path, bare), "track.stop_at_water")
    assert "tracks" in result.stderr


def _row(offset: int, raw: bytes) -> TrackRow:
    """Every other event as the frame that a terminal would have sent."""
    kind, plate, source, received = "event", None, None, 0
    if offset % 2 and raw.startswith(b"{"):
        raw, key, told_by, at = framed(raw)
        kind, plate, source, received = "frame", key.decode(), told_by.decode(), micros(at)
    digest = hashlib.sha256(raw).digest()
    return TrackRow(
        received, received, 0, offset, plate, source, digest.hex(), kind, None, digest, raw
    )
