"""How much the process holds at once: requests and bytes of their bodies."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from services.gateway.metrics import INFLIGHT, INFLIGHT_BYTES
from services.gateway.problems import Refused

__all__ = ["Capacity", "Slot"]


_SHARE = 4
"""One unit's bodies on the way take at most this part of all places: bodies that trickle in for
``gateway_body_timeout_s`` would otherwise shut out everybody else for as long. And of all its
requests together so many find a place that this part is left to others, however many it sends."""


class Capacity:
    """The budget that all requests share. ``slot`` raises ``Refused("busy")`` when it is used up."""

    def __init__(self, requests: int, size_bytes: int) -> None:
        self._requests, self._bytes = requests, size_bytes
        self._arriving: Counter[str] = Counter()
        self._of_unit: Counter[str] = Counter()
        self.held_requests = 0
        self.held_bytes = 0

    def slot(self, unit: str) -> "Slot":
        """Return the place of one request of ``unit``, to be used in a ``with``."""
        return Slot(self, unit)

    def has_room_for(self, size: int) -> bool:
        """Say whether a body of ``size`` bytes would fit now."""
        return self.held_bytes + size <= self._bytes

    @contextmanager
    def arriving(self, unit: str) -> Iterator[None]:
        """Count a body of ``unit`` in while it is read; raises ``Refused("busy")``."""
        if self._arriving[unit] >= max(1, self._requests // _SHARE):
            raise Refused("busy")
        self._arriving[unit] += 1
        try:
            yield
        finally:
            self._arriving[unit] -= 1
            if not self._arriving[unit]:
                del self._arriving[unit]

    def enter(self, unit: str) -> None:
        """Count one request of ``unit`` in."""
        own = max(1, self._requests - self._requests // _SHARE)
        if self.held_requests >= self._requests or self._of_unit[unit] >= own:
            raise Refused("busy")
        self.held_requests += 1
        self._of_unit[unit] += 1
        INFLIGHT.set(self.held_requests)

    def hold(self, size: int) -> None:
        """Count bytes in."""
        if not self.has_room_for(size):
            raise Refused("busy", close=True)
        self.held_bytes += size
        INFLIGHT_BYTES.set(self.held_bytes)

    def leave(self, unit: str, size: int) -> None:
        """Count a request of ``unit`` and its bytes out."""
        self.held_requests -= 1
        self._of_unit[unit] -= 1
        if not self._of_unit[unit]:
            del self._of_unit[unit]
        self.held_bytes -= size
        INFLIGHT.set(self.held_requests)
        INFLIGHT_BYTES.set(self.held_bytes)


class Slot:
    """One request's part of the budget, given back when the ``with`` ends."""

    def __init__(self, capacity: Capacity, unit: str) -> None:
        self._capacity, self._unit, self._held = capacity, unit, 0

    def __enter__(self) -> Self:
        self._capacity.enter(self._unit)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._capacity.leave(self._unit, self._held)

    def has_room_for(self, size: int) -> bool:
        """Say whether a body of ``size`` bytes would fit now."""
        return self._capacity.has_room_for(size)

    def hold(self, size: int) -> None:
        """Take ``size`` more bytes; raises ``Refused("busy")``."""
        self._capacity.hold(size)
        self._held += size
