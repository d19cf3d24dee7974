"""A token bucket: a rate that may be gone on with, and a burst that may come at once."""

__all__ = ["Bucket"]

BURST_S = 10.0
"""Seconds of the rate that may come at once: what a terminal saved up where there was no network."""
_PATIENCE_S = 100.0
"""So many seconds' worth of refused frames, without a rest in between, are more than a burst."""


class Bucket:
    """Of one connection. ``rate`` tokens a second, ``now`` in monotonic seconds."""

    __slots__ = ("_at", "_left", "_refused")

    def __init__(self, rate: float, now: float) -> None:
        self._left, self._at, self._refused = max(1.0, BURST_S * rate), now, 0

    def take(self, rate: float, now: float) -> bool:
        """Return whether there was a token."""
        most = max(1.0, BURST_S * rate)
        self._left = min(most, self._left + (now - self._at) * rate)
        self._at = now
        if self._left == most:
            self._refused = 0
        if self._left < 1.0:
            self._refused += 1
            return False
        self._left -= 1.0
        return True

    def overrun(self, rate: float) -> bool:
        """Return whether it goes on and on: the other side takes no heed."""
        return self._refused > max(10.0, _PATIENCE_S * rate)
