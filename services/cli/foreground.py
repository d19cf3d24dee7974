"""Work in the foreground that Ctrl-C, SIGTERM or a closed terminal ends tidily."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from services.cli.console import say

__all__ = ["INTERRUPTED", "run_foreground", "until_signalled"]

INTERRUPTED = 130

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_foreground(work: Coroutine[Any, Any, int]) -> int:
    """Run to the end and return the exit code; ``INTERRUPTED`` after a signal.

    The first signal cancels the work, which then stops what it started; a second one cancels the
    stopping, and the supervisor kills what is left.
    """

    async def guarded() -> int:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()

        def end() -> None:
            if task is not None and task.cancelling() == 0:
                say("正在停止…", "stopping; once more kills", "yellow")
            if task is not None:
                task.cancel()

        for sig in _SIGNALS:
            loop.add_signal_handler(sig, end)
        return await work

    try:
        return asyncio.run(guarded())
    except (asyncio.CancelledError, KeyboardInterrupt):
        return INTERRUPTED


async def until_signalled() -> None:
    """Wait for the signal that ``run_foreground`` turns into a cancellation, and swallow it."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        # Kept in the count of cancellations: the next signal is the second one.
        return
