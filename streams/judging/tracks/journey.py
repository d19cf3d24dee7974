"""What is judged of a vehicle: one journey on one manifest, and what its manifests say together."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.registry import Fence
from streams.judging.registry import in_force
from streams.judging.tracks.leg import Leg
from streams.judging.tracks.segments import Track, Visit, instant, seconds

__all__ = ["Plate", "Trip", "trips_of"]

UNLOADING_S = 10 * 60
"""In the receiver's fence for so long a vehicle may have unloaded: what comes after is no longer a load."""
_LONGEST_S = 7 * 86_400
"""A load whose arrival is never told is not taken to be on the road for longer. [D]"""
_NEXT_S = 24 * 3600
"""Nor beyond a loading for another manifest so much later: milk runs load within a day. [D]"""


class Trip(NamedTuple):
    """One vehicle on one manifest's way, with its positions."""

    leg: Leg
    track: Track
    receiver: tuple[Fence, ...]
    """The receiver's fences on record at the loading."""
    begins: int
    bound: int
    """When the load is off at the latest, whatever is told."""
    margin_km: int
    coarse: bool
    """Whether provinces are our coarse areas."""

    @property
    def subject(self) -> str:
        """The subject's name."""
        return f"trip/{self.leg.plate}/{self.leg.manifest}"

    @property
    def visits(self) -> list[Visit]:
        """Visits of the receiver that began after the loading, long enough to unload."""
        ids = {fence.id for fence in self.receiver}
        return [
            v
            for v in self.track.visits
            if v.fence.id in ids
            and v.enter > self.begins
            and v.enter <= self.bound
            and v.leave - v.enter >= UNLOADING_S
        ]

    def loaded_until(self, now: datetime | None) -> int:
        """Return until when it was loaded: the arrival told, or the end of its visit there."""
        ends = [self.bound]
        if now is not None:
            ends.append(seconds(now))
        if self.leg.until is not None:
            ends.append(self.leg.until)
        if self.leg.last:
            ends += [visit.leave for visit in self.visits[:1]]
        return max(self.begins, min(ends))

    def positions(self, begins: int, ends: int) -> bool:
        """Whether any position lies in a time, ends included."""
        times = self.track.times
        at = bisect_left(times, begins)
        return at < len(times) and times[at] <= ends


class Plate(NamedTuple):
    """All that is known of a vehicle; ``track`` where there are positions."""

    plate: str
    legs: tuple[Leg, ...]
    track: Track | None = None


def trips_of(
    plate: Plate, receivers: Mapping[str, Sequence[Fence]], margin_km: int, coarse: bool
) -> list[Trip]:
    """Return the journeys of a vehicle with positions, by loading and number.

    ``receivers``: fences of receivers' sites by owner.
    """
    if plate.track is None:
        return []
    moved = sorted(
        (leg.loaded, leg.manifest, leg)
        for leg in plate.legs
        if leg.loaded is not None and leg.judged
    )
    found = []
    for n, (loaded, _, leg) in enumerate(moved):
        later = (at for at, *_ in moved[n + 1 :] if at > loaded + _NEXT_S)
        bound = min(loaded + _LONGEST_S, next(later, loaded + _LONGEST_S))
        then = instant(loaded)
        own = tuple(f for f in receivers.get(leg.receiver, ()) if in_force(f, then))
        found.append(Trip(leg, plate.track, own, loaded, bound, margin_km, coarse))
    return found
