"""Weights at both ends: what differs, slips of the unit, and what was corrected or just agrees."""

from services.simulator.medical.houses import City
from services.simulator.medical.scene import MedicalScene

__all__ = ["WEIGHED_ALIKE", "weight_differs", "weight_slipped"]

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


WEIGHED_ALIKE = (_corrected, _just_agrees)
"""Each plays one story: ``(scene, city, turn)``."""
