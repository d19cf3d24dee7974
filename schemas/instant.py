"""Instants and days: RFC 3339 with an offset on the wire, UTC inside; records' days are China's."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, Any

from schemas.checks import Checked, Refusal

__all__ = ["CHINA", "Day", "Instant", "china_day", "day_end", "day_start", "read_day"]

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China Standard Time: no summer time since 1992, so a fixed offset is exact for our years."""

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FRACTION = re.compile(r"(\.\d{6})\d+")
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_days: dict[str, datetime] = {}
"""``YYYY-MM-DD``, to its midnight in UTC."""
_minutes: dict[str, timedelta] = {}
"""``Thh:mm``, to how long after midnight."""
_rests: dict[str, timedelta] = {}
"""Whole seconds and offset, to what they add: ``:00+08:00`` takes eight hours away."""
_MOST_RESTS = 10_000
"""With every offset there would be 170,000; days and minutes are few. Fractions are as many as events."""


def read_instant(value: Any) -> datetime:
    """Return the UTC instant of an RFC 3339 text with an offset, else raise ``Refusal``.

    More than six decimals of a second are cut off. Years 1990 to 2199.
    """
    try:
        return _days[value[:10]] + _minutes[value[10:16]] + _rests[value[16:]]
    except (KeyError, TypeError):
        pass  # a piece that was not read before, or no text
    if type(value) is str and _RFC3339.fullmatch(value):
        text = value.upper()
        if "." in text:
            text = _padded(_FRACTION.sub(r"\1", text))
        try:
            moment = datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        else:
            if _EARLIEST <= moment < _LATEST:
                _remember(value, moment)
                return moment
    raise Refusal(
        "time_form",
        "时间应为 RFC 3339 格式并带时区，例如 2026-11-22T08:30:00+08:00",
        "a time is RFC 3339 with an offset, for example 2026-11-22T08:30:00+08:00",
    )


def _remember(text: str, moment: datetime) -> None:
    """Keep the pieces of a text that was read: any three that were, put together, are a text to read."""
    year = int(text[:4])
    if not _EARLIEST.year < year < _LATEST.year - 1:
        return  # with some offset such a day is outside
    day = datetime(year, int(text[5:7]), int(text[8:10]), tzinfo=UTC)
    minute = timedelta(hours=int(text[11:13]), minutes=int(text[14:16]))
    _days[text[:10]] = day
    _minutes[text[10:16]] = minute
    if "." not in text and len(_rests) < _MOST_RESTS:
        _rests[text[16:]] = moment - day - minute


def _padded(text: str) -> str:
    """Python 3.11 reads any number of decimals up to six only as three or six: pad."""
    head, _, tail = text.partition(".")
    digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
    return f"{head}.{digits.ljust(6, '0')}{tail[len(digits) :]}"


def read_day(value: Any) -> date:
    """Return the China date of ``YYYY-MM-DD``, else raise ``Refusal``."""
    if type(value) is str and _DAY.fullmatch(value):  # fromisoformat also takes 2026-W47-7
        try:
            day = date.fromisoformat(value)
        except ValueError:
            pass
        else:
            if 1990 <= day.year < 2200:
                return day
    raise Refusal(
        "date_form", "日期应为 YYYY-MM-DD（北京时间）", "a date is YYYY-MM-DD (China time)"
    )


def day_start(day: date) -> datetime:
    """Return the first instant of a China date."""
    return datetime.combine(day, time(), CHINA)


def day_end(day: date) -> datetime:
    """Return the first instant **after** a China date: a ``valid_to`` includes its whole day."""
    return datetime.combine(day + timedelta(days=1), time(), CHINA)


def china_day(moment: datetime) -> date:
    """Return the China date of an instant: 16:00:01Z is already the next day there."""
    if moment.tzinfo is UTC:  # as all instants are inside; three times as fast
        return (moment + _AHEAD).date()
    return moment.astimezone(CHINA).date()


_AHEAD = timedelta(hours=8)


Instant = Annotated[datetime, Checked(read_instant, {"type": "string", "format": "date-time"})]
Day = Annotated[date, Checked(read_day, {"type": "string", "format": "date"})]
