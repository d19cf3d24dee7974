"""Runs at speed and times at the wheel: what is told of them, and what accuses nobody."""

import random
from datetime import timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.judging.registry import RegistryView
from streams.judging.rules.track.driving import DRIVING_TIME
from streams.judging.tracks.drive import Drive
from streams.judging.tracks.journey import Ride, Trip, rides_of
from streams.judging.tracks.leg import Leg
from streams.judging.tracks.running import Way, driven, fast, way_of
from streams.judging.tracks.segments import LEAST_GAP_S, Track, seconds
from tests.unit.streams.judging.test_track_fold import PLACES, START, Fix, positions, whole

KM = 1 / 111.2
"""Of latitude, in degrees."""
BEGIN = seconds(START)
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def way(*parts: tuple[float, float], told: bool = True, every_s: int = 30) -> list[Fix]:
    """Return positions of (minutes, km/h) one after the other, northwards."""
    fixes: list[Fix] = []
    second, lat = 0.0, 30.0
    for minutes, kmh in parts:
        for _ in range(round(minutes * 60 / every_s)):
            fixes.append(_fix(second, lat, kmh if told else None))
            second, lat = second + every_s, lat + kmh * every_s / 3600 * KM
    return [*fixes, _fix(second, lat, parts[-1][1] if told else None)]


def _fix(second: float, lat: float, kmh: float | None) -> Fix:
    at = START + timedelta(seconds=second)
    return {"at": at, "lon": 114.5, "lat": lat, "speed_kmh": kmh, "status": None}


def track(fixes: list[Fix]) -> Track:
    return whole(Drive("冀A12345", [positions(fixes)], PLACES))


def stretches(fixes: list[Fix]) -> list[tuple[int, int, int]]:
    """Return begin and length in seconds, and km/h, of what is faster than 80 and 10."""
    told = track(fixes)
    found = fast(told, told.times[0], told.times[-1], 80, 10)
    return [(f.begins - BEGIN, f.ends - f.begins, round(f.kmh)) for f in found]


def wheel(fixes: list[Fix]) -> list[int]:
    """Return the minutes of each time at the wheel that is longer than four hours."""
    told = track(fixes)
    times = driven(told, told.times[0], told.times[-1], 5, 20 * 60, 4 * 3600)
    return [d.drove // 60 for d in times if d.over is not None]


def test_a_stretch_is_from_its_first_to_its_last_position_at_speed() -> None:
    assert stretches(way((10, 70), (5, 100), (10, 70))) == [(600, 270, 100)]
    assert stretches(way((10, 70), (5, 100), (10, 70), told=False)) == [(600, 300, 100)]


def test_90_is_the_limit_with_its_tolerance_and_no_more_than_it() -> None:
    assert stretches(way((30, 90))) == []
    assert stretches(way((30, 91))) == [(0, 1800, 91)]


def test_a_speed_that_the_way_does_not_bear_out_is_none() -> None:
    slow = way((30, 75))
    for fix in slow:
        fix["speed_kmh"] = 110
    assert stretches(slow) == []


def test_a_way_that_the_speed_does_not_bear_out_is_none() -> None:
    quick = way((30, 110))
    for fix in quick:
        fix["speed_kmh"] = 70
    assert stretches(quick) == []


def test_nothing_is_told_across_a_silence() -> None:
    silence = LEAST_GAP_S / 60
    quick = [f for f in way((40, 100)) if not 0 < (f["at"] - START).seconds / 60 - 10 < silence]
    assert [length for _, length, _ in stretches(quick)] == [600, 1200]


@QUICK
@given(st.integers(0, 119), st.integers(91, 400))
def test_one_position_at_speed_is_no_stretch_of_two_minutes(n: int, kmh: int) -> None:
    fixes = way((60, 78))
    fixes[n]["speed_kmh"] = kmh
    assert all(length <= 120 for _, length, _ in stretches(fixes))


@QUICK
@given(st.randoms(use_true_random=False), st.booleans())
def test_positions_that_are_metres_off_make_no_speed_of_80(rng: random.Random, told: bool) -> None:
    fixes = way((30, 80), told=told, every_s=10)
    for fix in fixes:
        fix["lat"] += rng.uniform(-25, 25) / 1000 * KM
        fix["lon"] += rng.uniform(-25, 25) / 1000 * KM
    assert all(length <= 120 for _, length, _ in stretches(fixes))


@QUICK
@given(st.integers(1, 119), st.integers(-29, 29))
def test_a_clock_that_leaps_makes_no_speed(n: int, leap: int) -> None:
    fixes = way((60, 78), told=False)
    for fix in fixes[n:]:
        fix["at"] += timedelta(seconds=leap)
    assert all(length <= 120 for _, length, _ in stretches(fixes))


def test_four_hours_are_no_more_than_four_hours() -> None:
    for told in (True, False):
        assert wheel(way((240, 60), told=told)) == []
        assert wheel(way((250, 60), told=told)) == [250]


def test_a_rest_of_twenty_minutes_is_one_and_of_fifteen_is_none() -> None:
    for told in (True, False):
        assert wheel(way((150, 60), (20, 0), (150, 60), told=told)) == []
        assert len(wheel(way((150, 60), (15, 0), (150, 60), told=told))) == 1


def test_a_silence_is_neither_driving_nor_across_it() -> None:
    fixes = way((300, 60))
    heard = [f for f in fixes if not 0 < (f["at"] - START).seconds / 60 - 150 < 11]
    assert wheel(fixes) == [300]
    assert wheel(heard) == []


@QUICK
@given(st.randoms(use_true_random=False), st.booleans())
def test_drift_at_a_rest_breaks_none(rng: random.Random, told: bool) -> None:
    fixes = way((150, 60), (25, 0), (150, 60), told=told, every_s=10)
    for fix in fixes:
        if 150 * 60 <= (fix["at"] - START).seconds <= 175 * 60:
            fix["lat"] += rng.uniform(-20, 20) / 1000 * KM
            fix["lon"] += rng.uniform(-20, 20) / 1000 * KM
    assert wheel(fixes) == []


def test_a_sensor_that_says_nothing_but_zero_does_not_hide_the_way() -> None:
    fixes = way((270, 60))
    for fix in fixes:
        fix["speed_kmh"] = 0
    assert wheel(fixes) == [270]


@QUICK
@given(st.randoms(use_true_random=False))
def test_any_order_and_copies_give_the_same(rng: random.Random) -> None:
    parts = [(rng.choice((3, 20, 90)), rng.choice((0, 3, 60, 95, 120))) for _ in range(8)]
    fixes = way(*parts, every_s=60)
    for fix in rng.sample(fixes, len(fixes) // 5):
        fix["speed_kmh"] = rng.choice((None, 0, 140))
    mixed = [*fixes, *rng.sample(fixes, len(fixes) // 3)]
    rng.shuffle(mixed)
    assert (stretches(mixed), wheel(mixed)) == (stretches(fixes), wheel(fixes))


def driven_way(fixes: list[Fix]) -> Way:
    told = track(fixes)
    found = way_of(told, told.times[0], told.times[-1])
    assert found is not None
    return found


def back(fixes: list[Fix], every_s: int = 30) -> list[Fix]:
    """Return the way there, and back along it."""
    last = fixes[-1]["at"]
    home = reversed(fixes[:-1])
    return [
        *fixes,
        *({**fix, "at": last + timedelta(seconds=every_s * n)} for n, fix in enumerate(home, 1)),
    ]


def test_a_way_is_as_long_as_what_was_driven_and_straight_as_far_as_its_ends_are_apart() -> None:
    there = driven_way(way((90, 60)))
    assert (round(there.km), round(there.straight([]))) == (90, 90)
    both = driven_way(back(way((90, 60))))
    assert (round(both.km), round(both.straight([]))) == (180, 0)


def test_a_call_on_the_way_lengthens_what_it_is_held_against() -> None:
    both = driven_way(back(way((90, 60))))
    turned = BEGIN + 90 * 60
    assert round(both.straight([turned])) == 180
    assert round(both.straight([turned, turned, BEGIN, BEGIN + 180 * 60])) == 180
    assert round(both.straight([BEGIN + 30 * 60])) == 60


def test_drift_of_a_vehicle_that_stands_is_no_way() -> None:
    fixes = way((30, 60), (600, 0), (30, 60))
    for n, fix in enumerate(fixes[60:1260]):
        fix["lat"] += (n % 3 - 1) * 0.0002
    assert round(driven_way(fixes).km) == 60


def test_positions_that_are_metres_off_lengthen_no_way() -> None:
    fixes = way((120, 60), every_s=2)
    for n, fix in enumerate(fixes):
        fix["lon"] += (n % 2) * 0.0002
    assert round(driven_way(fixes).km) == 120


def test_of_a_silence_only_the_distance_is_known() -> None:
    fixes = back(way((90, 60)))
    assert round(driven_way([*fixes[:60], *fixes[300:]]).km) == 60


def test_one_position_is_no_way() -> None:
    told = track(way((30, 60)))
    assert way_of(told, BEGIN, BEGIN + 29) is None


def leg_of(number: int, loaded: int, until: int | None) -> Leg:
    told = (
        *(f"2026130190000{number}", "冀A12345", "C", "A", "甲", "B", "乙", "130100", "130200"),
        *(loaded, loaded, until, True, True, None, None, False, True, 1000, False),
        *("废物", "waste", None, None),
    )
    return msgspec.convert(told, Leg)


def test_a_ride_knows_when_other_loads_were_taken_over_and_given_off_meanwhile() -> None:
    hour, day = 3600, 86_400
    legs = [leg_of(1, 0, 9 * hour), leg_of(2, hour, 8 * hour), leg_of(3, 3 * day, None)]
    called_off = msgspec.structs.replace(leg_of(4, 2 * hour, None), called_off=True, judged=False)
    one, two, three = rides_of([*legs, called_off])
    assert one.others == (hour, 8 * hour)
    assert two.others == (9 * hour,)
    assert three.others == ()


def test_a_leg_that_was_written_before_drivers_were_counted_accuses_nobody() -> None:
    leg = leg_of(1, seconds(START), None)
    assert leg.drivers is None
    driving = track(way((300, 60)))
    trip = Trip(Ride(leg, driving.times[0], driving.times[-1]), driving, (), 3, True)
    for drivers, reason in ((None, "not_counted"), (1, "no_rest"), (2, "two_drivers")):
        counted = trip._replace(
            ride=trip.ride._replace(leg=msgspec.structs.replace(leg, drivers=drivers))
        )
        (outcome,) = DRIVING_TIME.judge(DRIVING_TIME, counted, RegistryView(), None)
        assert outcome.reason == reason
