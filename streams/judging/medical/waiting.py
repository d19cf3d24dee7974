"""沉默从何时可说: what a day or week waits for a word of, and from when its silence may be told. Pure.

A rule of silence names what it waits for, and the last instant at which a word of it is in time. Once the
clock is past that, silence is a finding. Where it was past already when it became known, what shows that
nobody was silent may be on its way, in another partition perhaps: the silence is held for the settling time.
What was told stays told, whatever else comes: only a word of it, or other knowledge, takes it back.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from streams.judging.statement import from_micros, to_micros

__all__ = ["Clock", "Settling", "Wait", "settling"]

_KEPT = ""
"""A key that no wait has: what a day waits for is kept of it, if only that it is nothing."""


class Wait(NamedTuple):
    """Something that a day waits for a word of."""

    what: str
    """A name that no other wait of the day or week has."""
    end: datetime
    """A word at that very instant is in time."""


class Clock(NamedTuple):
    """What the rules of a day or week see of time."""

    now: datetime | None
    """None: nothing."""
    held: frozenset[str] = frozenset()
    """Of what silence is not told yet (``Wait.what``)."""

    def over(self, wait: Wait) -> bool:
        """Whether nothing is heard of it by now, though it should have been."""
        return self.now is not None and self.now > wait.end and wait.what not in self.held


Known = Mapping[str, tuple[int, int]]
"""By wait: the first instant at which its silence is a finding, and from when it is told; microseconds."""


class Settling(NamedTuple):
    """Of a day or week: from when each silence is told, and what the rules see meanwhile."""

    known: dict[str, tuple[int, int]]
    held: frozenset[str]
    due: datetime | None
    """The first instant at which a silence that was not told yet is a finding."""
    fires_at: datetime | None
    """From when the next such silence is told."""


def settling(
    known: Known,
    waits: Iterable[Wait],
    fired_at: datetime | None,
    clock: datetime | None,
    settle: timedelta,
) -> Settling:
    """Return how the silences of a day stand.

    ``known``: what was returned last, empty for a day that is new or was judged by an earlier release.
    ``fired_at``: the clock that its rules have seen, ``clock``: the one of now.
    """
    seen = None if fired_at is None else to_micros(fired_at)
    earlier_release = seen is not None and _KEPT not in known
    found: dict[str, tuple[int, int]] = {_KEPT: (0, 0)}
    held: set[str] = set()
    waiting: list[tuple[int, int]] = []
    for wait in waits:
        key, due = _key(wait.what), to_micros(wait.end) + 1
        was = known.get(key)
        if was is not None and was[0] == due:
            told = was[1]
        elif seen is not None and (earlier_release or (was is not None and was[1] <= seen)):
            told = due
        else:
            told = due if clock is None else max(due, to_micros(clock + settle))
        found[key] = due, told
        if seen is None or told > seen:
            waiting.append((due, told))
            held.add(wait.what)
    return Settling(
        found,
        frozenset(held),
        from_micros(min(due for due, _ in waiting)) if waiting else None,
        from_micros(min(told for _, told in waiting)) if waiting else None,
    )


def _key(what: str) -> str:
    """Return a name in eight characters: a day waits for hundreds of packages."""
    return b64encode(blake2b(what.encode(), digest_size=6).digest()).decode()
