"""Positions of one plate as they come in: arrays, not objects; a fifth of a kilobyte would be too much."""

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from streams.judging.statement import to_micros

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["NO_STATUS", "Batch", "Located", "Positions", "by_day", "span_of"]

NO_STATUS = -1
_SECOND = 1_000_000
_NONE = float("nan")
_LEAST_RECEIVED = _SECOND * 86_400 * 365
"""A receive time before 1971 is the number of a line (``on_files``): it orders, it tells no time."""


class Located(Protocol):
    """One position, of an event or a frame."""

    @property
    def at(self) -> "datetime":
        """The instant."""

    @property
    def lon(self) -> float:
        """Degrees, WGS-84."""

    @property
    def lat(self) -> float:
        """Degrees, WGS-84."""

    @property
    def speed_kmh(self) -> float | None:
        """None where not told."""

    @property
    def status(self) -> int | None:
        """Bits of JT/T 808 table 24; None where not told."""


class Batch(NamedTuple):
    """What one event told of one day (UTC): first and last second there."""

    first: int
    last: int
    received: int
    """When it came, for its last day; 0 for days before, and where that is not told."""
    ref: str
    digest: str
    shifted: int = 0
    """Hours by which the terminal's clock was put right (``drive``)."""


def by_day(told: Sequence[Located], received_us: int) -> dict[int, tuple[list[Located], int]]:
    """Return an event's positions by day since 1970 (UTC), with when it came as ``Batch`` has it."""
    days: dict[int, list[Located]] = {}
    for one in told:
        days.setdefault(to_micros(one.at) // (_SECOND * 86_400), []).append(one)
    last = max(days, default=0)
    return {day: (some, _seconds(received_us) if day == last else 0) for day, some in days.items()}


def span_of(told: Sequence[Located]) -> tuple[int, int]:
    """Return first and last second."""
    instants = [to_micros(one.at) // _SECOND for one in told]
    return min(instants), max(instants)


def _seconds(received_us: int) -> int:
    return received_us // _SECOND if received_us > _LEAST_RECEIVED else 0


class Positions:
    """A set of positions. Copies do no harm: ``drive`` counts each instant once."""

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
        self,
        told: "Sequence[Located]",
        received_us: int,
        ref: str,
        digest: str,
        until: "datetime | None" = None,
    ) -> int:
        """Take in an event's positions, those up to ``until``; return how many."""
        if until is not None:
            told = [p for p in told if p.at <= until]
        for some, received in by_day(told, received_us).values():
            self.put(some, received_us, Batch(*span_of(some), received, ref, digest))
        return len(told)

    def put(self, told: "Sequence[Located]", received_us: int, batch: Batch) -> None:
        """Take in positions of one day, and the event that told them."""
        received = _seconds(received_us)
        self.at.extend([to_micros(p.at) for p in told])
        self.lon.extend([p.lon for p in told])
        self.lat.extend([p.lat for p in told])
        self.speed.extend([_NONE if p.speed_kmh is None else p.speed_kmh for p in told])
        self.status.extend([NO_STATUS if p.status is None else p.status for p in told])
        self.received.extend([received] * len(told))
        self.batches.add(batch)

    def merge(self, other: "Positions") -> None:
        """Take in another set of the same plate."""
        for name in ("at", "lon", "lat", "speed", "status", "received"):
            getattr(self, name).extend(getattr(other, name))
        self.batches |= other.batches
