"""The registry in the gateway's memory, for checks of drafts: as new as the question."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from schemas.decode import decode_registry_record
from services.gateway.database import Database
from streams.judging.registry import RecordVersion, RegistryView

__all__ = ["RegistryCopy"]

_HEAD = "SELECT seq FROM registry_head"
_CHANGES = """
SELECT c.seq, r.body FROM registry_change c JOIN registry_record r USING (change_set)
WHERE c.seq > $1 AND c.seq <= $2 ORDER BY c.seq, r.ordinal
"""
_AT_A_TIME = 500
"""Change sets' records taken in at a stretch: some milliseconds, then others get their turn."""


class RegistryCopy:
    """Loaded at the first check, then kept up by what changed. A database put back starts it anew."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._view = RegistryView()
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def newest(self) -> AsyncIterator[RegistryView]:
        """Lend the view, which nobody changes meanwhile. Raises ``Refused("record_away")``."""
        async with self._lock:
            (head,) = await self._database.rows(_HEAD)
            seq: int = head["seq"]
            if seq < self._view.seq:
                self._view = RegistryView()
            if seq > self._view.seq:
                rows = await self._database.rows(_CHANGES, self._view.seq, seq)
                await self._take_in(rows, seq)
            yield self._view

    async def _take_in(self, rows: Sequence[Any], seq: int) -> None:
        view = self._view
        self._view = RegistryView()  # half a registry is none, should this be cut short
        for n in range(0, len(rows), _AT_A_TIME):
            part = rows[n : n + _AT_A_TIME]
            view.apply(
                RecordVersion(row["seq"], decode_registry_record(row["body"])) for row in part
            )
            await asyncio.sleep(0)
        view.seq = seq
        self._view = view
