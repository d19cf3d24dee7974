"""The least distance of two provinces: never more than there is."""

import pytest

from schemas.distance import least_km

NEIGHBOURS = {
    "11": "12 13", "12": "11 13", "13": "11 12 14 15 21 37 41", "14": "13 15 41 61",
    "15": "13 14 21 22 23 61 62 64", "21": "13 15 22", "22": "15 21 23", "23": "15 22",
    "31": "32 33", "32": "31 33 34 37", "33": "31 32 34 35 36", "34": "32 33 36 37 41 42",
    "35": "33 36 44", "36": "33 34 35 42 43 44", "37": "13 32 34 41", "41": "13 14 34 37 42 61",
    "42": "34 36 41 43 50 61", "43": "36 42 44 45 50 52", "44": "35 36 43 45 46 81 82",
    "45": "43 44 52 53", "50": "42 43 51 52 61", "51": "50 52 53 54 61 62 63", "52": "43 45 50 51 53",
    "53": "45 51 52 54", "54": "51 53 63 65", "61": "14 15 41 42 50 51 62 64", "62": "15 51 61 63 64 65",
    "63": "51 54 62 65", "64": "15 61 62", "65": "54 62 63",
}  # fmt: skip
"""Provinces that share a border, or a strait that a ferry crosses."""


def region(province: str) -> str:
    return f"{province}0100"


@pytest.mark.parametrize(
    ("one", "other"), [(a, b) for a, near in NEIGHBOURS.items() for b in near.split()]
)
def test_neighbours_are_no_distance_apart(one: str, other: str) -> None:
    assert least_km(region(one), region(other)) == 0


@pytest.mark.parametrize(
    ("one", "other", "road_km"),
    [
        ("22", "14", 900),
        ("23", "46", 3200),
        ("65", "44", 3000),
        ("31", "65", 2500),
        ("13", "44", 1300),
    ],
)
def test_it_is_less_than_any_road_and_the_same_both_ways(
    one: str, other: str, road_km: int
) -> None:
    """``road_km``: between the nearest places of the two provinces, roughly."""
    assert 0 < least_km(region(one), region(other)) < road_km
    assert least_km(region(one), region(other)) == least_km(region(other), region(one))


def test_inside_a_province_and_to_its_corps_it_is_nothing() -> None:
    assert least_km("130100", "130900") == 0
    assert least_km("650100", "660400") == 0


def test_what_has_no_seat_on_record_is_no_distance_away() -> None:
    assert least_km("990100", "130100") == 0
