"""额度预测: how a limit is used up, day by day, and on which day it will be, if this goes on.

Loads are taken as a compound Poisson process: they come at random, at a steady rate, with weights as
they were so far. From S grams in T days come the rate S/T and the spread per day ΣX²/T; the day on
which the rest R is used up spreads by the loads still to come (R·ΣX²/T / rate³) and by how little is
known of the rate ((R/rate²)²·ΣX²/T²). The span told is that of nine cases in ten. [D]
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

from schemas.instant import china_day
from streams.judging.limit import Limit, limit_of
from streams.judging.outcome import Draw
from streams.judging.registry import RegistryView
from streams.judging.rules.book import RULE_BOOK, RuleBook
from streams.judging.rules.cap import Cap
from streams.judging.rules.plan_quantity import PLAN_EXCEEDED, plan_cap
from streams.judging.rules.quota import approved_cap, listed_cap
from streams.judging.rules.scale import SCALE_EXCEEDED, scale_cap

__all__ = ["Allowance", "Day", "Forecast", "RunOut", "allowance_of", "forecast"]

LEAST_LOADS, LEAST_DAYS = 3, 7
"""With fewer loads, or fewer days since the first, nothing is foretold. [D]"""
_NINE_IN_TEN = 1.6448536269514722
"""Standard deviations either side of the mean that hold nine cases in ten (normal)."""

Outlook = Literal["used_up", "will_run_out", "may_run_out", "lasts", "too_few", "over"]
"""Used up already; before the last day for likely; only if it goes badly; not; not enough loads to
tell; the limit's last day is past."""


class Allowance(NamedTuple):
    """What a limit allows, and on which China dates (ends included; ``last`` None: open)."""

    cap: Cap
    first: date
    last: date | None


class Day(NamedTuple):
    """Grams drawn on one China date at the most, and what was left after it (negative: too much)."""

    day: date
    grams: int
    left: int


class RunOut(NamedTuple):
    """The China date on which the limit will be used up: likely, and nine times in ten between.

    None: past all counting.
    """

    earliest: date | None
    likely: date | None
    latest: date | None


class Forecast(NamedTuple):
    """Where a limit stands and how it goes on.

    ``per_day``: grams a day so far; None where nothing can be told. ``runs_out`` is told also where
    it lies after the limit's last day; None where nothing can be told or it is used up already.
    """

    outlook: Outlook
    cap: int
    drawn: int
    left: int
    loads: int
    days: tuple[Day, ...]
    per_day: float | None
    runs_out: RunOut | None


def allowance_of(subject: str, view: RegistryView, book: RuleBook = RULE_BOOK) -> Allowance | None:
    """Return what the limit of that name allows by the registry; None: there is no such limit.

    ``book``: whose parameters count.
    """
    limit = limit_of(subject)
    if limit is None:
        return None
    if limit.kind == "plan":
        year = limit.planned_year[1]
        cap = plan_cap(limit, view, book.parameters_of(PLAN_EXCEEDED.id)["percent"])
        return cap and Allowance(cap, date(year, 1, 1), date(year, 12, 31))
    cap, record = _cap_of(limit, view, book)
    if cap is None or record is None:
        return None
    first, last = record.valid_from, record.valid_to
    if limit.kind in ("whitelist", "licence"):
        year = int(limit.part)
        first = max(first, date(year, 1, 1))
        last = date(year, 12, 31) if last is None else min(last, date(year, 12, 31))
    return Allowance(cap, first, last)


def _cap_of(limit: Limit, view: RegistryView, book: RuleBook) -> tuple[Cap | None, Any]:
    match limit.kind:
        case "approval" | "pool":
            return approved_cap(limit, view), view.approval(limit.record)
        case "whitelist":
            return listed_cap(limit, view), view.whitelist_entry(limit.record)
        case "licence":
            breach = book.parameters_of(SCALE_EXCEEDED.id)["breach_percent"]
            return scale_cap(limit, view, breach), view.licence(limit.record)
        case _:
            return None, None


def forecast(allowance: Allowance, draws: Sequence[Draw], today: date) -> Forecast:
    """Return the burn-down of a limit and its outlook as of the China date ``today``.

    Draws after ``today`` count as drawn (they are reserved), not for the rate. Their order does not
    matter. Of an uncertain draw the most counts: a warning rather too soon than too late.
    """
    cap = allowance.cap.grams
    by_day: dict[date, int] = defaultdict(int)
    counted = [(china_day(d.at), d.grams) for d in draws if d.state != "released"]
    for day, grams in counted:
        by_day[day] += grams
    left, days = cap, []
    for day in sorted(by_day):
        left -= by_day[day]
        days.append(Day(day, by_day[day], left))
    past = [(day, grams) for day, grams in counted if day <= today]
    pace = _pace(past, today)
    told = None if pace is None or left <= 0 else _run_out(left, *pace, today)
    return Forecast(
        _outlook(allowance, left, told, today),
        cap,
        cap - left,
        left,
        len(counted),
        tuple(days),
        None if pace is None else pace[0],
        told,
    )


def _pace(past: Sequence[tuple[date, int]], today: date) -> tuple[float, float, int] | None:
    """Return grams a day, their spread a day (grams²), and the days counted; None: too few loads."""
    if len(past) < LEAST_LOADS:
        return None
    days = (today - min(day for day, _ in past)).days + 1
    total = sum(grams for _, grams in past)
    if days < LEAST_DAYS or not total:
        return None
    return total / days, sum(grams * grams for _, grams in past) / days, days


def _run_out(left: int, rate: float, spread: float, days: int, today: date) -> RunOut:
    mean = left / rate
    variance = left * spread / rate**3 + (left / rate**2) ** 2 * spread / days
    around = _NINE_IN_TEN * math.sqrt(variance)
    early, late = max(mean - around, 0), mean + around
    return RunOut(_after(today, early), _after(today, mean), _after(today, late))


def _after(today: date, days: float) -> date | None:
    try:
        return today + timedelta(days=math.ceil(days))
    except OverflowError:
        return None


def _outlook(allowance: Allowance, left: int, told: RunOut | None, today: date) -> Outlook:
    if left <= 0:
        return "used_up"
    last = allowance.last
    if last is not None and today > last:
        return "over"
    if told is None:
        return "too_few"
    if _within(told.likely, last):
        return "will_run_out"
    return "may_run_out" if _within(told.earliest, last) else "lasts"


def _within(day: date | None, last: date | None) -> bool:
    return day is not None and (last is None or day <= last)
