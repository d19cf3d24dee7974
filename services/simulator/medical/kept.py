"""At the plant: what is kept too long there or treated by the wrong process, and what is not."""

from datetime import timedelta

from services.simulator.medical.bag import Day, known
from services.simulator.medical.houses import City
from services.simulator.medical.scene import MedicalScene

__all__ = ["KEPT_ALIKE", "doubtful_process", "kept_too_long", "wrong_process"]

_HOUSES = ("hospital", "clinic")
_BEFORE = range(7)
"""Days whose waste may stay at the plant for three days before the second order begins."""


def _stay(scene: MedicalScene, day: Day, hours: int, minutes: int) -> None:
    """Let a day's waste stay so long at the plant, and some minutes."""
    done = known(day.bags[0].came_at) + timedelta(hours=hours) + scene.minutes(0, minutes)
    for bag in day.bags:
        bag.done_at = done


def kept_too_long(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a day's waste that stays at the plant too long; five kinds in turn."""
    kind = turn % 5
    kinds, days = (("remote",), range(4)) if kind == 3 else (_HOUSES, _BEFORE)
    if kind == 4:
        kinds, days = ("hospital",), (12,)  # type: ignore[assignment]
    day = scene.take(city, kinds, days)
    day.bags[0].waste = "infectious"
    if kind == 2:
        for bag in day.bags:
            bag.never_treated = True
    else:
        hours = (26, 76, 0, 170, 50)[kind]
        _stay(scene, day, hours, (30 * 60, 4 * 60, 0, 5 * 60, 8 * 60)[kind])
    for bag in day.bags:
        bag.cold = bag.cold or kind == 1
    zh, en = (
        ("常温贮存超过 24 小时", "kept for more than 24 hours, not cold"),
        ("低温贮存超过 72 小时", "kept cold for more than 72 hours"),
        ("入厂后至今未处置", "never treated"),
        ("偏远地区低温消毒后贮存超过 168 小时", "remote, cold, disinfected: more than 168 hours"),
        ("应急令放宽至 48 小时仍超限", "longer than even the order's 48 hours"),
    )[kind]
    scene.breaks("violation", "plant_store", day.subject, zh, en)


def wrong_process(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant drugs, chemicals or cytotoxic waste that is steamed."""
    kind = turn % 3
    day = scene.take(city, _HOUSES, range(18))
    bag = day.bags[0]
    bag.waste = ("pharmaceutical", "chemical", "infectious")[kind]
    bag.cytotoxic, bag.process = kind == 2, "steam"
    zh, en = "应焚烧的医疗废物以高温蒸汽处理", "steamed, though it has to be burnt"
    scene.breaks("violation", "wrong_process", day.subject, zh, en)


def doubtful_process(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant pathological waste that is steamed or heated."""
    day = scene.take(city, _HOUSES, range(18))
    bag = day.bags[0]
    bag.waste, bag.cytotoxic = "pathological", False
    bag.process = "dry_heat" if turn % 2 else "steam"
    zh, en = "病理性废物以高温蒸汽或干热处理", "pathological waste, steamed or heated"
    scene.breaks("review", "wrong_process", day.subject, zh, en)


def _chemicals(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, _HOUSES, range(13))
    bag = day.bags[0]
    bag.waste, bag.cytotoxic = "chemical", False
    bag.done_at = known(bag.came_at) + timedelta(days=5) + scene.minutes(0, 600)
    zh, en = "化学性废物在处置单位贮存 5 天", "chemicals kept at the plant for five days"
    scene.lawful("chemical_kept_five_days", day.subject, zh, en)


def _cold(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, _HOUSES, _BEFORE)
    for bag in day.bags:
        bag.cold = True
    _stay(scene, day, 70, 100)
    zh, en = "低温贮存 70 小时", "kept cold for 70 hours"
    scene.lawful("cold_store_70_hours", day.subject, zh, en)


def _remote(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, ("remote",), range(4))
    _stay(scene, day, 160, 120)
    zh, en = "偏远地区低温消毒后贮存 160 小时", "remote, cold, disinfected: kept for 160 hours"
    scene.lawful("remote_store_160_hours", day.subject, zh, en)


KEPT_ALIKE = (_chemicals, _cold, _remote)
"""Each plays one story: ``(scene, city, turn)``."""
