"""Who takes it and with what: plants without licence or elsewhere, vehicles that are not for it."""

from services.simulator.medical.bag import Day, carry, send
from services.simulator.medical.houses import City
from services.simulator.medical.scene import MedicalScene
from services.simulator.medical.times import PEACE, moment

__all__ = ["TAKERS_ALIKE", "ordinary_truck", "other_area", "unknown_vehicle", "unlicensed"]

_HOUSES = ("hospital", "clinic")
_AFTER = (*range(7), *range(13, 18))
"""Days whose waste travels outside the first order's time whenever it is collected."""


def unlicensed(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a day's waste at a unit that may not have it; four kinds in turn."""
    kind = turn % 4
    day = scene.take(city, _HOUSES, (11,) if kind == 1 else _AFTER)
    works = (city.workshop, city.emergency, city.chemist, city.emergency)[kind]
    day.bags[0].waste = "infectious"
    send(day.bags, works)
    if kind == 1:
        taken = moment(11, 19) + scene.minutes(0, 20)
        carry(day.bags, taken, moment(11, 20) + scene.minutes(2, 40), city.plant.plates[2])
    zh, en = (
        ("交无证单位处置", "taken over by a unit without any licence"),
        ("应急令结束数分钟后，应急设施仍接收", "taken in minutes after the order had ended"),
        ("只持 HW03 许可证的单位接收感染性废物", "taken over by a plant licensed for HW03 only"),
        ("无应急令，应急设施接收", "an emergency facility took it with no order in force"),
    )[kind]
    scene.breaks("violation", "unlicensed_plant", day.subject, zh, en)


def other_area(scene: MedicalScene, city: City, _: int) -> None:
    """Plant a day's waste at the plant of another city, which has no agreement with the house."""
    day = scene.take(city, _HOUSES, _AFTER)
    works = city.elsewhere
    send(day.bags, works, works)
    for bag in day.bags:
        bag.plate = works.plates[0]
    zh, en = "无协议运往外市处置", "treated in another city without agreement"
    scene.breaks("review", "other_area", day.subject, zh, en)


def _by(day: Day, plate: str) -> None:
    for bag in day.bags:
        bag.plate = plate


def ordinary_truck(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a day's waste in a truck that is not for medical waste, once just after an order."""
    day = scene.take(city, _HOUSES, (11,) if turn % 2 else _AFTER)
    _by(day, city.truck)
    if turn % 2:
        taken = moment(11, 20) + scene.minutes(2, 30)
        carry(day.bags, taken, taken + scene.minutes(30, 60), city.truck)
    zh, en = "普通货车运送医疗废物", "carried by an ordinary truck"
    scene.breaks("violation", "vehicle", day.subject, zh, en)


def unknown_vehicle(scene: MedicalScene, city: City, _: int) -> None:
    """Plant a day's waste in a vehicle that is on no record."""
    day = scene.take(city, _HOUSES, range(18))
    _by(day, city.unknown)
    zh, en = "车辆不在登记库中", "carried by a vehicle that is on no record"
    scene.breaks("review", "vehicle", day.subject, zh, en)


def _as_hw03(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, _HOUSES, PEACE)
    bag = day.bags[0]
    bag.waste, bag.cytotoxic = "pharmaceutical", False
    send([b for b in day.bags if b.waste == "pharmaceutical"], city.chemist)
    zh, en = "药物性废物由持 HW03 许可证的单位焚烧", "drugs burnt by a plant licensed for HW03"
    scene.lawful("pharmaceutical_as_hw03", day.subject, zh, en)


def _agreed(scene: MedicalScene, city: City, _: int) -> None:
    for house in city.houses:
        if house.kind == "far":
            for n in range(0, 20, 3):
                zh, en = "与外市处置单位有收运协议", "a plant of another city, by agreement"
                subject = scene.days[house.number, n].subject
                scene.lawful("agreement_with_another_city", subject, zh, en)


TAKERS_ALIKE = (_as_hw03, _agreed)
"""Each plays one story: ``(scene, city, turn)``."""
