"""The courier's loops: one courier leads by an advisory lock, others stand by and take over."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from infra.runtime.metrics import LAST_SUCCESS
from infra.runtime.postgres import POSTGRES_AWAY, is_own_fault, open_pool
from infra.runtime.schema import application_name, require_schema
from infra.runtime.settings import Settings
from services.courier.channel import read_channels
from services.courier.feed import feed_rows
from services.courier.messenger import Messenger
from services.courier.metrics import LEADS, RETRIES
from services.courier.people import People
from services.courier.prune import prune
from services.courier.survey import survey
from services.courier.topic import AlertsTopic
from services.courier.watch import forget, watch
from services.courier.webhooks import Webhooks

__all__ = ["Courier"]

_LOCK = "SELECT pg_try_advisory_lock(hashtext('courier'))"
_STANDBY_S = 0.5
_LONGEST_PAUSE_S = 5.0
_PEOPLE_S = 1.0
_WATCH_S = 2.0
_PRUNE_S = 60.0
_POOL = 8
_PASSING = (*POSTGRES_AWAY, KafkaError)
# A leader whose machine went away silently must lose its lock within half a minute.
_KEEPALIVE = {
    "application_name": application_name("courier"),
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
Round = Callable[[], Awaitable[bool]]
"""One round of a loop; True: there is more to do at once."""

log = structlog.get_logger(__name__)


class Courier:
    """Hands on alerts until ``stop`` is set; waits out everything that passes.

    Raises ValueError (ChannelsInvalid, KeyInvalid, a network that is none) and OSError (a
    certificate file) at once: settings that cannot be kept must not look as if they were.
    """

    def __init__(self, settings: Settings, stop: asyncio.Event) -> None:
        self._settings, self._stop = settings, stop
        self._channels = read_channels(settings.courier_channels)
        self._people = People(
            settings, Messenger(self._channels, settings.courier_message_timeout_s)
        )
        self._webhooks = Webhooks(settings, stop)

    async def run(self) -> None:
        """Stand by, lead, and stand by again when the leader's connection breaks."""
        LEADS.set(0)
        failures = 0
        while not self._stop.is_set():
            try:
                await self._stand_by()
                failures = 0
            except POSTGRES_AWAY as error:
                if is_own_fault(error):
                    raise
                RETRIES.labels("lead").inc()
                log.warning("standing by again", error=repr(error))
                await self._rest(_pause(failures))
                failures += 1
        log.info("stopped")

    async def _stand_by(self) -> None:
        """Wait for the lock, then lead. The lock lives and dies with its connection."""
        connection = await asyncpg.connect(
            self._settings.database_writer,
            timeout=5,
            command_timeout=30,
            server_settings=_KEEPALIVE,
        )
        try:
            await require_schema(connection)
            while not self._stop.is_set():
                if await connection.fetchval(_LOCK):
                    await self._lead(connection)
                    return
                LAST_SUCCESS.labels("standby").set(time.time())
                await self._rest(_STANDBY_S)
        finally:
            LAST_SUCCESS.clear()  # neither role's loops are this process's any more
            LEADS.set(0)
            forget()
            connection.terminate()

    async def _lead(self, connection: Any) -> None:
        """Run all loops; ends with the feed, whose connection holds the lock."""
        log.info("leading")
        LEADS.set(1)
        LAST_SUCCESS.clear()
        every = self._settings.courier_poll_s
        topic = AlertsTopic(self._settings)
        async with await open_pool(
            self._settings.database_writer, most=_POOL, process="courier"
        ) as pool:
            others = [
                asyncio.create_task(self._loop(name, work, pause))
                for name, work, pause in self._rounds(pool, topic, every)
            ]
            try:
                await self._feed(connection, every, others)
                await asyncio.wait(others)  # told to stop: each ends with the round in hand
                await self._webhooks.finish()
            finally:
                for task in others:
                    task.cancel()
                await asyncio.gather(*others, return_exceptions=True)
                await self._webhooks.close()
                await topic.close()
                pool.terminate()

    def _rounds(
        self, pool: Any, topic: AlertsTopic, every: float
    ) -> Iterator[tuple[str, Round, float]]:
        """Yield the loops beside the feed: name, one round, rest between two in seconds."""
        names = [channel.name for channel in self._channels]
        yield "topic", lambda: topic.publish(pool), every
        yield "webhooks", lambda: self._webhooks.round(pool), every
        yield "watch", lambda: watch(pool, names), _WATCH_S
        yield "survey", lambda: survey(pool), self._settings.courier_survey_s
        yield "prune", lambda: prune(pool, self._settings, names), _PRUNE_S
        for channel in self._channels:  # one that hangs holds up no other
            yield "people", partial(self._people.round, pool, channel), _PEOPLE_S

    async def _feed(self, connection: Any, every: float, others: list[asyncio.Task[None]]) -> None:
        """Feed rows until told to stop; a failure, here or of a loop, ends the leadership."""
        while not self._stop.is_set():
            more = await feed_rows(connection)
            LAST_SUCCESS.labels("feed").set(time.time())
            for task in others:
                if task.done():
                    task.result()
            if not more:
                await self._rest(every)

    async def _loop(self, name: str, work: Round, every: float) -> None:
        """Do round after round; a failure that passes only slows this loop down."""
        failures = 0
        while not self._stop.is_set():
            try:
                more = await work()
            except _PASSING as error:
                if is_own_fault(error):
                    raise
                RETRIES.labels(name).inc()
                log.warning("trying again", loop=name, error=repr(error))
                await self._rest(max(every, _pause(failures)))
                failures += 1
                continue
            failures = 0
            LAST_SUCCESS.labels(name).set(time.time())
            if not more:
                await self._rest(every)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()


def _pause(failures: int) -> float:
    return min(_LONGEST_PAUSE_S, 0.1 * 2.0 ** min(failures, 10))
