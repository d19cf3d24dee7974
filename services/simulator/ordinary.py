"""Everyday traffic: licensed receivers, approved routes that never run out of tonnes or days."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from services.simulator.letters import rounded_up
from services.simulator.scene import START, Route, Scene
from services.simulator.trip import Load, Trip

if TYPE_CHECKING:
    from services.simulator.firms import Firm

__all__ = ["everyday"]

_KILOGRAMS = ((30, 990), (1_000, 2_990), (3_000, 9_990), (10_000, 30_000))


@dataclass
class _Line:
    """An approved route, with what was sent over it."""

    route: Route
    sent: int = field(default=0)


_LAST_START = 131
"""Days from the beginning: whoever leaves then is received before the world ends, on whatever day
the world is judged."""


def everyday(scene: Scene, manifests: int) -> None:
    """Play ``manifests`` lawful transfers, then record the letters that cover them."""
    lines = [_Line(scene.cross()) for _ in range(10 + manifests // 200)]
    for _ in range(manifests):
        if scene.dice.chance(0.3):
            line = scene.dice.pick(lines)
            trip = _trip(scene, line.route)
            line.sent += trip.loads[0].grams
        else:
            trip = _trip(scene, scene.within())
            if scene.dice.chance(0.08):
                _add_a_waste(scene, trip)
        _play(scene, trip)
        scene.lawful("ordinary", trip.number, "日常合法转移", "everyday lawful transfer")
    _letters(scene, lines)


def _trip(scene: Scene, route: Route) -> Trip:
    dice = scene.dice
    low, high = _KILOGRAMS[dice.pick((0, 1, 1, 2, 2, 2, 3))]
    days = timedelta(days=dice.between(1, _LAST_START), hours=7, seconds=dice.below(11 * 3600))
    return scene.trip(route, dice.between(low, high) * 1000, START + days)


def _add_a_waste(scene: Scene, trip: Trip) -> None:
    """Put a second class of waste of the same licence on the manifest."""
    plants = (p for p in scene.cast.plants if p.firm is trip.receiver)
    codes = [c for p in plants for c in p.codes if c != trip.loads[0].code]
    load = trip.loads[0]
    trip.loads = [load, Load(scene.dice.pick(codes), load.grams // 2000 * 1000, load.method)]


def _play(scene: Scene, trip: Trip) -> None:
    dice = scene.dice
    trip.file()
    if dice.chance(0.2):  # weighed at the gate: a few kilograms off
        trip.depart([grams + _off(scene, grams) for grams in (load.grams for load in trip.loads)])
    elif dice.chance(0.99):  # now and then a carrier forgets to say that it left
        trip.depart()
    trip.arrive()
    trip.receive([load.grams - abs(_off(scene, load.grams)) for load in trip.loads])
    if dice.chance(0.3):
        trip.treat()


def _off(scene: Scene, grams: int) -> int:
    if scene.dice.chance(0.6):
        return 0
    return scene.dice.between(-grams // 250_000, grams // 250_000) * 1000


def _letters(scene: Scene, lines: list[_Line]) -> None:
    """One letter for each consignor of a route, with room to spare in tonnes and days."""
    by_maker: dict[str, tuple[Firm, list[_Line]]] = {}
    for line in lines:
        maker = line.route[0]
        by_maker.setdefault(maker.uscc, (maker, []))[1].append(line)
    for maker, theirs in by_maker.values():
        first = date(2026, 1, 1) + timedelta(days=scene.dice.below(150))
        last = min(first + timedelta(days=364), date(2026, 12, 31))
        rows = []
        for line in theirs:
            _, plant, code = line.route
            rows.append((plant.firm, code, plant.method, rounded_up(line.sent * 3 // 2)))
        scene.register.approval(maker, rows, first, last)
