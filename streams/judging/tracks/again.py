"""One vehicle judged again by the record of its positions, and held against what is in force."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from schemas.alert import Alert
from streams.judging.on_files import Judging
from streams.judging.outcome import Outcome
from streams.judging.rebuilt import State
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.tracks.drive import REACH_S
from streams.judging.tracks.journey import (
    PlateDay,
    Trip,
    day_window,
    days_of_legs,
    legs_near,
    rides_of,
)
from streams.judging.tracks.leg import Leg
from streams.judging.tracks.places import Places
from streams.judging.tracks.positions import Positions
from streams.judging.tracks.vehicle import Vehicle

__all__ = ["UNTOLD", "Again", "Span", "Stood", "Told", "judge_again"]

UNTOLD = ("waiting", "newer", "lost", "closed")
"""Why a journey or day is not compared: it is to be judged yet; positions that bear on it are not archived yet;
or are in no file that is what was archived; or they left the database, so that nothing told since changed it."""


class Span(NamedTuple):
    """From the first to the last second of positions that one side alone knows. ``why``: as in ``UNTOLD``."""

    begins: int
    ends: int
    why: str


class Stood(NamedTuple):
    """What is in force of a journey or day, and from when to when positions bear on it."""

    begins: int
    ends: int
    outcomes: tuple[Outcome, ...]
    waiting: bool = False
    """Whether it is to be judged yet."""


class Told(NamedTuple):
    """All that is known of one vehicle."""

    plate: str
    legs: Sequence[Leg]
    positions: Mapping[str, Positions]
    """Of the record, by the unit that told them."""
    stood: Mapping[str, Stood]
    alerts: Mapping[str, Sequence[Alert]]
    """Those open, by subject."""
    spans: Sequence[Span] = ()
    closed_before: int = 0
    """The second before which positions left the database; 0: none did."""


class Again(NamedTuple):
    """Two states of one vehicle, and why the rest of its journeys and days are not in them."""

    live: State
    rebuilt: State
    untold: dict[str, str]


class _Subject(NamedTuple):
    begins: int
    ends: int
    facts: Trip | PlateDay | None
    """None where nothing of it is left."""


def judge_again(
    told: Told, places: Places, view: RegistryView, now: datetime | None, book: RuleBook = RULE_BOOK
) -> Again:
    """Judge what is in force of a vehicle again, and what else its record tells of.

    What is closed is compared too. Where it is not the same that cannot be told, unless its alerts are not
    what its own verdict says.
    """
    known = _subjects(told, places, view)
    found = Again(State(), State(), {})
    for subject in sorted({*known, *told.stood, *told.alerts}):
        stood = told.stood.get(subject)
        one = known.get(subject)
        why = _untold(told, one, stood)
        if why is not None and why != "closed":
            found.untold[subject] = why
            continue
        alerts = told.alerts.get(subject, ())
        live = _in_force(subject, stood, alerts)
        rebuilt = _rebuilt(subject, one, Judging(view, now, book, keep_outcomes=False), stood)
        if why is not None and live.differences(rebuilt) and _as_found(stood, alerts):
            found.untold[subject] = why
            continue
        found.live.join(live)
        found.rebuilt.join(rebuilt)
    return found


def _subjects(told: Told, places: Places, view: RegistryView) -> dict[str, _Subject]:
    """Return all there is to judge; a day in force is judged whether it is of interest or not."""
    vehicle = None
    days = days_of_legs(told.legs)
    if told.positions:
        vehicle = Vehicle(told.plate, told.legs, told.positions, places, view)
        days = vehicle.days_of_interest()
    found = {subject: _Subject(s.begins, s.ends, None) for subject, s in told.stood.items()}
    for ride in rides_of(told.legs):
        trip = vehicle.trip(ride) if vehicle is not None else None
        if trip is not None:
            found[ride.subject] = _Subject(*ride.window, trip)
    days |= {date.fromisoformat(s.rpartition("/")[2]) for s in found if s.startswith("plate/")}
    for day in days:
        facts = (
            vehicle.day(day)
            if vehicle is not None
            else PlateDay(told.plate, day, legs_near(told.legs, day))
        )
        found[facts.subject] = _Subject(*day_window(day), facts)
    return found


def _untold(told: Told, one: _Subject | None, stood: Stood | None) -> str | None:
    if stood is not None and stood.waiting:
        return "waiting"
    if one is None:
        return None
    begins, ends = one.begins - REACH_S, one.ends + REACH_S
    near = {span.why for span in told.spans if span.begins <= ends and begins <= span.ends}
    if begins < told.closed_before:
        near.add("closed")
    return next((why for why in UNTOLD if why in near), None)


def _in_force(subject: str, stood: Stood | None, alerts: Sequence[Alert]) -> State:
    state = State()
    if stood is not None:
        state.verdict(subject, stood.outcomes)
    for alert in alerts:
        state.alert(alert)
    return state


def _as_found(stood: Stood | None, alerts: Sequence[Alert]) -> bool:
    """Whether the alerts are those of the verdict in force."""
    found = [o for o in stood.outcomes if o.found] if stood is not None else []
    said = {(a.rule, a.discriminator): (a.text_zh, a.text_en, a.grams, a.evidence) for a in alerts}
    return said == {(o.rule, o.discriminator): (o.zh, o.en, o.grams, o.evidence) for o in found}


def _rebuilt(subject: str, one: _Subject | None, judging: Judging, stood: Stood | None) -> State:
    state, facts = State(), None if one is None else one.facts
    if facts is None:
        return state
    days = [facts] if isinstance(facts, PlateDay) else []
    outcomes = judging.take_vehicle([facts] if isinstance(facts, Trip) else [], days)
    # A day on which nothing is found may have no row.
    if stood is not None or not days or any(o.found for o in outcomes):
        state.verdict(subject, outcomes)
    for alert in judging.finish().alerts:
        state.alert(alert)
    return state
