"""When files of tracks are closed, what they are called and what is in them; nothing waits here."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from infra.runtime.offsets import Position, record_digest
from services.archiver.track_buffer import Bounds, Buffer, file_name
from services.archiver.track_row import micros, moment, read_track
from tests.terminal_frames import PLATE, frame, position

TEN = datetime(2026, 11, 30, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WIDE = Bounds(1e9, 10**9)


def record(
    offset: int, at: datetime = TEN, value: bytes = b"x", partition: int = 0, headers: Any = ()
) -> Any:
    ms = round(at.timestamp() * 1000)
    key = PLATE.encode()
    return ConsumerRecord("t", partition, offset, ms, 1, key, value, None, 1, 1, headers)


def held(*records: Any, bounds: Bounds = WIDE, firsts: tuple[int, ...] = (0, 0)) -> Buffer:
    positions = {p: Position(p, first, None, 3, None) for p, first in enumerate(firsts)}
    buffer = Buffer(positions, bounds)
    for each in records:
        buffer.add({TopicPartition("t", each.partition): [each]}, TEN, 0.0)
    return buffer


def test_a_name_tells_hour_first_offsets_and_owner() -> None:
    assert file_name(TEN, {1: 88, 0: 120}, 7) == "2026-11-30/10/p0-120-p1-88-e7.parquet"


def test_a_name_of_many_partitions_fits_a_file_system() -> None:
    many = {p: 10**12 + p for p in range(64)}
    name = file_name(TEN, many, 64)
    assert name.startswith("2026-11-30/10/p0-1000000000000-and-63-")
    assert len(name) < 200
    assert name != file_name(TEN, {**many, 63: 5}, 64)


def test_an_empty_buffer_is_never_due() -> None:
    assert not held(bounds=Bounds(0, 0)).due(TEN + timedelta(days=9), 1e9)


def test_a_file_is_closed_after_its_time() -> None:
    buffer = held(record(0), bounds=Bounds(300, 10**9))
    assert not buffer.due(TEN, 299)
    assert buffer.due(TEN, 300)


def test_a_file_is_closed_at_its_bytes() -> None:
    bounds = Bounds(1e9, 10)
    assert not held(record(0, value=b"x" * 9), bounds=bounds).due(TEN, 0)
    assert held(record(0, value=b"x" * 9), record(1), bounds=bounds).due(TEN, 0)


def test_a_file_is_closed_two_minutes_after_its_hour() -> None:
    buffer = held(record(0, TEN + 59 * MINUTE))
    assert not buffer.due(TEN + 61 * MINUTE, 121)
    assert buffer.due(TEN + 62 * MINUTE, 180)


def test_an_hour_long_past_is_not_cut_into_a_file_of_each_fetch() -> None:
    buffer = held(record(0))
    later = TEN + timedelta(days=3)
    assert not buffer.due(later, 1)
    assert buffer.due(later, 120)


def test_hours_go_into_files_of_their_own_and_positions_move_once() -> None:
    buffer = held(
        record(5, TEN + 59 * MINUTE), record(6, TEN + 61 * MINUTE, b"last"),
        record(9, TEN + 58 * MINUTE, partition=1), firsts=(5, 9),
    )  # fmt: skip
    files, moves, oddities = buffer.drain()
    assert [f.name for f in files] == [
        "2026-11-30/10/p0-5-p1-9-e6.parquet",
        "2026-11-30/11/p0-6-e6.parquet",
    ]
    assert [(m.position.partition, m.next_offset) for m in moves] == [(0, 7), (1, 10)]
    assert moves[0].digest == record_digest(b"last")
    assert moves[0].clock == TEN + 61 * MINUTE
    assert not oddities


def test_a_broker_whose_clock_goes_back_loses_no_record() -> None:
    buffer = held(record(0, TEN), record(1, TEN - MINUTE), record(2, TEN))
    files, (move,), _ = buffer.drain()
    assert [[r.kafka_offset for r in f.rows] for f in files] == [[1], [0, 2]]
    assert (move.next_offset, move.clock) == (3, TEN)


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(0, 20))
def test_records_archived_before_and_records_that_come_again_are_left_out(
    starts: list[int], first: int
) -> None:
    buffer = held(firsts=(first,))
    for start in starts:
        records = [record(n) for n in range(start, start + 5)]
        buffer.add({TopicPartition("t", 0): records}, TEN, 0)
    offsets = [r.kafka_offset for f in buffer.drain().drafts for r in f.rows]
    assert offsets == sorted(set(offsets))
    assert all(offset >= first for offset in offsets)


def test_a_frame_is_told_by_its_headers_and_not_decoded() -> None:
    value = frame(0x0200, position())
    headers = [
        ("ce_type", b"liandan.vehicle.frame.v1"), ("ce_source", b"urn:uscc:X"), ("ce_id", b"abc"),
        ("received_at", str(micros(TEN)).encode()),
    ]  # fmt: skip
    row, oddities = read_track(record(3, value=value, headers=headers), TEN)
    assert (row.kind, row.source, row.event_id, row.plate) == ("frame", "urn:uscc:X", "abc", PLATE)
    assert (row.raw, moment(row.received_at)) == (value, TEN)
    assert not oddities


@given(
    st.none() | st.binary(),
    st.lists(st.tuples(st.sampled_from(["ce_type", "ce_id", "ce_source", "digest"]),
                       st.none() | st.binary() | st.just(b"liandan.vehicle.frame.v1"))),
)  # fmt: skip
def test_no_record_is_refused(value: bytes | None, headers: Any) -> None:
    row, _ = read_track(record(0, value=value, headers=headers), TEN)  # type: ignore[arg-type]
    assert row.raw == (value or b"")
    assert row.digest == record_digest(value)
