"""Vehicles from files: positions by plate in arrays, and what manifests say of their vehicles, packed.

A position takes 48 bytes, a manifest's vehicle some 500; all of a run are held in memory. Positions count if
the unit that told them owns the vehicle, or carries with it on some manifest.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from schemas.fast import NotUnderstood
from schemas.problems import Problem
from schemas.track import TRACK_TYPE
from streams.judging.facts import Facts
from streams.judging.registry import RegistryView
from streams.judging.tracks.journey import PlateDay, Trip, quiet_days
from streams.judging.tracks.leg import Leg, packed, unpacked
from streams.judging.tracks.loading import legs_of
from streams.judging.tracks.positions import Positions
from streams.judging.tracks.said import TrackStatement, read_track

if TYPE_CHECKING:
    from streams.judging.tracks.places import Provinces

__all__ = ["TrackFiles", "is_track"]

_MARK = TRACK_TYPE.encode()


def is_track(raw: bytes) -> bool:
    """Whether the bytes of an event may be of this family."""
    return _MARK in raw


class TrackFiles:
    """All positions of a run, and the vehicles that its manifests name."""

    def __init__(self) -> None:
        self._positions: dict[str, dict[str, Positions]] = defaultdict(dict)
        self._legs: dict[str, list[bytes]] = defaultdict(list)
        self.events = 0
        self.latest: datetime | None = None

    def put(
        self,
        raw: bytes,
        received_us: int,
        bound: datetime | None,
        known_at: datetime | None = None,
    ) -> tuple[Problem, ...] | None:
        """Take in an event; return why it cannot be understood.

        ``latest`` is the latest time of an event up to ``bound``; what was told after ``known_at`` is left out.
        """
        try:
            self.take(read_track(raw, received_us), bound, known_at)
        except NotUnderstood as e:
            return tuple(e.problems)
        return None

    def take(
        self, said: TrackStatement, bound: datetime | None = None, known_at: datetime | None = None
    ) -> None:
        """Take in what ``read_track`` or ``read_frames`` returned."""
        self.events += 1
        if known_at is not None and said.at > known_at:
            return
        at = said.at
        by_unit = self._positions[said.plate]
        positions = by_unit.setdefault(said.unit, Positions())
        positions.add(said.positions, said.received_us, str(said.ref), said.ref.digest, known_at)
        if (bound is None or at <= bound) and (self.latest is None or at > self.latest):
            self.latest = at

    def name(self, facts: Facts, view: RegistryView) -> None:
        """Take note of the vehicles that a manifest names."""
        for leg in legs_of(facts, view):
            self._legs[leg.plate].append(packed(leg))

    def vehicles(
        self, view: RegistryView, provinces: "Provinces | None" = None
    ) -> Iterator[tuple[list[Trip], list[PlateDay]]]:
        """Yield the journeys and days of each vehicle that has positions or is named more than once, by plate."""
        if not self._positions:
            for name in sorted(self._legs):
                yield [], quiet_days(name, self._legs_of(name))
            return
        # Both libraries take tens of megabytes, which only they need who have positions.
        from streams.judging.tracks.places import Places
        from streams.judging.tracks.vehicle import Vehicle

        places = Places(view.fences(), provinces)
        for name in sorted({*self._positions, *self._legs}):
            legs, told = self._legs_of(name), self._positions.get(name)
            if told is None:
                yield [], quiet_days(name, legs)
                continue
            vehicle = Vehicle(name, legs, told, places, view)
            yield vehicle.trips(), vehicle.days()

    def _legs_of(self, name: str) -> tuple[Leg, ...]:
        return tuple(unpacked(raw) for raw in self._legs.get(name, ()))
