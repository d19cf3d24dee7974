"""Chance that falls the same way on every Python: only ``Random.random`` is promised to do so."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import TypeVar

__all__ = ["Dice"]

T = TypeVar("T")


class Dice:
    """A seeded source of choices. Two dice with the same name fall the same way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._random = Random(name).random  # noqa: S311 (worlds are to be repeated, not secret)
        self._ids = 0

    def below(self, n: int) -> int:
        """Return a whole number from 0 to ``n - 1``."""
        return int(self._random() * n)

    def between(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def pick(self, things: Sequence[T]) -> T:
        """Return one of ``things``."""
        return things[self.below(len(things))]

    def chance(self, share: float) -> bool:
        """Return true in ``share`` of the throws."""
        return self._random() < share

    def event_id(self, moment: datetime) -> str:
        """Return an id of the form of UUIDv7: the moment's milliseconds, then a numbered hash."""
        self._ids += 1
        tail = hashlib.sha256(f"{self.name}\n{self._ids}".encode()).digest()
        value = int(moment.timestamp()) * 1000 + moment.microsecond // 1000
        bits = value << 80 | int.from_bytes(tail[:10], "big")
        bits = bits & ~(0xF << 76) | 7 << 76
        bits = bits & ~(0x3 << 62) | 2 << 62
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
