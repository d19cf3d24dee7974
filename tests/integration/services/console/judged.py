"""Manifests, alerts and the feed as the judge and the courier write them."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from infra.runtime.position import Position
from infra.runtime.postgres import open_pool
from services.courier.feed import feed_rows
from streams.judging.decision import Held, ManifestDecision, decide_limit, decide_manifest
from streams.judging.registry import RegistryView
from streams.judging.statement import Statement
from streams.postgres_batch import PostgresBatch
from streams.postgres_registry import RegistryMark
from streams.postgres_shared import PostgresShared
from tests.manifests import dispatched, filed

LATER = timedelta(days=1)
_serials = itertools.count(1)


def new_number() -> str:
    """A manifest number that no other test uses."""
    return f"20265400{next(_serials):06d}"


def crossing(origin: str, destination: str, subject: str, **more: Any) -> list[Statement]:
    """A load that crosses provinces, which nobody has approved."""
    return [
        filed(origin=origin, destination=destination, subject=subject, **more),
        dispatched(subject=subject),
    ]


class Judge:
    """Writes what a worker would, each decision in a transaction of its own."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._held: dict[str, Held] = {}

    @classmethod
    async def on(cls, dsn: str) -> "Judge":
        return cls(await open_pool(dsn, most=2))

    async def close(self) -> None:
        await self._pool.close()

    async def manifest(
        self, said: list[Statement], view: RegistryView | None = None
    ) -> ManifestDecision:
        """Judge and write one manifest after new statements, and give its alerts their places."""
        (decision,) = await self.manifests([said], view)
        return decision

    async def manifests(
        self, loads: list[list[Statement]], view: RegistryView | None = None
    ) -> list[ManifestDecision]:
        clock = datetime.now(UTC)
        decisions = []
        for said in loads:
            subject = said[0].event.subject
            # Stories of another day: what did not come since is not their point.
            decision = decide_manifest(
                subject, self._held.get(subject), said, view or RegistryView(), clock, settle=LATER
            )
            self._held[subject] = decision.held
            decisions.append(decision)
        async with self._pool.acquire() as connection, connection.transaction():
            position = Position(0, 0, None, 0, clock)
            batch = PostgresBatch(
                connection,
                None,  # type: ignore[arg-type]
                position,
                timedelta(0),
                RegistryMark(),
                small=True,
            )
            await batch.write(decisions, [], 0, clock)
        await self.feed()
        return decisions

    async def limit(self, subject: str, draws: Any, view: RegistryView) -> Any:
        """Judge and write one limit."""
        clock = datetime.now(UTC)
        decision = decide_limit(subject, None, draws, view, clock)
        async with self._pool.acquire() as connection, connection.transaction():
            await PostgresShared(connection, "judge", "manifest.events", RegistryMark()).write(
                decision, 0, clock
            )
        await self.feed()
        return decision

    async def feed(self) -> None:
        """Be the courier for a moment."""
        async with self._pool.acquire() as connection:
            while await feed_rows(connection):
                pass

    async def execute(self, sql: str, *arguments: Any) -> None:
        async with self._pool.acquire() as connection:
            await connection.execute(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        async with self._pool.acquire() as connection:
            return await connection.fetchval(sql, *arguments)

    async def fetch(self, sql: str, *arguments: Any) -> Any:
        async with self._pool.acquire() as connection:
            return await connection.fetch(sql, *arguments)
