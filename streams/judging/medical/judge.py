"""The judge of medical waste: all rules of one day of an institution or plant. The same everywhere."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from schemas.instant import CHINA
from streams.judging.alerts import Parties
from streams.judging.medical.day import HospitalDay, PlantDay, hospital_days, plant_days
from streams.judging.medical.regime import region_of
from streams.judging.medical.said import MedicalStatement, counted
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook

__all__ = ["JudgedDay", "day_parties", "judge_day", "judge_medical"]

Day = HospitalDay | PlantDay


class JudgedDay(NamedTuple):
    """What one day amounts to. ``due``: when time alone may change it, the first such instant."""

    subject: str
    facts: Day
    outcomes: tuple[Outcome, ...]
    due: datetime | None


def judge_day(
    facts: Day, view: RegistryView, now: datetime | None, book: RuleBook = RULE_BOOK
) -> JudgedDay:
    """Judge one day by the version of the book in force at its beginning. ``now``: the clock."""
    book = book.in_force(view, datetime.combine(facts.day, time(), CHINA))
    scope = "hospital_day" if isinstance(facts, HospitalDay) else "plant_day"
    rules = [rule for rule in book.medical if rule.scope == scope]
    outcomes = tuple(o for rule in rules for o in rule.judge(rule, facts, view, now))
    moments = [rule.due(rule, facts, view, now) for rule in rules if rule.due is not None]
    due = min((moment for moment in moments if moment is not None), default=None)
    return JudgedDay(facts.subject, facts, outcomes, due)


def judge_medical(
    statements: Iterable[MedicalStatement],
    view: RegistryView,
    now: datetime | None,
    book: RuleBook = RULE_BOOK,
) -> list[JudgedDay]:
    """Judge all days of a set of events, by subject."""
    said, _ = counted(statements)
    days: list[Day] = [*hospital_days(said), *plant_days(said)]
    return [judge_day(facts, view, now, book) for facts in sorted(days, key=lambda d: d.subject)]


def day_parties(facts: Day, view: RegistryView) -> Parties:
    """Return who and where a day is about; the plant of an institution's day if there is only one."""
    at = datetime.combine(facts.day, time(), CHINA) + timedelta(hours=12)
    if isinstance(facts, PlantDay):
        return Parties(
            receiver=facts.unit,
            receiver_name=_name(view, facts.unit, at),
            destination_region=region_of(view, facts.unit, at),
        )
    plants: Sequence[str] = sorted(
        {p.reached_plant.unit for p in facts.packages if p.reached_plant is not None}
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


def _name(view: RegistryView, uscc: str, at: datetime) -> str | None:
    held = view.institution(uscc, at) or view.medical_plant(uscc, at) or view.unit(uscc)
    return held.name if held is not None else None
