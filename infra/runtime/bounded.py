"""Waiting for what may never answer, such as a frozen server, and letting go of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

__all__ = ["Bounded"]

T = TypeVar("T")


class Bounded:
    """Runs questions with a time limit; what did not end in time is cancelled and ends behind.

    ``asyncio.timeout`` would also wait for asyncpg to cancel the query and clean the connection,
    which a frozen server never answers.
    """

    def __init__(self) -> None:
        self._asking: set[asyncio.Task[Any]] = set()

    async def __call__(self, ask: Callable[[], Awaitable[T]], timeout_s: float) -> T:
        """Return what ``ask`` returns; raises TimeoutError after ``timeout_s`` seconds."""

        async def asking() -> T:
            return await ask()

        task = asyncio.ensure_future(asking())
        self._asking.add(task)
        task.add_done_callback(self._forget)
        try:
            done, _ = await asyncio.wait({task}, timeout=timeout_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            return task.result()
        task.cancel()
        raise TimeoutError(f"no answer in {timeout_s:g} s")

    def cancel(self) -> None:
        """Cancel all that is still asking."""
        for task in self._asking:
            task.cancel()

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._asking.discard(task)
        if not task.cancelled():
            task.exception()
