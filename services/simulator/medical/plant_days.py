"""A plant's day: figures of a process, vehicles unwashed, more than it can treat; and what is in order."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from services.simulator.medical.bag import Day
from services.simulator.medical.houses import City
from services.simulator.medical.scene import MedicalScene, plant_subject
from services.simulator.medical.treatment import Batch, days_of

__all__ = [
    "batches_to_tell",
    "capacity",
    "hold_over",
    "just_washed",
    "leave_unwashed",
    "process_figures",
    "reaches_just",
]

Tellable = dict[str, list[tuple[Batch, str]]]
"""Batches of which a story may be told, by process, each with the subject that its label would be of."""

_LEAST = {
    "incineration": {"temperature_c": 850, "residence_ms": 2000},
    "steam": {"temperature_c": 134, "pressure_kpa": 220, "minutes": 45},
    "microwave": {"temperature_c": 95, "minutes": 45},
    "dry_heat": {"temperature_c": 170, "minutes": 20},
}
_KINDS = (
    ("incineration", "temperature_c"), ("steam", "pressure_kpa"), ("microwave", "temperature_c"),
    ("steam", "minutes"), ("incineration", "residence_ms"), ("dry_heat", "temperature_c"),
    ("steam", "temperature_c"), ("microwave", "minutes"), ("dry_heat", "minutes"),
)  # fmt: skip
_HELD = (4, 16, 0)
"""Days whose waste, and the next day's, the plant keeps until the third day."""
_DRIVES = (0, 1, 2, 4, 5, 6, *range(13, 18))
"""Days without an order on which nothing that was kept is treated."""


def _drive(scene: MedicalScene, city: City, *, apart: int) -> int:
    """Let the plant's last vehicle carry a day's waste that no story has; return on which day.

    ``apart``: so many days from other drives, and one at least from one after which it is not washed.
    """
    driven = [(n, least) for number, n, least in scene.driven if number == city.number]

    def rested(day: Day) -> bool:
        free = all(abs(day.n - n) > max(apart, least) for n, least in driven)
        return day.house.visited(day.n) == day.n and free

    day = scene.take(city, ("hospital", "clinic"), _DRIVES, fits=rested)
    scene.driven.append((city.number, day.n, apart))
    for bag in day.bags:
        bag.plate = city.plant.plates[3]
    return day.n


def leave_unwashed(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a vehicle that is washed after more than a day, or never."""
    n = _drive(scene, city, apart=1)
    late = timedelta(hours=26) + scene.minutes(0, 600)
    key = city.plant.firm.uscc, city.plant.plates[3], n
    scene.washings[key] = None if turn % 2 else late
    zh, en = "车辆入厂后 24 小时内未清洗消毒", "a vehicle not washed within 24 hours of coming in"
    scene.breaks("review", "not_washed", plant_subject(city.plant, n), zh, en)


def just_washed(scene: MedicalScene, city: City, _: int) -> None:
    """Wash a vehicle at the last minute."""
    n = _drive(scene, city, apart=0)
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
    scene.later.append(("capacity_exactly_used", full, zh, en))
    return most


def batches_to_tell(scene: MedicalScene, batches: Sequence[Batch]) -> Tellable:
    """Return the batches of licensed plants since the first day."""
    workshops = {city.workshop.firm.uscc for city in scene.cities}
    found: Tellable = defaultdict(list)
    for batch in batches:
        if batch.works.firm.uscc not in workshops and scene.day_of(batch.at) >= 0:
            found[batch.process].append((batch, batch.subject))
    return found


def _batch(scene: MedicalScene, batches: Tellable, turn: int) -> tuple[Batch, str]:
    """Return a batch of a day without label, and a figure of its process; kinds in turn."""
    for n in range(len(_KINDS)):
        process, name = _KINDS[(turn + n) % len(_KINDS)]
        free = [batch for batch, day in batches[process] if day not in scene.labelled]
        if free:
            return scene.dice.pick(free), name
    raise RuntimeError("too few batches for so many stories")


def process_figures(scene: MedicalScene, batches: Tellable, turn: int) -> None:
    """Plant a batch whose figure does not reach the standard; nine kinds in turn."""
    batch, name = _batch(scene, batches, turn)
    batch.figures[name] = _LEAST[batch.process][name] - scene.dice.between(1, 15)
    zh, en = "工艺参数未达标", "a figure of the process below the standard"
    scene.breaks("violation", "process_figures", batch.subject, zh, en)


def reaches_just(scene: MedicalScene, batches: Tellable, turn: int) -> None:
    """Let a batch reach the standard exactly, or leave a figure out."""
    batch, name = _batch(scene, batches, turn)
    batch.figures = dict(_LEAST[batch.process])
    if turn % 2:
        del batch.figures[name]
    zh, en = "工艺参数恰好达标", "the figures just reach the standard"
    scene.lawful("figures_just_reached", batch.subject, zh, en)
