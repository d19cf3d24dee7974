"""The judge of vehicles: all rules of one journey, and of one day of a vehicle."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import NamedTuple

from schemas.instant import CHINA
from streams.judging.alerts import Parties
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook, TrackRule
from streams.judging.rules.track.route import route_marks
from streams.judging.tracks.journey import PlateDay, Trip
from streams.judging.tracks.leg import Leg
from streams.judging.tracks.segments import instant

__all__ = ["JudgedJourney", "judge_plate_day", "judge_trip"]


class JudgedJourney(NamedTuple):
    """What one subject amounts to. ``due``: when time alone may change it, the first such instant."""

    subject: str
    parties: Parties
    outcomes: tuple[Outcome, ...]
    due: datetime | None = None
    marks: tuple[str, ...] = ()
    """What registry changes look for besides the units, the vehicle and who carries with it."""


def judge_trip(
    trip: Trip, view: RegistryView, now: datetime | None, book: RuleBook = RULE_BOOK
) -> JudgedJourney:
    """Judge one journey by the version of the book in force at its loading."""
    book = book.in_force(view, instant(trip.begins))
    rules = [rule for rule in book.track if rule.scope == "trip"]
    outcomes, due = _by(rules, trip, view, now)
    return JudgedJourney(trip.ride.subject, _of_leg(trip.leg), outcomes, due)


def judge_plate_day(
    plate: PlateDay, view: RegistryView, now: datetime | None, book: RuleBook = RULE_BOOK
) -> JudgedJourney:
    """Judge one day of a vehicle by the version of the book in force at its beginning."""
    book = book.in_force(view, datetime.combine(plate.day, time(), CHINA))
    rules = [rule for rule in book.track if rule.scope == "plate"]
    outcomes, due = _by(rules, plate, view, now)
    parties, marks = _of_plate(plate, outcomes, view), tuple(route_marks(plate, view))
    return JudgedJourney(plate.subject, parties, outcomes, due, marks)


def _by(
    rules: Sequence[TrackRule], facts: Trip | PlateDay, view: RegistryView, now: datetime | None
) -> tuple[tuple[Outcome, ...], datetime | None]:
    outcomes = tuple(o for rule in rules for o in rule.judge(rule, facts, view, now))
    moments = [rule.due(rule, facts, view, now) for rule in rules if rule.due is not None]
    return outcomes, min((moment for moment in moments if moment is not None), default=None)


def _of_leg(leg: Leg) -> Parties:
    return Parties(
        leg.consignor,
        leg.consignor_name,
        leg.receiver,
        leg.receiver_name,
        leg.origin,
        leg.destination,
    )


def _of_plate(plate: PlateDay, outcomes: Sequence[Outcome], view: RegistryView) -> Parties:
    """Return who a vehicle's day is about: of its first finding."""
    finding = next((o for o in outcomes if o.found), None)
    if finding is None:
        return Parties()
    one, _, other = finding.discriminator.partition("|")
    leg = next((leg for leg in plate.legs if leg.manifest == one), None)
    if leg is not None:
        return _of_leg(leg)
    units = view.unit(one), view.unit(other)
    return Parties(
        one,
        units[0].name if units[0] is not None else None,
        other,
        units[1].name if units[1] is not None else None,
        units[0].region if units[0] is not None else None,
        units[1].region if units[1] is not None else None,
    )
