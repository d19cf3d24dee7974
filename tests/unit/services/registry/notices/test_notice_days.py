"""Dates and periods as printed."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.checks import Refusal
from services.registry.notices.day import print_day, print_day_in_words, read_day
from services.registry.notices.validity import Validity, print_validity, read_validity

MARCH, FEBRUARY = date(2026, 3, 1), date(2031, 2, 28)
days = st.dates(date(1990, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    "printed",
    [
        "2026年3月1日", "2026年03月01日", "二〇二六年三月一日", "二零二六年三月一日", "二○二六年三月一日",
        "2026.3.1", "2026-03-01", "2026/3/1", "20260301", "２０２６年３月１日", "2026 年 3 月 1 日",
        "2026年\n3月1日", "2026．3．1",
    ],
)  # fmt: skip
def test_a_date_is_read_however_it_is_written(printed: str) -> None:
    assert read_day(printed) == (MARCH, ())


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("2026年2月30日", "day_none"), ("2026.13.1", "day_none"), ("2026年3月", "day_form"),
        ("26.3.1", "day_form"), ("3月1日", "day_form"), ("46082", "day_serial"), ("46082.0", "day_serial"),
        ("2026.3-1", "day_form"), ("2026年3月1日左右", "day_form"), ("", "day_form"), ("1026-03-01", "day_none"),
        ("2017 (posted 2017-08-14)", "day_form"), ("二〇二六年十三月一日", "day_none"),
        ("二〇二六年三月三十二日", "day_none"), ("2026-03-01 (draft)", "day_form"), ("202603011", "day_form"),
        ("二〇二六年三月十十日", "day_none"), ("2026.3.01.2", "day_form"), ("٢٠٢٦-٠٣-٠١", "day_form"),
    ],
)  # fmt: skip
def test_what_is_no_sure_date_is_refused(printed: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_day(printed)
    assert refused.value.code == code


def test_a_date_of_publication_is_taken_and_told() -> None:
    for printed in ("2024-10-22 (published)", "2024年10月22日（公布）"):
        found = read_day(printed)
        assert found.day == date(2024, 10, 22)
        assert "publication" in found.remarks[0][1]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("2026年3月1日至2031年2月28日", Validity(MARCH, FEBRUARY)),
        ("自2026年3月1日起至2031年2月28日止", Validity(MARCH, FEBRUARY)),
        ("2026.3.1-2031.2.28", Validity(MARCH, FEBRUARY)),
        ("2026-03-01-2031-02-28", Validity(MARCH, FEBRUARY)),
        ("2026-03-01 ~ 2031-02-28", Validity(MARCH, FEBRUARY)),
        ("2026/3/1—2031/2/28", Validity(MARCH, FEBRUARY)),
        ("二〇二六年三月一日至二〇三一年二月二十八日", Validity(MARCH, FEBRUARY)),
        ("有效期：2026年3月1日\n至\n2031年2月28日", Validity(MARCH, FEBRUARY)),
        ("至2026年12月31日止", Validity(last=date(2026, 12, 31))),
        ("有效期至2026年12月31日", Validity(last=date(2026, 12, 31))),
        ("截至2026.12.31", Validity(last=date(2026, 12, 31))),
        ("valid to 2023-12-31 (no start date)", Validity(last=date(2023, 12, 31))),
        ("自2026年3月1日起", Validity(first=MARCH)),
        ("2026年3月1日起施行", None),
        ("2026年度", Validity(date(2026, 1, 1), date(2026, 12, 31))),
        ("长期有效", Validity(open=True)),
    ],
)
def test_a_period_is_read(printed: str, expected: Validity | None) -> None:
    if expected is None:
        with pytest.raises(Refusal):
            read_validity(printed)
    else:
        assert read_validity(printed) == expected


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("2026年3月1日", "validity_form"), ("五年", "validity_form"), ("2026年3月1日起五年", "validity_form"),
        ("2031年2月28日至2026年3月1日", "validity_reversed"), ("2026年3月1日至5月31日", "validity_form"),
        ("2026年2月30日至2027年1月1日", "day_none"), ("0000年度", "validity_form"), ("", "validity_form"),
        ("2026年12月31日前", "validity_form"), ("in several loads, valid to 2024-12-31", "validity_form"),
    ],
)  # fmt: skip
def test_a_period_that_is_not_sure_is_refused(printed: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_validity(printed)
    assert refused.value.code == code


@settings(max_examples=400, deadline=None)
@given(days)
def test_every_day_is_read_back_in_figures_and_in_words(day: date) -> None:
    for printed in (print_day(day), print_day_in_words(day), day.isoformat(), f"{day:%Y%m%d}",
                    f"{day.year}.{day.month}.{day.day}"):  # fmt: skip
        assert read_day(printed) == (day, ())


@settings(max_examples=300, deadline=None)
@given(days, days, st.sampled_from(["both", "first", "last", "open"]))
def test_every_period_is_read_back(one: date, other: date, which: str) -> None:
    first, last = sorted((one, other))
    period = {
        "both": Validity(first, last), "first": Validity(first), "last": Validity(last=last),
        "open": Validity(open=True),
    }[which]  # fmt: skip
    assert read_validity(print_validity(period)) == period


@settings(max_examples=500, deadline=None)
@given(
    st.text("0123456789.-/年月日至自起止〇二六三一十廿长期有效 ()", max_size=24)
    | st.text(max_size=30)
)
def test_any_text_is_a_date_or_a_refusal(text: str) -> None:
    for read in (read_day, read_validity):
        try:
            read(text)
        except Refusal as refusal:
            assert refusal.zh
            assert refusal.en
