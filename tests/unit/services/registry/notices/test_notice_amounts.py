"""Weights and scales as printed."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.checks import Refusal
from schemas.quantity import tonnes_text
from services.registry.notices.amount import (
    Amount,
    Measure,
    annual_grams,
    measure_of,
    print_amount,
    read_amount,
)

TONNE = 1_000_000
A_YEAR = Measure("吨/年", Decimal(1), "year")


@pytest.mark.parametrize(
    ("printed", "tonnes", "per"),
    [
        ("5000吨/年", "5000", "year"), ("5000 t/a", "5000", "year"), ("3万吨/年", "30000", "year"),
        ("1.5万吨", "15000", None), ("１５ｔ／ｄ", "15", "day"), ("15吨/日", "15", "day"),
        ("15 吨/天", "15", "day"), ("1,000吨", "1000", None), ("500公斤", "0.5", None),
        ("12.345kg", "0.012345", None), ("不超过200吨", "200", None), ("2000\n吨/年", "2000", "year"),
        ("100 t", "100", None), ("合计100吨", "100", None), ("5000吨每年", "5000", "year"),
    ],
)  # fmt: skip
def test_a_weight_is_read_with_its_unit(printed: str, tonnes: str, per: str | None) -> None:
    found = read_amount(printed)
    assert (tonnes_text(found.grams), found.per) == (tonnes, per)


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("约500吨", "amount_form"), ("500吨左右", "amount_form"), ("500-600吨", "amount_form"),
        ("200只/年", "amount_form"), ("30立方米", "amount_form"), ("20桶", "amount_form"),
        ("500吨/月", "amount_form"), ("1,00吨", "amount_form"), ("五百吨", "amount_form"),
        ("500", "amount_unit"), ("", "amount_form"), ("99999999吨", "quantity_form"),
        ("1000万吨", "quantity_form"), ("0.0000001吨", "quantity_form"), ("-5吨", "amount_form"),
        ("63 (unit lost in stored copy)", "amount_form"), ("1e3吨", "amount_form"),
    ],
)  # fmt: skip
def test_what_is_no_sure_weight_is_refused(printed: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_amount(printed)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("header", "text", "tonnes", "per"),
    [
        ("核准经营规模（吨/年）", "吨/年", 1, "year"), ("年经营规模(万吨/年)", "万吨/年", 10_000, "year"),
        ("数量（吨）", "吨", 1, None), ("quantity_t", "t", 1, None), ("处理能力 t/d", None, None, None),
        ("规模（ｔ／ｄ）", "t/d", 1, "day"), ("核准经营规模", None, None, None), ("weight", None, None, None),
    ],
)  # fmt: skip
def test_a_header_may_carry_the_unit(
    header: str, text: str | None, tonnes: int | None, per: str | None
) -> None:
    found = measure_of(header)
    assert found == (None if text is None else Measure(text, Decimal(tonnes or 0), per))  # type: ignore[arg-type]


def test_a_number_without_a_unit_takes_its_columns_and_says_so() -> None:
    found = read_amount("63", A_YEAR)
    assert (found.grams, found.per) == (63 * TONNE, "year")
    assert found.remarks == (("单位取自表头：吨/年", "the unit is the header's: 吨/年"),)
    assert read_amount("3万吨", A_YEAR).grams == 30_000 * TONNE, "its own unit goes first"
    assert read_amount("3", Measure("吨", Decimal(1))).per is None


def test_a_scale_for_a_day_is_for_330_days_of_a_year() -> None:
    grams, remarks = annual_grams(read_amount("15 t/d"))
    assert grams == 15 * 330 * TONNE
    assert remarks[-1] == (
        "15 吨/日 × 330 日 = 4950 吨/年",
        "15 t a day × 330 days = 4950 t a year",
    )
    assert annual_grams(read_amount("5000吨/年")) == (5000 * TONNE, ())
    with pytest.raises(Refusal, match="year or a day"):
        annual_grams(read_amount("5000吨"))
    with pytest.raises(Refusal):
        annual_grams(read_amount("99999吨/日"))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 9_999_999 * TONNE), st.sampled_from([None, "year", "day"]))
def test_what_is_printed_is_read_back(grams: int, per: str | None) -> None:
    amount = Amount(grams, per)  # type: ignore[arg-type]
    assert read_amount(print_amount(amount)) == amount


@settings(max_examples=400, deadline=None)
@given(st.text("0123456789.,万吨吨tTkg/年日d公斤 约-eE９", max_size=12) | st.text(max_size=20))
def test_any_text_is_a_weight_or_a_refusal(text: str) -> None:
    for header in (None, A_YEAR):
        try:
            found = read_amount(text, header)
        except Refusal as refusal:
            assert refusal.zh
            assert refusal.en
        else:
            assert 0 <= found.grams <= 9_999_999 * TONNE
            assert any(c.isdigit() for c in text)
