"""Journeys that cannot have been: too fast, or over before they began; and clocks that differ a little."""

from datetime import timedelta

from services.simulator.letters import approve_around
from services.simulator.trip import Trip
from services.simulator.wide.scene import WideScene

__all__ = ["clocks_apart", "fast_but_possible", "too_fast"]

_FAR = ("22", "14")
"""Two provinces of this world with others between them: more than 350 km from border to border."""


def _far(scene: WideScene, turn: int, transit: timedelta) -> Trip:
    """Return an approved trip between the two, either way."""
    start, end = _FAR if turn % 2 == 0 else _FAR[::-1]
    plants = [p for p in scene.cast.plants if p.firm.province == end]
    route = scene.cross(plants, scene.cast.makers_in(start))
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn), transit)
    trip.legs = trip.legs[:1]
    approve_around(scene, route, trip.left_at, trip.loads[0].grams)
    return trip


def too_fast(scene: WideScene, turn: int) -> None:
    """Plant a journey of an hour or two across two provinces; every third arrives before it left."""
    if turn % 3 == 2:
        trip = scene.trip(scene.within(), scene.grams(turn), scene.moment(turn))
        trip.legs = trip.legs[:1]
        trip.arrived_at = trip.left_at - timedelta(minutes=scene.dice.between(20, 300))
        zh, en = "运抵早于起运", "it arrived before it left"
    else:
        trip = _far(scene, turn, timedelta(minutes=scene.dice.between(30, 120)))
        zh, en = "跨两省只用一两个小时", "two provinces in an hour or two"
    trip.complete()
    scene.review("time.journey_too_fast", trip.number, zh, en)


def fast_but_possible(scene: WideScene, turn: int) -> None:
    """Take six to eight hours for it."""
    trip = _far(scene, turn, timedelta(minutes=scene.dice.between(360, 480))).complete()
    scene.lawful("fast_but_possible", trip.number, "快而可能", "fast, and possible")


def clocks_apart(scene: WideScene, turn: int) -> None:
    """Let a short way inside a city end some minutes before it began, by another's clock."""
    trip = scene.trip(scene.within(), scene.grams(turn), scene.moment(turn))
    trip.legs = trip.legs[:1]
    trip.arrived_at = trip.left_at - timedelta(minutes=scene.dice.between(1, 14))
    if turn % 2:
        trip.received_at = trip.arrived_at - timedelta(minutes=scene.dice.between(1, 14))
    trip.complete()
    scene.lawful(
        "clocks_apart", trip.number, "各方时钟略有出入", "the parties' clocks differ a little"
    )
