"""What a plate's positions amount to: stops, visits of fences, provinces, gaps. Plain values.

Instants are whole seconds since 1970, so that a segment is small and equal segments compare equal.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from schemas.registry import Fence, PrescribedRoute
from streams.judging.tracks.positions import Batch

__all__ = [
    "EMPTY",
    "LADEN",
    "LEAST_GAP_S",
    "LEAST_STOP_S",
    "NEAR_M",
    "NO_LOAD",
    "NO_SPEED",
    "Beside",
    "Gap",
    "Near",
    "Stay",
    "Stop",
]
__all__ += ["Track", "Visit", "instant", "seconds"]

LEAST_STOP_S = 5 * 60
"""Standing for less is no stop."""
LEAST_GAP_S = 10 * 60
"""Without a position for less is no gap: terminals report every 10 to 30 s, some every minute or two."""
NEAR_M = 5_000
"""Water and forbidden areas are looked for so far around a stop."""
NO_SPEED = -1.0
NO_LOAD, EMPTY, LADEN = -1, 0, 1
"""What a position tells of the load; half laden is laden."""


def instant(second: int) -> datetime:
    """Return the instant of whole seconds since 1970."""
    return datetime.fromtimestamp(second, UTC)


def seconds(at: datetime) -> int:
    """Return whole seconds since 1970."""
    return int(at.timestamp())


class Near(NamedTuple):
    """Water or a forbidden area by a stop; 0 metres: in it."""

    fence: Fence
    metres: int


class Stop(NamedTuple):
    """The vehicle stood from ``begins`` to ``ends``; the place is the middle of its positions."""

    begins: int
    ends: int
    lon: float
    lat: float
    fences: tuple[Fence, ...] = ()
    """What it stood in, water and forbidden areas among them, by id."""
    province: str | None = None
    """None near a border: it is not told which side."""
    near: tuple[Near, ...] = ()

    @property
    def minutes(self) -> int:
        """Whole minutes that it stood."""
        return (self.ends - self.begins) // 60

    def within(self, begins: int, ends: int) -> "Stop | None":
        """Return the part between two instants, None if there is none."""
        begins, ends = max(begins, self.begins), min(ends, self.ends)
        return self._replace(begins=begins, ends=ends) if ends > begins else None


class Visit(NamedTuple):
    """The vehicle was in a fence: its first and last position there."""

    fence: Fence
    enter: int
    leave: int


class Stay(NamedTuple):
    """The vehicle was in a province, deeper than the margin of the areas known: first and last position."""

    province: str
    enter: int
    leave: int


class Gap(NamedTuple):
    """Nothing was heard between two positions. ``fence``: the id of one that both are in."""

    begins: int
    ends: int
    fence: str | None = None


class Beside(NamedTuple):
    """How far a vehicle was from a route: whole metres of each position of its track."""

    route: PrescribedRoute
    metres: Sequence[int]
    to_end: Sequence[int]
    """From where the route ends."""


class Track(NamedTuple):
    """A stretch of a plate's positions, folded. ``times``: of each that counts, in order, one at least."""

    plate: str
    times: Sequence[int]
    stops: tuple[Stop, ...] = ()
    visits: tuple[Visit, ...] = ()
    stays: tuple[Stay, ...] = ()
    gaps: tuple[Gap, ...] = ()
    batches: tuple[Batch, ...] = ()
    """The events that told of them, by time."""
    lon: Sequence[float] = ()
    lat: Sequence[float] = ()
    """Degrees, of each position."""
    kmh: Sequence[float] = ()
    """Its speed as told, of each position; ``NO_SPEED`` where it is not."""
    loads: Sequence[int] = ()
    """``NO_LOAD``, ``EMPTY`` or ``LADEN``, of each position."""

    def stops_within(self, begins: int, ends: int) -> Iterator[Stop]:
        """Yield the stops between two instants, cut to them."""
        for stop in self.stops:
            part = stop.within(begins, ends)
            if part is not None:
                yield part
