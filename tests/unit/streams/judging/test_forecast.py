"""How a limit is used up, and on which day it will be."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.instant import CHINA
from streams.judging.forecast import Allowance, Forecast, allowance_of, forecast
from streams.judging.outcome import Draw
from tests.manifests import (
    CONSIGNOR,
    approval,
    approval_line,
    licence,
    record,
    registry,
    whitelisted,
)

FIRST, LAST = date(2026, 3, 1), date(2026, 12, 31)
TONNE = 1_000_000


def load(day: int, grams: int, state: Any = "settled") -> Draw:
    at = datetime(2026, 3, 1, 9, 0, tzinfo=CHINA) + timedelta(days=day)
    return Draw("approval/appr-1/1", f"2026130100{day:04d}", at, grams, state)


def allowance(tonnes: int = 100, last: str | None = "2026-12-31") -> Allowance:
    record = approval(
        valid_from="2026-03-01", valid_to=last, lines=[approval_line(quantity_t=tonnes)]
    )
    found = allowance_of("approval/appr-1/1", registry(record))
    assert found is not None
    return found


def told(draws: list[Draw], today: int, **more: Any) -> Forecast:
    return forecast(allowance(**more), draws, FIRST + timedelta(days=today))


def test_the_burn_down_adds_up_day_by_day() -> None:
    found = told([load(0, 5 * TONNE), load(0, TONNE), load(4, 10 * TONNE, "reserved")], 5)
    assert [(d.day.day, d.grams, d.left) for d in found.days] == [
        (1, 6 * TONNE, 94 * TONNE),
        (5, 10 * TONNE, 84 * TONNE),
    ]
    assert (found.drawn, found.left, found.loads) == (16 * TONNE, 84 * TONNE, 3)


def test_what_was_released_counts_for_nothing() -> None:
    assert told([load(1, TONNE, "released")], 5) == told([], 5)


def test_a_steady_pace_is_carried_on() -> None:
    found = told([load(n, TONNE) for n in range(20)], 19)  # a tonne a day, 80 left
    assert found.per_day == TONNE
    assert found.runs_out is not None
    assert found.runs_out.likely == FIRST + timedelta(days=19 + 80)
    assert found.outlook == "will_run_out"
    assert told([load(n, TONNE) for n in range(20)], 19, tonnes=1000).outlook == "lasts"


def test_it_may_run_out_where_only_the_early_end_of_the_span_is_within() -> None:
    draws = [load(7 * n, 10 * TONNE) for n in range(4)]
    late = told(draws, 21, tonnes=600)  # likely after the last day, but not by much
    assert late.runs_out is not None
    assert late.runs_out.likely is not None
    assert late.runs_out.likely > LAST
    assert late.outlook == "may_run_out"


def test_a_few_loads_foretell_nothing() -> None:
    assert told([load(0, TONNE), load(9, TONNE)], 10).outlook == "too_few"
    assert told([load(n, TONNE) for n in range(5)], 5).outlook == "too_few"
    assert told([load(n, TONNE) for n in range(5)], 6).outlook != "too_few"
    weightless = told([load(n, 0) for n in range(9)], 9)
    assert (weightless.outlook, weightless.per_day) == ("too_few", None)


def test_used_up_and_over_need_no_forecast() -> None:
    past = told([load(n, 10 * TONNE) for n in range(11)], 12)
    assert (past.outlook, past.left, past.runs_out) == ("used_up", -10 * TONNE, None)
    assert told([load(n, TONNE) for n in range(9)], 400).outlook == "over"


def test_a_pace_too_slow_for_the_calendar_is_told_without_a_day() -> None:
    found = told([load(n, 1) for n in range(9)], 9, tonnes=9_000_000, last=None)
    assert found.runs_out == (None, None, None)
    assert found.outlook == "lasts"


@pytest.mark.parametrize(
    ("name", "first", "last", "grams"),
    [
        ("approval/appr-1/1", FIRST, LAST, 100 * TONNE),
        ("approval/appr-1/pool/900-041-49", FIRST, LAST, 100 * TONNE),
        ("licence/lic-1/2026", date(2026, 7, 1), LAST, 184 * TONNE),
        ("whitelist/r1/2026", date(2026, 1, 1), date(2026, 6, 30), 40 * TONNE),
        (f"plan/{CONSIGNOR}/2026/900-041-49", date(2026, 1, 1), LAST, 25 * TONNE),
        (f"plan/{CONSIGNOR}/2027/900-041-49", None, None, 0),
        ("approval/appr-1/2", None, None, 0),
        ("approval/nobody/1", None, None, 0),
        ("whatever", None, None, 0),
    ],
)
def test_a_limit_holds_in_its_year_and_its_record_s_days(
    name: str, first: date | None, last: date | None, grams: int
) -> None:
    code = "900-041-49"
    view = registry(
        approval(
            valid_from=str(FIRST), valid_to=str(LAST), lines=[approval_line(code=code)]
        ),
        licence("lic-1", valid_from="2026-07-01", valid_to="2029-06-30", annual_scale_t=365),
        whitelisted(valid_from="2025-01-01", valid_to="2026-06-30", annual_cap_t=40),
        record("management_plan", "p", uscc=CONSIGNOR, year=2026, valid_from="2026-01-01",
            lines=[{"line": 1, "code": code, "quantity_t": 25}]),
    )  # fmt: skip
    found = allowance_of(name, view)
    if first is None:
        assert found is None
        return
    assert found is not None
    assert (found.first, found.last, found.cap.grams) == (first, last, grams)


_LOADS = st.lists(
    st.builds(
        load,
        st.integers(0, 120),
        st.integers(0, 30 * TONNE),
        st.sampled_from(["settled", "reserved", "released"]),
    ),
    max_size=30,
)


@given(_LOADS, st.integers(0, 400), st.randoms())
def test_order_does_not_matter_and_the_parts_agree(
    draws: list[Draw], today: int, chance: random.Random
) -> None:
    found = told(draws, today)
    mixed = list(draws)
    chance.shuffle(mixed)
    assert told(mixed, today) == found
    assert found.drawn + found.left == found.cap
    assert (found.outlook == "used_up") == (found.left <= 0)
    assert not found.days or found.days[-1].left == found.left
    if found.runs_out is not None and found.runs_out.latest is not None:
        early, likely, late = found.runs_out
        assert early is not None
        assert likely is not None
        assert late is not None
        assert FIRST + timedelta(days=today) <= early <= likely <= late


@given(_LOADS, st.integers(7, 200), st.integers(1, 50))
def test_more_left_never_runs_out_sooner(draws: list[Draw], today: int, more: int) -> None:
    less, much = (told(draws, today, tonnes=t).runs_out for t in (100, 100 + more))
    if less is not None and much is not None and less.likely and much.likely:
        assert less.likely <= much.likely


def test_nine_times_in_ten_the_day_lies_in_the_span() -> None:
    chance, held, runs = random.Random(20_260_301), 0, 400
    for _ in range(runs):
        day, draws = 0.0, []
        while day < 4_000:
            day += chance.expovariate(0.4)
            draws.append((int(day), chance.randint(2 * TONNE, 12 * TONNE)))
        known = [load(d, grams) for d, grams in draws if d <= 60]
        found = told(known, 60, tonnes=600, last=None).runs_out
        assert found is not None
        assert found.earliest is not None
        assert found.latest is not None
        total = 0
        for d, grams in draws:
            total += grams
            if total >= 600 * TONNE:
                held += found.earliest <= FIRST + timedelta(days=d) <= found.latest
                break
    assert 0.85 < held / runs < 0.95
