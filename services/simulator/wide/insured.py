"""Carriers and a plant whose liability insurance ended, and those whose had not, or had no need to."""

from datetime import datetime, timedelta

from schemas.instant import day_end, day_start
from services.simulator.firms import Firm
from services.simulator.trip import Trip
from services.simulator.waste import USED
from services.simulator.wide.others import INSURED_TO
from services.simulator.wide.scene import WideScene

__all__ = ["INSURED_ALIKE", "uninsured"]

_BEFORE, _UNDER = INSURED_TO


def _carried(scene: WideScene, turn: int, firm: Firm, at: datetime) -> Trip:
    """Play a transfer inside a province that a firm carries from that moment."""
    trip = scene.trip(scene.within(), scene.grams(turn), at)
    trip.legs = [scene.leg(firm)]
    return trip.complete()


def _taken(scene: WideScene, turn: int, at: datetime) -> Trip:
    """Play a transfer into the insured plant that leaves at that moment."""
    plant = scene.others.insured_plant
    maker = scene.dice.pick(scene.cast.makers_in(plant.firm.province))
    code = scene.dice.pick(USED)
    return scene.trip((maker, plant, code), scene.grams(turn), at).complete()


def uninsured(scene: WideScene, turn: int) -> None:
    """Plant a load carried, in odd turns taken over, after the unit's insurance had ended."""
    late = timedelta(seconds=scene.dice.between(0, 20 * 86_400))
    if turn % 2 == 0:
        trip = _carried(scene, turn, scene.others.insured[1], day_end(_UNDER) + late)
        zh, en = f"承运人的责任保险 {_UNDER} 到期", f"the carrier's insurance ended on {_UNDER}"
    else:
        trip = _taken(scene, turn, day_end(_UNDER) + late)
        zh, en = f"接受人的责任保险 {_UNDER} 到期", f"the receiver's insurance ended on {_UNDER}"
    scene.review("insurance.lapsed", trip.number, zh, en)


def _last_day(scene: WideScene, turn: int) -> None:
    at = day_end(_UNDER) - timedelta(seconds=scene.dice.between(1, 20 * 3600))
    trip = _carried(scene, turn, scene.others.insured[1], at)
    zh, en = "责任保险到期当日装载", "loaded on the policy's last day"
    scene.lawful("insurance_ends_on_loading_day", trip.number, zh, en)


def _before_the_code(scene: WideScene, turn: int) -> None:
    at = day_start(_BEFORE) + timedelta(days=1, seconds=scene.dice.between(0, 4 * 86_400))
    trip = _carried(scene, turn, scene.others.insured[0], at)
    zh, en = "法典施行前不强制投保", "insurance was not compulsory before the Code"
    scene.lawful("uninsured_before_the_code", trip.number, zh, en)


def _insured_plant(scene: WideScene, turn: int) -> None:
    at = day_start(_UNDER) - timedelta(seconds=scene.dice.between(3 * 86_400, 20 * 86_400))
    trip = _taken(scene, turn, at)
    scene.lawful("insured_receiver", trip.number, "接受人的保险有效", "the receiver was insured")


INSURED_ALIKE = (_last_day, _before_the_code, _insured_plant)
