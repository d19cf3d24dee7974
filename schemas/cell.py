"""Squares of a tenth of a degree (some ten kilometres), numbered: what a change of a fence finds positions by."""

import math
from collections.abc import Sequence
from typing import Any

__all__ = ["cell_number", "cells_around"]

_ROUND, _TENTHS = 3600, 10


def cell_number(east: Any, north: Any) -> Any:
    """Return the number of the square whose south-west corner is so many tenths of a degree east and north.

    Whole numbers, or arrays of them.
    """
    return (north + 90 * _TENTHS) * _ROUND + east + 180 * _TENTHS


def cells_around(ring: Sequence[Sequence[float]], reach: float) -> list[int]:
    """Return the squares that a ring's box touches, widened by ``reach`` degrees, at least one."""
    lons, lats = [point[0] for point in ring], [point[1] for point in ring]
    easts, norths = (
        range(
            math.floor((min(told) - reach) * _TENTHS), math.floor((max(told) + reach) * _TENTHS) + 1
        )
        for told in (lons, lats)
    )
    return [int(cell_number(east, north)) for north in norths for east in easts]
