"""The recent window: events kept of late and events in flight, by source and id, in memory."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

from services.gateway.metrics import RECENT_EVENTS

__all__ = ["EventKey", "Flight", "Kept", "Recent"]

EventKey = tuple[str, str]
"""(source, id)"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that the log acknowledged, or that the record holds."""

    digest: str
    received_at: int
    """Microseconds since 1970."""
    receipt: bytes
    """The receipt id's 16 bytes."""


@dataclass(slots=True)
class Flight:
    """An event on its way to the log; whoever posts the same id meanwhile waits for its end."""

    digest: str
    received_at: int
    _end: "asyncio.Future[Kept | None] | None" = field(default=None)
    _settled: bool = False
    _kept: Kept | None = None

    async def end(self) -> Kept | None:
        """Return what was kept (of this id), or None if this event was not."""
        if self._settled:
            return self._kept
        if self._end is None:
            self._end = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._end)

    def settle(self, kept: Kept | None) -> None:
        """Say how it ended, once."""
        self._settled, self._kept = True, kept
        if self._end is not None and not self._end.done():
            self._end.set_result(kept)


class Recent:
    """At most ``limit`` kept events, least recently used first out; flights are never dropped.

    A flight is begun, and ended by exactly one of ``keep`` and ``give_up``.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[EventKey, Kept] = OrderedDict()
        self._by_receipt: dict[bytes, EventKey] = {}
        self._flying: dict[EventKey, Flight] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def look(self, key: EventKey) -> Kept | Flight | None:
        """Return what stands under this source and id."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        return self._flying.get(key)

    def begin(self, key: EventKey, digest: str, received_at: int) -> Flight:
        """Reserve an id that ``look`` did not find."""
        flight = self._flying[key] = Flight(digest, received_at)
        return flight

    def keep(self, key: EventKey, kept: Kept) -> None:
        """End the flight of ``key``: ``kept`` stands under it from now on."""
        flight = self._flying.pop(key, None)
        if flight is not None:
            flight.settle(kept)
        before = self._kept.pop(key, None)
        if before is not None:
            self._by_receipt.pop(before.receipt, None)
        self._kept[key] = kept
        self._by_receipt[kept.receipt] = key
        while len(self._kept) > self._limit:
            _, gone = self._kept.popitem(last=False)
            self._by_receipt.pop(gone.receipt, None)
        RECENT_EVENTS.set(len(self._kept))

    def give_up(self, key: EventKey) -> None:
        """End the flight of ``key``, if one is left: it was not kept."""
        flight = self._flying.pop(key, None)
        if flight is not None:
            flight.settle(None)

    def by_receipt(self, receipt: UUID) -> tuple[EventKey, Kept] | None:
        """Return the kept event to which a receipt was given."""
        key = self._by_receipt.get(receipt.bytes)
        return None if key is None else (key, self._kept[key])
