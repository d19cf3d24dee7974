"""One broker takes connections and says nothing, as a machine that hangs: the others are asked."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from infra.local.stack import LocalStack
from infra.runtime.log_check import cluster_id_of, partitions_of, verify_log
from infra.runtime.position import Position
from infra.runtime.settings import MANIFEST_TOPIC, Settings


@pytest.fixture
async def settings(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Settings]:
    asked = []

    async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        asked.append(reader)
        await reader.read()

    monkeypatch.setattr(random, "shuffle", lambda _: None)  # the silent one first, always
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        addresses = f"127.0.0.1:{port},{stack.settings.kafka_bootstrap}"
        yield stack.settings.model_copy(update={"kafka_bootstrap": addresses})
        server.close()
        assert asked, "it was not asked at all"
        for reader in asked:
            reader.feed_eof()


async def test_the_log_is_checked_by_the_brokers_that_answer(
    settings: Settings, stack: LocalStack
) -> None:
    assert await cluster_id_of(settings) == await cluster_id_of(stack.settings)
    assert await partitions_of(settings, MANIFEST_TOPIC)
    await verify_log(settings, MANIFEST_TOPIC, {0: Position(0, 0, None, 0, None)}, consumer="judge")
