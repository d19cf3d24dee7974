"""The twenty days of the medical world, and the two orders that fall into them."""

from datetime import date, datetime, timedelta

from schemas.instant import CHINA

__all__ = [
    "AGREED",
    "DAYS",
    "FIRST",
    "LENGTHENED",
    "PEACE",
    "SHORTENED",
    "STORED",
    "WEEK",
    "date_of",
    "moment",
]

FIRST = datetime(2026, 10, 30, tzinfo=CHINA)
DAYS = 20
"""What is sealed on the last day is treated and every vehicle washed a few hours before the world ends."""


def moment(day: int, hours: float = 0) -> datetime:
    """Return the instant so many hours after a day's beginning."""
    return FIRST + timedelta(days=day, hours=hours)


def date_of(day: int) -> date:
    """Return the China date of a day."""
    return moment(day).date()


SHORTENED = (moment(9, 8), moment(11, 20))
"""In force of the first order: 24 hours in store, further plants and plates."""
LENGTHENED = (moment(12, 8), moment(15, 20))
"""Of the second: 72 hours in store, 48 at the plant, and nobody else is let in."""
PEACE = (*range(8), *range(12, 18))
"""Days whose waste the first order does not touch."""
STORED = (*range(6), 16)
"""Days of which waste may stand for three more in peace."""
WEEK = range(3, 10)
"""The one week, Monday to Sunday, of which most is in peace. The week before is told of in part."""
AGREED = (date(2026, 10, 26), date(2026, 11, 20))
"""When agreements stand. What comes after the world nobody tells: no week of that is all covered."""
