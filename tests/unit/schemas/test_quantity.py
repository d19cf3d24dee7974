from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import refusal

from schemas.quantity import grams_from_tonnes, small_int, tonnes_text


@pytest.mark.parametrize(
    ("said", "grams"),
    [
        (0, 0), (12, 12_000_000), ("12.5", 12_500_000), (Decimal("0.000001"), 1), ("0.000001", 1),
        (Decimal("1.1000000000"), 1_100_000), (Decimal("9999999"), 9_999_999_000_000),
        (9_999_999, 9_999_999_000_000), (Decimal("-0.0"), 0), (Decimal("1E+3"), 1_000_000_000),
        (Decimal("0.1") + Decimal("0.2"), 300_000), ("007", 7_000_000), (Decimal("0E+999999"), 0),
        (Decimal("9999998.999999"), 9_999_998_999_999), (Decimal("1." + "0" * 60), 1_000_000),
    ],
)  # fmt: skip
def test_tonnes_become_grams_exactly(said: object, grams: int) -> None:
    assert grams_from_tonnes(said) == grams


@pytest.mark.parametrize(
    "value",
    [
        -1, 10_000_000, Decimal("-0.000001"), Decimal("9999999.000001"), Decimal("0.0000001"),
        Decimal("1E+400"), Decimal("Infinity"), Decimal("1E-400"), "1.0000000", "", ".5", "5.",
        "-1", "+1", "1e3", "1,5", " 1", "１", "12345678", "1.5\n", "NaN", None, True, False, [1], 1.5,
        Decimal("1." + "0" * 60 + "1"), 10**400,
    ],
)  # fmt: skip
def test_anything_else_is_refused(value: object) -> None:
    assert refusal(grams_from_tonnes, value).code == "quantity_form"


@given(st.decimals(0, 9_999_999, allow_nan=False, places=9), st.integers(0, 40))
def test_a_decimal_is_read_exactly_or_refused(tonnes: Decimal, zeros: int) -> None:
    written = Decimal(f"{tonnes:f}{'0' * zeros}")
    grams = Fraction(tonnes) * 1_000_000
    if grams.denominator == 1:
        assert grams_from_tonnes(written) == grams
    else:
        assert refusal(grams_from_tonnes, written).code == "quantity_form"


@given(st.integers(0, 9_999_999_000_000))
def test_grams_survive_their_own_text(grams: int) -> None:
    assert grams_from_tonnes(tonnes_text(grams)) == grams
    assert grams_from_tonnes(Decimal(tonnes_text(grams))) == grams


@pytest.mark.parametrize(
    ("grams", "text"), [(0, "0"), (12_500_000, "12.5"), (1, "0.000001"), (100_000_000, "100")]
)
def test_tonnes_are_written_without_trailing_zeros(grams: int, text: str) -> None:
    assert tonnes_text(grams) == text


@pytest.mark.parametrize("value", [0, 11, True, Decimal("1"), "1", None])
def test_a_whole_number_is_an_integer_within_its_bounds(value: object) -> None:
    one_to_ten = small_int(1, 10)
    assert one_to_ten.read(10) == 10
    assert refusal(one_to_ten.read, value).code == "integer_range"


@pytest.mark.parametrize(
    ("grams", "text"),
    [(-700_000, "-0.7"), (-1, "-0.000001"), (-2_500_000, "-2.5"), (-(10**7), "-10")],
)
def test_what_is_too_much_is_told_with_its_sign(grams: int, text: str) -> None:
    assert tonnes_text(grams) == text
