"""One vehicle on two manifests at once: where it cannot have been, and where it can."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from schemas.instant import china_day
from services.simulator.cast import Plant
from services.simulator.fleet import Leg
from services.simulator.trip import Trip
from services.simulator.wide.scene import WideScene

__all__ = ["SHARED_ALIKE", "two_places"]

_FAR = (("22", "14"), ("63", "22"))
"""Provinces of this world with others between them: hours apart at any speed."""
_NEAR = (("13", "14"), ("14", "13"))
"""Neighbours: nothing is too far between them."""


def _morning(scene: WideScene, turn: int) -> datetime:
    at = scene.moment(turn)
    return at.replace(hour=8, minute=0, second=0) + timedelta(seconds=scene.dice.below(3600))


def _plant_in(scene: WideScene, province: str) -> Plant:
    return scene.dice.pick([p for p in scene.cast.plants if p.firm.province == province])


def _shared(
    scene: WideScene, turn: int, plants: Sequence[Plant], minutes: tuple[int, int]
) -> tuple[str, list[Trip]]:
    """Play a load inside each plant's province, all on one vehicle, each so long after the other.

    Returns the vehicle's day, and the trips; all happens on that day.
    """
    at, trips = _morning(scene, turn), list[Trip]()
    for plant in plants:
        hours = timedelta(hours=4, seconds=scene.dice.below(7200))
        trip = scene.trip(scene.within(plant), scene.grams(turn), at, hours)
        if trips:
            firm, plate = trips[0].carriers[0]
            trip.legs = [Leg(firm, scene.garage.fleet(firm), plate=plate)]
        trips.append(trip.complete())
        at += timedelta(seconds=scene.dice.between(minutes[0] * 60, minutes[1] * 60))
    plate = trips[0].carriers[0][1]
    return f"plate/{plate}/{china_day(trips[0].left_at)}", trips


def two_places(scene: WideScene, turn: int) -> None:
    """Plant one vehicle loaded in two far provinces within two hours."""
    plants = [_plant_in(scene, province) for province in _FAR[turn % 2]]
    subject, trips = _shared(scene, turn, plants, (20, 110))
    for trip in trips:
        zh, en = (
            "联单本身合法，载明的车辆同时在两处",
            "lawful by itself; its vehicle is elsewhere too",
        )
        scene.lawful("names_a_vehicle_twice", trip.number, zh, en)
    zh = f"同一车辆两小时内在 {_FAR[turn % 2][0]}、{_FAR[turn % 2][1]} 两省装载"
    scene.review("carrier.two_places", subject, zh, "loaded in two far provinces within two hours")


def _milk_run(scene: WideScene, turn: int) -> None:
    plant = scene.dice.pick(scene.cast.plants)
    subject, trips = _shared(scene, turn, [plant, plant], (30, 60))
    zh, en = (
        "一车依次收集两家，运往同一接受人",
        "a milk run: two loads on one vehicle for one receiver",
    )
    for each in (subject, *(trip.number for trip in trips)):
        scene.lawful("milk_run", each, zh, en)


def _neighbours(scene: WideScene, turn: int) -> None:
    plants = [_plant_in(scene, province) for province in _NEAR[turn % 2]]
    subject, trips = _shared(scene, turn, plants, (120, 180))
    zh, en = (
        "同一车辆在相邻两省的两份联单上，可以成立",
        "on two manifests of neighbours, which can be",
    )
    for each in (subject, *(trip.number for trip in trips)):
        scene.lawful("two_manifests_both_possible", each, zh, en)


SHARED_ALIKE = (_milk_run, _neighbours)
"""Each plays one lawful story: ``(scene, turn)``."""
