"""Suspended licences and modes out of scope, and receivers that only look so."""

from datetime import datetime, timedelta

from schemas.instant import day_end, day_start
from services.simulator.cast import Plant
from services.simulator.letters import approve_around
from services.simulator.trip import Load, Trip
from services.simulator.unlicensed import out_of_scope
from services.simulator.waste import COLLECTED
from services.simulator.wide.others import Paused
from services.simulator.wide.scene import WideScene

__all__ = ["SUSPENDED_ALIKE", "code_out_of_scope", "mode_out_of_scope", "suspended"]

_CODE_KINDS = (0, 2, 3, 4)
"""The kinds of ``out_of_scope`` that concern the code and not the mode."""
_HOUR = timedelta(hours=1)


def suspended(scene: WideScene, turn: int) -> None:
    """Plant one load dispatched or taken over during a suspension; four kinds in turn."""
    kind, late = turn % 4, turn // 4 % 2 ^ turn % 2
    paused = scene.others.paused[late + (2 if kind == 3 else 0)]
    first, last = day_start(paused.first), day_end(paused.last or paused.first)
    transit = None
    if kind == 0 and paused.last:
        at = first + timedelta(days=scene.dice.below(18), hours=8, seconds=scene.dice.below(20_000))
        zh, en = (
            f"许可证 {paused.first} 至 {paused.last} 暂扣，期内起运",
            "left while it was suspended",
        )
    elif kind == 1:
        at, transit = first - _between(scene, 1, 3), _between(scene, 4, 6)
        zh, en = f"{paused.first} 起暂扣，前一晚起运，当日运抵", "arrived on the first day of it"
    elif kind == 2:
        at, transit = last - _between(scene, 1, 3), _between(scene, 4, 6)
        zh, en = f"暂扣至 {paused.last}，当晚起运，次日运抵", "left on the last day of it"
    else:
        at = first + timedelta(days=scene.dice.below(20), seconds=scene.dice.below(60_000))
        zh, en = f"{paused.first} 起暂扣，未定期限", "suspended until further notice"
    trip = _trip(scene, turn, paused, at, transit).complete()
    scene.violation("licence.suspended", trip.number, zh, f"licence suspended: {en}")


def mode_out_of_scope(scene: WideScene, turn: int) -> None:
    """Plant one load of a licensed code for a mode that is not licensed; five kinds in turn."""
    grams, at, kind = scene.grams(turn), scene.moment(turn), turn % 5
    cast, dice = scene.cast, scene.dice
    users = [p for p in cast.plants if p.method == "utilisation"]
    plant, method = dice.pick(users), "disposal"
    zh, en = "许可证含该代码的利用，不含处置", "licensed to use the code, not to dispose of it"
    if kind == 1:
        plant, method = Plant(cast.collector.firm, "storage", (COLLECTED,)), "utilisation"
        zh, en = "收集许可证不含利用", "a collection licence does not cover utilisation"
    elif kind == 2:
        plant, method = cast.wide, "utilisation"
        zh, en = "许可证含该类别的贮存和处置，不含利用", "the category's disposal only is licensed"
    there = Plant(plant.firm, method, plant.codes)
    route = scene.within(there)
    if kind == 3:
        route = scene.cross([there])
        approve_around(scene, route, at, grams)
        zh, en = f"审批为处置，但{zh}", f"approved for disposal, but {en}"
    trip = scene.trip(route, grams, at)
    if kind == 4:
        covered = dice.pick([c for c in plant.codes if c != route[2]])
        trip.loads = [Load(covered, grams // 2000 * 1000, plant.method), *trip.loads]
        zh, en = f"两种废物，其一{zh}", f"one of two wastes: {en}"
    scene.violation("licence.mode_out_of_scope", trip.complete().number, zh, en)


def code_out_of_scope(scene: WideScene, turn: int) -> None:
    """Plant one load of a code that is not licensed in any mode."""
    out_of_scope(scene, turn // 4 * 5 + _CODE_KINDS[turn % 4])


def _between(scene: WideScene, low: int, high: int) -> timedelta:
    return timedelta(seconds=scene.dice.between(low * 3600, high * 3600))


def _trip(
    scene: WideScene,
    turn: int,
    paused: Paused,
    at: datetime,
    transit: timedelta | None,
    receipt: timedelta | None = None,
) -> Trip:
    route = scene.within(paused.plant)
    return scene.trip(route, scene.grams(turn), at, transit=transit, receipt=receipt)


def _ended(scene: WideScene, turn: int) -> None:
    paused = scene.others.paused[turn % 2]
    at = day_end(paused.last or paused.first) + timedelta(seconds=scene.dice.between(1, 60_000))
    trip = _trip(scene, turn, paused, at, None).complete()
    zh, en = f"暂扣至 {paused.last}，次日起运", f"suspended until {paused.last}, left a day later"
    scene.lawful("suspension_ended_day_before", trip.number, zh, en)


def _confirmed_during(scene: WideScene, turn: int) -> None:
    paused = scene.others.paused[turn % 4]
    at = day_start(paused.first) - _between(scene, 8, 14)
    trip = _trip(scene, turn, paused, at, _between(scene, 2, 5), timedelta(hours=20)).complete()
    zh = f"{paused.first} 起暂扣，前一日已运抵，次日在系统确认"
    en = f"arrived before the suspension of {paused.first}, confirmed in the system during it"
    scene.lawful("suspended_before_confirmation", trip.number, zh, en)


def _another_licence(scene: WideScene, turn: int) -> None:
    route = scene.within(scene.others.half_paused)
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn)).complete()
    zh, en = "一份许可证暂扣，另一份有效", "one licence is suspended, another is not"
    scene.lawful("another_licence_not_suspended", trip.number, zh, en)


def _refused(scene: WideScene, turn: int) -> None:
    """Let the gate refuse what came when the licence had ended or was suspended; it goes back."""
    if turn % 2:
        paused = scene.others.paused[turn // 2 % 2]
        at = day_start(paused.first) - _between(scene, 1, 3)
        route = scene.within(paused.plant)
        zh, en = "运抵时许可证已暂扣，拒收退回", "suspended on arrival; refused and returned"
    else:
        plant = scene.dice.pick(scene.cast.lapsing[turn // 2 % 2 :: 2])
        at = day_end(plant.until) - _between(scene, 1, 3)
        route = scene.within(plant)
        zh, en = "运抵时许可证已到期，拒收退回", "expired on arrival; refused and returned"
    trip = scene.trip(route, scene.grams(turn), at, transit=_between(scene, 4, 6), receipt=_HOUR)
    trip.file().depart().arrive().receive([0], "refused")
    scene.lawful("refused_load_returned", trip.number, zh, en)


SUSPENDED_ALIKE = (_ended, _confirmed_during, _another_licence, _refused)
"""Each plays one lawful story: ``(scene, turn)``."""
