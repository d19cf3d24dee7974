"""Approval letters around a dispatch: in force, ended, not begun, by hand of a story."""

from datetime import date, datetime, timedelta

from schemas.instant import china_day
from services.simulator.scene import Route, Scene

__all__ = ["approve", "approve_around", "rounded_up"]


def rounded_up(grams: int) -> int:
    """Return the next whole tonne above the weight, in grams."""
    return (grams // 1_000_000 + 1) * 1_000_000


def approve(
    scene: Scene,
    route: Route,
    grams: int,
    first: date,
    last: date,
    decision: str = "approved",
    recorded: datetime | None = None,
) -> str:
    """Record a letter of one line for the route, valid from ``first`` to ``last``, late if so."""
    maker, plant, code = route
    line = (plant.firm, code, plant.method, grams)
    return scene.register.approval(maker, [line], first, last, decision=decision, recorded=recorded)


def approve_around(
    scene: Scene, route: Route, at: datetime, grams: int, recorded: datetime | None = None
) -> str:
    """Record an ample letter, late if so, that is in force weeks before and after ``at``."""
    day = china_day(at)
    first = day - timedelta(days=scene.dice.between(20, 150))
    last = day + timedelta(days=scene.dice.between(20, 90))
    return approve(scene, route, rounded_up(grams * 3), first, last, recorded=recorded)
