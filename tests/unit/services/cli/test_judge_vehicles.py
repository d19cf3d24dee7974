"""``liandan judge`` with positions: by the coarse areas or an operator's borders, told when they are no map."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.main import app
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
