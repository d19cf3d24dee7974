"""工作日: terms of working days, in China dates, by the calendars that the registry holds.

The day of the event is not counted; a term ends at 24:00 China time of its last working day (domain 9).
"""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from schemas.instant import CHINA, china_day
from schemas.registry import Calendar

if TYPE_CHECKING:
    from streams.judging.registry import Remembered

__all__ = ["Calendars", "end_of_day", "end_of_term", "is_working", "last_day"]

_DAY = timedelta(days=1)


def _days(*spans: tuple[tuple[int, int], tuple[int, int]]) -> frozenset[date]:
    """Return the days of 2026 from (month, day) to (month, day), ends included."""
    found: set[date] = set()
    for first, last in spans:
        day = date(2026, *first)
        while day <= date(2026, *last):
            found.add(day)
            day += _DAY
    return frozenset(found)


_HOLIDAYS_2026 = _days(
    ((1, 1), (1, 3)), ((2, 15), (2, 23)), ((4, 4), (4, 6)), ((5, 1), (5, 5)),
    ((6, 19), (6, 21)), ((9, 25), (9, 27)), ((10, 1), (10, 7)),
)  # fmt: skip
_WORKDAYS_2026 = frozenset(
    date(2026, *day) for day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))
)
"""The State Council's notice for 2026 (domain 9): what holds until the registry has a calendar."""


class Calendars(Protocol):
    """Where the calendars are."""

    remembered: "Remembered"
    """Ends of terms worked out before."""

    def calendar(self, year: int) -> Calendar | None:
        """Return the calendar of a year, None if there is none."""
        ...


def is_working(day: date, calendars: Calendars) -> bool:
    """Whether a China date is a working day; Monday to Friday in a year without a calendar."""
    known = calendars.calendar(day.year)
    if known is not None:
        if day in known.holidays:
            return False
        return day.weekday() < 5 or day in known.workdays
    if day.year == 2026:
        return day not in _HOLIDAYS_2026 and (day.weekday() < 5 or day in _WORKDAYS_2026)
    return day.weekday() < 5


def last_day(start: datetime, days: int, calendars: Calendars) -> date:
    """Return the last China date of a term of working days that an instant begins."""
    day = china_day(start)
    while days > 0:
        day += _DAY
        days -= is_working(day, calendars)
    return day


def end_of_day(day: date) -> datetime:
    """Return 24:00 China time of a date: the first instant that is too late."""
    return datetime(day.year, day.month, day.day, tzinfo=CHINA) + _DAY


def end_of_term(start: datetime, days: int, calendars: Calendars) -> datetime:
    """Return when a term of working days is over."""
    question = ("term", china_day(start), days)
    over: datetime | None = calendars.remembered.get(question)
    if over is None:
        over = calendars.remembered.put(question, end_of_day(last_day(start, days, calendars)))
    return over
