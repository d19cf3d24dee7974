"""What is judged of a vehicle: one journey on one manifest, and one day of it with all its manifests."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import NamedTuple

from schemas.instant import CHINA, china_day
from schemas.registry import Fence
from streams.judging.registry import in_force
from streams.judging.tracks.leg import Leg
from streams.judging.tracks.segments import Beside, Track, Visit, instant, seconds

__all__ = ["LONGEST_HAUL_H", "LONGEST_S", "PlateDay", "Ride", "Trip", "day_window"]
__all__ += ["days_of_legs", "legs_near", "quiet_days", "receivers_at", "rides_of"]

UNLOADING_S = 10 * 60
"""In the receiver's fence for so long a vehicle may have unloaded: what comes after is no longer a load."""
LONGEST_S = 7 * 86_400
"""A load whose arrival is never told is not taken to be on the road for longer. [D]"""
_NEXT_S = 24 * 3600
"""Nor beyond a loading for another manifest so much later: milk runs load within a day. [D]"""
_EDGE_S = 6 * 3600
"""Positions so long before and after a journey are looked at with it."""
LONGEST_HAUL_H = 48
"""From a generator's to a receiver's takes no longer, if it is to be one run."""
_LEGS_S = 60 * 86_400
"""Manifests that were loaded so long before a day may still be on the road."""


class Ride(NamedTuple):
    """One vehicle's part in a manifest, and when the load is off at the latest, whatever is told."""

    leg: Leg
    begins: int
    bound: int
    others: tuple[int, ...] = ()
    """When it took over or gave off the loads of other manifests meanwhile."""

    @property
    def window(self) -> tuple[int, int]:
        """From when to when its positions bear on it."""
        until = self.leg.until
        ends = self.bound if until is None else min(self.bound, max(until, self.begins))
        return self.begins - _EDGE_S, ends + _EDGE_S

    @property
    def subject(self) -> str:
        """The subject's name."""
        return f"trip/{self.leg.plate}/{self.leg.manifest}"


class Trip(NamedTuple):
    """A ride with its positions."""

    ride: Ride
    track: Track
    receiver: tuple[Fence, ...]
    """The receiver's fences on record at the loading."""
    margin_km: int
    coarse: bool
    """Whether provinces are our coarse areas."""

    @property
    def leg(self) -> Leg:
        """What the manifest says."""
        return self.ride.leg

    @property
    def begins(self) -> int:
        """When it took the load over."""
        return self.ride.begins

    @property
    def visits(self) -> list[Visit]:
        """Visits of the receiver that began after the loading, long enough to unload."""
        ids = {fence.id for fence in self.receiver}
        return [
            v
            for v in self.track.visits
            if v.fence.id in ids
            and self.begins < v.enter <= self.ride.bound
            and v.leave - v.enter >= UNLOADING_S
        ]

    @property
    def unloaded(self) -> int | None:
        """When it gave the load to others, or left the receiver's; None while neither is known."""
        ends = [] if self.leg.until is None else [self.leg.until]
        if self.leg.last:
            ends += [visit.leave for visit in self.visits[:1]]
        return max(self.begins, min(ends)) if ends else None

    @property
    def ends(self) -> int:
        """Until when it may have been loaded."""
        unloaded = self.unloaded
        return self.ride.bound if unloaded is None else min(self.ride.bound, unloaded)

    def positions(self, begins: int, ends: int) -> bool:
        """Whether any position lies in a time, ends included."""
        times = self.track.times
        at = bisect_left(times, begins)
        return at < len(times) and times[at] <= ends


class PlateDay(NamedTuple):
    """A vehicle on one day of China; ``track`` where there are positions."""

    plate: str
    day: date
    legs: tuple[Leg, ...]
    """Its part in all manifests that may have been under way, by filing and number."""
    track: Track | None = None
    beside: tuple[Beside, ...] = ()
    """How far it was from the routes prescribed for it, by id; only of a vehicle for medical waste."""

    @property
    def subject(self) -> str:
        """The subject's name."""
        return f"plate/{self.plate}/{self.day}"

    def has(self, second: int) -> bool:
        """Whether an instant is of the day."""
        return china_day(instant(second)) == self.day


def rides_of(legs: Sequence[Leg]) -> list[Ride]:
    """Return the rides of one plate, by loading and number."""
    moved = sorted(
        (leg.loaded, leg.manifest, leg) for leg in legs if leg.loaded is not None and leg.judged
    )
    calls = sorted(
        (at, leg.manifest)
        for leg in legs
        if not leg.called_off
        for at in (leg.loaded, leg.until)
        if at is not None
    )
    found = []
    for n, (loaded, number, leg) in enumerate(moved):
        later = (at for at, *_ in moved[n + 1 :] if at > loaded + _NEXT_S)
        bound = min(loaded + LONGEST_S, next(later, loaded + LONGEST_S))
        near = calls[bisect_left(calls, (loaded,)) : bisect_left(calls, (bound,))]
        others = tuple(at for at, manifest in near if manifest != number)
        found.append(Ride(leg, loaded, bound, others))
    return found


def receivers_at(ride: Ride, receivers: Mapping[str, Sequence[Fence]]) -> tuple[Fence, ...]:
    """Return the fences of its receiver at the loading. ``receivers``: those of all sites, by owner."""
    then = instant(ride.begins)
    return tuple(f for f in receivers.get(ride.leg.receiver, ()) if in_force(f, then))


def day_window(day: date) -> tuple[int, int]:
    """Return from when to when positions bear on what a vehicle did on a day."""
    begins = seconds(datetime.combine(day, time(), CHINA))
    return begins - 86_400, begins + 86_400 + LONGEST_HAUL_H * 3600 + _EDGE_S


def legs_near(legs: Sequence[Leg], day: date) -> tuple[Leg, ...]:
    """Return the legs that may have been under way on a day, or say that they were."""
    begins, ends = day_window(day)
    return tuple(
        sorted(
            (leg for leg in legs if begins - _LEGS_S <= leg.begins < ends),
            key=lambda leg: (leg.filed, leg.manifest),
        )
    )


def days_of_legs(legs: Sequence[Leg], least: int = 2) -> set[date]:
    """Return the days on which legs begin or end, of those judged; none if there are fewer than ``least``."""
    moved = [leg for leg in legs if leg.loaded is not None and leg.judged]
    if len(moved) < least:
        return set()
    told = [at for leg in moved for at in (leg.loaded, leg.arrived) if at is not None]
    return {china_day(instant(at)) for at in told}


def quiet_days(plate: str, legs: Sequence[Leg]) -> list[PlateDay]:
    """Return the days of a vehicle without positions on which its manifests may contradict each other."""
    return [PlateDay(plate, day, legs_near(legs, day)) for day in sorted(days_of_legs(legs))]
