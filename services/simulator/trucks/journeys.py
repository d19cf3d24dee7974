"""Loads that these stories need on the stage of manifests: lawful transfers with time enough on the road."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

from services.simulator.cast import Plant
from services.simulator.firms import Firm
from services.simulator.fleet import Leg
from services.simulator.letters import approve_around
from services.simulator.scene import Route
from services.simulator.trip import Trip
from services.simulator.trucks.drive import USUAL_KMH, rests_in
from services.simulator.trucks.places import CENTRES, Place, km
from services.simulator.wide.scene import WideScene

__all__ = ["about", "across", "by", "city", "fits", "heard", "inside", "longer", "ordinary"]

_APART = ("130200",)
"""Cities that others of their province can be reached from through another province only."""
_NEIGHBOURS = ("13", "14")
_ABOUT = 1.5
"""A way through a third province of so many times the distance is the road; a longer one is a detour."""
_SPARE_MIN = 45
"""For ways inside cities, gates and weighing."""


def by(*places: Place) -> float:
    """Return the minutes from the first place by the others to the last, at the usual speed and with rests."""
    takes = sum(km(a, b) for a, b in pairwise(places)) / USUAL_KMH * 3600
    return (takes + rests_in(takes)) / 60 + _SPARE_MIN


def city(site: str) -> Place:
    """Return where a city is."""
    return CENTRES[site]


def heard(scene: WideScene, carrier: Firm) -> Leg:
    """Return a leg with a vehicle whose terminal tells of all that it does."""
    return scene.leg(carrier, scene.garage.fleet(carrier, ()))


def longer(trip: Trip, minutes: float) -> Trip:
    """Have a trip that is not filed yet take so long at the least."""
    wait = max(timedelta(0), trip.left_at + timedelta(minutes=round(minutes)) - trip.arrived_at)
    trip.arrived_at += wait
    trip.received_at += wait
    return trip


def fits(one: Firm, other: Firm) -> bool:
    """Whether a way between the two firms' cities stays in their provinces, or crosses anyway."""
    if not {one.site, other.site} <= CENTRES.keys():
        return False
    apart = one.site in _APART or other.site in _APART
    return one.site == other.site or one.province != other.province or not apart


def inside(
    scene: WideScene,
    turn: int,
    minutes: float = 0,
    *,
    province: str | None = None,
    plant: Plant | None = None,
    maker: Firm | None = None,
    between: Callable[[Firm, Firm], bool] | None = None,
) -> Trip:
    """Return a load inside a province with so many minutes more than the way takes.

    In another than that ``province`` if no two of its firms are such that it may go ``between`` them. Raises
    RuntimeError if none are at all.
    """
    plants = [p for p in scene.cast.plants if province in (None, p.firm.province)]
    for n in range(1000):
        if n == 500:
            plants = scene.cast.plants
        route = scene.within(plant or scene.dice.pick(plants))
        if maker is not None:
            route = maker, *route[1:]
        ends = route[0], route[1].firm
        if fits(*ends) and (between is None or between(*ends)):
            return _trip(scene, turn, route, minutes, None)
    raise RuntimeError("no two cities fit")


def across(
    scene: WideScene,
    turn: int,
    minutes: float = 0,
    *,
    via: Place | None = None,
    least_km: float = 0.0,
) -> Trip:
    """Return an approved load between two neighbours with so many minutes more than the way takes.

    ``via`` is no great way about, and its cities are so far apart at the least if there are two such. Raises
    RuntimeError if no two of its firms will do.
    """
    towards = _NEIGHBOURS if turn % 2 == 0 else _NEIGHBOURS[::-1]
    for least in (least_km, 0.0):
        for start, end in (towards, towards[::-1]):
            route = _route(scene, start, end, via, least)
            if route is not None:
                trip = _trip(scene, turn, route, minutes, via)
                approve_around(scene, route, trip.left_at, trip.loads[0].grams)
                return trip
    raise RuntimeError("no two cities fit")


def _route(
    scene: WideScene, start: str, end: str, via: Place | None, least_km: float
) -> Route | None:
    """Return an unused route from one province to another, None if none is found."""
    plants = [p for p in scene.cast.plants if p.firm.province == end]
    makers = [m for m in scene.cast.makers_in(start) if m.site not in _APART]
    makers = makers or list(scene.cast.makers_in(start))
    for _ in range(2_000 if plants and makers else 0):
        maker, plant = scene.dice.pick(makers), scene.dice.pick(plants)
        code = scene.dice.pick(plant.codes)
        near, far = about(maker, via or city(maker.site), plant.firm)
        if near >= least_km and far <= _ABOUT * near and scene.claim(maker, plant.firm, code):
            return maker, plant, code
    return None


def about(one: Firm, via: Place, other: Firm) -> tuple[float, float]:
    """Return the kilometres between the cities of two firms, and those by a place."""
    here, there = city(one.site), city(other.site)
    return km(here, there), km(here, via) + km(via, there)


def ordinary(scene: WideScene, *trips: Trip) -> list[Trip]:
    """Label the manifests as lawful ones and return them."""
    for trip in trips:
        scene.lawful("ordinary", trip.number, "日常合法转移", "everyday lawful transfer")
    return list(trips)


def _trip(scene: WideScene, turn: int, route: Route, minutes: float, via: Place | None) -> Trip:
    maker, plant, _ = route
    places = [city(maker.site), *([via] if via else ()), city(plant.firm.site)]
    takes = by(*places) + minutes
    transit = timedelta(minutes=round(takes) + scene.dice.between(5, 40))
    receipt = timedelta(minutes=scene.dice.between(70, 900))
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn), transit, receipt)
    trip.legs = [heard(scene, trip.legs[0].firm)]
    return trip
