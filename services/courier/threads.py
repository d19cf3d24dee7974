"""Blocking calls off the loop, in threads that no one waits for at the end."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["Busy", "Threads"]

T = TypeVar("T")


class Busy(OSError):
    """Too many calls hang already."""


class Threads:
    """A thread per call, ``most`` at once.

    An executor's threads are few and are joined when the process ends: some name server or mail
    server that does not answer would hold up every other call, and the end.
    """

    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)

    async def call(self, function: Callable[[], T]) -> T:
        """Return what ``function`` returns, raise what it raises. Cancelled, it goes on unheard.

        Raises Busy.
        """
        if not self._free.acquire(blocking=False):
            raise Busy("too many calls hang")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def tell(result: T | None, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

        def run() -> None:
            result, error = None, None
            try:
                result = function()
            except BaseException as raised:  # noqa: BLE001 - raised again where it is awaited
                error = raised
            finally:
                self._free.release()
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(tell, result, error)

        threading.Thread(target=run, daemon=True, name="courier-call").start()
        return await future
