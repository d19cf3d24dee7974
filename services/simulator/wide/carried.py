"""Carriers without permit, vehicles that are not on it, and carriers that only look so."""

from datetime import datetime, timedelta

from schemas.instant import day_end, day_start
from services.simulator.firms import Firm
from services.simulator.fleet import Fleet, Leg, Use
from services.simulator.trip import Trip
from services.simulator.wide.others import CERTIFIED_TO, DRIVERS, Lapsing
from services.simulator.wide.scene import WideScene

__all__ = [
    "CARRIED_ALIKE",
    "crew_certificate",
    "no_permit",
    "plate_not_on_permit",
    "vehicle_certificate",
]


def _carried(
    scene: WideScene,
    turn: int,
    legs: list[Leg],
    at: datetime | None = None,
    hours: int = 0,
    driver: str | None = None,
) -> Trip:
    """Play a transfer inside a province whose ``legs`` these carriers drive."""
    transit = timedelta(hours=hours) if hours else None
    moment = at or scene.moment(turn)
    trip = scene.trip(scene.within(), scene.grams(turn), moment, transit=transit)
    trip.legs = legs
    trip.driver = driver or trip.driver
    return trip.complete()


def _leg(scene: WideScene, firm: Firm | None = None) -> Leg:
    return scene.leg(firm or scene.dice.pick(scene.cast.carriers))


def _certified(scene: WideScene, which: int) -> Leg:
    """Return a leg with a vehicle whose certificate ends on that one of ``CERTIFIED_TO``."""
    firm = scene.others.unlisted
    plates = (firm.plates[which - len(CERTIFIED_TO)],)
    uses = (Use(until=CERTIFIED_TO[which]),)
    return Leg(firm, scene.garage.fleet(firm, plates, listed=False, uses=uses))


def _usual(scene: WideScene) -> Fleet:
    """Return the other vehicles of that carrier."""
    firm = scene.others.unlisted
    return scene.garage.fleet(firm, firm.plates[: -len(CERTIFIED_TO)], listed=False)


def _lapsing(scene: WideScene, turn: int) -> Lapsing:
    return scene.dice.pick(scene.others.lapsing[turn % 2 :: 2])


def no_permit(scene: WideScene, turn: int) -> None:
    """Plant one leg driven without a permit in force; five kinds in turn."""
    kind = turn % 5
    ended = _lapsing(scene, turn)
    after = day_end(ended.until)
    nobody = scene.others.unpermitted
    unrecorded = scene.garage.fleet(nobody, listed=False, recorded=False)
    without, lapsed = scene.leg(nobody, unrecorded), _leg(scene, ended.firm)
    if kind == 0:
        trip = _carried(scene, turn, [without])
        zh, en = "承运人没有运输许可", "the carrier holds no permit"
    elif kind == 1:
        at = after + timedelta(seconds=scene.dice.between(1, 20 * 3600))
        trip = _carried(scene, turn, [lapsed], at)
        zh, en = f"运输许可 {ended.until} 到期，次日装车", f"the permit ended on {ended.until}"
    elif kind == 2:
        trip = _carried(scene, turn, [_leg(scene), without])
        zh, en = "接力承运人没有运输许可", "the carrier of the second leg holds no permit"
    elif kind == 3:
        at = after - timedelta(seconds=scene.dice.between(1800, 2 * 3600))
        trip = _carried(scene, turn, [_leg(scene), lapsed], at, hours=9)
        zh = f"接力承运人的许可 {ended.until} 到期，交接已过零点"
        en = f"handed over after midnight, the second carrier's permit ended on {ended.until}"
    else:
        days = timedelta(days=scene.dice.between(1, 12), hours=8)
        trip = _carried(scene, turn, [lapsed, _leg(scene)], after + days)
        zh, en = "第一程承运人的许可已过期", "the permit of the first leg's carrier had ended"
    scene.violation("carrier.no_permit", trip.number, zh, en)


def plate_not_on_permit(scene: WideScene, turn: int) -> None:
    """Plant one leg driven with a vehicle that its permit does not list; three kinds in turn."""
    kind, half = turn % 3, scene.others.half_listed
    off = scene.leg(half, scene.garage.fleet(half, half.plates[3:], listed=False))
    if kind == 0:
        trip = _carried(scene, turn, [off])
        plate = trip.carriers[0][1]
        zh, en = f"{plate} 不在运输许可上", f"{plate} is not on the permit"
    elif kind == 1:
        trip = _carried(scene, turn, [_leg(scene), off])
        plate = trip.carriers[1][1]
        zh, en = f"接力车辆 {plate} 不在运输许可上", f"{plate} of the second leg is not on it"
    else:
        one, two = scene.some_carriers(2)
        trip = _carried(scene, turn, [scene.leg(one, scene.garage.fleet(two))])
        plate = trip.carriers[0][1]
        zh, en = f"{plate} 是另一承运人的车辆", f"{plate} is on another carrier's permit"
    scene.violation("carrier.plate_not_on_permit", trip.number, zh, en)


def vehicle_certificate(scene: WideScene, turn: int) -> None:
    """Plant one leg driven by a vehicle whose certificate had ended; in even turns by a second."""
    which = turn // 2 % 2
    until = CERTIFIED_TO[which]
    later = timedelta(seconds=0) if turn % 2 == 0 else timedelta(days=scene.dice.between(1, 20))
    trip = _carried(scene, turn, [_certified(scene, which)], day_end(until) + later)
    zh, en = f"车辆道路运输证 {until} 到期", f"its certificate ended on {until}"
    scene.violation("carrier.vehicle_certificate", trip.number, zh, en)


def crew_certificate(scene: WideScene, turn: int) -> None:
    """Plant one leg whose driver's certificate had ended; in even turns by a second."""
    which = turn // 2 % 2
    until = CERTIFIED_TO[which]
    later = timedelta(seconds=0) if turn % 2 == 0 else timedelta(days=scene.dice.between(1, 20))
    leg = Leg(scene.others.unlisted, _usual(scene))
    trip = _carried(scene, turn, [leg], day_end(until) + later, driver=DRIVERS[which])
    zh, en = f"驾驶员从业资格证 {until} 到期", f"the driver's certificate ended on {until}"
    scene.review("carrier.crew_certificate", trip.number, zh, en)


def _driver_certified_that_day(scene: WideScene, turn: int) -> None:
    leg, until = Leg(scene.others.unlisted, _usual(scene)), CERTIFIED_TO[turn % 2]
    at = day_end(until) - timedelta(seconds=scene.dice.between(1, 20 * 3600))
    trip = _carried(scene, turn, [leg], at, driver=DRIVERS[turn % 2])
    zh, en = "从业资格证到期当日装车", "loaded on the last day of the driver's certificate"
    scene.lawful("driver_certificate_ends_on_loading_day", trip.number, zh, en)


def _same_name_elsewhere(scene: WideScene, turn: int) -> None:
    trip = _carried(scene, turn, [_leg(scene)], day_end(CERTIFIED_TO[1]), driver=DRIVERS[turn % 2])
    zh, en = "与他人同名，属另一承运人", "another carrier's driver has the same name"
    scene.lawful("driver_of_the_same_name", trip.number, zh, en)


def _certified_that_day(scene: WideScene, turn: int) -> None:
    at = day_end(CERTIFIED_TO[turn % 2]) - timedelta(seconds=scene.dice.between(1, 20 * 3600))
    trip = _carried(scene, turn, [_certified(scene, turn % 2)], at)
    zh, en = "道路运输证到期当日装车", "loaded on the certificate's last day"
    scene.lawful("certificate_ends_on_loading_day", trip.number, zh, en)


def _anothers_vehicle(scene: WideScene, turn: int) -> None:
    firm = scene.others.unlisted
    other = next(c for c in scene.cast.carriers if c.uscc != firm.uscc)
    trip = _carried(scene, turn, [scene.leg(firm, scene.garage.fleet(other))])
    zh, en = "使用他人名下的车辆，许可未列车牌", "another's vehicle, on a permit without a list"
    scene.lawful("anothers_vehicle", trip.number, zh, en)


def _no_list(scene: WideScene, turn: int) -> None:
    leg = scene.leg(scene.others.unlisted, _usual(scene))
    trip = _carried(scene, turn, [_leg(scene), leg] if turn % 2 else [leg])
    scene.lawful("permit_without_plates", trip.number, "许可未列车牌", "the permit lists no plates")


def _last_day(scene: WideScene, turn: int) -> None:
    ends = _lapsing(scene, turn)
    at = day_start(ends.until) + timedelta(seconds=scene.dice.between(0, 86_399))
    trip = _carried(scene, turn, [_leg(scene, ends.firm)], at)
    zh, en = f"许可 {ends.until} 到期，当日装车", f"loaded on the permit's last day, {ends.until}"
    scene.lawful("permit_ends_on_loading_day", trip.number, zh, en)


def _handed_over_in_time(scene: WideScene, turn: int) -> None:
    ends = _lapsing(scene, turn)
    at = day_end(ends.until) - timedelta(seconds=scene.dice.between(1, 7200))
    legs = [_leg(scene, ends.firm), _leg(scene)]
    trip = _carried(scene, turn, legs, at, hours=10)
    zh, en = (
        "许可到期前装车，到期后交给下一承运人",
        "loaded in time, handed on after the permit's end",
    )
    scene.lawful("permit_ends_before_handover", trip.number, zh, en)


def _listed_plate(scene: WideScene, turn: int) -> None:
    half = scene.others.half_listed
    trip = _carried(scene, turn, [scene.leg(half, scene.garage.fleet(half, half.plates[:3]))])
    zh, en = "许可只列部分车辆，本车在列", "the permit lists some vehicles, this one among them"
    scene.lawful("plate_on_permit", trip.number, zh, en)


CARRIED_ALIKE = (
    _no_list, _last_day, _handed_over_in_time, _listed_plate, _certified_that_day, _anothers_vehicle,
    _driver_certified_that_day, _same_name_elsewhere,
)  # fmt: skip
"""Each plays one lawful story: ``(scene, turn)``."""
