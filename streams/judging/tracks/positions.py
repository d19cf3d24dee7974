"""Positions of one plate as they come in: arrays, not objects; a fifth of a kilobyte would be too much."""

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from streams.judging.statement import to_micros

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["NO_STATUS", "Batch", "Positions"]

NO_STATUS = -1
_SECOND = 1_000_000
_NONE = float("nan")
_LEAST_RECEIVED = _SECOND * 86_400 * 365
"""A receive time before 1971 is the number of a line (``on_files``): it orders, it tells no time."""


class Batch(NamedTuple):
    """One event: its positions' first and last second, and when it came, 0 where not told."""

    first: int
    last: int
    received: int
    ref: str
    digest: str


class Positions:
    """A set of positions. Copies do no harm: ``trip`` counts each instant once."""

    __slots__ = ("at", "batches", "lat", "lon", "received", "speed", "status")

    def __init__(self) -> None:
        self.at = array("q")
        """Microseconds since 1970."""
        self.lon, self.lat, self.speed = array("d"), array("d"), array("d")
        """``speed`` in km/h, NaN where not told."""
        self.status = array("q")
        """Status bits of JT/T 808, ``NO_STATUS`` where not told."""
        self.received = array("q")
        """Seconds since 1970, 0 where not told."""
        self.batches: set[Batch] = set()

    def __len__(self) -> int:
        return len(self.at)

    def add(
        self, data: Any, received_us: int, ref: str, digest: str, until: "datetime | None" = None
    ) -> int:
        """Take in an event's positions, those up to ``until``; return how many."""
        received = received_us // _SECOND if received_us > _LEAST_RECEIVED else 0
        told = [p for p in data.positions if until is None or p.at <= until]
        if not told:
            return 0
        instants = [to_micros(p.at) for p in told]
        self.at.extend(instants)
        self.lon.extend([p.lon for p in told])
        self.lat.extend([p.lat for p in told])
        self.speed.extend([_NONE if p.speed_kmh is None else p.speed_kmh for p in told])
        self.status.extend([NO_STATUS if p.status is None else p.status for p in told])
        self.received.extend([received] * len(told))
        first, last = min(instants) // _SECOND, max(instants) // _SECOND
        self.batches.add(Batch(first, last, received, ref, digest))
        return len(told)

    def merge(self, other: "Positions") -> None:
        """Take in another set of the same plate."""
        for name in ("at", "lon", "lat", "speed", "status", "received"):
            getattr(self, name).extend(getattr(other, name))
        self.batches |= other.batches
