"""One Kafka record as one row of ``event_log``, with what is odd about it."""

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from aiokafka.structs import ConsumerRecord

from schemas.receipt import receipt_id
from schemas.topics import HEADER_DIGEST, HEADER_KEY_ID, HEADER_RECEIVED_AT
from services.archiver.envelope import column_text, read_labels

__all__ = ["Oddity", "Row", "read_record"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
_BEHIND = timedelta(days=40)
"""A receive time further from the append time than this is not believed. Behind: a gateway may
sit on nothing for weeks (retention is 30 days), but the log is partitioned by this time, and a
wrong clock must not open partitions at will."""
_EARLIEST_MS = 946_684_800_000  # 2000
_LATEST_MS = 7_258_118_400_000  # 2200


class Row(NamedTuple):
    """The columns of ``event_log`` in the order of the insert; ``headers`` is JSON text."""

    received_at: datetime
    topic: str
    partition: int
    kafka_offset: int
    appended_at: datetime
    source: str | None
    event_id: str | None
    type: str | None
    subject: str | None
    event_time: datetime | None
    digest: bytes
    receipt_id: UUID | None
    key_id: str | None
    headers: str
    raw: bytes
    origin_region: str | None
    destination_region: str | None


class Oddity(NamedTuple):
    """A quarantine row to be: the record is archived all the same."""

    row: Row
    reason: str
    detail: dict[str, Any]


def read_record(record: ConsumerRecord, now: datetime) -> tuple[Row, list[Oddity]]:
    """Return the row of a record and what is odd about it; never raises on any content.

    ``now`` stands in for an append time that no calendar has.
    """
    raw = record.value or b""
    labels = read_labels(raw)
    sha = hashlib.sha256(raw)
    digest, hexadecimal = sha.digest(), sha.hexdigest()
    headers = dict(record.headers)
    appended_at = now
    if _EARLIEST_MS <= record.timestamp < _LATEST_MS:
        appended_at = _append_time(record.timestamp)
    received_at, believed = _received_at(headers.get(HEADER_RECEIVED_AT), appended_at)
    receipt = None
    if labels.source is not None and labels.event_id is not None:
        receipt = receipt_id(labels.source, labels.event_id, hexadecimal)
    row = Row(
        received_at,
        record.topic,
        record.partition,
        record.offset,
        appended_at,
        labels.source,
        labels.event_id,
        labels.type,
        labels.subject,
        labels.event_time,
        digest,
        receipt,
        column_text(_text(headers.get(HEADER_KEY_ID))),
        headers_json(record.headers),
        raw,
        labels.origin_region,
        labels.destination_region,
    )
    oddities = []
    claimed = headers.get(HEADER_DIGEST)
    if claimed is not None and claimed.lower() != hexadecimal.encode():
        detail = {"header": _readable(claimed), "digest": hexadecimal}
        oddities.append(Oddity(row, "digest_mismatch", detail))
    if not believed:
        header = headers.get(HEADER_RECEIVED_AT)
        detail = {"header": _readable(header), "appended_at": appended_at.isoformat()}
        oddities.append(Oddity(row, "received_at_insane", detail))
    return row, oddities


@lru_cache(maxsize=256)
def _append_time(milliseconds: int) -> datetime:
    """Return an append time; the records of one batch of the log share it."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _received_at(header: bytes | None, appended_at: datetime) -> tuple[datetime, bool]:
    """Return the time to file the record under, and False if a header was not believed."""
    if header is None:
        return appended_at, True
    if header.isdigit() and len(header) <= 17:
        received_at = _EPOCH + timedelta(microseconds=int(header))
        if -_BEHIND <= received_at - appended_at <= _AHEAD:
            return received_at, True
    return appended_at, False


def headers_json(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """Return ``[[name, value], …]`` as JSON that jsonb can hold.

    A value that is not text is base64 with a third member ``"base64"``; a name with U+0000
    likewise has a fourth.
    """
    pairs: list[list[str | None]] = []
    for name, value in headers:
        text = _text(value)
        pair = [name, text]
        if value is not None and text is None:
            pair = [name, base64.b64encode(value).decode(), "base64"]
        if "\x00" in name:
            pair[0] = base64.b64encode(name.encode()).decode()
            pair = [*pair, *[None] * (3 - len(pair)), "base64"]
        pairs.append(pair)
    return msgspec.json.encode(pairs).decode()


def _text(value: bytes | None) -> str | None:
    if value is None or b"\x00" in value:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _readable(value: bytes | None) -> str | None:
    text = _text(value)
    return text if text is not None or value is None else base64.b64encode(value).decode()
