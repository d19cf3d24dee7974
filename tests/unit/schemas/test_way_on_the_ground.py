"""Ways: two points at least, in China, as many as a spreadsheet's cell holds."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.checks import Refusal
from schemas.line import read_line


def test_a_way_may_come_back_and_says_no_point_twice_in_a_row() -> None:
    told = [[114, 38], [114, 38], [Decimal("114.5"), 38], [114, 38]]
    assert read_line(told) == ((114.0, 38.0), (114.5, 38.0), (114.0, 38.0))


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("114,38", "line_form"),
        ([[114, 38], [115, "38"]], "line_form"),
        ([[38, 114], [38, 115]], "line_form"),
        ([[114, 38, 0], [115, 38, 0]], "line_form"),
        ([], "line_points"),
        ([[114, 38]], "line_points"),
        ([[114, 38], [114, 38]], "line_points"),
        ([[114, 38 + n % 2] for n in range(1001)], "line_points"),
        ([[114, 38], [0, 0]], "line_abroad"),
        ([[114, 38], [Decimal("139.7"), Decimal("35.7")]], "line_abroad"),
    ],
)
def test_what_is_no_way_is_refused_with_its_code(way: Any, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_line(way)
    assert refused.value.code == code


def test_a_thousand_points_are_a_way() -> None:
    assert len(read_line([[114, 38 + n % 2] for n in range(1000)])) == 1000
