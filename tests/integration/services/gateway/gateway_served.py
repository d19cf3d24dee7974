"""A gateway on a real socket, real Kafka and real Postgres, in the test's own loop."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx2
from aiokafka import TopicPartition

from infra.runtime.kafka import new_reader
from infra.runtime.settings import Settings
from schemas.topics import MANIFEST_TOPIC
from services.cli.keys import create_key
from services.gateway.app import create_app
from services.gateway.gateway import Gateway
from services.gateway.keys import NewToken
from tests.served_app import served_app


class Served:
    """A running gateway and a client of it."""

    def __init__(self, settings: Settings, gateway: Gateway) -> None:
        self.settings, self.gateway = settings, gateway
        self.http = httpx2.AsyncClient(base_url=settings.gateway_url, trust_env=False, timeout=15)

    async def post(
        self, body: bytes, key: NewToken, media_type: str = "application/json"
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {key.token}", "Content-Type": media_type}
        return await self.http.post("/v1/events", content=body, headers=headers)

    async def get(self, path: str, key: NewToken) -> httpx2.Response:
        return await self.http.get(path, headers={"Authorization": f"Bearer {key.token}"})

    async def post_until(self, status: int, body: bytes, key: NewToken) -> httpx2.Response:
        """Post again as a client would, until the answer has this status."""
        async with asyncio.timeout(30):
            while True:
                answer = await self.post(body, key)
                if answer.status_code == status:
                    return answer
                assert answer.status_code in (202, 503, 401), answer.text
                await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Served]:
    gateway = Gateway(settings, lambda: time.time_ns() // 1000, time.monotonic)
    served = Served(settings, gateway)
    async with served_app(create_app(gateway), settings.gateway_host, settings.gateway_port):
        try:
            yield served
        finally:
            await served.http.aclose()


async def key_on(settings: Settings, uscc: str) -> NewToken:
    registry = await asyncpg.connect(settings.database_registry)
    try:
        return await create_key(registry, uscc, "test")
    finally:
        await registry.close()


async def known(served: Served, *keys: NewToken) -> None:
    """Wait until the gateway has read these keys."""
    async with asyncio.timeout(10):
        for key in keys:
            while (await served.get("/v1/receipts/x", key)).status_code != 404:
                await asyncio.sleep(0.02)


class Unit:
    """A posting unit of the test's own."""

    def __init__(self, key: NewToken, uscc: str) -> None:
        self.key, self.uscc = key, uscc


async def ends(
    settings: Settings, topic: str = MANIFEST_TOPIC, partitions: int | None = None
) -> dict[TopicPartition, int]:
    async with new_reader(settings) as reader:
        parts = [
            TopicPartition(topic, p) for p in range(partitions or settings.manifest_partitions)
        ]
        found: dict[TopicPartition, int] = await reader.end_offsets(parts)
        return found


async def records_on(
    settings: Settings, topic: str, partitions: int, since: Any = None
) -> list[Any]:
    """Return what a topic holds, by partition and offset."""
    last = await ends(settings, topic, partitions)
    if not any(last.values()):
        return []
    async with new_reader(settings) as reader:
        reader.assign(list(last))
        for part, end in last.items():
            reader.seek(part, (since or {}).get(part, 0))
            assert end >= 0
        found: list[Any] = []
        async with asyncio.timeout(20):
            while any([await reader.position(part) < end for part, end in last.items()]):
                for records in (await reader.getmany(timeout_ms=200)).values():
                    found += records
    return found


async def records_of(settings: Settings, key: NewToken, since: Any = None) -> list[Any]:
    """Return what one key's posts left on the log, by partition and offset."""
    found = await records_on(settings, MANIFEST_TOPIC, settings.manifest_partitions, since)
    return [r for r in found if dict(r.headers).get("key_id") == key.key_id.encode()]
