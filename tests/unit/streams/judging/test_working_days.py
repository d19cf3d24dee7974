"""Terms of working days: holidays, make-up days, and years of which nothing is known."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.judging.registry import RegistryView
from streams.judging.working_days import end_of_term, is_working, last_day
from tests.manifests import china, record, registry

NONE = RegistryView()
JANUARY = china("2026-01-01 00:00")


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        ("2026-09-10 08:00", 5, "2026-09-17"),  # Thursday to Thursday
        ("2026-09-11 23:59:59", 5, "2026-09-18"),  # Friday
        ("2026-09-12 00:00", 5, "2026-09-18"),  # Saturday counts from Monday
        ("2026-09-18 10:00", 5, "2026-09-24"),  # Sunday the 20th is worked
        ("2026-09-30 10:00", 5, "2026-10-13"),  # National Day; Saturday the 10th is worked
        ("2026-02-13 10:00", 5, "2026-02-27"),  # Spring Festival; the 14th is worked
        ("2025-12-31 10:00", 1, "2026-01-04"),  # 1-3 January off, Sunday the 4th worked
        ("2027-05-03 10:00", 1, "2027-05-04"),  # a year without a calendar
    ],
)
def test_a_term_ends_with_its_last_working_day(start: str, days: int, last: str) -> None:
    assert last_day(china(start), days, NONE) == date.fromisoformat(last)


def test_a_term_is_over_at_midnight_in_china() -> None:
    assert end_of_term(china("2026-09-10 08:00"), 5, NONE) == china("2026-09-18 00:00")


def test_the_registrys_calendar_replaces_what_is_built_in() -> None:
    known = registry(
        record("calendar", "c", year=2026, holidays=["2026-09-14"], workdays=["2026-09-13"])
    )
    assert is_working(date(2026, 9, 13), known)
    assert not is_working(date(2026, 9, 14), known)
    assert is_working(date(2026, 10, 1), known), "its own holidays only"
    assert not is_working(date(2026, 10, 1), NONE)
    gone = registry(record("calendar", "c", year=2026, retracted=True))
    assert not is_working(date(2026, 10, 1), gone)


_INSTANTS = st.integers(0, 364 * 24 * 60).map(lambda n: JANUARY + timedelta(minutes=n))


@given(_INSTANTS, st.integers(1, 10))
def test_the_days_of_a_term_are_counted_one_by_one(start: datetime, days: int) -> None:
    last = last_day(start, days, NONE)
    day, counted = start.date(), 0
    while day < last:
        day += timedelta(days=1)
        counted += is_working(day, NONE)
    assert counted == days
    assert is_working(last, NONE)
    assert last_day(start, days + 1, NONE) > last
