"""Lines on the ground: the points of a way in China, in their order; it may cross itself and come back."""

from typing import Annotated, Any

from schemas.checks import Checked, Refusal
from schemas.ring import is_point

__all__ = ["LEAST_LINE_POINTS", "MOST_LINE_POINTS", "Line", "read_line"]

LEAST_LINE_POINTS, MOST_LINE_POINTS = 2, 1000
"""As many as a spreadsheet's cell holds."""
_WEST, _SOUTH, _EAST, _NORTH = 73, 3, 136, 54
"""A box around China; what lies outside is a mistake: mostly latitude and longitude swapped."""
_Point = tuple[float, float]


def read_line(value: Any) -> tuple[_Point, ...]:
    """Return the points of a way in their order, none twice in a row.

    Raises ``Refusal``: ``line_form``, ``line_points`` (fewer than two different ones, or too many) or
    ``line_abroad`` (outside China).
    """
    if type(value) is not list or not all(map(is_point, value)):
        raise Refusal(
            "line_form",
            "路线应为 [经度, 纬度] 的列表，先经度（-180 至 180）后纬度（-90 至 90）",
            "a way is a list of [longitude, latitude], in this order, -180 to 180 and -90 to 90",
        )
    told = [(float(x), float(y)) for x, y in value] if len(value) <= MOST_LINE_POINTS else []
    points = [p for n, p in enumerate(told) if n == 0 or p != told[n - 1]]
    if len(points) < LEAST_LINE_POINTS:
        raise Refusal(
            "line_points",
            f"路线应有 {LEAST_LINE_POINTS} 至 {MOST_LINE_POINTS} 个点，其中至少 {LEAST_LINE_POINTS} 个不同的点",
            f"a way has {LEAST_LINE_POINTS} to {MOST_LINE_POINTS} points, at least {LEAST_LINE_POINTS} different "
            "ones",
        )
    for lon, lat in points:
        if not (_WEST <= lon <= _EAST and _SOUTH <= lat <= _NORTH):
            raise Refusal(
                "line_abroad",
                f"点 [{lon}, {lat}] 不在中国境内，请检查经度、纬度是否颠倒",
                f"the point [{lon}, {lat}] is not in China; are longitude and latitude swapped?",
            )
    return tuple(points)


Line = Annotated[
    tuple[_Point, ...],
    Checked(
        read_line,
        {
            "type": "array",
            "minItems": LEAST_LINE_POINTS,
            "maxItems": MOST_LINE_POINTS,
            "items": {
                "type": "array",
                "items": {"type": "number"},
                "minItems": 2,
                "maxItems": 2,
            },
        },
    ),
]
