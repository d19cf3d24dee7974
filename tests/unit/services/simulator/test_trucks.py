"""Vehicles with positions: what is planted is found on files, what looks like it is not, on whatever day."""

import hashlib
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest

from schemas.decode import decode_registry_record, decode_track_event
from services.simulator import Grade, World, build_world, grade
from services.simulator.trucks.papers import terminal_code
from services.simulator.trucks.places import ABROAD, BORDER, CENTRES, km
from streams.judging.on_files import judge_lines
from streams.judging.rules import RULE_BOOK
from streams.judging.tracks.places import Places, coarse_provinces

RULES = {rule.id for rule in RULE_BOOK.track if rule.id.startswith("track.")}
LIKENESSES = {
    f"track_{name}"
    for name in (
        "along_the_border", "arrival_told_after_leaving", "arrival_told_late", "at_78_km_h",
        "beside_a_forbidden_area", "clock_eight_hours_off", "departure_not_told", "detour_within_the_margin",
        "emptied_at_the_receiver", "exactly_four_hours", "fast_while_empty", "goods_run", "handed_over",
        "home_after_unloading", "medical_vehicle", "milk_run", "nearly_twice_the_way",
        "night_at_a_service_area", "night_in_the_yard", "no_route_on_record", "of_a_voided_manifest",
        "of_exempt_waste", "off_route_unloaded", "off_the_lake", "one_position_at_speed",
        "only_the_receiver_told", "past_the_lake", "queue_at_the_gate", "receiver_by_a_river",
        "receiver_without_fence", "rest_in_third_province", "rest_of_20_minutes", "rest_unheard",
        "route_not_in_force", "route_under_an_order", "sensor_flickers", "service_area_in_third_province",
        "short_call", "stray_positions", "terminal_asleep", "told_by_a_stranger", "told_in_bulk", "transit",
        "tunnel", "two_days", "two_drivers", "unheard_at_arrival", "vehicle_of_no_carrier", "without_speed",
    )
}  # fmt: skip
ODD = {"track_stray_positions", "track_told_by_a_stranger"}


@pytest.fixture(scope="module")
def small() -> World:
    return build_world("demo", 1, 300, medical=False)


def positions(world: World) -> dict[tuple[str, str], list[Any]]:
    """Return what each unit told of each vehicle, in order of time."""
    found: dict[tuple[str, str], dict[datetime, Any]] = defaultdict(dict)
    for line in world.events:
        if b'"type":"liandan.vehicle.track' in line:
            event = decode_track_event(line)
            found[event.source, event.subject] |= {p.at: p for p in event.data.positions}
    return {key: [told[at] for at in sorted(told)] for key, told in found.items()}


def graded(world: World, now: datetime | None = None) -> Grade:
    verdict = judge_lines(world.registry, world.events, now=now, keep_outcomes=False)
    assert not verdict.refused
    return grade(world.labels, [msgspec.structs.asdict(alert) for alert in verdict.alerts])


@pytest.mark.parametrize(
    ("name", "seed", "manifests"),
    [("demo", 1, 300), ("demo", 2, 300), ("demo", 3, 300), ("demo", 7, 2_000), ("quiet", 1, 300)],
)
def test_all_that_is_planted_is_found_and_nothing_else(
    small: World, name: str, seed: int, manifests: int
) -> None:
    plain = (name, seed, manifests) == ("demo", 1, 300)
    world = small if plain else build_world(name, seed, manifests, medical=False)
    result = graded(world)
    assert result.perfect, (
        [label for rule in result.rules.values() for label in rule.missed],
        result.false_alarms,
    )
    planted = {label.rule for label in world.labels if label.rule} & RULES
    assert planted == (RULES if name == "demo" else set())


def test_a_world_with_positions_is_judged_alike_years_later(small: World) -> None:
    assert graded(small, datetime(2028, 11, 21, tzinfo=UTC)).perfect


@pytest.mark.parametrize("name", ["demo", "quiet"])
def test_every_look_alike_is_there_in_the_least_world(small: World, name: str) -> None:
    world = small if name == "demo" else build_world(name, 1, 300, medical=False)
    tracked = {x.subject for x in world.labels if x.subject.startswith("trip/")}
    assert len(tracked) >= 30
    likenesses = {label.likeness for label in world.labels}
    assert likenesses >= LIKENESSES
    assert {x for x in likenesses if x and x.startswith("track_")} == LIKENESSES


def test_the_same_seed_gives_the_same_positions(small: World) -> None:
    assert build_world("demo", 1, 300, medical=False) == small


def test_positions_come_in_disorder(small: World) -> None:
    lines = [line for line in small.events if b'"type":"liandan.vehicle.track' in line]
    assert len(set(lines)) < len(lines)
    sizes, backwards, last, late = Counter[int](), 0, dict[str, datetime](), 0
    for line in dict.fromkeys(lines):
        event = decode_track_event(line)
        times = [p.at for p in event.data.positions]
        sizes[len(times)] += 1
        backwards += times == sorted(times, reverse=True)
        late += event.time < last.get(event.subject, event.time)
        last[event.subject] = max(event.time, last.get(event.subject, event.time))
    assert backwards > 2 < late
    assert max(sizes) <= 140 and sum(n for size, n in sizes.items() if size >= 20) > 100


def test_no_vehicle_goes_faster_than_a_lorry(small: World) -> None:
    odd = {x.subject.split("/")[1] for x in small.labels if x.likeness in ODD}
    for (source, plate), told in positions(small).items():
        if plate in odd:
            continue
        for one, other in pairwise(told):
            way = km((one.lon, one.lat), (other.lon, other.lat))
            hours = (other.at - one.at).total_seconds() / 3600
            assert way < 0.1 + 95 * hours, (source, plate, one, other)


def test_every_vehicle_that_tells_has_a_terminal_whose_code_is_derived_from_its_plate(
    small: World,
) -> None:
    records = [decode_registry_record(line) for line in small.registry]
    terminals = {r.plate: r for r in records if r.kind == "terminal"}
    assert {plate for _, plate in positions(small)} == terminals.keys()
    for plate, record in terminals.items():
        assert record.auth_digest == hashlib.sha256(terminal_code(plate).encode()).hexdigest()
    assert len({record.phone for record in terminals.values()}) == len(terminals)
    fences = [r for r in records if r.kind == "fence"]
    assert {r.role for r in fences} == {
        "generator", "receiver", "carrier_yard", "water", "forbidden", "other",
    }  # fmt: skip


def test_cities_lie_deep_in_their_provinces_and_the_border_places_do_not() -> None:
    areas = Places(())

    def deep(*places: tuple[float, float]) -> list[str | None]:
        lon, lat = np.array(places).T
        found = areas.provinces_of(lon, lat).tolist()
        return [coarse_provinces().codes[n] if n >= 0 else None for n in found]

    assert deep(*CENTRES.values()) == [site[:2] for site in CENTRES]
    abroad = [each for places in ABROAD.values() for each in places]
    assert deep(*(place for _, place in abroad)) == [code for code, _ in abroad]
    assert deep(*BORDER.values()) == [None] * len(BORDER)


def test_a_world_without_trucks_has_no_positions_and_the_same_manifests(small: World) -> None:
    bare = build_world("demo", 1, 300, medical=False, trucks=False)
    assert not positions(bare)
    assert [line for line in small.events if b".manifest." in line] == bare.events
    assert small.labels[: len(bare.labels)] == bare.labels
    kinds = {json.loads(line)["kind"] for line in bare.registry}
    assert not kinds & {"fence", "terminal"}
