"""An archiver in the test's own loop, on a topic of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from infra.local.stack import LocalStack
from infra.runtime.settings import Settings
from services.archiver.archiver import Archiver
from tests.fresh_topic import create_topic, writer

Archiving = Callable[..., AbstractAsyncContextManager["asyncio.Task[None]"]]


@pytest.fixture
async def settings(stack: LocalStack) -> Settings:
    return stack.settings


@pytest.fixture
async def topic(settings: Settings) -> str:
    return await create_topic(settings, 2)


@pytest.fixture
async def postgres(settings: Settings) -> AsyncIterator[Any]:
    async with writer(settings) as connection:
        yield connection


@pytest.fixture
def archiving(settings: Settings, topic: str) -> Archiving:
    @contextlib.asynccontextmanager
    async def run(given: Settings = settings) -> AsyncIterator["asyncio.Task[None]"]:
        stop = asyncio.Event()
        task = asyncio.ensure_future(Archiver(given, stop, topic).run())
        try:
            yield task
        finally:
            stop.set()
            if not task.done():
                await asyncio.wait_for(task, 5)

    return run


@pytest.fixture
def archived(postgres: Any, topic: str) -> Callable[[int], Any]:
    """Wait until so many records of the topic are archived; return them by partition, offset."""

    async def wait(count: int) -> list[Any]:
        async with asyncio.timeout(20):
            while True:
                rows = await postgres.fetch(
                    "SELECT * FROM event_log WHERE topic = $1 ORDER BY partition, kafka_offset",
                    topic,
                )
                if len(rows) >= count:
                    assert len(rows) == count
                    return list(rows)
                await asyncio.sleep(0.02)

    return wait
