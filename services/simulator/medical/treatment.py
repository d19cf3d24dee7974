"""Batches: what a plant treats together, and the figures of its process."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.instant import CHINA
from services.simulator.medical.bag import Bag, known
from services.simulator.medical.houses import Works
from services.simulator.medical.scene import MedicalScene, plant_subject
from services.simulator.medical.times import moment

__all__ = ["Batch", "batches_of", "days_of"]

_MOST = 40
"""Packages in a batch, about."""
_BURNT = ("pathological", "pharmaceutical", "chemical")


@dataclass(slots=True, eq=False)
class Batch:
    """What went through one process together."""

    works: Works
    process: str
    at: datetime
    bags: list[Bag]
    figures: dict[str, int] = field(default_factory=dict)

    @property
    def grams(self) -> int:
        """What it weighed."""
        return sum(bag.grams for bag in self.bags)

    @property
    def subject(self) -> str:
        """The plant's day that it belongs to."""
        return plant_subject(self.works, self.at)


def batches_of(scene: MedicalScene) -> list[Batch]:
    """Put every bag that is to be treated into a batch, in order of time."""
    waiting: dict[tuple[str, str, datetime], list[Bag]] = defaultdict(list)
    for bag in scene.all_bags():
        if bag.came_at is not None and bag.came_to is not None and not bag.never_treated:
            process = bag.process or _usual(bag, bag.came_to)
            start = bag.done_at or _start(scene, bag, bag.came_to, bag.came_at)
            waiting[bag.came_to.firm.uscc, process, start].append(bag)
    found = []
    for (_, process, start), bags in waiting.items():
        timed = [bag for bag in bags if bag.done_at is not None]
        rest = [bag for bag in bags if bag.done_at is None]
        chunks = [timed] if timed else []
        for n, chunk in enumerate(_chunks(rest)):
            at = start + timedelta(minutes=15 * n) + scene.minutes(0, 12)
            for bag in chunk:
                bag.done_at = at
            chunks.append(chunk)
        for chunk in chunks:
            works, done = known(chunk[0].came_to), known(chunk[0].done_at)
            found.append(Batch(works, process, done, chunk, _figures(scene, process)))
    found.sort(key=lambda batch: (batch.at, batch.bags[0].id))
    return found


def _usual(bag: Bag, works: Works) -> str:
    burnt = bag.waste in _BURNT or bag.cytotoxic
    return "incineration" if burnt else works.usual


def _start(scene: MedicalScene, bag: Bag, works: Works, came: datetime) -> datetime:
    """Return when a plant begins with what came: in the afternoon, or on the next morning."""
    day = came.astimezone(CHINA).replace(hour=0, minute=0, second=0)
    if came - day < timedelta(hours=12):
        return day + timedelta(hours=14)
    n = scene.day_of(came)
    return moment(scene.held.get((works.firm.uscc, n), n + 1), 6)


def _chunks(bags: list[Bag]) -> list[list[Bag]]:
    return [bags[n : n + _MOST] for n in range(0, len(bags), _MOST)]


def _figures(scene: MedicalScene, process: str) -> dict[str, int]:
    dice = scene.dice
    if process == "incineration":
        return {
            "temperature_c": dice.between(871, 1100),
            "residence_ms": dice.between(2050, 3000),
        }
    if process == "steam":
        return {
            "temperature_c": dice.between(135, 138),
            "pressure_kpa": dice.between(222, 240),
            "minutes": dice.between(46, 60),
        }
    if process == "microwave":
        return {"temperature_c": dice.between(96, 100), "minutes": dice.between(46, 60)}
    return {"temperature_c": dice.between(172, 185), "minutes": dice.between(21, 40)}


def days_of(batches: list[Batch]) -> dict[str, list[Batch]]:
    """Return the batches by plant's day."""
    found: dict[str, list[Batch]] = defaultdict(list)
    for batch in batches:
        found[batch.subject].append(batch)
    return found
