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
from streams.judging.medical.package import Mark, Package, packages_of, words_of
from streams.judging.medical.said import Counted

__all__ = [
    "HospitalDay",
    "Pickup",
    "PlantDay",
    "hospital_days",
    "hospital_subject",
    "pickups_of",
    "plant_days",
]

_AFTER = timedelta(days=2)
"""How long after a plant's day its washings are still of it."""
_PICKUPS = timedelta(days=31)
"""Pick-ups so long after a day cannot bear on what was sealed on it."""


class Pickup(NamedTuple):
    """One pick-up at an institution, whether packages were listed or only weighed."""

    mark: Mark


class HospitalDay(NamedTuple):
    """The packages of one institution and China day of sealing, by id."""

    institution: str
    day: date
    packages: tuple[Package, ...]
    pickups: tuple[Pickup, ...]
    """All pick-ups at the institution from that day on, by time."""

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
    for one in said:
        for word in words_of(one):
            marks[word.institution].append((word.package, word.mark))
        if one.verb == "collected":
            weight = one.data.weight_g
            mark = Mark(one.verb, one.at, one.unit, one.ref, one.subject, weight, one.data)
            pickups[one.data.institution].append(Pickup(mark))
    found = []
    for institution in sorted(marks):
        days: dict[date, list[Package]] = defaultdict(list)
        for package in packages_of(marks[institution]):
            days[package.day].append(package)
        came = sorted(pickups[institution], key=lambda p: (p.mark.at, p.mark.ref))
        for day, packages in sorted(days.items()):
            found.append(HospitalDay(institution, day, tuple(packages), pickups_of(day, came)))
    return found


def pickups_of(day: date, came: Iterable[Pickup]) -> tuple[Pickup, ...]:
    """Return the pick-ups that may bear on what was sealed on a day."""
    return tuple(p for p in came if day <= china_day(p.mark.at) <= day + _PICKUPS)


def plant_days(said: Iterable[Counted]) -> list[PlantDay]:
    """Return the days of every unit that took in, treated or washed, by (unit, day)."""
    days: dict[tuple[str, date], list[Counted]] = defaultdict(list)
    washed: dict[str, list[Counted]] = defaultdict(list)
    for one in said:
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
        )
        for (unit, day), done in sorted(days.items())
    ]
