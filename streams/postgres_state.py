"""The state port on Postgres: bulk statements by ``unnest``, one round trip each.

``COPY`` is refused on tables with row-level security and not faster here; temporary tables would
bloat the catalogue.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from infra.runtime.offsets import OffsetTable, Position
from streams.judging.state import FencedError
from streams.postgres_batch import PostgresBatch
from streams.postgres_registry import RegistryMark
from streams.postgres_shared import PostgresShared

__all__ = ["PACKED_SINCE", "PostgresState"]

PACKED_SINCE = 14
"""Schema number of the first program that reads packed rows."""


class PostgresState:
    """State of one worker. ``positions`` are the partitions it owns, set by ``take``.

    ``small``: whether rows are packed, which programs before ``PACKED_SINCE`` cannot read.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        offsets: OffsetTable,
        settle: timedelta,
        *,
        small: bool,
    ) -> None:
        self.pool = pool
        self.offsets = offsets
        self.positions: dict[int, Position] = {}
        self.settle = settle
        self._small = small
        self._registry = RegistryMark()

    async def take(self, partitions: Collection[int]) -> dict[int, Position]:
        """Become the owner of partitions. Raises LogBroken for another cluster's positions."""
        async with self.pool.acquire() as connection:
            taken = await self.offsets.take(connection, partitions)
        self.positions |= taken
        return taken

    async def mark(self, partitions: Collection[int], *, stopped: bool) -> None:
        """Leave word for operators that partitions are refused, or that they go on."""
        async with self.pool.acquire() as connection:
            await self.offsets.mark(connection, partitions, stopped=stopped)

    async def reread(self, partition: int) -> Position:
        """Return the stored position after a commit of unknown fate. Raises FencedError."""
        async with self.pool.acquire() as connection:
            found = (await self.offsets.read(connection, [partition])).get(partition)
        if found is None or found.epoch != self.positions[partition].epoch:
            raise FencedError(f"partition {partition} has another owner")
        self.positions[partition] = found
        return found

    @asynccontextmanager
    async def batch(self, partition: int) -> AsyncIterator[PostgresBatch]:
        """Open the batch transaction of a partition that was taken."""
        async with self.pool.acquire() as connection:
            async with connection.transaction():
                tx = PostgresBatch(
                    connection,
                    self.offsets,
                    self.positions[partition],
                    self.settle,
                    self._registry,
                    small=self._small,
                )
                yield tx
            self.positions[partition] = tx.position

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[PostgresShared]:
        """Open a transaction for one shared subject (READ COMMITTED)."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield PostgresShared(
                connection, self.offsets.consumer, self.offsets.topic, self._registry
            )

    async def dirty_subjects(self, most: int) -> list[str]:
        """Return shared subjects with dirty rows, oldest first."""
        async with self.pool.acquire() as connection:
            rows = await connection.fetch(
                "SELECT subject FROM dirty GROUP BY subject ORDER BY min(id) LIMIT $1", most
            )
        return [row["subject"] for row in rows]
