"""Instants as the API writes them: RFC 3339 in UTC with microseconds."""

from datetime import UTC, datetime, timedelta

__all__ = ["to_micros", "utc_text"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_text(moment: int | datetime) -> str:
    """Return ``2026-11-22T00:30:00.000000Z`` of microseconds since 1970 or an aware instant."""
    if isinstance(moment, int):
        moment = _EPOCH + timedelta(microseconds=moment)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970 of an aware instant, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
