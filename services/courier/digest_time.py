"""When the next digest is due."""

from datetime import datetime, time, timedelta

from schemas.instant import CHINA

__all__ = ["next_digest"]


def next_digest(now: datetime, at: str) -> datetime:
    """Return the first moment after ``now`` at which China's clocks show ``at`` ("08:30")."""
    local = now.astimezone(CHINA)
    due = datetime.combine(local.date(), time.fromisoformat(at), CHINA)
    return due if due > local else due + timedelta(days=1)
