"""A plate's positions as segments: what is dropped and why, clocks put right, places told."""

import json
import random
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.decode import decode_registry_record
from schemas.instant import CHINA
from streams.judging.statement import to_micros
from streams.judging.tracks.drive import REACH_S, Drive
from streams.judging.tracks.places import Places, coarse_provinces, read_provinces
from streams.judging.tracks.positions import Positions
from streams.judging.tracks.segments import Track, seconds
from tests.manifests import record_line

START = datetime(2026, 9, 10, 8, tzinfo=CHINA)
Fix = dict[str, Any]


def fence(name: str, role: str, ring: list[list[float]], **more: Any) -> Any:
    return decode_registry_record(
        record_line("fence", name, name=name, role=role, ring=ring, **more)
    )


SQUARE = [[114.49, 38.03], [114.51, 38.03], [114.51, 38.05], [114.49, 38.05]]
PLACES = Places([fence("works", "generator", SQUARE)])


def fix(minute: float, lon: float = 114.5, lat: float = 38.04, **more: Any) -> Fix:
    told = {"speed_kmh": None, "status": None} | more
    return {"at": START + timedelta(minutes=minute), "lon": lon, "lat": lat, **told}


def positions(fixes: list[Fix], received: datetime | None = None, size: int = 1000) -> Positions:
    found = Positions()
    for n in range(0, len(fixes), size):
        some = fixes[n : n + size]
        at = received or max(f["at"] for f in some)
        found.add([SimpleNamespace(**f) for f in some], to_micros(at), f"urn#{n}", f"{n:064x}")
    return found


def folded(fixes: list[Fix], received: datetime | None = None, places: Places = PLACES) -> Track:
    return whole(Drive("冀A12345", [positions(fixes, received)], places))


def whole(driven: Drive) -> Track:
    assert driven.first is not None
    assert driven.last is not None
    track = driven.track(driven.first, driven.last)
    assert track is not None
    return track


def drive(minutes: int, every: float = 1) -> list[Fix]:
    """A drive eastwards at 72 km/h."""
    steps = int(minutes / every)
    return [fix(n * every, 114.5 + n * every * 0.0137) for n in range(steps + 1)]


def test_a_drive_has_no_stop_and_a_rest_has_one_from_its_first_to_its_last_position() -> None:
    assert folded(drive(60)).stops == ()
    rest = [fix(60 + n, 114.5 + 60 * 0.0137) for n in range(1, 31)]
    (stop,) = folded([*drive(60), *rest]).stops
    assert (stop.begins, stop.ends) == (seconds(START) + 3600, seconds(START) + 5400)


@pytest.mark.parametrize(("minutes", "stops"), [(4, 0), (5, 1)])
def test_standing_counts_from_five_minutes(minutes: int, stops: int) -> None:
    assert len(folded([fix(0), fix(minutes)]).stops) == stops


def test_drift_and_one_bad_fix_do_not_break_a_stop() -> None:
    rng = random.Random(1)
    fixes = [fix(n / 2, 114.5 + rng.uniform(-4e-4, 4e-4), 38.04, speed_kmh=0) for n in range(120)]
    fixes[60]["lon"] = 114.53
    (stop,) = folded(fixes).stops
    assert stop.minutes == 59
    assert [f.id for f in stop.fences] == ["works"]


def test_a_fence_counts_in_its_validity_only() -> None:
    ended = Places([fence("old", "generator", SQUARE, valid_to="2026-09-09")])
    track = folded([fix(n) for n in range(30)], places=ended)
    assert track.visits == ()
    assert track.stops[0].fences == ()


def test_a_visit_is_from_the_first_to_the_last_position_inside_and_a_gap_says_where() -> None:
    track = folded([fix(0), fix(5), fix(100), fix(110, 114.8)])
    (visit,) = track.visits
    assert (visit.enter, visit.leave) == (seconds(START), seconds(START) + 6000)
    assert [(g.begins, g.fence) for g in track.gaps] == [
        (seconds(START) + 300, "works"),
        (seconds(START) + 6000, None),
    ]


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (fix(30.5, 0.0, 0.0), "at_zero"),
        (fix(30.5, status=0), "not_positioned"),
        (fix(200), "future"),
        (fix(30.5, 120.0, 30.0), "jump"),
    ],
)
def test_what_cannot_be_is_dropped_and_counted(odd: Fix, reason: str) -> None:
    told = positions([*drive(60), odd], START + timedelta(minutes=61))
    driven = Drive("冀A12345", [told], PLACES)
    assert driven.dropped == {reason: 1}
    assert len(whole(driven).times) == 61


def test_two_places_an_hour_apart_are_no_jump() -> None:
    told = positions([*drive(60), *(fix(120 + n, 116.5) for n in range(5))])
    assert not Drive("冀A12345", [told], PLACES).dropped


@pytest.mark.parametrize("hours", [-8, 8, 1])
def test_a_clock_off_by_whole_hours_is_put_right(hours: int) -> None:
    wrong = [f | {"at": f["at"] + timedelta(hours=hours)} for f in drive(200)]
    told = Positions()
    for n in range(0, len(wrong), 30):
        some = wrong[n : n + 30]
        received = some[-1]["at"] - timedelta(hours=hours) + timedelta(seconds=40)
        told.merge(positions(some, received))
    driven = Drive("冀A12345", [told], PLACES)
    track = whole(driven)
    assert {batch.shifted for batch in track.batches} == {-hours}
    assert track.times[0] == seconds(START)
    assert not driven.dropped


def test_one_late_batch_changes_no_clock() -> None:
    told = positions(drive(200), START + timedelta(hours=11, minutes=20))
    track = whole(Drive("冀A12345", [told], PLACES))
    assert {batch.shifted for batch in track.batches} == {0}


def test_any_order_and_copies_give_the_same() -> None:
    fixes = [*drive(60), *(fix(60 + n, 115.322) for n in range(40)), fix(30.5, 120.0, 30.0)]
    expected = folded(fixes)
    for seed in range(5):
        mixed = [*fixes, *fixes]
        random.Random(seed).shuffle(mixed)
        assert folded(mixed)._replace(batches=()) == expected._replace(batches=())


def test_a_copy_that_comes_later_is_no_evidence_of_its_own() -> None:
    told = positions(drive(60), START + timedelta(minutes=61))
    told.merge(positions(drive(60), START + timedelta(minutes=90)))
    (batch,) = whole(Drive("冀A12345", [told], PLACES)).batches
    assert batch.received == seconds(START) + 61 * 60


def test_nothing_at_all_is_a_track_of_nothing() -> None:
    assert Drive("冀A12345", [], PLACES).track(0, seconds(START)) is None
    assert Drive("冀A12345", [Positions()], PLACES).first is None
    assert folded([fix(0)]).stops == ()


@pytest.mark.parametrize("seed", range(12))
def test_a_stretch_is_the_same_in_a_drive_of_some_days_as_in_one_of_weeks(seed: int) -> None:
    """What the stream judges by is the days around; what files are judged by is all that there is."""
    rng = random.Random(seed)
    day = 24 * 60
    fixes: list[Fix] = []
    lon, minute = 114.5, -9.0 * day
    while minute < 9 * day:
        n, moving = rng.randint(3, 40), rng.random() < 0.5
        for _ in range(n):
            minute += rng.choice((0.5, 1, 2, 30))
            lon += 0.012 if moving else rng.uniform(-1e-4, 1e-4)
            fixes.append(fix(minute, lon))
        if rng.random() < 0.3:
            fixes.append(fix(minute + 0.2, rng.uniform(80, 130)))
        if rng.random() < 0.2:
            minute += rng.choice((90, 20 * 60, 40 * 60))
        lon = 114.5 if rng.random() < 0.1 else lon
    wrong_from = rng.uniform(-4, 4) * day
    lot = Positions()
    near = Positions()
    begins, ends = seconds(START) - 86_400, seconds(START) + 86_400
    for n in range(0, len(fixes), 20):
        some = fixes[n : n + 20]
        received = some[-1]["at"] + timedelta(minutes=rng.choice((0, 1, 1, 1, 300)))
        if some[0]["at"] > START + timedelta(minutes=wrong_from):
            some = [f | {"at": f["at"] - timedelta(hours=8)} for f in some]
        for k, f in enumerate(some):  # each a batch of its own, so that they part at midnight
            one = positions([f], received + timedelta(seconds=k))
            lot.merge(one)
            if begins - REACH_S <= seconds(f["at"]) <= ends + REACH_S:
                near.merge(one)
    whole_track = Drive("冀A12345", [lot], PLACES).track(begins, ends)
    assert whole_track is not None
    assert len(near) < len(lot)
    assert Drive("冀A12345", [near], PLACES).track(begins, ends) == whole_track


def test_the_coarse_areas_do_not_overlap_and_hold_their_seats() -> None:
    provinces = coarse_provinces()
    assert len(provinces.codes) == 34
    assert provinces.coarse
    assert provinces.margin_km == 30


def test_near_a_border_is_in_no_province() -> None:
    square = {
        "type": "Polygon",
        "coordinates": [[[114, 37], [116, 37], [116, 39], [114, 39], [114, 37]]],
    }
    raw = json.dumps(
        {"features": [{"properties": {"code": "130000"}, "geometry": square}]}
    ).encode()
    places = Places([], read_provinces(raw, 2))
    inside = [(115.0, 38.0, 0), (114.01, 38.0, -1), (114.03, 38.0, 0), (113.9, 38.0, -1)]
    for lon, lat, expected in inside:
        track = folded([fix(0, lon, lat), fix(1, lon, lat)], places=places)
        assert bool(track.stays) == (expected == 0), (lon, lat)


@pytest.mark.parametrize(
    "raw",
    [b"{}", b"[]", b"x", b'{"features": [{"properties": {"code": "99"}, "geometry": null}]}',
     b'{"features": [{"properties": {"code": "13"}, "geometry": {"type": "Point", "coordinates": [1, 2]}}]}'],
)  # fmt: skip
def test_a_file_that_is_no_map_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_provinces(raw, 2)
