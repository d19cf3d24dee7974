"""Blocking calls in threads that nobody waits for."""

import asyncio
import threading

import pytest

from services.courier.threads import Busy, Threads


async def test_results_and_errors_come_back() -> None:
    threads = Threads(2)
    assert await threads.call(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await threads.call(lambda: 1 // 0)


async def test_calls_that_hang_are_bounded_and_free_their_place_at_the_end() -> None:
    threads, gate = Threads(1), threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await threads.call(gate.wait)
    with pytest.raises(Busy):
        await threads.call(lambda: 1)
    gate.set()
    async with asyncio.timeout(5):
        while True:
            try:
                assert await threads.call(lambda: 1) == 1
                break
            except Busy:
                await asyncio.sleep(0.01)
