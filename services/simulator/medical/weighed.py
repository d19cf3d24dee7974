"""Weights at both ends: what differs, slips of the unit, and what was corrected or just agrees."""

from services.simulator.medical.bag import Day, carry
from services.simulator.medical.houses import City
from services.simulator.medical.scene import MedicalScene

__all__ = ["WEIGHED_ALIKE", "batch_differs", "batch_slipped", "weight_differs", "weight_slipped"]

_HOUSES = ("hospital", "clinic")
_ANY = range(18)


def weight_differs(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a bag that weighs more, or less, when it comes in."""
    day = scene.take(city, _HOUSES, _ANY)
    bag, more = day.bags[0], scene.dice.between(600, 1400)
    bag.grams = scene.dice.between(2000, 4500)
    bag.came_grams = bag.grams + (more if turn % 2 else -more)
    zh, en = "封装与入厂重量不符", "sealed and received weights do not agree"
    scene.breaks("review", "weight_differs", day.subject, zh, en)


def weight_slipped(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a bag whose weight was told in kilograms for grams, or the other way round."""
    day = scene.take(city, _HOUSES, _ANY)
    bag = day.bags[0]
    bag.grams = scene.dice.between(1, 5) * 1000
    bag.came_grams = bag.grams * 1000 if turn % 2 else bag.grams // 1000
    zh, en = "两端重量相差一千倍，单位填错", "a thousandfold apart: the unit was mistaken"
    scene.breaks("notice", "weight_differs", day.subject, zh, en)


def _together(scene: MedicalScene, city: City, turn: int) -> Day:
    """Take a day whose bags go on registers of their own, with one weight for all."""
    day = scene.take(city, ("weigher",), _ANY, fits=lambda d: d.house.visited(d.n) == d.n)
    visit = scene.visit(day.house, day.n)
    carry(day.bags, visit.taken + scene.minutes(1, 9), visit.came, city.plant.plates[2])
    for bag in day.bags:
        bag.weighed_as_one = "received" if turn % 2 else "collected"
    return day


def batch_differs(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a register whose weight of all is some kilograms less than what was sealed, or more."""
    day = _together(scene, city, turn)
    sealed = sum(bag.grams for bag in day.bags)
    off = max(2001, sealed * 6 // 100) + scene.dice.between(0, 500)
    for bag in day.bags:
        bag.off = off if turn % 2 else -off
    zh, en = (
        "登记卡总重与封装重量之和不符",
        "a register's weight of all does not agree with what was sealed",
    )
    scene.breaks("review", "weight_differs", day.subject, zh, en)


def batch_slipped(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a register whose weight of all was told in kilograms for grams."""
    day = _together(scene, city, turn)
    for bag in day.bags:
        bag.in_kilograms = True
    day.bags[0].grams += 1000 - sum(bag.grams for bag in day.bags) % 1000
    day.bags[0].came_grams = day.bags[0].grams
    zh, en = "登记卡总重以千克填报", "a register's weight of all was told in kilograms"
    scene.breaks("notice", "weight_differs", day.subject, zh, en)


def _batch_just_agrees(scene: MedicalScene, city: City, turn: int) -> None:
    day = _together(scene, city, turn)
    for bag in day.bags:
        bag.off = -2000
    zh, en = "登记卡总重恰少 2 千克", "a register's weight of all is 2 kg less, no more"
    scene.lawful("batch_just_agrees", day.subject, zh, en)


def _of_two_days(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(
        city, ("weigher",), range(17), around=(0, 1), fits=lambda d: d.house.visited(d.n) == d.n + 1
    )
    both = [day, scene.days[day.house.number, day.n + 1]]
    for each in both:
        for bag in each.bags:
            bag.weighed_as_one = "collected"
        zh, en = (
            "一张登记卡收运两天的包装，只称总重",
            "one register of two days' bags, with one weight for all",
        )
        scene.lawful("register_of_two_days", each.subject, zh, en)


def _corrected(scene: MedicalScene, city: City, turn: int) -> None:
    day = scene.take(city, _HOUSES, _ANY)
    bag = day.bags[0]
    if turn % 2:
        bag.sealed_told = bag.grams + 2000
    else:
        bag.came_told = bag.came_grams * 2 + 800
    zh, en = "称重有误，已由上报方更正", "a wrong weight, corrected by its author"
    scene.lawful("weight_corrected", day.subject, zh, en)


def _just_agrees(scene: MedicalScene, city: City, turn: int) -> None:
    day = scene.take(city, _HOUSES, _ANY)
    bag = day.bags[0]
    bag.grams = 6000 if turn % 2 else scene.dice.between(1000, 5000)
    bag.came_grams = bag.grams + (-600 if turn % 2 else 500)
    zh, en = "差值恰为 500 克或 10%", "they differ by exactly 500 g, or exactly 10 %"
    scene.lawful("weight_just_agrees_at_plant", day.subject, zh, en)


WEIGHED_ALIKE = (_corrected, _just_agrees, _batch_just_agrees, _of_two_days)
"""Each plays one story: ``(scene, city, turn)``."""
