"""From Kafka records to what a batch takes in: statements, or quarantine with bytes and reason."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from aiokafka.structs import ConsumerRecord

from infra.runtime.offsets import record_digest
from schemas.fast import NotUnderstood
from schemas.topics import HEADER_RECEIVED_AT
from streams.batch import Input
from streams.judging.medical.said import MedicalStatement, read_medical
from streams.judging.state import Quarantined
from streams.judging.statement import Statement, read_statement

__all__ = ["append_time", "read_medical_records", "read_records"]


def append_time(record: ConsumerRecord) -> datetime:
    """Return when the broker appended a record (``LogAppendTime``)."""
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


_Said = TypeVar("_Said", Statement, MedicalStatement)
_Said_co = TypeVar("_Said_co", covariant=True)


def read_records(
    expected: int, records: Sequence[ConsumerRecord], clock: datetime
) -> Input[Statement]:
    """Decode a fetch. ``clock``: the partition's clock once these records are judged."""
    return _read(expected, records, clock, read_statement, lambda s: s.event.subject)


def read_medical_records(
    expected: int, records: Sequence[ConsumerRecord], clock: datetime
) -> Input[MedicalStatement]:
    """As ``read_records``, of the topic whose key is the posting unit."""
    return _read(expected, records, clock, read_medical, lambda s: s.unit)


class _Read(Protocol[_Said_co]):
    def __call__(self, raw: bytes, received_us: int, *, offset: int) -> _Said_co: ...


def _read(
    expected: int,
    records: Sequence[ConsumerRecord],
    clock: datetime,
    read: "_Read[_Said]",
    key_of: Callable[[_Said], str],
) -> Input[_Said]:
    arrivals: list[_Said] = []
    quarantined: list[Quarantined] = []
    for record in records:
        if record.offset < expected:
            continue  # counted before a crash: the stored offset says so
        raw = record.value or b""
        received_us = _received_us(record)
        try:
            statement = read(raw, received_us, offset=record.offset)
        except NotUnderstood as e:
            problems = [p._asdict() for p in e.problems]
            quarantined.append(
                Quarantined(
                    record.offset, "not_understood", {"problems": problems}, raw, received_us
                )
            )
            continue
        subject = statement.event.subject
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
                    subject,
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
