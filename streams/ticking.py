"""The clock side of the leases: ticks for every partition, records or not."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from streams.partitions import Lease, Partitions, StalledError

__all__ = ["Ticker"]


class _Ends(NamedTuple):
    checked_at: datetime
    ends: Mapping[int, int]


class Ticker:
    """Calls ``handler.tick`` for each lease every ``interval_s`` and watches the consumer.

    The broker is asked for the ends of all caught-up partitions in one request. An answer that
    is slow to come delays no tick: those meanwhile go without it.
    """

    def __init__(
        self,
        partitions: Partitions,
        interval_s: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._partitions = partitions
        self._interval_s = interval_s
        self._now = now
        self._asking: asyncio.Task[_Ends] | None = None

    async def run(self) -> None:
        """Tick until cancelled; a failure of the consumer or of a tick ends the worker."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                began = loop.time()
                await self.round()
                await asyncio.sleep(max(0.0, began + self._interval_s - loop.time()))
        except Exception as exc:
            self._partitions.fail(exc)
            raise

    async def round(self) -> None:
        """Check the consumer, ask for ends, and start a tick for each lease that has none."""
        log = self._partitions.log
        if log is None:
            return
        log.check()
        if self._partitions.stalled():
            raise StalledError("partitions are assigned, but nothing is fetched")
        if not self._partitions.outstanding:
            log.stay()
        answer = await self._ends()
        for lease in self._partitions.leases.values():
            if lease.ticking is None or lease.ticking.done():
                lease.ticking = asyncio.create_task(self._tick(lease, answer))

    async def _ends(self) -> _Ends | None:
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait([self._asking], timeout=self._interval_s)
        if not done:
            return None
        answer, self._asking = self._asking.result(), None
        return answer

    async def _ask(self) -> _Ends:
        log = self._partitions.log
        assert log is not None  # noqa: S101 - checked by `round`
        caught_up = []
        for lease in self._partitions.leases.values():
            if lease.live and not lease.pending:
                position, end = log.fetched(lease.partition)
                if position is not None and (end is None or position >= end):
                    caught_up.append(lease.partition)
        checked_at = self._now()
        return _Ends(checked_at, await log.end_offsets(caught_up) if caught_up else {})

    async def _tick(self, lease: Lease, answer: _Ends | None) -> None:
        log = self._partitions.log
        assert log is not None  # noqa: S101 - checked by `round`
        async with lease.lock:
            if not lease.live:
                return
            end: int | None = None
            if answer is not None and not lease.pending:
                # The fetch position, not the handled one: control records are never handed out.
                end = answer.ends.get(lease.partition)
                if end is not None and log.fetched(lease.partition)[0] != end:
                    end = None
            checked_at = answer.checked_at if answer is not None and end is not None else None
            try:
                await self._partitions.handler.tick(
                    lease.partition, lease.position, end, checked_at
                )
            except Exception as exc:
                self._partitions.fail(exc)
                raise
