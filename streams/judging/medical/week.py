"""医疗废物的一周: what an institution told of from Monday to Sunday, against which its beds are held.

The subject is ``week/<credit code>/<Monday>``. There is one for each week in which something was sealed
or collected, and for the week after it: who falls silent is asked once, and who never began is not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from schemas.instant import china_day
from streams.judging.medical.day import HospitalDay, PlantDay
from streams.judging.medical.package import Package
from streams.judging.medical.said import Counted

__all__ = [
    "DayWeight",
    "HospitalWeek",
    "MedicalFacts",
    "collected_by_day",
    "hospital_weeks",
    "monday_of",
    "sealed_grams",
    "unsealed_grams",
    "week_of",
    "weeks_told_by",
]

WEEK = timedelta(days=7)


class DayWeight(NamedTuple):
    """What an institution told of on one China day. Whole grams."""

    told: bool = False
    """Whether anything was sealed or collected, weighed or not."""
    sealed_g: int = 0
    """As sealed; of a package that nobody sealed, as the first register has it."""
    collected_g: int = 0
    """As the registers of pick-ups have it."""


class HospitalWeek(NamedTuple):
    """One week of an institution, by China days."""

    institution: str
    day: date
    """Its Monday."""
    told: bool
    before: bool
    """Whether anything was told in the week before it."""
    grams: int
    """What was sealed, or what was collected if that is more: some only weigh what is taken."""

    @property
    def subject(self) -> str:
        """The subject's name."""
        return f"week/{self.institution}/{self.day}"


MedicalFacts = HospitalDay | PlantDay | HospitalWeek
"""What is judged together."""

_NOTHING = DayWeight()


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def weeks_told_by(day: date) -> tuple[date, date]:
    """Return the Mondays of the weeks on which something told of a day bears: its own and the next."""
    monday = monday_of(day)
    return monday, monday + WEEK


def week_of(institution: str, monday: date, days: Mapping[date, DayWeight]) -> HospitalWeek:
    """Return a week from the days of it and of the week before; a day left out is one without a word."""
    its = [days.get(monday + timedelta(days=n), _NOTHING) for n in range(7)]
    earlier = [days.get(monday - timedelta(days=n), _NOTHING) for n in range(1, 8)]
    return HospitalWeek(
        institution,
        monday,
        any(day.told for day in its),
        any(day.told for day in earlier),
        max(sum(day.sealed_g for day in its), sum(day.collected_g for day in its)),
    )


def sealed_grams(packages: Iterable[Package]) -> int:
    """Return what the sealed ones of packages weighed."""
    return sum(p.sealed.weight_g or 0 for p in packages if p.sealed is not None)


def unsealed_grams(packages: Iterable[Package]) -> int:
    """Return what those weighed that were never sealed, as registers have it."""
    bare = (p for p in packages if p.sealed is None)
    return sum(
        next((m.weight_g for m in (p.received, p.collected, p.first) if m and m.weight_g), 0)
        for p in bare
    )


def collected_by_day(said: Iterable[Counted]) -> dict[str, dict[date, int]]:
    """Return by institution what the registers of its pick-ups weigh, by China day; 0: it was not told."""
    found: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for one in said:
        if one.verb == "collected":
            weight = one.data.weight_g
            if weight is None:
                weight = sum(package.weight_g or 0 for package in one.data.packages)
            found[one.data.institution][china_day(one.at)] += weight
    return found


def hospital_weeks(days: Iterable[HospitalDay], said: Iterable[Counted]) -> list[HospitalWeek]:
    """Return the weeks of every institution from its days and all that was said, by (institution, Monday)."""
    told: dict[str, dict[date, DayWeight]] = defaultdict(dict)
    for facts in days:
        grams = sealed_grams(facts.packages) + unsealed_grams(facts.packages)
        told[facts.institution][facts.day] = DayWeight(bool(facts.packages), grams)
    for institution, by_day in collected_by_day(said).items():
        for day, grams in by_day.items():
            known = told[institution].get(day, _NOTHING)
            told[institution][day] = known._replace(told=True, collected_g=grams)
    found = []
    for institution, days_of_it in sorted(told.items()):
        mondays = {monday for day in days_of_it for monday in weeks_told_by(day)}
        found += [week_of(institution, monday, days_of_it) for monday in sorted(mondays)]
    return found
