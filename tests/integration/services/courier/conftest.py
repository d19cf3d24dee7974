"""A courier's database of its own: the feed is one for all, so tests start with an empty one."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from infra.local.stack import LocalStack
from infra.runtime.settings import Settings
from tests.fresh_topic import writer

_EMPTY = (
    "TRUNCATE feed, webhook_endpoint, webhook_delivery, webhook_attempt, courier_channel, outbox, "
    "outbox_set_aside, courier_told, courier_message"
)


@pytest.fixture
async def settings(stack: LocalStack) -> Settings:
    return stack.settings


@pytest.fixture
async def postgres(settings: Settings) -> AsyncIterator[Any]:
    migrator = await asyncpg.connect(settings.database_migrator)
    await migrator.execute(_EMPTY)
    await migrator.close()
    async with writer(settings) as connection:
        yield connection
