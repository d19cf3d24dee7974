"""The worker of medical waste: keeps what comes in its partitions, judges dirty days with all others."""

from contextlib import suppress
from datetime import datetime
from time import time

from infra.runtime.metrics import LAST_SUCCESS
from infra.runtime.postgres import POSTGRES_AWAY
from streams import metrics
from streams.batch import BatchResult, Input
from streams.judge_worker import JudgeWorker
from streams.judging.medical.said import MedicalStatement
from streams.medical_batch import keep_medical
from streams.medical_days import fire_medical, judge_dirty_days
from streams.pager import page_registry
from streams.postgres_state import PostgresState
from streams.records import read_medical_records

__all__ = ["MedicalWorker"]


class MedicalWorker(JudgeWorker[MedicalStatement]):
    """Implements ``streams.handler.Handler`` for the topic ``medical.events``."""

    read = staticmethod(read_medical_records)

    async def _anything_due(self, partition: int, clock: datetime | None) -> bool:
        """Return False: deadlines of days belong to no partition."""
        LAST_SUCCESS.labels("tick").set(time())
        return False

    async def _transact(
        self, state: PostgresState, partition: int, given: Input[MedicalStatement]
    ) -> BatchResult:
        async with state.batch(partition) as tx:
            clock = await tx.advance(given.expected, given.next_offset, given.digest, given.clock)
            await keep_medical(tx.connection, given.arrivals)
            if given.quarantined:
                await tx.write((), given.quarantined, self._view.seq, clock)
        self._dirty.set()
        return BatchResult((), tuple(given.quarantined), clock, self._view.seq, 0, more=False)

    async def background(self) -> None:
        """Page the registry, fire deadlines and judge dirty days, for ever."""
        state = await self._opened()
        while True:
            try:
                while await page_registry(state.pool):
                    pass
                LAST_SUCCESS.labels("registry_pager").set(time())
                self._dirty.clear()
                fired = await fire_medical(state)
                metrics.REJUDGED.inc(fired)
                decisions = await judge_dirty_days(state, self._view, self._book)
                metrics.SHARED_JUDGED.inc(len(decisions))
                for decision in decisions:
                    self._count_alerts(decision.alerts)
                LAST_SUCCESS.labels("shared_subjects").set(time())
            except POSTGRES_AWAY as e:
                await self._wait_out(e)
                continue
            if fired or decisions:
                continue
            with suppress(TimeoutError):
                await self._until_dirty()
