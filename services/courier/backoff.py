"""How long to wait after a failure."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_S", "pause", "read_retry_after"]

_FIRST_S = 2.0
LONGEST_S = 3600.0


def pause(failures: int, chance: float, asked_s: float | None = None) -> float:
    """Return the seconds to wait after the n-th failure in a row (n from 1).

    2 s, 4 s, 8 s … 1 h, of which ``chance`` (0 to 1) takes away up to a half, so that what failed
    together does not come back together. What the receiver asked for is kept, up to 1 h.
    """
    doubled = _FIRST_S * 2.0 ** min(max(failures, 1) - 1, 30)
    waited = min(LONGEST_S, doubled) * (1 - chance / 2)
    return max(waited, min(asked_s or 0.0, LONGEST_S))


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110), None if it asks nothing."""
    if value is None:
        return None
    text = value.strip()[:64]
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - now).total_seconds()
    return seconds if seconds > 0 and math.isfinite(seconds) else None
