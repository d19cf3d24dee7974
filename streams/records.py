"""From Kafka records to what a batch takes in: statements, or quarantine with bytes and reason."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from aiokafka.structs import ConsumerRecord

from infra.runtime.offsets import record_digest
from schemas.fast import NotUnderstood
from schemas.topics import (
    HEADER_CE_SOURCE,
    HEADER_CE_SUBJECT,
    HEADER_CE_TYPE,
    HEADER_RECEIVED_AT,
)
from schemas.track import FRAME_TYPE
from streams.batch import Input
from streams.judging.medical.said import MedicalStatement, read_medical
from streams.judging.state import Quarantined
from streams.judging.statement import Statement, read_statement
from streams.judging.tracks.said import TrackStatement, read_frames, read_track

__all__ = ["append_time", "read_medical_records", "read_records", "read_track_records"]


def append_time(record: ConsumerRecord) -> datetime:
    """Return when the broker appended a record (``LogAppendTime``)."""
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


_Said = TypeVar("_Said", Statement, MedicalStatement, TrackStatement)


def read_records(
    expected: int, records: Sequence[ConsumerRecord], clock: datetime
) -> Input[Statement]:
    """Decode a fetch. ``clock``: the partition's clock once these records are judged."""

    def read(record: ConsumerRecord, received_us: int) -> Statement:
        return read_statement(record.value or b"", received_us, offset=record.offset)

    def subject(said: Statement) -> str:
        return said.event.subject

    return _read(expected, records, clock, read, subject, subject)


def read_medical_records(
    expected: int, records: Sequence[ConsumerRecord], clock: datetime
) -> Input[MedicalStatement]:
    """As ``read_records``, of the topic whose key is the posting unit."""

    def read(record: ConsumerRecord, received_us: int) -> MedicalStatement:
        return read_medical(record.value or b"", received_us, offset=record.offset)

    return _read(
        expected, records, clock, read, lambda said: said.unit, lambda said: said.event.subject
    )


def read_track_records(
    expected: int, records: Sequence[ConsumerRecord], clock: datetime
) -> Input[TrackStatement]:
    """As ``read_records``, of the topic whose key is the plate and where a record may be frames."""

    def subject(said: TrackStatement) -> str:
        return said.plate

    return _read(expected, records, clock, _read_track_record, subject, subject)


def _read_track_record(record: ConsumerRecord, received_us: int) -> TrackStatement:
    headers = dict(record.headers)
    raw = record.value or b""
    if headers.get(HEADER_CE_TYPE) != FRAME_TYPE.encode():
        return read_track(raw, received_us, record.offset)
    source, plate = (
        (headers.get(name) or b"").decode("utf-8", "replace")
        for name in (HEADER_CE_SOURCE, HEADER_CE_SUBJECT)
    )
    return read_frames(raw, source, plate, received_us, record.offset)


def _read(
    expected: int,
    records: Sequence[ConsumerRecord],
    clock: datetime,
    read: Callable[[ConsumerRecord, int], _Said],
    key_of: Callable[[_Said], str],
    subject_of: Callable[[_Said], str],
) -> Input[_Said]:
    arrivals: list[_Said] = []
    quarantined: list[Quarantined] = []
    for record in records:
        if record.offset < expected:
            continue  # counted before a crash: the stored offset says so
        raw = record.value or b""
        received_us = _received_us(record)
        try:
            statement = read(record, received_us)
        except NotUnderstood as e:
            problems = [p._asdict() for p in e.problems]
            quarantined.append(
                Quarantined(
                    record.offset, "not_understood", {"problems": problems}, raw, received_us
                )
            )
            continue
        if record.key != key_of(statement).encode():
            # In another partition than its own it would be judged by another owner.
            key = (record.key or b"").decode("utf-8", "backslashreplace").replace("\x00", "\\0")
            quarantined.append(
                Quarantined(
                    record.offset,
                    "wrong_key",
                    {"key": key},
                    raw,
                    received_us,
                    statement.ref.source,
                    statement.ref.id,
                    subject_of(statement),
                )
            )
            continue
        arrivals.append(statement)
    last = records[-1]
    return Input(
        expected,
        last.offset + 1,
        record_digest(last.value),
        clock,
        arrivals,
        quarantined,
    )


def _received_us(record: ConsumerRecord) -> int:
    """Return the gateway's receive time; without it (a foreign producer) the append time."""
    for name, value in record.headers:
        if name == HEADER_RECEIVED_AT and value is not None and value.isdigit() and len(value) < 18:
            return int(value)
    return int(record.timestamp) * 1000
