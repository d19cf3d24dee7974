"""The judge of medical waste: all rules of a day of an institution or plant, or of a week. The same everywhere."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

import msgspec

from schemas.instant import CHINA
from streams.judging.alerts import Parties
from streams.judging.medical.day import HospitalDay, PlantDay, hospital_days, plant_days
from streams.judging.medical.regime import region_of
from streams.judging.medical.said import MedicalStatement, counted
from streams.judging.medical.waiting import Clock, Wait
from streams.judging.medical.week import (
    HospitalWeek,
    MedicalFacts,
    hospital_weeks,
    unsealed_grams,
)
from streams.judging.outcome import Outcome
from streams.judging.registry import (
    RegistryView,
    area_mark,
    calendar_mark,
    party_mark,
    plate_mark,
)
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.rules.medical.store import CAME, STORED_TOO_LONG, ends_of_waiting

__all__ = [
    "JudgedDay",
    "Summary",
    "day_marks",
    "day_parties",
    "judge_day",
    "judge_medical",
    "summary_of",
]

_SCOPES: dict[type, str] = {
    HospitalDay: "hospital_day",
    PlantDay: "plant_day",
    HospitalWeek: "hospital_week",
}


class JudgedDay(NamedTuple):
    """What one day or week amounts to."""

    subject: str
    facts: MedicalFacts
    outcomes: tuple[Outcome, ...]
    waits: tuple[Wait, ...] = ()
    """Of what silence is or will be a finding."""
    waiting: tuple[datetime, ...] = ()
    """When the term ends of each package still in an institution's store, in order."""

    @property
    def open(self) -> bool:
        """Whether a pick-up may change it: something waits or is found, or all is well as somebody came."""
        return bool(self.waits) or any(o.found or o.reason == CAME for o in self.outcomes)


def judge_day(
    facts: MedicalFacts,
    view: RegistryView,
    now: datetime | None,
    book: RuleBook = RULE_BOOK,
    held: Callable[[Sequence[Wait]], frozenset[str]] | None = None,
) -> JudgedDay:
    """Judge one day, or week, by the version of the book in force at its beginning. ``now``: the clock.

    ``held``: of what silence is not told yet, however late; nothing if not given.
    """
    book = book.in_force(view, datetime.combine(facts.day, time(), CHINA))
    rules = [rule for rule in book.medical if rule.scope == _SCOPES[type(facts)]]
    named = (rule.waits(rule, facts, view) for rule in rules if rule.waits is not None)
    waits = tuple(dict.fromkeys(wait for each in named for wait in each))
    clock = Clock(now, held(waits) if held is not None else frozenset())
    outcomes = tuple(o for rule in rules for o in rule.judge(rule, facts, view, clock))
    waiting: tuple[datetime, ...] = ()
    if isinstance(facts, HospitalDay):
        store = next((r for r in rules if r.id == STORED_TOO_LONG.id), STORED_TOO_LONG)
        waiting = tuple(ends_of_waiting(facts, view, store))
    return JudgedDay(facts.subject, facts, outcomes, waits, waiting)


def judge_medical(
    statements: Iterable[MedicalStatement],
    view: RegistryView,
    now: datetime | None,
    book: RuleBook = RULE_BOOK,
) -> list[JudgedDay]:
    """Judge all days and weeks of a set of events, by subject."""
    said, _ = counted(statements)
    hospitals = hospital_days(said)
    days: list[MedicalFacts] = [*hospitals, *plant_days(said), *hospital_weeks(hospitals, said)]
    return [judge_day(facts, view, now, book) for facts in sorted(days, key=lambda d: d.subject)]


def day_parties(facts: MedicalFacts, view: RegistryView) -> Parties:
    """Return who and where a day is about; the plant of an institution's day if there is only one."""
    at = datetime.combine(facts.day, time(), CHINA) + timedelta(hours=12)
    if isinstance(facts, PlantDay):
        return Parties(
            receiver=facts.unit,
            receiver_name=_name(view, facts.unit, at),
            destination_region=region_of(view, facts.unit, at),
        )
    packages = facts.packages if isinstance(facts, HospitalDay) else ()
    plants: Sequence[str] = sorted(
        {p.reached_plant.unit for p in packages if p.reached_plant is not None}
    )
    plant = plants[0] if len(plants) == 1 else None
    return Parties(
        facts.institution,
        _name(view, facts.institution, at),
        plant,
        _name(view, plant, at) if plant is not None else None,
        region_of(view, facts.institution, at),
        region_of(view, plant, at) if plant is not None else None,
    )


def day_marks(facts: MedicalFacts, view: RegistryView) -> list[str]:
    """Return what registry changes look for in a day: units, plates, areas, the year."""
    units = {facts.unit if isinstance(facts, PlantDay) else facts.institution}
    plates: set[str] = set()
    if isinstance(facts, HospitalDay):
        for package in facts.packages:
            units |= {m.unit for m in package[1:] if m is not None}
            if package.transferred is not None:
                units.add(package.transferred.data.to)
            if package.collected is not None:
                plates.add(package.collected.data.plate)
    at = datetime.combine(facts.day, time(), CHINA) + timedelta(hours=12)
    regions = {region for uscc in units if (region := region_of(view, uscc, at)) is not None}
    return sorted(
        {
            *map(party_mark, units),
            *map(plate_mark, plates),
            *(area_mark(region[:2] + "0000") for region in regions),
            calendar_mark(facts.day.year),
        }
    )


class Summary(msgspec.Struct, omit_defaults=True):
    """What a board needs of a day, in packages and grams."""

    packages: int = 0
    waiting: int = 0
    """Still in an institution's store."""
    on_road: int = 0
    untreated: int = 0
    """Received and not treated yet."""
    grams: dict[str, int] = {}
    """By class, as sealed."""
    unsealed_g: int = 0
    """Of packages that nobody sealed, as registers have it."""
    treated_g: int = 0
    """Of a plant: in weighed batches."""
    ends: list[int] = []
    """When the term of each package in store ends, seconds since 1970."""


def summary_of(judged: JudgedDay) -> Summary:
    """Return how a day stands; of a week nothing, for its days are told."""
    facts = judged.facts
    summary = Summary(ends=[int(end.timestamp()) for end in judged.waiting])
    if isinstance(facts, PlantDay):
        batches = (one.data for one in facts.said if one.verb == "treated")
        summary.treated_g = sum(data.weight_g or 0 for data in batches)
        return summary
    if isinstance(facts, HospitalWeek):
        return summary
    summary.unsealed_g = unsealed_grams(facts.packages)
    for package in facts.packages:
        summary.packages += 1
        if package.sealed is not None:
            waste = package.sealed.data.waste
            weight = package.sealed.weight_g or 0
            summary.grams[waste] = summary.grams.get(waste, 0) + weight
        if package.left_store is None:
            summary.waiting += package.sealed is not None and package.lost is None
        elif package.reached_plant is None:
            summary.on_road += 1
        elif package.treated is None:
            summary.untreated += 1
    return summary


def _name(view: RegistryView, uscc: str, at: datetime) -> str | None:
    held = view.institution(uscc, at) or view.medical_plant(uscc, at) or view.unit(uscc)
    return held.name if held is not None else None
