from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import refusal

from schemas.instant import china_day, day_end, day_start, read_day, read_instant


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-11-22T08:30:00+08:00", utc(2026, 11, 22, 0, 30)),
        ("2026-11-22T00:30:00Z", utc(2026, 11, 22, 0, 30)),
        ("2026-11-22t00:30:00z", utc(2026, 11, 22, 0, 30)),
        ("2026-11-22 00:30:00z", utc(2026, 11, 22, 0, 30)),
        ("2026-11-22T00:30:00-00:00", utc(2026, 11, 22, 0, 30)),
        ("2026-11-22T00:30:00.5Z", utc(2026, 11, 22, 0, 30, 0, 500_000)),
        ("2026-11-22T00:30:00.1234567Z", utc(2026, 11, 22, 0, 30, 0, 123_456)),
        ("2026-11-22T00:30:00.999999999+00:00", utc(2026, 11, 22, 0, 30, 0, 999_999)),
        ("2026-11-21T19:00:00-05:30", utc(2026, 11, 22, 0, 30)),
        ("2024-02-29T00:00:00+08:00", utc(2024, 2, 28, 16)),
        ("1990-01-01T08:00:00+08:00", utc(1990, 1, 1)),
    ],
)
def test_an_instant_is_read_in_utc_to_the_microsecond(said: str, moment: datetime) -> None:
    read = read_instant(said)
    assert read == moment
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22T08:30:00", "2026-11-22", "2026-11-22T08:30Z", "2026-11-22T08:30:00+0800",
        "2026-11-22T08:30:00+08", "2016-12-31T23:59:60Z", "2026-11-22T24:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-22T08:30:00.Z", "2026-11-22T08:30:00.1234567890Z",
        "2026-11-22T08:30:00+24:00", "2026-W47-7T08:30:00Z", "20261122T083000Z",
        "２026-11-22T08:30:00Z", "2026-11-22T08:30:00Z\n", "2026-11-22T08:30:00,5Z",
        "1990-01-01T07:59:59+08:00", "2200-01-01T00:00:00Z", "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00", 1763800000, None, True, "",
    ],
)  # fmt: skip
def test_no_offset_no_leap_second_no_other_calendar(value: object) -> None:
    assert refusal(read_instant, value).code == "time_form"


_DAYS = st.dates(date(1990, 1, 2), date(2199, 12, 30))
_CLOCKS = st.times().map(lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000))
_OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda m: timezone(timedelta(minutes=m)))


@given(st.lists(st.tuples(_DAYS, _CLOCKS, _OFFSETS), min_size=1, max_size=4))
def test_pieces_of_instants_that_were_read_make_instants_again(said: list[tuple[Any, ...]]) -> None:
    for _ in range(2):
        for day, _, _ in said:
            for _, clock, _ in said:
                for _, _, offset in said:
                    moment = datetime.combine(day, clock, offset)
                    for text in (moment.isoformat(), moment.isoformat(timespec="milliseconds")):
                        read = read_instant(text)
                        assert (read, read.tzinfo) == (moment, UTC)


@pytest.mark.parametrize("year", [1990, 2199])
def test_the_first_and_last_years_are_held_against_their_bounds_each_time(year: int) -> None:
    for hours in (-23, 0, 23):
        zone = timezone(timedelta(hours=hours))
        for moment in (datetime(year, 1, 1, tzinfo=zone), datetime(year, 12, 31, 23, tzinfo=zone)):
            text = moment.isoformat()
            if datetime(1990, 1, 1, tzinfo=UTC) <= moment < datetime(2200, 1, 1, tzinfo=UTC):
                assert read_instant(text) == read_instant(text) == moment
            else:
                assert refusal(read_instant, text).code == "time_form"


def test_texts_that_share_pieces_with_one_that_was_read_are_read_as_strictly() -> None:
    read_instant("2026-11-22T08:30:00+08:00")
    for text in (
        "2026-11-22T08:3000+08:00", "2026-11-22T08:30", "2026-11-22", "2026-11-22T08:30:00+08:0",
        "2026-11-22T08:30:00+08:00 ", " 2026-11-22T08:30:00+08:00", "2026-11-2T08:30:00+08:00",
    ):  # fmt: skip
        assert refusal(read_instant, text).code == "time_form"


def test_a_second_past_sixteen_utc_is_the_next_day_in_china() -> None:
    assert china_day(read_instant("2026-08-14T15:59:59Z")) == date(2026, 8, 14)
    assert china_day(read_instant("2026-08-14T16:00:00Z")) == date(2026, 8, 15)
    assert china_day(read_instant("2026-08-14T16:00:01Z")) == date(2026, 8, 15)
    assert day_start(date(2026, 8, 15)) == day_end(date(2026, 8, 14)) == utc(2026, 8, 14, 16)


@pytest.mark.parametrize("said", ["2026-11-22", "2024-02-29", "1990-01-01", "2199-12-31"])
def test_a_day_is_a_date_of_the_calendar(said: str) -> None:
    assert str(read_day(said)) == said


@pytest.mark.parametrize(
    "value",
    [
        "2026-W47-7", "2026-327", "20261122", "2026-11-22T", "2026-2-3", "2026-02-29", "1989-12-31",
        "2200-01-01", "２026-11-22", "2026/11/22", "2026-11-22\n", "", None, 20261122, True,
    ],
)  # fmt: skip
def test_a_week_date_or_a_day_that_is_none_is_refused(value: object) -> None:
    assert refusal(read_day, value).code == "date_form"
