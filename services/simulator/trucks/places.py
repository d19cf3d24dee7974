"""Where things lie in the world of positions: cities, places abroad, and the way between two.

All of them are rough and lie well inside their provinces: borders are never what a story is about,
but where it says so.
"""

import math

__all__ = ["ABROAD", "BORDER", "CENTRES", "Place", "beside", "between", "km", "nearest_abroad"]

Place = tuple[float, float]
"""Longitude and latitude in degrees."""

CENTRES: dict[str, Place] = {
    "130100": (114.55, 38.05), "130200": (118.20, 39.75), "130400": (114.65, 36.85),
    "130600": (115.20, 38.75), "140100": (112.55, 37.85), "140400": (113.00, 36.30),
    "140800": (111.20, 35.75), "141000": (111.50, 36.20), "220100": (125.30, 43.90),
    "220200": (126.50, 43.85), "220300": (124.50, 43.30), "630100": (101.75, 36.65),
    "630200": (101.60, 36.45), "632800": (97.40, 37.30),
}  # fmt: skip
"""Where the firms of a city are, by its code."""
ABROAD: dict[str, tuple[tuple[str, Place], ...]] = {
    "13": (("37", (116.10, 36.40)), ("41", (114.30, 35.80)), ("15", (116.80, 43.60))),
    "14": (("61", (109.40, 36.60)), ("41", (112.60, 34.20)), ("15", (111.70, 41.00))),
    "22": (("15", (122.30, 43.70)), ("21", (123.30, 41.80)), ("23", (126.60, 45.70))),
    "63": (("62", (104.00, 35.30)), ("62", (100.40, 39.00))),
}
"""Places deep inside the neighbours of a province, with the two digits of theirs."""
BORDER: dict[str, Place] = {
    "13": (113.92, 38.20), "14": (114.18, 38.20), "22": (123.90, 43.00), "63": (102.75, 36.45),
}  # fmt: skip
"""Places some ten kilometres over the border of a province."""
_KM = 111.2
"""Of a degree of latitude."""


def km(one: Place, other: Place) -> float:
    """Return the way between two places as the crow flies, on a plane."""
    narrow = math.cos(math.radians((one[1] + other[1]) / 2))
    return math.hypot((other[0] - one[0]) * narrow, other[1] - one[1]) * _KM


def between(one: Place, other: Place, share: float = 0.5) -> Place:
    """Return the place at a share of the way."""
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def beside(place: Place, east_km: float, north_km: float) -> Place:
    """Return the place so many kilometres east and north."""
    narrow = math.cos(math.radians(place[1]))
    return place[0] + east_km / (_KM * narrow), place[1] + north_km / _KM


def nearest_abroad(province: str, place: Place) -> tuple[str, Place]:
    """Return the neighbour nearest to a place of the province."""
    return min(ABROAD[province], key=lambda each: km(place, each[1]))
