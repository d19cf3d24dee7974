"""The whole application in process: real code, a Kafka producer that can be broken at will."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
from aiokafka.errors import KafkaConnectionError, KafkaError

from infra.runtime.settings import Settings
from schemas.families import TOPICS
from services.gateway.app import create_app
from services.gateway.gateway import Gateway
from services.gateway.keys import ApiKey, NewToken, new_token
from tests.gateway_events import ME, OTHER

NOW_US = 1_795_307_400_123_456


class FakeBroker:
    """What all fake producers of a test share: the log, and how the broker behaves."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes, bytes, dict[str, bytes]]] = []
        self.topics: list[str] = []
        self.missing: set[str] = set()
        self.up = True
        self.error: KafkaError | None = None
        self.gate: asyncio.Event | None = None
        self.born = 0
        self.sent = self.batches = 0

    def new_producer(self) -> "FakeProducer":
        self.born += 1
        return FakeProducer(self)


class FakeBatch:
    def __init__(self) -> None:
        self.rows: list[tuple[bytes, bytes, dict[str, bytes]]] = []
        self.size = 0

    def append(self, *, timestamp: Any, key: bytes, value: bytes, headers: Any) -> Any:
        if self.rows and self.size + len(value) > 512 * 1024:
            return None
        self.size += len(value)
        self.rows.append((key, value, dict(headers)))
        return object()

    def close(self) -> None: ...


class FakeProducer:
    """The part of AIOKafkaProducer that the gateway uses."""

    def __init__(self, broker: FakeBroker) -> None:
        self.broker = broker
        self.client = self._sender = self.cluster = self
        self._closed = False

    async def start(self) -> None:
        if not self.broker.up:
            raise KafkaConnectionError("nobody there")

    async def close(self) -> None: ...

    async def partitions_for(self, topic: str) -> set[int]:
        return self.partitions_for_topic(topic)

    def partitions_for_topic(self, topic: str) -> set[int]:
        assert topic in TOPICS
        return set() if topic in self.broker.missing else {0, 1, 2, 3}

    async def set_topics(self, topics: Sequence[str]) -> None:
        assert set(topics) <= set(TOPICS)

    def force_metadata_update(self) -> None: ...

    def create_batch(self) -> FakeBatch:
        return FakeBatch()

    async def send_batch(self, batch: FakeBatch, topic: str, *, partition: int) -> Any:
        self.broker.sent += 1

        async def acknowledge() -> None:
            if self.broker.gate is not None:
                await self.broker.gate.wait()
            if not self.broker.up:
                await asyncio.Event().wait()
            if self.broker.error is not None:
                raise self.broker.error
            self.broker.batches += 1
            self.broker.records += batch.rows
            self.broker.topics += [topic] * len(batch.rows)

        return asyncio.ensure_future(acknowledge())


class Bench:
    """One running application, its broker and two keys."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.broker = FakeBroker()
        self.mine, self.theirs, self.revoked = new_token(), new_token(), new_token()
        self.settings = Settings(
            home=home,
            database_reader="postgresql://nobody@127.0.0.1:9/none",
            **{"gateway_ack_timeout_s": 0.5, **settings},
        )
        self.gateway = Gateway(
            self.settings, lambda: NOW_US, asyncio.get_running_loop().time, self.broker.new_producer
        )
        self.gateway.keys.replace(
            [
                _key(self.mine, ME),
                _key(self.theirs, OTHER),
                _key(self.revoked, ME)._replace(revoked=True),
            ]
        )
        self.app = create_app(self.gateway)
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://gateway")

    async def post(
        self,
        body: Any,
        media_type: str | None = "application/json",
        token: str | None = None,
        **headers: str,
    ) -> httpx2.Response:
        sent = {"Authorization": f"Bearer {token or self.mine.token}"}
        if media_type is not None:
            sent["Content-Type"] = media_type
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post("/v1/events", content=body, headers=sent)


def _key(token: NewToken, uscc: str) -> ApiKey:
    return ApiKey(token.key_id, token.digest, uscc, False)
