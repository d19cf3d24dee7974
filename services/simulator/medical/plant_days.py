"""A plant's day: figures of a process, vehicles unwashed, more than it can treat; and what is in order."""

from collections.abc import Sequence
from datetime import timedelta

from services.simulator.medical.houses import City
from services.simulator.medical.scene import MedicalScene, plant_subject
from services.simulator.medical.treatment import Batch, days_of

__all__ = [
    "capacity",
    "hold_over",
    "just_washed",
    "leave_unwashed",
    "process_figures",
    "reaches_just",
]

_LEAST = {
    "incineration": {"temperature_c": 850, "residence_ms": 2000},
    "steam": {"temperature_c": 134, "pressure_kpa": 220, "minutes": 45},
    "microwave": {"temperature_c": 95, "minutes": 45},
    "dry_heat": {"temperature_c": 170, "minutes": 20},
}
_HELD = (4, 16, 0)
"""Days whose waste, and the next day's, the plant keeps until the third day."""


def _used(scene: MedicalScene, city: City, days: Sequence[int], kept: int) -> int:
    """Let the plant's last vehicle carry a day's waste that no story has; return on which day."""
    day = scene.take(
        city, ("hospital",), days, around=(0, 0),
        fits=lambda d: all(abs(d.n - n) > kept for c, n in scene.driven if c == city.number),
    )  # fmt: skip
    scene.driven.append((city.number, day.n))
    for bag in day.bags:
        bag.plate = city.plant.plates[3]
    return day.n


def leave_unwashed(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a vehicle that is washed after more than a day, or never."""
    n = _used(scene, city, range(17), 3)
    late = timedelta(hours=26) + scene.minutes(0, 600)
    key = city.plant.firm.uscc, city.plant.plates[3], n
    scene.washings[key] = None if turn % 2 else late
    zh, en = "车辆入厂后 24 小时内未清洗消毒", "a vehicle not washed within 24 hours of coming in"
    scene.breaks("review", "not_washed", plant_subject(city.plant, n), zh, en)


def just_washed(scene: MedicalScene, city: City, _: int) -> None:
    """Wash a vehicle at the last minute."""
    n = _used(scene, city, range(17), 1)
    key = city.plant.firm.uscc, city.plant.plates[3], n
    scene.washings[key] = timedelta(hours=23, minutes=50)
    zh, en = "车辆入厂后 23 小时 50 分清洗", "washed 23 h 50 min after it came in"
    scene.later.append(("washed_just_in_time", plant_subject(city.plant, n), zh, en))


def hold_over(scene: MedicalScene, city: City, turn: int) -> None:
    """Let the plant treat three days' waste on one: more than it can."""
    n = _HELD[turn % len(_HELD)]
    uscc = city.plant.firm.uscc
    scene.held |= {(uscc, n): n + 3, (uscc, n + 1): n + 3}


def keep_cold(scene: MedicalScene) -> None:
    """Let what is held over be kept cold."""
    for bag in scene.all_bags():
        if bag.came_at is None or bag.came_to is None or bag.done_at is not None:
            continue
        if (bag.came_to.firm.uscc, scene.day_of(bag.came_at)) in scene.held:
            bag.cold = True


def capacity(scene: MedicalScene, city: City, batches: Sequence[Batch]) -> int:
    """Return what the plant can treat on a day, so that as many days are over it as are held over."""
    its = days_of([batch for batch in batches if batch.works is city.plant])
    sums = sorted(
        ((sum(batch.grams for batch in day), subject) for subject, day in its.items()), reverse=True
    )
    held = {day for (uscc, _), day in scene.held.items() if uscc == city.plant.firm.uscc}
    most, full = sums[len(held)]
    for grams, subject in sums:
        if grams > most:
            zh, en = "当日处置量超过处置能力", "more treated on a day than the plant can"
            scene.breaks("review", "over_capacity", subject, zh, en)
    zh, en = "处置量恰等于处置能力", "exactly as much treated as the plant can"
    scene.lawful("capacity_exactly_used", full, zh, en)
    return most


def _unlabelled(
    scene: MedicalScene, city: City, batches: Sequence[Batch], process: str
) -> list[Batch]:
    works = (city.plant, city.elsewhere, city.emergency)
    return [
        batch
        for batch in batches
        if batch.works in works
        and batch.process == process
        and batch.subject not in scene.labelled
        and scene.day_of(batch.at) >= 0
    ]


def process_figures(scene: MedicalScene, city: City, batches: Sequence[Batch], turn: int) -> None:
    """Plant a batch whose figure does not reach the standard; nine kinds in turn."""
    process, name = _kind(turn)
    batch = scene.dice.pick(_unlabelled(scene, city, batches, process))
    batch.figures[name] = _LEAST[process][name] - scene.dice.between(1, 15)
    zh, en = "工艺参数未达标", "a figure of the process below the standard"
    scene.breaks("violation", "process_figures", batch.subject, zh, en)


def reaches_just(scene: MedicalScene, city: City, batches: Sequence[Batch], turn: int) -> None:
    """Let a batch reach the standard exactly, or leave a figure out."""
    process, name = _kind(turn)
    batch = scene.dice.pick(_unlabelled(scene, city, batches, process))
    batch.figures = dict(_LEAST[process])
    if turn % 2:
        del batch.figures[name]
    zh, en = "工艺参数恰好达标", "the figures just reach the standard"
    scene.lawful("figures_just_reached", batch.subject, zh, en)


def _kind(turn: int) -> tuple[str, str]:
    kinds = (
        ("incineration", "temperature_c"), ("steam", "pressure_kpa"), ("microwave", "temperature_c"),
        ("steam", "minutes"), ("incineration", "residence_ms"), ("dry_heat", "temperature_c"),
        ("steam", "temperature_c"), ("microwave", "minutes"), ("dry_heat", "minutes"),
    )  # fmt: skip
    return kinds[turn % len(kinds)]
