from datetime import UTC, date, datetime

import pytest
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
