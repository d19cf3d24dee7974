"""A filter is read from an address and written into one; both mean the same."""

import urllib.parse
from datetime import UTC, date, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.filter import FAMILIES, FINDINGS, SEVERITIES, AlertFilter, Cursor
from services.console.problem import BadField

_days = st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
filters = st.builds(
    AlertFilter,
    status=st.sampled_from(["open", "acknowledged", "withdrawn"]),
    severities=st.sets(st.sampled_from(SEVERITIES)).map(
        lambda chosen: tuple(s for s in SEVERITIES if s in chosen)
    ),
    finding=st.sampled_from(["", *FINDINGS]),
    family=st.sampled_from(["", *FAMILIES]),
    region=st.sampled_from(["", "13", "1301", "130102"]),
    text=st.text(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=100
    ).map(lambda text: " ".join(text.split())),
    since=_days,
    until=st.none(),
    sort=st.sampled_from(["severity", "newest"]),
)


@given(filters)
def test_an_address_reads_back_as_the_filter_that_wrote_it(asked: AlertFilter) -> None:
    pairs = urllib.parse.parse_qsl(asked.query())
    severities = [value for name, value in pairs if name == "severity"]
    assert AlertFilter.read(dict(pairs), severities) == asked


def test_the_plain_list_has_a_plain_address() -> None:
    assert AlertFilter().path() == "/"
    assert not AlertFilter(status="withdrawn", sort="newest").narrowed
    assert AlertFilter(region="13").narrowed


def test_a_severity_is_put_in_and_taken_out() -> None:
    asked = AlertFilter(severities=("critical", "low"))
    assert asked.toggled("high") == ("critical", "high", "low")
    assert asked.toggled("low") == ("critical",)


ROW = SimpleNamespace(
    status="open",
    severity="high",
    finding="violation",
    rule="cross_province.no_approval",
    origin_region="130102",
    destination_region=None,
    search="20261301000001 91130100000000001y 示例产废单位",
    act_at=datetime(2026, 9, 10, 16, 30, tzinfo=UTC),  # already the 11th in China
)


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        (AlertFilter(), True),
        (AlertFilter(status="withdrawn"), False),
        (AlertFilter(severities=("high", "low")), True),
        (AlertFilter(severities=("low",)), False),
        (AlertFilter(finding="review"), False),
        (AlertFilter(family="cross_province"), True),
        (AlertFilter(family="licence"), False),
        (AlertFilter(region="1301"), True),
        (AlertFilter(region="37"), False),
        (AlertFilter(text="9113010000000 0001Y".replace(" ", "")), True),
        (AlertFilter(text="示例产废"), True),
        (AlertFilter(text="别处"), False),
        (AlertFilter(since=date(2026, 9, 11)), True),
        (AlertFilter(since=date(2026, 9, 12)), False),
        (AlertFilter(until=date(2026, 9, 11)), True),
        (AlertFilter(until=date(2026, 9, 10)), False),
    ],
)
def test_a_row_fits_or_not(asked: AlertFilter, fits: bool) -> None:
    assert asked.takes(ROW) is fits


def test_a_cursor_reads_back_to_the_microsecond() -> None:
    cursor = Cursor(
        4, datetime(2026, 9, 10, 1, 2, 3, 456789, UTC), UUID("6f1d3a58-4b7e-5d0c-9a35-1b0e8a5d2c77")
    )
    assert Cursor.read(str(cursor)) == cursor
    for wrong in ("", "4", "4.1", f"9.1.{cursor.id}", f"4.x.{cursor.id}", "4.1." + "-" * 36):
        with pytest.raises(BadField):
            Cursor.read(wrong)
