"""The parts of one gateway process, how they start and stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from infra.runtime.kafka import new_producer
from infra.runtime.settings import Settings
from infra.runtime.ticket_keys import PublicKeys, signing_key
from schemas.families import TOPICS
from schemas.topics import MANIFEST_TOPIC
from services.gateway.capacity import Capacity
from services.gateway.database import Database
from services.gateway.ingest import Ingest
from services.gateway.keys import Keys
from services.gateway.producer import EventLog
from services.gateway.recent import Recent
from services.gateway.registry_copy import RegistryCopy
from services.gateway.terminals.server import TerminalServer

__all__ = ["Gateway"]


class Gateway:
    """Everything a request needs. ``clock``: microseconds since 1970; ``monotonic``: seconds.

    ``new_producer`` makes an unstarted ``AIOKafkaProducer``; left out, it comes from the settings.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        producers: Callable[[], Any] | None = None,
    ) -> None:
        self.settings, self.clock = settings, clock
        self.capacity = Capacity(settings.gateway_inflight, settings.gateway_inflight_bytes)
        self.keys = Keys(settings.home.expanduser() / "run" / "gateway-keys.json")
        self.recent = Recent(settings.gateway_recent_events)
        self.database = Database(settings.database_reader, monotonic)
        self.log = EventLog(
            producers or (lambda: new_producer(settings)),
            MANIFEST_TOPIC,
            settings.gateway_ack_timeout_s,
            [topic for topic in TOPICS if topic != MANIFEST_TOPIC],
        )
        self.ingest = Ingest(self.recent, self.database, self.log)
        self.terminals = TerminalServer(settings, clock, monotonic, self.log, self.database)
        self.registry = RegistryCopy(self.database)
        self.ticket_keys = PublicKeys(settings.ticket_directory)
        self.signing = signing_key(settings.ticket_directory)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Connect, and disconnect at the end; needs neither Kafka nor Postgres to be there."""
        self.keys.load()
        await self.database.open()
        self.log.start()
        refresh = asyncio.create_task(
            self.database.keep_keys_fresh(
                self.keys, self.settings.gateway_keys_refresh_s, self.clock
            ),
            name="keys refresh",
        )
        try:
            async with self.terminals.running():
                yield
        finally:
            refresh.cancel()
            await asyncio.gather(refresh, return_exceptions=True)
            await self.log.stop()
            await self.database.close()
