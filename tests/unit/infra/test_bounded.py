"""What does not answer in time is let go."""

import asyncio

import pytest

from infra.runtime.bounded import Bounded


async def test_an_answer_in_time_is_returned_and_its_error_raised() -> None:
    bounded = Bounded()
    assert await bounded(lambda: asyncio.sleep(0, "answer"), 5) == "answer"

    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await bounded(fail, 5)


async def test_what_does_not_even_end_when_cancelled_is_not_waited_for() -> None:
    bounded, let_go, cancelled = Bounded(), asyncio.Event(), asyncio.Event()

    async def frozen() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            await let_go.wait()

    async with asyncio.timeout(5):
        with pytest.raises(TimeoutError):
            await bounded(frozen, 0.01)
        await cancelled.wait()
    let_go.set()


async def test_who_stops_waiting_stops_the_question() -> None:
    bounded, cancelled = Bounded(), asyncio.Event()

    async def asking() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    waiting = asyncio.create_task(bounded(asking, 60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(waiting, return_exceptions=True)
        await cancelled.wait()
