"""Vehicles for medical waste that carry other things, and those that may."""

from datetime import datetime, timedelta

from schemas.instant import day_end
from services.simulator.cast import Plant
from services.simulator.fleet import Leg, Use
from services.simulator.scene import Route
from services.simulator.trip import Trip
from services.simulator.waste import MEDICAL
from services.simulator.wide.others import ALWAYS, BOTH, CONVERTED, SINCE, UNTIL, VANS
from services.simulator.wide.scene import WideScene

__all__ = ["hospitals_other_waste", "other_cargo", "vans_alike"]

_RULE = "medical.other_cargo"


def _van(scene: WideScene, uses: tuple[Use, ...]) -> Leg:
    """Return a leg that one of the vehicles with those uses drives, or one more like them."""
    firm = scene.others.medical
    plates = [plate for plate, its in zip(firm.plates, VANS, strict=True) if its == uses]
    return scene.leg(firm, scene.garage.fleet(firm, plates, uses=uses))


def _carried(
    scene: WideScene,
    turn: int,
    uses: tuple[Use, ...],
    at: datetime | None = None,
    route: Route | None = None,
    tonnes: tuple[int, int] = (1, 9),
) -> Trip:
    """Play a transfer inside Hebei on a vehicle of the medical carrier, from works unless ``route``."""
    grams = scene.dice.between(*tonnes) * 100_000
    trip = scene.trip(route or scene.within(_plant(scene)), grams, at or scene.moment(turn))
    trip.legs = [_van(scene, uses)]
    return trip.complete()


def _plant(scene: WideScene) -> Plant:
    return scene.dice.pick([p for p in scene.cast.plants if p.firm.province == "13"])


def _of_the_hospital(scene: WideScene, code: str) -> Route:
    return scene.others.hospital, scene.others.medical_plant, code


def _some_days(scene: WideScene) -> timedelta:
    return timedelta(days=scene.dice.below(20), seconds=scene.dice.below(20 * 3600))


def other_cargo(scene: WideScene, turn: int) -> None:
    """Plant works' waste on a vehicle for medical waste; three kinds in turn."""
    kind = turn % 3
    if kind == 0:
        trip = _carried(scene, turn, ALWAYS)
        zh, en = "医疗废物专用车辆运送工业危险废物", "works' waste on a vehicle for medical waste"
    elif kind == 1:
        at = day_end(CONVERTED) - timedelta(seconds=scene.dice.between(1, 20 * 3600))
        trip = _carried(scene, turn, UNTIL, at)
        zh = f"作为专用车辆登记的最后一日（{CONVERTED}）运送其他物品"
        en = f"loaded on its last day as a vehicle for medical waste, {CONVERTED}"
    else:
        trip = _carried(scene, turn, SINCE, day_end(CONVERTED) + _some_days(scene))
        zh = f"{CONVERTED} 次日起登记为专用车辆，仍运送其他物品"
        en = f"a vehicle for medical waste since the day after {CONVERTED}"
    scene.violation(_RULE, trip.number, zh, en)


def hospitals_other_waste(scene: WideScene, turn: int) -> None:
    """Plant a hospital's other hazardous waste on such a vehicle: it may be medical waste, too."""
    plant = _plant(scene)
    route = scene.others.hospital, plant, scene.dice.pick(plant.codes)
    trip = _carried(scene, turn, ALWAYS, route=route)
    zh, en = (
        "医院的其他危险废物，可能是化学性医疗废物",
        "a hospital's, perhaps chemical medical waste",
    )
    scene.review(_RULE, trip.number, zh, en)


def _medical_waste(scene: WideScene, turn: int) -> None:
    trip = _carried(scene, turn, ALWAYS, route=_of_the_hospital(scene, MEDICAL[0]))
    zh, en = "专用车辆运送医疗废物", "a vehicle for medical waste carries medical waste"
    scene.lawful("medical_waste_on_its_own_vehicle", trip.number, zh, en)


def _drugs(scene: WideScene, turn: int) -> None:
    trip = _carried(scene, turn, ALWAYS, route=_of_the_hospital(scene, MEDICAL[1]))
    zh, en = "医院的药物性废物以 HW03 代码填报", "a hospital's drugs, filed under a code of HW03"
    scene.lawful("expired_drugs_of_a_hospital", trip.number, zh, en)


def _no_longer(scene: WideScene, turn: int) -> None:
    trip = _carried(scene, turn, UNTIL, day_end(CONVERTED) + _some_days(scene))
    zh, en = "已退出医疗废物运输的车辆", "a vehicle that is for medical waste no longer"
    scene.lawful("vehicle_no_longer_medical", trip.number, zh, en)


def _not_yet(scene: WideScene, turn: int) -> None:
    at = day_end(CONVERTED) - timedelta(seconds=1) - _some_days(scene)
    trip = _carried(scene, turn, SINCE, at)
    zh, en = "次日才成为医疗废物专用车辆", "a vehicle that is not yet one for medical waste"
    scene.lawful("vehicle_not_yet_medical", trip.number, zh, en)


def _for_both(scene: WideScene, turn: int) -> None:
    trip = _carried(scene, turn, BOTH)
    zh, en = "同时登记为其他用途的车辆", "a vehicle on record for other goods, too"
    scene.lawful("vehicle_of_both_uses", trip.number, zh, en)


_ALIKE = (_medical_waste, _no_longer, _drugs, _for_both, _not_yet)


def vans_alike(scene: WideScene, turn: int) -> None:
    """Play what such a vehicle may carry, or one that is not of its own; five kinds in turn."""
    _ALIKE[turn % len(_ALIKE)](scene, turn)
