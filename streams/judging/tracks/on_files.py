"""Vehicles from files: positions by plate in arrays, and what manifests say of their vehicles, packed.

A position takes 48 bytes, a manifest's vehicle some 500; all of a run are held in memory. Positions count if
the unit that told them owns the vehicle, or carries with it on some manifest.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from schemas.decode import decode_track_event
from schemas.envelope import unit_of
from schemas.fast import NotUnderstood
from schemas.problems import Problem
from schemas.receipt import event_digest
from schemas.track import TRACK_TYPE
from streams.judging.facts import Facts
from streams.judging.registry import RegistryView
from streams.judging.tracks.journey import Plate, Trip, trips_of
from streams.judging.tracks.leg import Leg, packed, unpacked
from streams.judging.tracks.loading import legs_of
from streams.judging.tracks.positions import Positions

if TYPE_CHECKING:
    from schemas.registry import Fence
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
            event = decode_track_event(raw)
        except NotUnderstood as e:
            return tuple(e.problems)
        self.events += 1
        if known_at is not None and event.time > known_at:
            return None
        ref = f"{event.source}#{event.id}"
        by_unit = self._positions[event.subject]
        positions = by_unit.setdefault(unit_of(event.source), Positions())
        positions.add(event.data, received_us, ref, event_digest(raw), known_at)
        at = event.time
        if (bound is None or at <= bound) and (self.latest is None or at > self.latest):
            self.latest = at
        return None

    def name(self, facts: Facts, view: RegistryView) -> None:
        """Take note of the vehicles that a manifest names."""
        for leg in legs_of(facts, view):
            self._legs[leg.plate].append(packed(leg))

    def vehicles(
        self, view: RegistryView, provinces: "Provinces | None" = None
    ) -> Iterator[tuple[Plate, list[Trip]]]:
        """Yield each vehicle that has positions or is named more than once, with its journeys, by plate."""
        if not self._positions:
            for name in sorted(self._legs):
                if len(self._legs[name]) > 1:
                    yield Plate(name, self._legs_of(name)), []
            return
        # Both libraries take tens of megabytes, which only they need who have positions.
        from streams.judging.tracks.places import Places
        from streams.judging.tracks.trip import fold_track

        places = Places(view.fences(), provinces)
        known = places.provinces
        receivers: dict[str, list[Fence]] = defaultdict(list)
        for fence in places.fences:
            if fence.role == "receiver" and fence.owner is not None:
                receivers[fence.owner].append(fence)
        for name in sorted({*self._positions, *self._legs}):
            legs, told = self._legs_of(name), self._positions.get(name)
            if told is None:
                if len(legs) > 1:
                    yield Plate(name, legs), []
                continue
            entitled = {v.owner for v in view.vehicles(name)} | {leg.carrier for leg in legs}
            positions, others = Positions(), 0
            for unit in sorted(told):
                if unit in entitled:
                    positions.merge(told[unit])
                else:
                    others += len(set(told[unit].at))
            track = fold_track(name, positions, places, others)
            plate = Plate(name, legs, track if track.times else None)
            yield plate, trips_of(plate, receivers, known.margin_km, known.coarse)

    def _legs_of(self, name: str) -> tuple[Leg, ...]:
        legs = (unpacked(raw) for raw in self._legs.get(name, ()))
        return tuple(sorted(legs, key=lambda leg: (leg.filed, leg.manifest)))
