"""Postgres as the gateway uses it: never in the way of ingest, and it may be away at any time."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg
import structlog

from infra.runtime.bounded import Bounded
from infra.runtime.metrics import LAST_SUCCESS
from infra.runtime.postgres import POSTGRES_AWAY, open_pool
from services.gateway.instant import to_micros
from services.gateway.keys import ApiKey, Keys
from services.gateway.metrics import LOOKUPS_SKIPPED
from services.gateway.problems import Refused
from services.gateway.recent import EventKey, Kept

__all__ = ["AWAY", "FIND_EVENTS", "Database"]

LOOKUP_TIMEOUT_S = 0.5
"""A look-up of duplicates that takes longer is given up: an event counts once downstream anyway."""
BREAK_S = 3.0
"""After a look-up failed none is tried for so long, so that ingest does not wait each time."""
READ_TIMEOUT_S = 3.0
"""For GETs, which answer 503 after it."""

AWAY = (*POSTGRES_AWAY, asyncpg.PostgresError)
_log = structlog.get_logger(__name__)

FIND_EVENTS = """
SELECT d.source, d.event_id, d.digest, d.receipt_id, d.received_at
FROM unnest($1::text[], $2::text[]) AS asked(source, event_id)
CROSS JOIN LATERAL (
    SELECT * FROM event_dedupe AS e
    WHERE e.source = asked.source AND e.event_id = asked.event_id
    OFFSET 0
) AS d
ORDER BY d.received_at, d.digest
"""
# By the index, id by id (OFFSET keeps the planner from anything else): a plain join is planned
# while the table is all but empty, and that plan reads the whole of it until it is analysed.


class Database:
    """Reader of the record and the keys. ``monotonic``: a clock that never goes back, in seconds."""

    def __init__(self, dsn: str, monotonic: Callable[[], float]) -> None:
        self._dsn, self._monotonic = dsn, monotonic
        self._pool: Any = None
        self._shut_until = 0.0
        self._bounded = Bounded()

    async def open(self) -> None:
        """Prepare the pool; connects to nothing yet."""
        self._pool = await open_pool(
            self._dsn,
            most=6,
            command_timeout_s=READ_TIMEOUT_S,
            process="gateway",
            by_index=True,
        )

    async def close(self) -> None:
        """Close the connections, by force after 0.3 s."""
        self._bounded.cancel()
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), 0.3)
            except (*AWAY, asyncio.CancelledError):
                self._pool.terminate()

    @property
    def away(self) -> bool:
        """Whether look-ups of duplicates are suspended."""
        return self._monotonic() < self._shut_until

    async def find_events(self, keys: Sequence[EventKey]) -> dict[EventKey, list[Kept]] | None:
        """Return what the record holds under each id, earliest first; None: could not look."""
        if not keys:
            return {}
        if self.away:
            LOOKUPS_SKIPPED.inc()
            return None
        sources, ids = zip(*keys, strict=True)
        try:
            rows = await self._bounded(
                lambda: self._pool.fetch(FIND_EVENTS, list(sources), list(ids)), LOOKUP_TIMEOUT_S
            )
        except AWAY as error:
            LOOKUPS_SKIPPED.inc()
            if not self.away:
                _log.warning("look-up of duplicates suspended", error=repr(error), for_s=BREAK_S)
            self._shut_until = self._monotonic() + BREAK_S
            return None
        found: dict[EventKey, list[Kept]] = {}
        for source, event_id, digest, receipt, received_at in rows:
            kept = Kept(digest.hex(), to_micros(received_at), receipt.bytes)
            found.setdefault((source, event_id), []).append(kept)
        return found

    async def rows(self, query: str, *arguments: Any) -> list[Any]:
        """Return the rows of a query for a GET; raises ``Refused("record_away")``."""
        try:
            return await self.fetch(query, *arguments)
        except AWAY as error:
            _log.warning("record away", error=repr(error))
            raise Refused("record_away") from None

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        """Return the rows of a query; raises one of ``AWAY``."""
        return await self._bounded(lambda: self._pool.fetch(query, *arguments), READ_TIMEOUT_S)

    async def read_keys(self) -> list[ApiKey]:
        """Return every API key; raises one of ``AWAY``."""
        rows = await self.fetch("SELECT key_id, secret, uscc, revoked_at FROM api_key")
        return [ApiKey(r[0], r[1], r[2], r[3] is not None) for r in rows]

    async def keep_keys_fresh(self, keys: Keys, every_s: float, clock: Callable[[], int]) -> None:
        """Read the keys again and again, for ever; while Postgres is away the last ones stand."""
        failing = False
        while True:
            try:
                keys.replace(await self.read_keys())
            except AWAY as error:
                if not failing:
                    _log.warning("keys not refreshed", error=repr(error), loaded=keys.loaded)
                failing = True
            else:
                if failing:
                    _log.info("keys refreshed again")
                failing = False
                LAST_SUCCESS.labels("gateway_keys").set(clock() / 1e6)
            await asyncio.sleep(every_s)
