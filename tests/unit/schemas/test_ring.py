"""Rings: open or closed, at least three points, never across themselves."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LinearRing

from schemas.checks import Refusal
from schemas.ring import read_ring

TRIANGLE = [[114, 38], [115, 38], [115, 39]]


def code_of(value: Any) -> str:
    with pytest.raises(Refusal) as refused:
        read_ring(value)
    return refused.value.code


def test_open_and_closed_read_the_same() -> None:
    assert read_ring(TRIANGLE) == read_ring([*TRIANGLE, TRIANGLE[0]])
    assert read_ring(TRIANGLE) == ((114.0, 38.0), (115.0, 38.0), (115.0, 39.0))


@pytest.mark.parametrize(
    ("ring", "code"),
    [
        ("114,38", "ring_form"),
        ([[114, 38], [115, 38], [115, "39"]], "ring_form"),
        ([[114, 38], [115, 38], [115, 91]], "ring_form"),
        ([[114, 38], [115, 38], [115, Decimal("1E+400")]], "ring_form"),
        ([[114, 38, 0], [115, 38], [115, 39]], "ring_form"),
        ([], "ring_points"),
        ([[114, 38], [115, 38], [114, 38]], "ring_points"),
        ([[114, 38]] * 501, "ring_points"),
        ([[0, 0], [1, 1], [1, 0], [0, 1]], "ring_crosses"),
        ([[0, 0], [2, 0], [1, 0]], "ring_crosses"),
        ([[0, 0], [2, 0], [2, 2], [1, 0], [0, 2]], "ring_crosses"),
        ([[0, 0], [1, 0], [1, 1], [0, 0], [-1, 0], [-1, 1]], "ring_crosses"),
    ],
)
def test_what_is_no_ring_is_refused_with_its_code(ring: Any, code: str) -> None:
    assert code_of(ring) == code


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=9, unique=True)
)
def test_it_agrees_with_a_geometry_library_on_what_is_simple(points: list[tuple[int, int]]) -> None:
    try:
        read_ring([list(p) for p in points])
    except Refusal as refusal:
        assert refusal.code == "ring_crosses"
        assert not LinearRing(points).is_simple
    else:
        assert LinearRing(points).is_simple
