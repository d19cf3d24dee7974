"""How far apart two provinces are at the least, from a coarse table: not a map, and never too much.

``data/province_seats.csv`` has each province's seat and how far its farthest place lies from it, both
from memory and rounded up; so what is left between two provinces is less than any road between them.
"""

import csv
import math
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from schemas.region import province_of

__all__ = ["least_km"]

_EARTH_KM = 6371.0


class _Seat(NamedTuple):
    north: float
    east: float
    reach_km: float


@cache
def _seats() -> dict[str, _Seat]:
    with (files("schemas") / "data" / "province_seats.csv").open(encoding="utf-8") as f:
        return {
            row["province"]: _Seat(
                float(row["seat_north"]), float(row["seat_east"]), float(row["reach_km"])
            )
            for row in csv.DictReader(f)
        }


@cache
def least_km(one: str, other: str) -> int:
    """Return kilometres that any way from one region to another has at the least; 0 where unknown.

    Regions are six-digit codes; inside a province and between neighbours it is 0.
    """
    seats = _seats()
    a, b = seats.get(province_of(one)), seats.get(province_of(other))
    if a is None or b is None or province_of(one) == province_of(other):
        return 0
    return max(0, math.floor(_crow_km(a, b) - a.reach_km - b.reach_km))


def _crow_km(a: _Seat, b: _Seat) -> float:
    """Return the distance of two seats as the crow flies (haversine)."""
    north, east = math.radians(b.north - a.north), math.radians(b.east - a.east)
    chord = (
        math.sin(north / 2) ** 2
        + math.cos(math.radians(a.north))
        * math.cos(math.radians(b.north))
        * math.sin(east / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(math.sqrt(chord))
