"""One record of ``vehicle.tracks`` as one row of a file. Nothing that a vehicle said is decoded here.

Columns help to find a record; the bytes beside them are what counts. A frame's columns are its
CloudEvents headers; a JSON event's are read as lightly as those of ``event_log``.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from aiokafka.structs import ConsumerRecord

from schemas.topics import HEADER_CE_ID, HEADER_CE_SOURCE, HEADER_CE_TYPE
from schemas.track import FRAME_TYPE
from services.archiver.envelope import column_text
from services.archiver.row import Oddity, read_record

__all__ = ["TrackRow", "micros", "moment", "read_track"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class TrackRow(NamedTuple):
    """The columns of a file in their order; times in microseconds since 1970 UTC."""

    received_at: int
    appended_at: int
    partition: int
    kafka_offset: int
    plate: str | None
    """The record's key."""
    source: str | None
    event_id: str | None
    kind: str
    """``frame`` (JT/T 808, from flag to flag) or ``event`` (JSON, or whatever came in its place)."""
    key_id: str | None
    """Public id of the API key that posted, none for a frame."""
    digest: bytes
    raw: bytes


def read_track(record: ConsumerRecord, now: datetime) -> tuple[TrackRow, list[Oddity]]:
    """Return the row of a record and what is odd about it; never raises on any content."""
    row, oddities = read_record(record, now)
    headers = dict(record.headers)
    source, event_id, kind = row.source, row.event_id, "event"
    if headers.get(HEADER_CE_TYPE) == FRAME_TYPE.encode():
        source, event_id, kind = (
            _text(headers, HEADER_CE_SOURCE),
            _text(headers, HEADER_CE_ID),
            "frame",
        )
    track = TrackRow(
        micros(row.received_at),
        micros(row.appended_at),
        row.partition,
        row.kafka_offset,
        _readable(record.key),
        source,
        event_id,
        kind,
        row.key_id,
        row.digest,
        row.raw,
    )
    return track, oddities


def micros(instant: datetime) -> int:
    """Return microseconds since 1970 UTC."""
    return (instant - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """Return the instant, UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _text(headers: dict[str, bytes | None], name: str) -> str | None:
    return _readable(headers.get(name))


def _readable(value: bytes | None) -> str | None:
    try:
        return column_text(value.decode()) if value is not None else None
    except UnicodeDecodeError:
        return None
