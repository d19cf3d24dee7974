"""How long the courier waits."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from services.courier.backoff import LONGEST_S, pause, read_retry_after

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)


def test_pauses_double_from_two_seconds_to_an_hour() -> None:
    assert [pause(n, 0) for n in (1, 2, 3, 4)] == [2, 4, 8, 16]
    assert pause(12, 0) == LONGEST_S
    assert pause(10_000, 0) == LONGEST_S


def test_chance_takes_away_up_to_a_half() -> None:
    assert pause(3, 0.5) == 6
    assert pause(3, 1.0) == 4


def test_what_the_receiver_asks_for_is_kept_up_to_an_hour() -> None:
    assert pause(1, 0, 90) == 90
    assert pause(6, 0, 1) == 64
    assert pause(1, 0, 1e9) == LONGEST_S
    assert pause(1, 0, -5) == 2


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), None),
        ("-3", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        (None, None),
        ("Wed, 99 Nov 2026 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert read_retry_after(header, NOW) == seconds


def test_a_number_of_any_length_is_bounded() -> None:
    assert pause(1, 0, read_retry_after("9" * 5000, NOW)) == LONGEST_S
