"""Whatever bytes a terminal sends, in whatever chunks: the same frames, and never an exception."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from schemas.jt808.frame import MOST_INNER_BYTES, Splitter, escape, unescape, xor_of
from schemas.jt808.header import read_message, write_message
from schemas.jt808.position import read_batch, read_position
from schemas.jt808.unreadable import Unreadable
from services.gateway.terminals.packages import Packages
from services.gateway.terminals.refusal import REASONS
from services.gateway.terminals.registration import code_of, read_registration
from tests.terminal_frames import authentication, batch, frame, position, registration

QUICK = settings(max_examples=150, deadline=None)
phones = st.from_regex(r"[1-9][0-9]{0,11}", fullmatch=True)
versions = st.booleans()
bodies = st.binary(max_size=120) | st.lists(st.sampled_from([0x7D, 0x7E, 1, 2]), max_size=80).map(
    bytes
)


@st.composite
def frames(draw: Any) -> bytes:
    v2019 = draw(versions)
    body = draw(
        bodies
        | st.sampled_from([
            position(), batch([position()] * 2), authentication(v2019=v2019),
            registration(v2019=v2019),
        ])
    )  # fmt: skip
    part = draw(st.none() | st.tuples(st.integers(1, 5), st.integers(1, 5)))
    return frame(
        draw(st.sampled_from([0x0002, 0x0100, 0x0102, 0x0200, 0x0704, 0x0900])),
        body,
        phone=draw(phones),
        serial=draw(st.integers(0, 0xFFFF)),
        v2019=v2019,
        part=part,
    )


streams = st.lists(frames() | st.binary(max_size=60) | st.just(b"\x7e" * 3), max_size=6).map(
    b"".join
)


@QUICK
@given(phones, st.integers(0, 0xFFFF), versions, bodies)
def test_what_a_terminal_encodes_is_read_and_can_be_written_the_same(
    phone: str, serial: int, v2019: bool, body: bytes
) -> None:
    raw = frame(0x0900, body, phone=phone, serial=serial, v2019=v2019)
    (inner,) = Splitter().feed(raw)
    message = read_message(inner)
    assert (message.id, message.phone, message.serial, message.body) == (
        0x0900, phone, serial, body,
    )  # fmt: skip
    assert write_message(message) == raw


@QUICK
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(lambda t: t.replace(microsecond=0)),
    st.integers(0, 180_000_000), st.integers(0, 90_000_000), st.integers(0, 2**32 - 1),
    st.lists(st.tuples(st.integers(2, 255), st.binary(max_size=20)), max_size=4),
    st.none() | st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_position_is_read_as_it_was_said(
    at: datetime,
    lon: int,
    lat: int,
    status: int,
    others: list[tuple[int, bytes]],
    mileage: int | None,
) -> None:
    items = b"".join(bytes([n, len(value)]) + value for n, value in others)
    if mileage is not None:
        items += b"\x01\x04" + mileage.to_bytes(4, "big")
    raw = position(at.strftime("%y%m%d%H%M%S"), lon, lat, status=status, items=items)
    fix = read_position(raw)
    assert fix.at == at.replace(tzinfo=UTC) - timedelta(hours=8)
    assert (abs(fix.lon_e6), abs(fix.lat_e6), fix.status) == (lon, lat, status)
    assert (fix.lon_e6 >= 0 or bool(status & 8)) and (fix.lat_e6 >= 0 or bool(status & 4))
    assert fix.mileage_dkm == mileage
    assert read_batch(batch([raw, raw])) == [fix, fix]


@QUICK
@given(st.binary(max_size=300))
def test_escapes_and_the_checksum_are_what_they_are(raw: bytes) -> None:
    assert unescape(escape(raw)) == raw
    assert b"\x7e" not in escape(raw)
    expected = 0
    for byte in raw:
        expected ^= byte
    assert xor_of(raw) == expected


@QUICK
@given(streams, st.lists(st.integers(0, 400), max_size=12))
def test_where_the_stream_is_cut_makes_no_difference(stream: bytes, cuts: list[int]) -> None:
    long = stream + b"\x7e" + b"y" * (MOST_INNER_BYTES + 1) + stream
    for raw in (stream, long):
        at_once, in_chunks = Splitter(), Splitter()
        expected = at_once.feed(raw)
        places = sorted({0, len(raw), *(c for c in cuts if c < len(raw))})
        found = [
            one for begins, ends in pairwise(places) for one in in_chunks.feed(raw[begins:ends])
        ]
        assert found == expected
        assert in_chunks.rubbish == at_once.rubbish
        byte_by_byte = Splitter()
        assert [f for b in raw for f in byte_by_byte.feed(bytes([b]))] == expected


@QUICK
@given(streams | st.binary(max_size=400))
def test_no_bytes_raise_anything_but_a_reason_that_is_counted(stream: bytes) -> None:
    joiner = Packages()
    for inner in Splitter().feed(stream):
        try:
            message = read_message(inner)
            body = message.body
            if message.package is not None:
                joined = joiner.take(message, inner, 0.0)
                body = joined.body if joined else b""
            for read in (read_position, read_batch):
                _tried(read, body)
            for read_whole in (read_registration, code_of):
                _tried(read_whole, message)
        except Unreadable as refused:
            event(refused.reason)
            assert refused.reason in REASONS


def _tried(read: Any, value: Any) -> None:
    try:
        read(value)
    except Unreadable as refused:
        assert refused.reason in REASONS
