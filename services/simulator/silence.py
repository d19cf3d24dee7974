"""Terms of the world, worked out from what was said: what should have come and did not, or too late.

The days are counted by a list of this world's own months, the hours by the distance.
"""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from schemas.instant import CHINA
from services.simulator.waste import GENERAL

if TYPE_CHECKING:
    from services.simulator.scene import Scene
    from services.simulator.trip import Trip

__all__ = ["RECEIPT_DAYS", "end_of_working_days", "hours_on_the_way", "tell_silence"]

RECEIPT_DAYS = 5
_FREE = {
    *(date(2026, 9, day) for day in (25, 26, 27)),
    *(date(2026, 10, day) for day in range(1, 8)),
}
_WORKED = {date(2026, 9, 20), date(2026, 10, 10)}
"""Days off, and weekend days worked instead, from July to December 2026."""


def end_of_working_days(start: datetime, days: int) -> datetime:
    """Return the midnight in China with which so many working days after ``start`` are over."""
    day = start.astimezone(CHINA).date()
    while days:
        day += timedelta(days=1)
        if day in _WORKED or (day not in _FREE and day.isoweekday() < 6):
            days -= 1
    return datetime(day.year, day.month, day.day, tzinfo=CHINA) + timedelta(days=1)


def hours_on_the_way(trip: "Trip") -> int:
    """Return how long a load may be on its way before somebody should ask."""
    if trip.cross:
        return 120
    return 24 if trip.consignor.site[:4] == trip.receiver.site[:4] else 48


def tell_silence(scene: "Scene", end: datetime) -> None:
    """Label every load that never arrived, and every arrival never confirmed, by the world's end."""
    for trip in scene.journeys:
        said = trip.times
        if "filed" not in said or all(load.code == GENERAL for load in trip.loads):
            continue
        void = said.get("voided")
        if trip.unended:
            if said["dispatched"] + timedelta(hours=hours_on_the_way(trip)) < end:
                zh, en = "起运后再无下文", "left and was not heard of again"
                scene.review("time.transit_overdue", trip.number, zh, en)
        elif "arrived" in said and "received" not in said:
            over = end_of_working_days(said["arrived"], RECEIPT_DAYS)
            if over < end and (void is None or void >= over):
                zh, en = "运抵后一直未确认", "arrived and was never confirmed"
                scene.violation("time.receipt_overdue", trip.number, zh, en)
