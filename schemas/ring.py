"""Rings on the ground: a closed line of [longitude, latitude] points that does not cross itself."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from schemas.checks import Checked, Refusal

__all__ = ["LEAST_POINTS", "MOST_POINTS", "Ring", "is_point", "read_ring"]

LEAST_POINTS, MOST_POINTS = 3, 500
_Point = tuple[float, float]


def read_ring(value: Any) -> tuple[_Point, ...]:
    """Return the points of a ring in their order, the first not said again at the end.

    Takes an open or a closed list. Raises ``Refusal``: ``ring_form``, ``ring_points`` (fewer than three
    different ones, or too many) or ``ring_crosses`` (also where it touches itself or folds back).
    """
    if type(value) is not list or not all(map(is_point, value)):
        raise Refusal(
            "ring_form",
            "边界应为 [经度, 纬度] 的列表，经度 -180 至 180，纬度 -90 至 90",
            "a ring is a list of [longitude, latitude], -180 to 180 and -90 to 90",
        )
    told = [(float(lon), float(lat)) for lon, lat in value] if len(value) <= MOST_POINTS else []
    points = [p for n, p in enumerate(told) if n == 0 or p != told[n - 1]]
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    if len(set(points)) < LEAST_POINTS:
        raise Refusal(
            "ring_points",
            f"边界应有 {LEAST_POINTS} 至 {MOST_POINTS} 个点，其中至少 {LEAST_POINTS} 个不同的点",
            f"a ring has {LEAST_POINTS} to {MOST_POINTS} points, at least {LEAST_POINTS} different ones",
        )
    if _crosses(points):
        raise Refusal(
            "ring_crosses",
            "边界不得自相交叉、接触或折返",
            "a ring must not cross or touch itself, nor fold back",
        )
    return tuple(points)


def is_point(value: Any) -> bool:
    """Whether a JSON value is [longitude, latitude] in degrees."""
    return (
        type(value) is list
        and len(value) == 2
        and all(type(n) in (int, Decimal) for n in value)
        and -180 <= value[0] <= 180
        and -90 <= value[1] <= 90
    )


def _crosses(points: Sequence[_Point]) -> bool:
    """Whether two edges meet anywhere but where neighbours join; edges in order of their west end."""
    count = len(points)
    edges = sorted(
        (min(a[0], b[0]), max(a[0], b[0]), n, a, b)
        for n, a in enumerate(points)
        for b in (points[(n + 1) % count],)
    )
    for at, (_, east, n, a, b) in enumerate(edges):
        for west, _, m, c, d in edges[at + 1 :]:
            if west > east:
                break
            if (n + 1) % count == m:
                meets = _folds(a, b, d)
            elif (m + 1) % count == n:
                meets = _folds(c, d, b)
            else:
                meets = _meet(a, b, c, d)
            if meets:
                return True
    return False


def _turn(a: _Point, b: _Point, c: _Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _folds(a: _Point, b: _Point, c: _Point) -> bool:
    """Whether b → c runs back over a → b."""
    ahead = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1])
    return _turn(a, b, c) == 0 and ahead < 0


def _meet(a: _Point, b: _Point, c: _Point, d: _Point) -> bool:
    sides = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(
        side == 0
        and min(p[0], q[0]) <= r[0] <= max(p[0], q[0])
        and min(p[1], q[1]) <= r[1] <= max(p[1], q[1])
        for side, (p, q, r) in zip(sides, ends, strict=True)
    )


Ring = Annotated[
    tuple[_Point, ...],
    Checked(
        read_ring,
        {
            "type": "array",
            "minItems": LEAST_POINTS,
            "maxItems": MOST_POINTS,
            "items": {
                "type": "array",
                "items": {"type": "number"},
                "minItems": 2,
                "maxItems": 2,
            },
        },
    ),
]
