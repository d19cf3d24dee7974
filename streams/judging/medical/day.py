"""医疗废物的一天: what is judged together, so that one late van is one alert and not five hundred.

| subject | what it is about |
|---|---|
| ``medical/<credit code>/<day>`` | the packages that an institution sealed on a China day |
| ``plant/<credit code>/<day>`` | what a plant or collector did on a China day |
| ``week/<credit code>/<Monday>`` | what an institution told of in a week (``week``) |
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from schemas.instant import china_day
from streams.judging.medical.package import Mark, Package, life_at, packages_of, words_of
from streams.judging.medical.said import Counted

__all__ = [
    "HospitalDay",
    "Pickup",
    "PlantDay",
    "Register",
    "hospital_days",
    "hospital_subject",
    "pickups_of",
    "plant_days",
    "weighed_as_one",
]

_AFTER = timedelta(days=2)
"""How long after a plant's day its washings are still of it."""
_PICKUPS = timedelta(days=31)
"""Pick-ups so long after a day cannot bear on what was sealed on it."""


class Pickup(NamedTuple):
    """One pick-up at an institution, whether packages were listed or only weighed."""

    mark: Mark


class Register(NamedTuple):
    """A register of a pick-up or arrival that lists packages and gives one weight for all of them."""

    mark: Mark
    packages: tuple[Package, ...]


class HospitalDay(NamedTuple):
    """The packages of one institution and China day of sealing, by id."""

    institution: str
    day: date
    packages: tuple[Package, ...]
    pickups: tuple[Pickup, ...]
    """All pick-ups at the institution from that day on, by time."""
    registers: tuple[Register, ...] = ()
    """Those whose earliest package is of that day, by time."""

    @property
    def subject(self) -> str:
        """The shared subject's name."""
        return hospital_subject(self.institution, self.day)


class PlantDay(NamedTuple):
    """What one unit said it did on a China day, by time, and its washings till two days later."""

    unit: str
    day: date
    said: tuple[Counted, ...]
    washed: tuple[Counted, ...]
    again: tuple[Counted, ...] = ()
    """What came in boxes on the two days after: boxes used again."""

    @property
    def subject(self) -> str:
        """The subject's name."""
        return f"plant/{self.unit}/{self.day}"


def hospital_subject(institution: str, day: date) -> str:
    """Return the subject of an institution's day."""
    return f"medical/{institution}/{day}"


def hospital_days(said: Iterable[Counted]) -> list[HospitalDay]:
    """Return the days of every institution that anything was said of, by (institution, day)."""
    marks: dict[str, list[tuple[str, Mark]]] = defaultdict(list)
    pickups: dict[str, list[Pickup]] = defaultdict(list)
    weighed: dict[str, list[Counted]] = defaultdict(list)
    for one in said:
        if weighed_as_one(one):
            weighed[one.data.institution].append(one)
        for word in words_of(one):
            marks[word.institution].append((word.package, word.mark))
        if one.verb == "collected":
            weight = one.data.weight_g
            mark = Mark(one.verb, one.at, one.unit, one.ref, one.subject, weight, one.data)
            pickups[one.data.institution].append(Pickup(mark))
    found: list[HospitalDay] = []
    for institution in sorted(marks):
        days: dict[date, list[Package]] = defaultdict(list)
        for package in packages_of(marks[institution]):
            days[package.day].append(package)
        came = sorted(pickups[institution], key=lambda p: (p.mark.at, p.mark.ref))
        registers = _registers(weighed[institution], days)
        found += [
            HospitalDay(
                institution, day, tuple(packages), pickups_of(day, came), tuple(registers[day])
            )
            for day, packages in sorted(days.items())
        ]
    return found


def weighed_as_one(one: Counted) -> bool:
    """Whether it is a register that lists packages and gives one weight for all of them."""
    if one.verb not in ("collected", "received"):
        return False
    return bool(one.data.packages) and one.data.weight_g is not None


def _registers(
    weighed: Iterable[Counted], days: dict[date, list[Package]]
) -> dict[date, list[Register]]:
    found: dict[date, list[Register]] = defaultdict(list)
    lives: dict[str, list[Package]] = defaultdict(list)
    for packages in days.values():
        for package in packages:
            lives[package.id].append(package)
    for one in sorted(weighed, key=lambda w: (w.at, w.ref)):
        its = tuple(life_at(lives[package.id], one.at) for package in one.data.packages)
        mark = Mark(one.verb, one.at, one.unit, one.ref, one.subject, one.data.weight_g, one.data)
        found[min(package.day for package in its)].append(Register(mark, its))
    return found


def pickups_of(day: date, came: Iterable[Pickup]) -> tuple[Pickup, ...]:
    """Return the pick-ups that may bear on what was sealed on a day."""
    return tuple(p for p in came if day <= china_day(p.mark.at) <= day + _PICKUPS)


def plant_days(said: Iterable[Counted]) -> list[PlantDay]:
    """Return the days of every unit that took in, treated or washed, by (unit, day)."""
    days: dict[tuple[str, date], list[Counted]] = defaultdict(list)
    washed: dict[str, list[Counted]] = defaultdict(list)
    boxed: dict[str, list[Counted]] = defaultdict(list)
    for one in said:
        if one.verb == "received" and one.data.boxes:
            boxed[one.unit].append(one)
        if one.verb == "washed":
            washed[one.unit].append(one)
        elif one.verb in ("received", "treated"):
            days[one.unit, china_day(one.at)].append(one)
    return [
        PlantDay(
            unit,
            day,
            tuple(done),
            tuple(w for w in washed[unit] if day <= china_day(w.at) <= day + _AFTER),
            tuple(b for b in boxed[unit] if day < china_day(b.at) <= day + _AFTER),
        )
        for (unit, day), done in sorted(days.items())
    ]
