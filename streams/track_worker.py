"""The worker of vehicles: owner of its partitions of ``vehicle.tracks``, judge of journeys."""

from contextlib import suppress
from datetime import datetime
from time import monotonic, time
from typing import TYPE_CHECKING

from infra.runtime.metrics import LAST_SUCCESS
from infra.runtime.postgres import POSTGRES_AWAY
from streams import metrics
from streams.batch import BatchResult, Input
from streams.judge_worker import JudgeWorker
from streams.judging.tracks.places import Places, Provinces, provinces_or_coarse
from streams.judging.tracks.said import TrackStatement
from streams.pager import page_registry
from streams.postgres_state import PostgresState
from streams.records import read_track_records
from streams.track_batch import keep_tracks
from streams.vehicles import fire_journeys, forget_positions, judge_dirty_vehicles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.registry import Fence

__all__ = ["KnownPlaces", "TrackWorker"]

_FORGET_S = 600.0


class TrackWorker(JudgeWorker[TrackStatement]):
    """Implements ``streams.handler.Handler`` for the topic ``vehicle.tracks``."""

    read = staticmethod(read_track_records)

    async def _anything_due(self, partition: int, clock: datetime | None) -> bool:
        """Return False: deadlines of journeys belong to no partition."""
        LAST_SUCCESS.labels("tick").set(time())
        return False

    async def _transact(
        self, state: PostgresState, partition: int, given: Input[TrackStatement]
    ) -> BatchResult:
        async with state.batch(partition) as tx:
            clock = await tx.advance(given.expected, given.next_offset, given.digest, given.clock)
            await keep_tracks(tx.connection, given.arrivals)
            if given.quarantined:
                await tx.write((), given.quarantined, self._view.seq, clock)
        self._dirty.set()
        return BatchResult((), tuple(given.quarantined), clock, self._view.seq, 0, more=False)

    async def background(self) -> None:
        """Page the registry, fire deadlines and judge dirty vehicles, for ever; forget old positions."""
        state = await self._opened()
        places = KnownPlaces(
            provinces_or_coarse(
                self._settings.provinces_geojson, self._settings.provinces_margin_km
            )
        )
        forgot = -_FORGET_S
        while True:
            try:
                while await page_registry(state.pool):
                    pass
                LAST_SUCCESS.labels("registry_pager").set(time())
                self._dirty.clear()
                fired = await fire_journeys(state)
                metrics.REJUDGED.inc(fired)
                judged = await judge_dirty_vehicles(state, self._view, places, self._book)
                metrics.SHARED_JUDGED.inc(len(judged.decisions))
                for decision in judged.decisions:
                    self._count_alerts(decision.alerts)
                if monotonic() - forgot >= _FORGET_S:
                    await forget_positions(state.pool, self._settings.tracks_keep_days)
                    forgot = monotonic()
                LAST_SUCCESS.labels("shared_subjects").set(time())
            except POSTGRES_AWAY as e:
                await self._wait_out(e)
                continue
            if fired or judged.vehicles:
                continue
            with suppress(TimeoutError):
                await self._until_dirty()


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
