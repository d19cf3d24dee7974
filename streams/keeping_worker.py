"""A worker whose partitions are only kept: what was said bears on subjects that any worker of its kind judges."""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from datetime import datetime
from time import time
from typing import Any, NamedTuple

from infra.runtime.metrics import LAST_SUCCESS
from infra.runtime.postgres import POSTGRES_AWAY
from infra.runtime.settings import Settings
from streams import metrics
from streams.batch import BatchResult, Input
from streams.judge_worker import JudgeWorker, Said
from streams.judging.decision import LimitDecision
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.pager import page_registry
from streams.postgres_state import PostgresState

__all__ = ["KeepingWorker", "Round"]


_KEEP_FIRST_S = 1.0
"""How long a round waits for batches under way: the clock, and with it deadlines, moves by keeping."""


class Round(NamedTuple):
    """What one look at fired or dirty subjects did; ``more``: another may be at once."""

    fired: int
    decisions: Sequence[LimitDecision]
    more: bool


class KeepingWorker(JudgeWorker[Said]):
    """Implements ``streams.handler.Handler`` but for what is kept and what a round is."""

    waits_for: str
    """A question to Postgres: whether any deadline fires at an instant or before."""

    def __init__(self, settings: Settings, topic: str, book: RuleBook = RULE_BOOK) -> None:
        super().__init__(settings, topic, book)
        self._under_way = 0
        """Batches that are being kept."""
        self._all_kept = asyncio.Event()
        self._all_kept.set()
        self._clock_moved = asyncio.Event()

    async def _keep(self, connection: Any, arrivals: Sequence[Said]) -> None:
        """Keep what was said and mark whom it is about, in the caller's transaction."""
        raise NotImplementedError

    async def _judge_fired(self, state: PostgresState) -> Round:
        """Fire deadlines and judge whose fired."""
        raise NotImplementedError

    async def _judge_told(self, state: PostgresState) -> Round:
        """Judge what is dirty, by words or by the registry."""
        raise NotImplementedError

    def _waiting(self, partition: int, clock: datetime | None) -> tuple[object, ...]:
        """Ask of deadlines of any partition: while one waits, each tick stores the clock."""
        return self.waits_for, clock

    async def _transact(
        self, state: PostgresState, partition: int, given: Input[Said]
    ) -> BatchResult:
        self._under_way += 1
        self._all_kept.clear()
        try:
            async with state.batch(partition) as tx:
                clock = await tx.advance(
                    given.expected, given.next_offset, given.digest, given.clock
                )
                await self._keep(tx.connection, given.arrivals)
                if given.quarantined:
                    await tx.write((), given.quarantined, self._view.seq, clock)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._all_kept.set()
        self._dirty.set()
        self._clock_moved.set()
        return BatchResult((), tuple(given.quarantined), clock, self._view.seq, 0, more=False)

    async def background(self) -> None:
        """Page the registry and judge what is dirty, and beside it, not behind it, fire deadlines; for ever."""
        state = await self._opened()
        await asyncio.gather(self._tell_silence(state), self._tell_words(state))

    async def _tell_silence(self, state: PostgresState) -> None:
        while True:
            self._clock_moved.clear()
            done = await self._noted(self._judge_fired(state))
            if done is not None and done.fired:
                self._dirty.set()  # what was long past takes its turn among the words
            if done is not None and not done.more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._clock_moved.wait(), self._settings.tick_s)

    async def _tell_words(self, state: PostgresState) -> None:
        while True:
            self._dirty.clear()
            done = await self._noted(self._paged(state))
            if done is None:
                continue
            LAST_SUCCESS.labels("shared_subjects").set(time())
            with suppress(TimeoutError):
                if done.more:
                    await asyncio.wait_for(self._all_kept.wait(), _KEEP_FIRST_S)
                else:
                    await self._until_dirty()

    async def _paged(self, state: PostgresState) -> Round:
        while await page_registry(state.pool):
            pass
        LAST_SUCCESS.labels("registry_pager").set(time())
        return await self._judge_told(state)

    async def _noted(self, judging: Awaitable[Round]) -> Round | None:
        """Return what a round did, once it is counted; None after waiting for a Postgres that was away."""
        try:
            done = await judging
        except POSTGRES_AWAY as e:
            await self._wait_out(e)
            return None
        metrics.REJUDGED.inc(done.fired)
        metrics.SHARED_JUDGED.inc(len(done.decisions))
        for decision in done.decisions:
            self._count_alerts(decision.alerts)
        return done
