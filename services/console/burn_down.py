"""The picture of a limit: what is left, day by day, and where the forecast leads."""

from datetime import date
from typing import NamedTuple

from streams.judging.forecast import Allowance, Forecast

__all__ = ["BurnDown", "burn_down"]

WIDTH, HEIGHT = 720, 200
"""Of the drawing, in its own units."""


class BurnDown(NamedTuple):
    """Points of SVG polylines from ``first`` to ``last``; ``zero``: height of the line where nothing is left.

    ``ahead``: from today to the day on which it runs out; ``span``: the days between the earliest
    and the latest, as x and width; "" and None where nothing is foretold.
    """

    first: date
    last: date
    width: int
    height: int
    steps: str
    ahead: str
    span: tuple[float, float] | None
    zero: float
    today: float


def burn_down(allowance: Allowance, told: Forecast, today: date) -> BurnDown:
    """Draw from the limit's first day to its last, or to the forecast where it has none."""
    first = min([allowance.first, *(d.day for d in told.days[:1])])
    ends = [allowance.last, today, *(d.day for d in told.days[-1:])]
    if allowance.last is None and told.runs_out is not None:
        ends.append(told.runs_out.likely)
    length = max((max(d for d in ends if d is not None) - first).days, 1)
    least = min(0, told.left)
    height = max(told.cap - least, 1)

    def x(day: date) -> float:
        return round(min(max((day - first).days / length, 0), 1) * WIDTH, 1)

    def y(grams: int) -> float:
        return round((told.cap - grams) / height * HEIGHT, 1)

    last = date.fromordinal(first.toordinal() + length)
    steps, left = [(x(first), y(told.cap))], told.cap
    for d in told.days:
        steps += [(x(d.day), y(left)), (x(d.day), y(d.left))]
        left = d.left
    steps.append((max(x(today), steps[-1][0]), y(left)))
    ahead, span = "", None
    out = told.runs_out
    if out is not None and out.likely is not None:
        days = (out.likely - today).days
        shown = min(out.likely, last)
        part = 1.0 if days <= 0 else (shown - today).days / days
        end = round(told.left * (1 - max(part, 0)))
        ahead = _points([steps[-1], (x(shown), y(end))])
        if out.earliest is not None and x(out.earliest) < WIDTH:
            late = WIDTH if out.latest is None else x(out.latest)
            span = x(out.earliest), round(late - x(out.earliest), 1)
    return BurnDown(first, last, WIDTH, HEIGHT, _points(steps), ahead, span, y(0), x(today))


def _points(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
