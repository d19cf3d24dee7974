"""Limits of the wide world: pooled approval lines, capped white lists, the yearly scale, plans."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from schemas.quantity import tonnes_text
from services.simulator.cast import PROVINCES, Plant
from services.simulator.letters import approve_around
from services.simulator.limits import members, opening, weekly, window
from services.simulator.trip import Trip
from services.simulator.waste import USED, WASTES
from services.simulator.wide.others import AS_INTRA, SHORTENED
from services.simulator.wide.scene import WideScene

__all__ = [
    "SIMPLIFIED",
    "capped",
    "capped_alike",
    "over_planned",
    "planned_alike",
    "pooled",
    "pooled_alike",
    "scaled",
    "scaled_alike",
    "scaled_little",
]

_TONNE = 1_000_000
_PART = date(2026, 7, 1)
"""First day of a licence that covers part of the year; others cover the whole of it."""
SIMPLIFIED = ("as_intra", "direct", "short_consult")


def _complete(trips: list[Trip]) -> None:
    for trip in trips:
        trip.complete()


def _on_the_road(trips: list[Trip]) -> None:
    _complete(trips[:-1])
    trips[-1].file().depart()


def _refused(trips: list[Trip]) -> None:
    trips[0].file().depart().arrive().receive([0], "refused")
    _complete(trips[1:])


def _voided(trips: list[Trip]) -> None:
    first = trips[0].file().depart()
    first.void(first.left_at + timedelta(hours=3), "车辆故障返回，作废")
    _complete(trips[1:])


def _partly(trips: list[Trip]) -> None:
    trips[0].file().depart().arrive().receive([trips[0].loads[0].grams - 2 * _TONNE], "partly")
    _complete(trips[1:])


_Play = Callable[[list[Trip]], None]
_PAST: tuple[_Play, ...] = (_complete, _on_the_road)
_WITHIN: tuple[tuple[str, int, str, str, _Play], ...] = (
    ("exactly_used", 0, "恰好用完", "used to the last gram", _complete),
    ("freed_by_refusal", _TONNE, "一车被拒收，不计入", "a refused load draws nothing", _refused),
    ("freed_by_void", _TONNE, "一车作废，不计入", "a voided load draws nothing", _voided),
    ("settled_at_accepted", _TONNE, "按接收量计未超", "the accepted quantity counts", _partly),
)
"""Name, by how much the sum of the loads is past the limit, stories, and how they are played."""
_UNDER_WAY = (
    "under_way",
    _TONNE,
    "末车在途，尚未接受",
    "the last load is on its way",
    _on_the_road,
)


def _weights(scene: WideScene, n: int) -> list[int]:
    return [scene.dice.between(1_000, 2_000) * 6_000 for _ in range(n)]


def _past(turn: int) -> int:
    return (700_000, 2_000_000, 5_000_000, 10_500_000)[turn % 4]


# pooled lines of one approval


def _pool(scene: WideScene, turn: int, cap: int, weights: list[int]) -> tuple[str, list[Trip]]:
    """Record two lines of one code, and begin loads whose name is neither line's."""
    at = opening(scene, turn)
    route = maker, plant, code = scene.cross()
    name = WASTES[code].name
    lines = [(plant.firm, code, plant.method, grams) for grams in (cap // 2, cap - cap // 2)]
    names = [f"{name}（一车间）", f"{name}（二车间）"]
    record = scene.register.approval(maker, lines, *window(at), names=names)
    trips = weekly(scene, route, weights, at)
    for trip in trips:
        trip.loads = [replace(load, name=f"{name}（混合）") for load in trip.loads]
    return f"approval/{record}/pool/{code}", trips


def pooled(scene: WideScene, turn: int) -> None:
    """Plant two lines of one code that are exceeded by loads of which none names a line."""
    weights = _weights(scene, 3)
    subject, trips = _pool(scene, turn, sum(weights) - _past(turn), weights)
    _PAST[turn % 2](trips)
    members(scene, trips)
    zh, en = (
        "同一代码两行，名称均不符，合计超量",
        "two lines of a code, neither named, sum exceeded",
    )
    scene.review("cross_province.quantity_exceeded", subject, zh, en)


def pooled_alike(scene: WideScene, turn: int) -> None:
    """Stay within the sum of two lines that are not named, though past either of them."""
    name, over, zh, en, play = _WITHIN[turn % 4]
    weights = _weights(scene, 2)
    subject, trips = _pool(scene, turn, sum(weights) - over, weights)
    play(trips)
    members(scene, trips)
    scene.lawful(f"pool_{name}", subject, f"两行合计：{zh}", f"the two lines together: {en}")


# white lists with a yearly cap


def _listed(scene: WideScene, turn: int, cap: int, weights: list[int]) -> tuple[str, list[Trip]]:
    """Record a capped entry, and begin loads of two consignors of its origin."""
    simple = SIMPLIFIED[turn % 3]
    intra = simple == "as_intra"
    at = opening(scene, turn)
    for _ in range(10_000):
        host, origin = scene.dice.pick(scene.others.hosts), scene.dice.pick(PROVINCES)
        code = scene.dice.pick(AS_INTRA if intra else SHORTENED)
        if host.province != origin and scene.claim_entry(host, code, origin):
            break
    else:
        raise RuntimeError("too few firms for so many stories")
    record = scene.register.whitelist(host, [code], [origin + "0000"], simple, cap=cap)
    near = scene.cast.makers_in(origin)
    first = scene.dice.below(len(near))
    pair = [near[first], near[(first + 1) % len(near)]]
    trips = []
    for n, maker in enumerate(pair):
        route = (maker, Plant(host, "utilisation", (code,)), code)
        share = weights[n::2]
        if not intra:
            approve_around(scene, route, at, sum(share) * 2)
        trips += weekly(scene, route, share, at + timedelta(days=3 * n))
    return f"whitelist/{record}/2026", trips


def capped(scene: WideScene, turn: int) -> None:
    """Plant a capped white-list entry on which too much is drawn."""
    weights = _weights(scene, 4)
    cap = sum(weights) - _past(turn)
    subject, trips = _listed(scene, turn, cap, weights)
    _PAST[turn // 2 % 2](trips)
    members(scene, trips)
    zh = f"白名单年上限 {tonnes_text(cap)} 吨，实际 {tonnes_text(sum(weights))} 吨"
    en = f"the list caps the year at {tonnes_text(cap)} t, {tonnes_text(sum(weights))} t moved"
    scene.violation("whitelist.cap_exceeded", subject, zh, en)


def capped_alike(scene: WideScene, turn: int) -> None:
    """Stay within the cap of a white-list entry."""
    name, over, zh, en, play = _WITHIN[turn % 4]
    weights = _weights(scene, 2)
    subject, trips = _listed(scene, turn, sum(weights) - over, weights)
    play(trips)
    members(scene, trips)
    scene.lawful(f"whitelist_cap_{name}", subject, f"白名单上限{zh}", f"the list's cap: {en}")


# the licensed scale of a year


def _plant(scene: WideScene, turn: int, scale: int, weights: list[int]) -> tuple[str, list[Trip]]:
    """Found a plant that may take ``scale`` grams in 2026, and begin its loads of the year.

    In odd turns its licence covers part of the year, and names what that would be in a whole one.
    """
    first = _PART if turn % 2 else None
    if first:
        scale = -(-scale * 365 // ((date(2026, 12, 31) - first).days + 1))
    tonnes = tonnes_text(scale)
    record, plant = scene.found_plant(turn, annual_scale_t=tonnes, valid_from=first)
    route = scene.within(plant)
    return f"licence/{record}/2026", weekly(scene, route, weights, opening(scene, turn))


def _scaled(scene: WideScene, turn: int, scale: int, weights: list[int]) -> tuple[str, str, str]:
    """Play loads of which all but, in two turns of four, one more that is on the road count."""
    under_way = _weights(scene, turn // 2 % 2)
    subject, trips = _plant(scene, turn, scale, [*weights, *under_way])
    _PAST[len(under_way)](trips)
    members(scene, trips)
    scale_t, total_t = tonnes_text(scale), tonnes_text(sum(weights))
    return (
        subject,
        f"当年规模 {scale_t} 吨，接收 {total_t} 吨",
        f"took {total_t} t of {scale_t} t for the year",
    )


def scaled(scene: WideScene, turn: int) -> None:
    """Plant a plant that takes more than 120 % of its scale; in even turns by a gram or so."""
    weights = _weights(scene, 3)
    total = sum(weights)
    scale = total * 5 // 6 - 1 if turn % 2 == 0 else total * 2 // 3
    scene.violation("licence.scale_exceeded", *_scaled(scene, turn, scale, weights))


def scaled_little(scene: WideScene, turn: int) -> None:
    """Plant a plant that takes exactly 120 % of its scale, or one gram more than the scale."""
    weights = _weights(scene, 3)
    total = sum(weights)
    scale = total * 5 // 6 if turn % 2 == 0 else total - 1
    scene.notice("licence.scale_exceeded", *_scaled(scene, turn, scale, weights))


def scaled_alike(scene: WideScene, turn: int) -> None:
    """Stay within the scale of a licence: only what was accepted counts for a year's scale."""
    name, over, zh, en, play = (*_WITHIN, _UNDER_WAY)[turn % 5]
    weights = _weights(scene, 2)
    subject, trips = _plant(scene, turn, sum(weights) - over, weights)
    play(trips)
    members(scene, trips)
    scene.lawful(f"licence_scale_{name}", subject, f"年规模{zh}", f"the year's scale: {en}")


# what a producer planned to ship in the year


def _planner(
    scene: WideScene, turn: int, story: int, cap: int, weights: list[int]
) -> tuple[str, list[Trip]]:
    """Record a plan of ``cap`` grams for a waste of a producer, and begin its loads of the year.

    In odd turns they leave for another province, on an ample approval. ``story``: no two of one
    producer and waste.
    """
    maker, code = scene.thrifty(story)
    plants = [p for p in scene.cast.plants if p.codes == USED]
    across = bool(turn % 2)
    plant = scene.dice.pick([p for p in plants if (p.firm.province != maker.province) == across])
    at = opening(scene, turn)
    scene.register.plan(maker, (code,), {}, tonnes_text(cap))
    route = maker, plant, code
    if across:
        approve_around(scene, route, at, sum(weights) * 2)
    return f"plan/{maker.uscc}/2026/{code}", weekly(scene, route, weights, at)


def over_planned(scene: WideScene, turn: int) -> None:
    """Plant a producer that ships more than it planned."""
    weights = _weights(scene, 3)
    total = sum(weights)
    cap = total - _past(turn)
    subject, trips = _planner(scene, turn, 2 * turn, cap, weights)
    _PAST[turn // 2 % 2](trips)
    members(scene, trips)
    zh = f"计划 {tonnes_text(cap)} 吨，移出 {tonnes_text(total)} 吨"
    en = f"shipped {tonnes_text(total)} t of {tonnes_text(cap)} t planned"
    scene.review("plan.exceeded", subject, zh, en)


def planned_alike(scene: WideScene, turn: int) -> None:
    """Stay within what was planned."""
    name, over, zh, en, play = _WITHIN[turn % 4]
    weights = _weights(scene, 2)
    subject, trips = _planner(scene, turn, 2 * turn + 1, sum(weights) - over, weights)
    play(trips)
    members(scene, trips)
    scene.lawful(f"plan_quantity_{name}", subject, f"计划数量{zh}", f"the planned quantity: {en}")
