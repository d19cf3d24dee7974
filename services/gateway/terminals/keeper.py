"""Frames of all connections go to the log together, and each is answered once it is kept or not."""

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from services.gateway.metrics import TERMINAL_FRAMES_WAITING
from services.gateway.producer import EventLog, LogRecord

__all__ = ["Keeper"]

_diary = structlog.get_logger(__name__)

Answer = Callable[[bool], None]

_MOST_WAITING = 20_000
"""One more is answered as not kept: its terminal holds it and sends it again."""
_MOST_AT_ONCE = 2_000


class Keeper:
    """One batch is under way at a time; what comes meanwhile makes the next one."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._waiting: deque[tuple[LogRecord, Answer]] = deque()
        self._come = asyncio.Event()

    def put(self, record: LogRecord, answer: Answer) -> None:
        """Append ``record`` soon, and call ``answer`` once with whether the log acknowledged it."""
        if len(self._waiting) >= _MOST_WAITING:
            answer(False)
            return
        self._waiting.append((record, answer))
        self._come.set()

    async def run(self) -> None:
        """Append for ever.

        With Kafka away a batch takes its whole timeout to fail. What waits behind it shares its
        lot then: a terminal that has no answer for seconds would send it all again.
        """
        while True:
            await self._come.wait()
            self._come.clear()
            while self._waiting:
                TERMINAL_FRAMES_WAITING.set(len(self._waiting))
                batch = self._take(_MOST_AT_ONCE)
                kept = await self._append([record for record, _ in batch])
                for (_, answer), stands in zip(batch, kept, strict=True):
                    answer(stands)
                if not any(kept):
                    for _, answer in self._take(len(self._waiting)):
                        answer(False)
            TERMINAL_FRAMES_WAITING.set(0)

    async def _append(self, records: list[LogRecord]) -> list[bool]:
        try:
            return await self._log.append(records)
        except Exception:  # noqa: BLE001 - whatever it is, terminals wait for an answer
            _diary.exception("frames not appended")
            return [False] * len(records)

    def _take(self, most: int) -> list[tuple[LogRecord, Answer]]:
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
