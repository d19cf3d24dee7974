"""Boxes at the plant: one that is not washed, or used again first; and what is in order."""

from collections.abc import Sequence
from datetime import timedelta

from services.simulator.medical.bag import Day, carry
from services.simulator.medical.houses import City
from services.simulator.medical.scene import MedicalScene, plant_subject

__all__ = ["BOXES_ALIKE", "box_unwashed"]

_RULE = "medical.box_not_washed"
_DAYS = (*range(1, 6), *range(12, 16))
"""Days without an order's daily visits, and the next visit two days later."""


def _comes(scene: MedicalScene, city: City, days: Sequence[int], around: tuple[int, int]) -> Day:
    """Take a day whose waste comes in the same evening, and days around it; the plant's is no other's."""
    others = {subject for _, subject, _, _ in scene.later}
    others |= {label.subject for label in scene.labels if label.rule == _RULE}

    def fits(day: Day) -> bool:
        return day.house.visited(day.n) == day.n and plant_subject(city.plant, day.n) not in others

    return scene.take(city, ("weigher",), days, around=around, fits=fits)


def box_unwashed(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a box that is never washed after a day; once it is used again as it is."""
    day = _comes(scene, city, _DAYS, (0, 2))
    box = scene.box(day.house, day.n)
    scene.washings[city.plant.firm.uscc, box, day.n] = None
    if turn % 2:
        scene.boxes[day.house.number, day.n + 2] = box
    zh, en = (
        ("周转箱未清洗即再次使用", "a box was used again without having been washed")
        if turn % 2
        else ("周转箱使用后 24 小时内未清洗", "a box was not washed within 24 hours of use")
    )
    scene.breaks("review", _RULE.removeprefix("medical."), plant_subject(city.plant, day.n), zh, en)


def _just_in_time(scene: MedicalScene, city: City, _: int) -> None:
    day = _comes(scene, city, range(18), (0, 0))
    key = city.plant.firm.uscc, scene.box(day.house, day.n), day.n
    scene.washings[key] = timedelta(hours=23, minutes=50)
    zh, en = "周转箱使用后 23 小时 50 分清洗", "its box was washed 23 h 50 min after it came in"
    scene.lawful("box_washed_just_in_time", day.subject, zh, en)


def _on_two_registers(scene: MedicalScene, city: City, _: int) -> None:
    day = _comes(scene, city, _DAYS, (1, 0))
    visit = scene.visit(day.house, day.n)
    carry(day.bags, visit.taken, visit.came + scene.minutes(20, 60), city.plant.plates[2])
    zh, en = "同一车次两张登记卡列同一周转箱", "two registers of one evening name the same box"
    scene.lawful("box_on_two_registers", day.subject, zh, en)


BOXES_ALIKE = (_on_two_registers, _just_in_time)
"""Each plays one story: ``(scene, city, turn)``."""
