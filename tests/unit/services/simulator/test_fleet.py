"""Vehicles of the world of manifests: on one journey at a time, on record, and of one carrier alone."""

import json
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from services.simulator import World, build_world
from services.simulator.firms import Firm
from services.simulator.fleet import Garage, Leg

AT = datetime.fromisoformat("2026-09-01T08:00:00+08:00")
DAY = timedelta(days=1)
SHARED = {"names_a_vehicle_twice", "milk_run", "two_manifests_both_possible"}
"""Manifests that share a vehicle with another on purpose."""
FIRM = Firm("91130100XXXX00001A", "示例", "130100", "130100", plates=("冀A0101X", "冀A0102X"))


def journeys(world: World) -> dict[str, list[tuple[datetime, datetime, str]]]:
    """Return when each vehicle was loaded and when it was rid of the load, by plate."""
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in dict.fromkeys(world.events):
        if b'"type":"liandan.manifest.' in line:
            event = json.loads(line)
            told[event["subject"]].append(event)
    found = defaultdict(list)
    for number, events in told.items():
        first = min(
            (e for e in events if e["type"].endswith(".filed.v1")),
            key=lambda e: datetime.fromisoformat(e["time"]),
        )
        parties = {c["uscc"] for c in first["data"]["carriers"]}
        moved = sorted(
            (datetime.fromisoformat(e["time"]), e["data"].get("to") or e["data"]["carrier"])
            for e in events
            if e["type"].split(".")[2] in ("dispatched", "handed_over", "arrived")
            and e["source"].removeprefix("urn:uscc:") in parties
        )
        plates = {c["uscc"]: c["plate"] for c in first["data"]["carriers"]}
        for (begins, carrier), (ends, _) in pairwise(moved):
            found[plates[carrier]].append((begins, ends, number))
    return {plate: sorted(spans) for plate, spans in found.items()}


@pytest.fixture(scope="module")
def demo() -> World:
    return build_world("demo", 5, 3_000, medical=False, trucks=False)


@pytest.mark.parametrize(("name", "size"), [("demo", 300), ("quiet", 600), ("demo", 3_000)])
def test_a_vehicle_is_on_one_manifest_at_a_time(demo: World, name: str, size: int) -> None:
    world = demo if size == 3_000 else build_world(name, 5, size, medical=False, trucks=False)
    spans = journeys(world)
    assert sum(map(len, spans.values())) > size * 0.8
    shared = {x.subject for x in world.labels if x.likeness in SHARED}
    for plate, theirs in spans.items():
        for (_, ends, one), (begins, _, other) in pairwise(theirs):
            assert ends < begins or {one, other} <= shared, (plate, one, other)


def test_every_vehicle_is_on_record_but_those_of_the_carrier_without_a_permit(demo: World) -> None:
    records = [json.loads(line) for line in demo.registry]
    held = [(r["plate"], r["owner"]) for r in records if r["kind"] == "vehicle"]
    vehicles = dict(held)
    assert len(vehicles) == len(set(held))
    permits = {r["carrier"]: r["plates"] for r in records if r["kind"] == "carrier_permit"}
    for plate in journeys(demo).keys() - vehicles.keys():
        owners = {f.uscc for f in demo.firms if f.plates and f.plates[0][:4] == plate[:4]}
        assert not owners & permits.keys()
    listed = [plate for plates in permits.values() for plate in plates]
    assert len(listed) == len(set(listed))
    assert all(vehicles[plate] == carrier for carrier, own in permits.items() for plate in own)


def test_a_vehicle_that_is_asked_for_by_its_plate_is_taken_though_it_is_busy() -> None:
    garage = Garage()
    fleet = garage.fleet(FIRM)
    plate = garage.take(Leg(FIRM, fleet), AT, AT + DAY)
    assert garage.take(Leg(FIRM, fleet, plate=plate), AT + DAY / 2, AT + 3 * DAY) == plate
    assert garage.take(Leg(FIRM, fleet), AT + 3 * DAY, AT + 4 * DAY) != plate
    assert garage.take(Leg(FIRM, fleet), AT + 5 * DAY, AT + 6 * DAY) == plate


def test_a_vehicle_is_taken_with_its_way_there_and_its_rest_and_one_more_is_bought_if_need_be() -> (
    None
):
    garage = Garage()
    leg = Leg(FIRM, garage.fleet(FIRM), 1)
    first, second = FIRM.plates
    assert garage.take(leg, AT, AT + DAY) == second
    assert garage.take(leg, AT + DAY, AT + 2 * DAY) == first
    assert garage.take(leg, AT + DAY / 2, AT + DAY) == "冀A0103X"
    assert garage.take(leg, AT + 3 * DAY, AT + 4 * DAY) == second
    assert garage.take(leg, AT - 3 * DAY, AT - 2 * DAY) == second
    assert [fleet.bought for fleet in garage.fleets()] == [["冀A0103X"]]
