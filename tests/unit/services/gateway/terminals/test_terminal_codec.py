"""Frames written out by hand, both headers, and every refusal."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.jt808.frame import MOST_INNER_BYTES, Splitter, whole
from schemas.jt808.header import Message, Package, read_message, write_message
from schemas.jt808.position import read_batch, read_position
from schemas.jt808.unreadable import Unreadable
from services.gateway.terminals.answer import (
    Registered,
    Result,
    general_answer,
    registration_answer,
)
from services.gateway.terminals.packages import MOST_PACKAGES, Packages
from services.gateway.terminals.refusal import REASONS
from services.gateway.terminals.registration import (
    Registration,
    code_of,
    derived_code,
    read_registration,
)
from tests.terminal_frames import (
    CODE,
    PLATE,
    authentication,
    batch,
    frame,
    position,
    registration,
    sealed,
)

PUBLIC = bytes.fromhex(
    "7e02000026123456789012007d02000000010000000200ba7f0e07e4f11c0028003c0000181015101010"
    "0104000000640202007d01137e"
)
"""The example that public implementations of the standard share: two bytes of it are escaped."""
HEARTBEAT_2013 = bytes.fromhex("7e000200000138001380000001a97e")
HEARTBEAT_2019 = bytes.fromhex("7e0002400001000000000138001380000001e87e")


def inner(raw: bytes) -> bytes:
    return raw[1:-1]


def refused(reason: str) -> Any:
    assert reason in REASONS
    return pytest.raises(Unreadable, match=f"^{reason}$")


def test_the_frame_that_public_implementations_share_is_read() -> None:
    message = read_message(inner(PUBLIC))
    assert (message.id, message.phone, message.serial) == (0x0200, "123456789012", 0x7E)
    fix = read_position(message.body)
    assert fix.at == datetime(2018, 10, 15, 2, 10, 10, tzinfo=UTC)
    assert (fix.lat_e6, fix.lon_e6) == (12_222_222, 132_444_444)
    assert (fix.altitude_m, fix.speed_dkmh, fix.direction) == (40, 60, 0)
    assert (fix.alarm, fix.status, fix.mileage_dkm) == (1, 2, 100)


def test_both_headers_are_read_and_name_the_same_terminal() -> None:
    old, new = read_message(inner(HEARTBEAT_2013)), read_message(inner(HEARTBEAT_2019))
    assert old == Message(2, bytes.fromhex("013800138000"), None, 1, b"")
    assert new == Message(2, bytes.fromhex("00000000013800138000"), 1, 1, b"")
    assert old.phone == new.phone == "13800138000"


def test_what_is_written_is_what_was_read() -> None:
    for raw in (PUBLIC, HEARTBEAT_2013, HEARTBEAT_2019):
        assert write_message(read_message(inner(raw))) == raw


def test_south_and_west_are_negative_and_zero_is_a_place() -> None:
    fix = read_position(position(lon=1, lat=2, status=0b1110))
    assert (fix.lon_e6, fix.lat_e6) == (-1, -2)
    nowhere = read_position(position(lon=0, lat=0, status=0, items=b""))
    assert (nowhere.lon_e6, nowhere.lat_e6, nowhere.mileage_dkm) == (0, 0, None)


def test_the_time_is_chinas_and_becomes_utc() -> None:
    assert read_position(position("270101000000")).at == datetime(2026, 12, 31, 16, tzinfo=UTC)


def test_a_batch_gives_its_positions_in_their_order() -> None:
    fixes = read_batch(batch([position("261122083000"), position("261122083030", items=b"")]))
    assert [fix.at.second for fix in fixes] == [0, 30]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (position()[:27], "length"),
        (position()[:-1], "length"),
        (position(items=b"\x01"), "length"),
        (position(items=bytes.fromhex("0103000064")), "length"),
        (position("261322083000"), "time"),
        (position("260229083000"), "time"),
        (position("261122243000"), "time"),
        (position("26112208300a"), "time"),
        (position("000000000000"), "time"),
        (position(lat=90_000_001), "place"),
        (position(lon=180_000_001), "place"),
    ],
)
def test_a_position_that_cannot_be_is_refused(body: bytes, reason: str) -> None:
    with refused(reason):
        read_position(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "length"),
        (batch([]), "length"),
        (batch([position()], 2), "length"),
        (batch([position(), position()], 1), "length"),
        (batch([position()])[:-1], "length"),
        (batch([position()], 1001), "length"),
        (batch([position("991399000000")]), "time"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(body: bytes, reason: str) -> None:
    with refused(reason):
        read_batch(body)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x7e\x00\x02\x7d\x03\x7e", "escape"),
        (b"\x7e\x00\x02\x7d\x7e", "escape"),
        (b"\x7e\x00\x02\x00\x7e", "header"),
        (HEARTBEAT_2013[:-2] + b"\xaa\x7e", "checksum"),
        (sealed(bytes.fromhex("0002000001380013800000")), "header"),
        (sealed(bytes.fromhex("000200000138a01380000001")), "header"),
        (sealed(bytes.fromhex("00024000013800138000")), "header"),
        (frame(0x0200, position(), length=20), "length"),
        (frame(0x0200, position(), length=300), "length"),
        (frame(0x0200, position(), part=(2, 0)), "package"),
        (frame(0x0200, position(), part=(2, 3)), "package"),
    ],
)
def test_a_frame_that_cannot_be_is_refused(raw: bytes, reason: str) -> None:
    with refused(reason):
        read_message(inner(raw))


def test_an_encrypted_body_is_told_as_such() -> None:
    assert read_message(inner(frame(0x0200, b"\x01\x02", properties=0x0400))).encrypted


def test_frames_are_cut_out_of_rubbish_and_shared_flags() -> None:
    cutter = Splitter()
    stream = b"GET / HTTP" + HEARTBEAT_2013 + HEARTBEAT_2019[1:] + b"xx" + PUBLIC
    assert cutter.feed(stream) == [
        inner(HEARTBEAT_2013), inner(HEARTBEAT_2019), b"xx", inner(PUBLIC),
    ]  # fmt: skip
    assert cutter.rubbish == 10


def test_what_is_longer_than_any_frame_is_not_held() -> None:
    cutter = Splitter()
    for _ in range(10):
        assert cutter.feed(b"\x7e" + b"a" * MOST_INNER_BYTES) == []
        assert cutter.feed(b"a" * 1000) == []
    assert cutter.rubbish == 10 * (MOST_INNER_BYTES + 1000)
    assert cutter.feed(HEARTBEAT_2013) == [inner(HEARTBEAT_2013)]
    assert whole(inner(HEARTBEAT_2013)) == HEARTBEAT_2013


def parts_of(body: bytes, size: int, first: int = 10) -> list[bytes]:
    chunks = [body[n : n + size] for n in range(0, len(body), size)]
    return [
        inner(frame(0x0704, chunk, serial=first + n, part=(len(chunks), n + 1)))
        for n, chunk in enumerate(chunks)
    ]


def test_packages_are_joined_in_any_order_and_twice_counts_once() -> None:
    body = batch([position()] * 5)
    parts = parts_of(body, 60)
    joiner = Packages()
    for n, each in enumerate((*reversed(parts[1:]), parts[1])):
        assert joiner.take(read_message(each), each, float(n)) is None
    joined = joiner.take(read_message(parts[0]), parts[0], 9.0)
    assert joined is not None
    assert joined.body == body
    assert list(joined.inners) == parts
    assert [part.serial for part in joined.parts] == [10, 11, 12, 13]


def test_packages_of_two_messages_are_not_mixed() -> None:
    joiner = Packages()
    one, two = parts_of(b"a" * 20, 10), parts_of(b"b" * 20, 10, first=30)
    assert joiner.take(read_message(one[0]), one[0], 0.0) is None
    assert joiner.take(read_message(two[1]), two[1], 0.0) is None
    joined = joiner.take(read_message(two[0]), two[0], 0.0)
    assert joined is not None
    assert joined.body == b"b" * 20


def test_packages_wait_a_minute_and_are_few() -> None:
    joiner = Packages()
    one = parts_of(b"a" * 20, 10)
    assert joiner.take(read_message(one[0]), one[0], 0.0) is None
    assert joiner.take(read_message(one[1]), one[1], 61.0) is None  # the first is forgotten
    for serial in range(100, 200, 10):
        part = parts_of(b"a" * 20, 10, first=serial)[0]
        assert joiner.take(read_message(part), part, 62.0) is None
    assert len(joiner._under) == 2
    many = inner(frame(0x0704, b"a", part=(MOST_PACKAGES + 1, 1)))
    with refused("package"):
        joiner.take(read_message(many), many, 62.0)


@pytest.mark.parametrize("v2019", [False, True])
def test_registration_and_authentication_are_read(v2019: bool) -> None:
    def said(message_id: int, body: bytes) -> Message:
        return read_message(inner(frame(message_id, body, v2019=v2019)))

    seen = read_registration(said(0x0100, registration(v2019=v2019)))
    assert seen == Registration(2, PLATE)
    by_vin = read_registration(said(0x0100, registration("LSVAA", v2019=v2019, colour=0)))
    assert by_vin == Registration(0, None)
    assert code_of(said(0x0102, authentication(v2019=v2019))) == CODE.encode()
    with refused("length"):
        read_registration(said(0x0100, b"\x00" * 36))
    with refused("plate"):
        read_registration(said(0x0100, registration("X", v2019=v2019)))


def test_a_code_shorter_than_it_says_is_refused() -> None:
    for body in (b"", b"\x05abc"):
        with refused("length"):
            code_of(read_message(inner(frame(0x0102, body, v2019=True))))


def test_a_derived_code_is_the_hmac_that_the_how_to_says() -> None:
    # printf %s 13800138000 | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
    assert derived_code("k" * 32, "13800138000") == "e9a23f4103a74225d2a879af8d8aaefb"


def test_answers_name_what_they_answer() -> None:
    to = Message(0x0200, bytes.fromhex("013800138000"), None, 0x7E7D, b"")
    assert general_answer(to, 1, Result.KEPT) == frame(
        0x8001, bytes.fromhex("7e7d020000"), serial=1
    )
    new = to._replace(version=1, number=bytes.fromhex("00000000013800138000"))
    assert registration_answer(new, 2, Registered.DONE, "ab") == frame(
        0x8100, bytes.fromhex("7e7d00") + b"ab", serial=2, v2019=True
    )
    part = to._replace(package=Package(2, 1), body=b"x")
    assert write_message(part) == frame(0x0200, b"x", serial=0x7E7D, part=(2, 1))
