"""Planted violations: a receiver without licence in force, or one whose licence does not cover."""

from datetime import datetime, timedelta

from schemas.instant import day_end
from services.simulator.cast import Plant
from services.simulator.letters import approve_around
from services.simulator.scene import START, Scene
from services.simulator.trip import Load
from services.simulator.waste import NOBODYS, USED

__all__ = ["out_of_scope", "unlicensed"]

_UNLICENSED = "licence.receiver_unlicensed"
_OUT = "licence.code_out_of_scope"


def unlicensed(scene: Scene, turn: int) -> None:
    """Plant one load for a receiver without a licence in force; four kinds in turn."""
    grams, at, kind = scene.grams(turn), scene.moment(turn), turn % 4
    shop = Plant(scene.dice.pick(scene.cast.workshops), "utilisation", USED)
    transit = None
    if kind == 0:
        route = scene.within(shop)
        zh, en = f"{shop.firm.name}没有许可证", "the receiver never held a licence"
    elif kind == 3:
        route = scene.cross([shop])
        approve_around(scene, route, at, grams)
        zh, en = "跨省有审批，但接受人没有许可证", "approved, but the receiver holds no licence"
    else:
        plant = scene.dice.pick(scene.cast.lapsing[(turn + turn // 4) % 2 :: 2])
        route = scene.within(plant)
        ends = day_end(plant.until)
        if kind == 1:
            at = _workday(ends, scene.dice.between(0, 6), scene.dice.below(9 * 3600))
            zh, en = f"许可证已于 {plant.until} 到期", f"the licence ended on {plant.until}"
        else:
            at = ends - timedelta(seconds=scene.dice.between(1800, 3 * 3600))
            transit = timedelta(seconds=scene.dice.between(4 * 3600, 8 * 3600))
            zh = f"起运时有证，{plant.until} 24 时到期后才运抵"
            en = f"licensed at dispatch, arrived after the licence ended on {plant.until}"
    trip = scene.trip(route, grams, at, transit=transit).complete()
    scene.violation(_UNLICENSED, trip.number, zh, en)


def out_of_scope(scene: Scene, turn: int) -> None:
    """Plant one load that a licence in force does not cover; five kinds in turn."""
    grams, at, kind = scene.grams(turn), scene.moment(turn), turn % 5
    code, method = scene.dice.pick(NOBODYS), None
    plants = [p for p in scene.cast.plants if kind != 1 or p.method == "utilisation"]
    plant = scene.dice.pick(plants)
    zh, en = f"许可证不含 {code}", f"the licence does not cover {code}"
    if kind == 1:
        code, method = scene.dice.pick(plant.codes), "disposal"
        zh = f"许可证含 {code} 的利用，不含处置"
        en = f"the licence covers utilisation of {code}, not its disposal"
    if kind == 3:
        there = Plant(plant.firm, plant.method, NOBODYS)
        route = scene.cross([there])
        code = route[2]
        approve_around(scene, route, at, grams)
        zh, en = f"跨省有审批，但许可证不含 {code}", f"approved, but {code} is not on the licence"
    else:
        maker = scene.dice.pick(scene.cast.makers_in(plant.firm.province))
        route = (maker, Plant(plant.firm, method or plant.method, (code,)), code)
    trip = scene.trip(route, grams, at)
    if kind == 2:
        covered = Load(scene.dice.pick(plant.codes), grams // 20, plant.method)
        trip.loads = [covered, *trip.loads]
        zh, en = f"两种废物，其中{zh}", f"of two wastes, {en}"
    scene.violation(_OUT, trip.complete().number, zh, en)


def _workday(ends: datetime, days: int, seconds: int) -> datetime:
    """Return a working hour some days after the licence ended."""
    at = ends + timedelta(days=days, hours=8, seconds=seconds)
    return max(at, START + timedelta(days=2))
