"""The worker of vehicles: owner of its partitions of ``vehicle.tracks``, judge of journeys."""

from collections.abc import Sequence
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any

from streams.judging.tracks.places import Places, Provinces, provinces_or_coarse
from streams.judging.tracks.said import TrackStatement
from streams.keeping_worker import KeepingWorker, Round
from streams.postgres_state import PostgresState
from streams.records import read_track_records
from streams.track_batch import keep_tracks
from streams.vehicles import DUE_JOURNEYS, fire_journeys, forget_positions, judge_dirty_vehicles

if TYPE_CHECKING:
    from schemas.registry import Fence

__all__ = ["KnownPlaces", "TrackWorker"]

_FORGET_S = 600.0


class TrackWorker(KeepingWorker[TrackStatement]):
    """Implements ``streams.handler.Handler`` for the topic ``vehicle.tracks``."""

    read = staticmethod(read_track_records)
    waits_for = DUE_JOURNEYS
    _forgot_at = -_FORGET_S

    @cached_property
    def _places(self) -> "KnownPlaces":
        asked = self._settings
        return KnownPlaces(provinces_or_coarse(asked.provinces_geojson, asked.provinces_margin_km))

    async def _keep(self, connection: Any, arrivals: Sequence[TrackStatement]) -> None:
        await keep_tracks(connection, arrivals)

    async def _judge_fired(self, state: PostgresState) -> Round:
        fired = await fire_journeys(state)
        judged = await judge_dirty_vehicles(state, self._view, self._places, self._book, fired=True)
        return Round(fired, judged.decisions, bool(fired or judged.taken))

    async def _judge_told(self, state: PostgresState) -> Round:
        """Forget old positions, too, now and then."""
        judged = await judge_dirty_vehicles(state, self._view, self._places, self._book)
        if monotonic() - self._forgot_at >= _FORGET_S:
            await forget_positions(state.pool, self._settings.tracks_keep_days)
            self._forgot_at = monotonic()
        return Round(0, judged.decisions, bool(judged.taken))


class KnownPlaces:
    """Implements ``streams.vehicles.PlacesOf``: the places of fences, made anew only when they change."""

    def __init__(self, provinces: Provinces | None) -> None:
        self._provinces = provinces
        self._fences: Sequence[Fence] | None = None
        self._places = Places((), provinces)

    def __call__(self, fences: "Sequence[Fence]") -> Places:
        """Return the places of these fences."""
        if self._fences is None or list(self._fences) != list(fences):
            self._places = Places(fences, self._provinces)
            self._fences = fences
        return self._places
