"""Messages that come in several packages, joined: few of them at once, and not for long."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.jt808.header import Message
from schemas.jt808.unreadable import Unreadable

__all__ = ["MOST_PACKAGES", "Joined", "Packages"]

MOST_PACKAGES = 64
"""Of one message: 64 KiB, as many positions as one message may have."""
_MOST_MESSAGES = 2
_PATIENCE_S = 60.0


class Joined(NamedTuple):
    """A whole message: its parts' bodies joined; all its parts, and their inner bytes, in order."""

    body: bytes
    parts: Sequence[Message]
    inners: Sequence[bytes]


class _Under(NamedTuple):
    begun: float
    parts: dict[int, tuple[Message, bytes]]


class Packages:
    """Of one connection. Parts have serials in a row, so the first part's tells messages apart."""

    __slots__ = ("_under",)

    def __init__(self) -> None:
        self._under: dict[tuple[int, int, int], _Under] = {}

    def take(self, part: Message, inner: bytes, now: float) -> Joined | None:
        """Return the message once this was its last missing part. ``now``: seconds, monotonic.

        A part that comes again takes its own place. A message that is not whole after a minute is
        forgotten, and the oldest when a third one begins. Raises ``Unreadable`` (package).
        """
        if part.package is None or part.package.total > MOST_PACKAGES:
            raise Unreadable("package")
        total, place = part.package
        self.forget(now)
        key = part.id, total, (part.serial - place + 1) & 0xFFFF
        under = self._under.get(key)
        if under is None:
            if len(self._under) >= _MOST_MESSAGES:
                del self._under[next(iter(self._under))]
            under = self._under[key] = _Under(now, {})
        under.parts[place] = part, inner
        if len(under.parts) < total:
            return None
        del self._under[key]
        parts, inners = zip(*(under.parts[n] for n in range(1, total + 1)), strict=True)
        return Joined(b"".join(each.body for each in parts), parts, inners)

    def forget(self, now: float) -> None:
        """Drop what has waited too long."""
        for key in [k for k, under in self._under.items() if now - under.begun > _PATIENCE_S]:
            del self._under[key]
