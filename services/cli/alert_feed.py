"""What happens to alerts, read from their history while it is written."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from schemas.alert import Alert
from services.cli.alert_table import Kind

__all__ = ["AlertFeed"]

_OVERLAP = timedelta(seconds=30)
"""A row may become visible this long after its ``written_at``: the transaction must end first."""
_EVERY_S = 0.15
_CHANGES = """
SELECT id, revision, state, body::text, written_at FROM alert_history AS h
WHERE written_at >= $1 AND NOT EXISTS (
    SELECT FROM unnest($2::uuid[], $3::int[]) AS told (id, revision)
    WHERE told.id = h.id AND told.revision = h.revision
) ORDER BY written_at, revision
"""
"""Bodies are long, and most of what the overlap covers was told: the database leaves that out."""


class AlertFeed:
    """Tells of alerts that open or are withdrawn; other revisions pass in silence."""

    def __init__(self, connection: Any, tell: Callable[[Alert, Kind], None]) -> None:
        self._connection = connection
        self._tell = tell
        self._seen: dict[tuple[Any, int], datetime] = {}
        """What was told within the overlap, and when it was written."""
        self._open: set[Any] = set()
        self._newest: datetime | None = None
        self.withdrawn = 0

    async def follow(self, stop: asyncio.Event) -> None:
        """Poll until told to stop."""
        while not stop.is_set():
            await self.read()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _EVERY_S)

    async def read(self) -> None:
        """Tell what is new since the last call."""
        since = (self._newest or datetime.fromisoformat("1990-01-01T00:00:00+00:00")) - _OVERLAP
        self._seen = {key: at for key, at in self._seen.items() if at >= since}
        ids, revisions = [key[0] for key in self._seen], [key[1] for key in self._seen]
        for row in await self._connection.fetch(_CHANGES, since, ids, revisions):
            self._newest = max(self._newest or row["written_at"], row["written_at"])
            self._seen[row["id"], row["revision"]] = row["written_at"]
            opened = row["state"] == "open"
            if opened == (row["id"] in self._open):
                continue
            if opened:
                self._open.add(row["id"])
            else:
                self._open.discard(row["id"])
                self.withdrawn += 1
            alert = msgspec.json.decode(row["body"], type=Alert)
            self._tell(alert, "opened" if opened else "withdrawn")
