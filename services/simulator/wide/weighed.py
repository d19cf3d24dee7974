"""Numbers and weights of the wide world: a number of another city, weights that differ, and near misses."""

from services.simulator.trip import Trip
from services.simulator.waste import NOT_LISTED
from services.simulator.wide.scene import WideScene

__all__ = ["WEIGHED_ALIKE", "number_elsewhere", "unknown_code", "weight_differs"]

_KG = 1000
_ASIDE = 100 * _KG
"""Off by this much, or by a twentieth if that is more, is still weighing."""


def _inside(scene: WideScene, turn: int) -> Trip:
    return scene.trip(scene.within(), scene.grams(turn), scene.moment(turn))


def number_elsewhere(scene: WideScene, turn: int) -> None:
    """Plant a load under a number of another city than the one that it leaves."""
    trip = _inside(scene, turn)
    cities = sorted({m.site for m in scene.cast.makers if m.site[:4] != trip.consignor.site[:4]})
    city = scene.dice.pick(cities)
    trip.number, trip.aliases = scene.numbers.give(city, trip.filed_at, cross=False)
    trip.complete()
    zh, en = f"编号属 {city[:4]}，货从 {trip.consignor.site[:4]} 运出", "a number of another city"
    scene.review("form.number_region", trip.number, zh, en)


def unknown_code(scene: WideScene, turn: int) -> None:
    """Plant a load under a code of no catalogue, taken by a plant licensed for its whole category."""
    route = (*scene.within(scene.cast.wide)[:2], NOT_LISTED)
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn)).complete()
    zh, en = f"代码 {NOT_LISTED} 未见于名录", f"{NOT_LISTED} is in no catalogue"
    scene.review("form.unknown_code", trip.number, zh, en)


def weight_differs(scene: WideScene, turn: int) -> None:
    """Plant a load of which less comes than left, or more, by a kilogram too much in even turns."""
    trip = _inside(scene, turn)
    (load,) = trip.loads
    off = _allowed(load.grams) + (_KG if turn % 2 == 0 else scene.dice.between(1, 300) * _KG)
    came = load.grams + off if turn % 4 > 1 or off >= load.grams else load.grams - off
    trip.file().depart().arrive().receive([came])
    zh, en = "接收重量与起运不符", "received weighs otherwise than what left"
    scene.review("quantity.received_differs", trip.number, zh, en)


def _just_weighing(scene: WideScene, turn: int) -> None:
    trip = _inside(scene, turn)
    (load,) = trip.loads
    off = _allowed(load.grams)
    less = turn % 2 == 0 and off < load.grams
    trip.file().depart().arrive().receive([load.grams - off if less else load.grams + off])
    zh, en = "重量差在称量误差之内", "off by no more than weighing explains"
    scene.lawful("weight_just_agrees", trip.number, zh, en)


def _weighed_at_the_gate(scene: WideScene, turn: int) -> None:
    trip = _inside(scene, turn)
    (load,) = trip.loads
    weighed = load.grams * 4 // 5 // _KG * _KG
    trip.file().depart([weighed]).arrive().receive([weighed])
    zh, en = (
        "填报估重，起运过磅，接收与过磅一致",
        "filed by guess, weighed at the gate, received so",
    )
    scene.lawful("weighed_at_the_gate", trip.number, zh, en)


def _partly(scene: WideScene, turn: int) -> None:
    trip = _inside(scene, turn)
    (load,) = trip.loads
    trip.file().depart().arrive().receive([load.grams // 2 // _KG * _KG], "partly")
    zh, en = "部分接受，其余退回", "partly accepted, the rest went back"
    scene.lawful("partly_accepted", trip.number, zh, en)


def _allowed(grams: int) -> int:
    """Return the greatest difference in whole kilograms that weighing explains."""
    return max(grams // 20 // _KG * _KG, _ASIDE)


WEIGHED_ALIKE = (_just_weighing, _weighed_at_the_gate, _partly)
