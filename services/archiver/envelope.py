"""What the archive's columns say of an event, read lightly: no check refuses a record here.

The columns only help to find a record; the bytes beside them are what counts. So whatever cannot
be read, or cannot stand in an indexed text column, is null.
"""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from schemas.checks import Refusal
from schemas.instant import read_instant
from schemas.region import read_region

__all__ = ["UNREADABLE", "Labels", "column_text", "read_labels"]

_LONGEST = 256
"""Characters. Two such texts and a digest still fit a B-tree entry (2,704 bytes) in any script;
the contract's own limits are far below (source 27, id 128, subject 32)."""

_FILED = "liandan.manifest.filed.v1"


class Labels(NamedTuple):
    """The readable part of an event."""

    source: str | None = None
    event_id: str | None = None
    type: str | None = None
    subject: str | None = None
    event_time: datetime | None = None
    origin_region: str | None = None
    destination_region: str | None = None


UNREADABLE = Labels()


class _Envelope(msgspec.Struct, gc=False):
    id: Any = None
    source: Any = None
    type: Any = None
    subject: Any = None
    time: Any = None
    data: msgspec.Raw = msgspec.Raw()


class _Party(msgspec.Struct, gc=False):
    site_region: Any = None


class _Filed(msgspec.Struct, gc=False):
    consignor: _Party
    receiver: _Party


_envelope = msgspec.json.Decoder(_Envelope)
_filed = msgspec.json.Decoder(_Filed)
_UNREAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def column_text(value: object) -> str | None:
    """Return a text that an indexed column can hold, else None (the raw bytes still have it)."""
    if type(value) is not str or len(value) > _LONGEST or "\x00" in value:
        return None
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:  # half of a surrogate pair
            return None
    return value


def read_labels(raw: bytes) -> Labels:
    """Return what can be read of ``raw``; never raises."""
    try:
        event = _envelope.decode(raw)
    except _UNREAD:
        return UNREADABLE
    origin, destination = _regions(event.data) if event.type == _FILED else (None, None)
    return Labels(
        column_text(event.source),
        column_text(event.id),
        column_text(event.type),
        column_text(event.subject),
        _read(read_instant, event.time),
        origin,
        destination,
    )


def _regions(data: msgspec.Raw) -> tuple[str | None, str | None]:
    try:
        filed = _filed.decode(data)
    except _UNREAD:
        return None, None
    return _read(read_region, filed.consignor.site_region), _read(
        read_region, filed.receiver.site_region
    )


def _read(check: Any, value: object) -> Any:
    try:
        return check(value)
    except Refusal:
        return None
