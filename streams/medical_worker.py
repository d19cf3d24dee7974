"""The worker of medical waste: owner of its partitions of ``medical.events``, judge of days and weeks."""

from collections.abc import Sequence
from typing import Any

from streams.judging.medical.said import MedicalStatement
from streams.keeping_worker import KeepingWorker, Round
from streams.medical_batch import keep_medical
from streams.medical_days import DUE_DAYS, fire_medical, judge_dirty_days
from streams.postgres_state import PostgresState
from streams.records import read_medical_records

__all__ = ["MedicalWorker"]


class MedicalWorker(KeepingWorker[MedicalStatement]):
    """Implements ``streams.handler.Handler`` for the topic ``medical.events``."""

    read = staticmethod(read_medical_records)
    waits_for = DUE_DAYS

    async def _keep(self, connection: Any, arrivals: Sequence[MedicalStatement]) -> None:
        await keep_medical(connection, arrivals)

    async def _judge_fired(self, state: PostgresState) -> Round:
        fired = await fire_medical(state)
        judged = await judge_dirty_days(state, self._view, self._book, fired=True)
        return Round(fired, judged.decisions, bool(fired or judged.taken))

    async def _judge_told(self, state: PostgresState) -> Round:
        judged = await judge_dirty_days(state, self._view, self._book)
        return Round(0, judged.decisions, bool(judged.taken))
