"""In an institution's store: what stands too long in peace, and what only looks as if."""

from datetime import timedelta

from services.simulator.medical.bag import Bag, Day, carry
from services.simulator.medical.houses import City
from services.simulator.medical.scene import MedicalScene
from services.simulator.medical.telling import tell_collected, tell_returned
from services.simulator.medical.times import STORED, moment

__all__ = ["STORED_ALIKE", "left_standing", "nobody_came"]

_STALE = {
    0: ("收运时漏收数件，超过 48 小时才运走", "some were left standing and taken after 48 hours"),
    1: ("超过 48 小时才交集中暂存", "handed on to the collecting hospital after 48 hours"),
    2: ("收运时漏收，至今未运走", "some were left standing and never taken"),
    3: ("集中暂存后又超过 48 小时", "stood for more than 48 hours at the collecting hospital"),
}


def take_on(scene: MedicalScene, day: Day, bags: list[Bag], n: int) -> None:
    """Let bags wait for the evening of another day."""
    house = day.city.collecting if day.house.kind == "sender" else day.house
    visit = scene.visit(house, n)
    carry(bags, visit.taken, visit.came, visit.plate)


def left(day: Day) -> list[Bag]:
    """Return up to three bags of a day, never all."""
    return day.bags[: min(3, len(day.bags) - 1)]


def leave(bags: list[Bag]) -> None:
    """Let bags stand for ever."""
    for bag in bags:
        bag.taken_at = bag.taken_by = bag.came_at = bag.came_to = None


def left_standing(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a day of which some stood too long, although somebody came; four kinds in turn."""
    kind = turn % 4
    day = scene.take(city, ("sender",) if kind % 2 else ("hospital",), STORED)
    if kind == 1:
        for bag in day.bags:
            bag.handed_at = moment(day.n + 3, 17.75)
    if kind == 2:
        leave(left(day))
    else:
        take_on(scene, day, left(day) if kind == 0 else day.bags, day.n + 3)
    scene.breaks("violation", "stored_too_long", day.subject, *_STALE[kind])


def nobody_came(scene: MedicalScene, city: City, _: int) -> None:
    """Plant a visit of a clinic that never took place: two days of waste wait for the next."""
    day = scene.take(
        city,
        ("clinic",),
        (*range(5), 16),
        around=(3, 3),
        fits=lambda d: d.house.visited(d.n) == d.n + 1,
    )
    for n in (day.n, day.n + 1):
        its = scene.days[day.house.number, n]
        take_on(scene, its, its.bags, day.n + 3)
        zh, en = "两天以上无人收运", "nobody came for more than two days"
        scene.breaks("violation", "stored_too_long", its.subject, zh, en)
        scene.breaks("violation", "not_collected", its.subject, zh, en)


def _just_in_time(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, ("hospital", "clinic"), (*range(7), 16))
    first = min(bag.sealed_at for bag in day.bags if bag.sealed_at is not None)
    at = first + timedelta(hours=47, minutes=50)
    carry(day.bags, at, at + scene.minutes(30, 80), city.plant.plates[2])
    zh, en = "封装后 47 小时 50 分收运", "collected 47 h 50 min after the first was sealed"
    scene.lawful("collected_just_in_time", day.subject, zh, en)


def _handed_on(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, ("sender",), range(6))
    handed = moment(day.n + 1, 17.5)
    at = handed + timedelta(hours=47, minutes=30)
    carry(day.bags, at, at + scene.minutes(60, 90), city.plant.plates[2])
    for bag in day.bags:
        bag.handed_at = handed
    zh, en = (
        "两处暂存各未超 48 小时，合计约 80 小时",
        "about 80 hours in two stores, neither over 48",
    )
    scene.lawful("handed_on_in_time", day.subject, zh, en)


def _returned(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, ("hospital",), (*range(7), *range(12, 18)))
    bags = day.bags[: max(1, len(day.bags) // 4)]
    visit = scene.visit(day.house, day.n)
    tell_collected(scene, bags, visit.taken, city.plant, visit.plate)
    tell_returned(scene, bags, visit.taken + scene.minutes(15, 60), city.plant)
    take_on(scene, day, bags, day.n + 1)
    zh, en = (
        "退回后 48 小时内再次收运",
        "given back, and collected again within 48 hours of sealing",
    )
    scene.lawful("returned_and_collected_again", day.subject, zh, en)


def _alone(scene: MedicalScene, city: City, turn: int) -> None:
    del turn
    for house in city.houses:
        if house.kind == "alone":
            for n in range(0, 20, 4):
                subject = scene.days[house.number, n].subject
                zh, en = (
                    "偏远村卫生室，无收运协议，就地处置",
                    "remote, no agreement, treats on the spot",
                )
                scene.lawful("remote_treats_on_the_spot", subject, zh, en)


STORED_ALIKE = (_just_in_time, _handed_on, _returned, _alone)
"""Each plays one story: ``(scene, city, turn)``."""
