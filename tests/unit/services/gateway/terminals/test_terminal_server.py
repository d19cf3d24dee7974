"""The TCP server on a real socket, with a broker that can be broken; the real one: tests/integration."""

import asyncio
import contextlib
import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.receipt import event_digest
from schemas.topics import TRACKS_TOPIC
from services.gateway.metrics import TERMINAL_CONNECTIONS, TERMINAL_FRAMES
from services.gateway.terminals.bucket import Bucket
from services.gateway.terminals.known import Known
from services.gateway.terminals.registration import derived_code
from tests.gateway_events import ME
from tests.terminal_frames import (
    CODE,
    PHONE,
    PLATE,
    TerminalClient,
    batch,
    known,
    position,
    registration,
)
from tests.unit.services.gateway.gateway_bench import Bench

KEPT, FAILED, WRONG, UNSUPPORTED = range(4)
KEY = "a key of thirty-two characters.."


def counted(reason: str) -> float:
    value: float = TERMINAL_FRAMES.labels(reason)._value.get()
    return value


def learn(bench: Bench, *terminals: Any) -> None:
    bench.gateway.terminals.known.replace({one.id: one for one in terminals})


@pytest.fixture
async def listening(make_bench: Any) -> Bench:
    made: Bench = await make_bench(terminals_port=0, terminals_key=KEY)
    learn(made, known())
    async with asyncio.timeout(5):
        while not made.gateway.log.ready:
            await asyncio.sleep(0.01)
    return made


def port(bench: Bench) -> int:
    found = bench.gateway.terminals.port
    assert found is not None
    return found


@pytest.mark.parametrize("v2019", [False, True])
async def test_a_position_is_answered_once_it_is_kept_byte_for_byte(
    listening: Bench, v2019: bool
) -> None:
    async with TerminalClient(port(listening), v2019=v2019) as terminal:
        assert await terminal.log_in() == KEPT
        raw = terminal.frame(0x0200, position())
        terminal.writer.write(raw)
        _, _, body = await terminal.answer()
        assert body == terminal.serial.to_bytes(2, "big") + b"\x02\x00\x00"
    assert listening.broker.topics == [TRACKS_TOPIC]
    ((key, value, headers),) = listening.broker.records
    assert (key.decode(), value) == (PLATE, raw)
    digest = event_digest(raw)
    assert headers.pop("receipt")
    assert headers == {
        "ce_specversion": b"1.0",
        "ce_type": b"liandan.vehicle.frame.v1",
        "ce_source": f"urn:uscc:{ME}".encode(),
        "ce_subject": PLATE.encode(),
        "ce_id": digest.encode(),
        "ce_time": b"2026-11-22T00:30:00.000000Z",
        "received_at": b"1795307400123456",
        "digest": digest.encode(),
    }


async def test_a_batch_in_packages_is_kept_whole_and_each_part_answered(listening: Bench) -> None:
    body = batch([position("261122083000"), position("261122083030")])
    async with TerminalClient(port(listening)) as terminal:
        await terminal.log_in()
        halves = [
            terminal.frame(0x0704, half, part=(2, n))
            for n, half in enumerate((body[:40], body[40:]), 1)
        ]
        terminal.writer.write(halves[0])
        assert await terminal.ask(0x0002) == KEPT  # no word on half a message
        terminal.writer.write(halves[1])
        answers = [(await terminal.answer())[2] for _ in halves]
        assert answers == [b"\x00\x02\x07\x04\x00", b"\x00\x03\x07\x04\x00"]
    ((_, value, headers),) = listening.broker.records
    assert value == b"".join(halves)
    assert headers["ce_time"] == b"2026-11-22T00:30:30.000000Z"


async def test_who_is_not_known_or_not_proved_leaves_nothing(listening: Bench) -> None:
    strangers = counted("unknown"), counted("wrong_code"), counted("unauthenticated")
    async with TerminalClient(port(listening), "13900139000") as stranger:
        assert await stranger.log_in() == FAILED
        assert await stranger.ask(0x0200, position()) == FAILED
    async with TerminalClient(port(listening)) as liar:
        assert await liar.ask(0x0002) == FAILED
        assert await liar.log_in("wrong") == FAILED
        assert await liar.ask(0x0200, position()) == FAILED
        assert await liar.log_in() == KEPT
        liar.phone = "13900139000"  # proved as another
        assert await liar.ask(0x0200, position()) == FAILED
    assert listening.broker.records == []
    assert counted("unknown") - strangers[0] == 1
    assert counted("wrong_code") - strangers[1] == 1
    assert counted("unauthenticated") - strangers[2] == 4


async def test_three_wrong_codes_end_the_connection(listening: Bench) -> None:
    async with TerminalClient(port(listening)) as liar:
        assert [await liar.log_in(f"wrong{n}") for n in range(2)] == [FAILED, FAILED]
        liar.writer.write(liar.frame(0x0102, b"wrong"))
        assert await liar.closed()


async def test_a_terminal_retracted_or_out_of_force_is_refused_while_connected(
    listening: Bench,
) -> None:
    async with TerminalClient(port(listening)) as terminal:
        await terminal.log_in()
        learn(listening, known(valid_to=date(2026, 11, 20)))
        assert await terminal.ask(0x0200, position()) == FAILED
        learn(listening, known())
        assert await terminal.ask(0x0200, position()) == KEPT
        learn(listening)
        assert await terminal.ask(0x0200, position()) == FAILED


async def test_a_registration_tells_a_derived_code_and_no_other(listening: Bench) -> None:
    code = derived_code(KEY, PHONE)

    async def register(terminal: TerminalClient, body: bytes) -> bytes:
        terminal.writer.write(terminal.frame(0x0100, body))
        answered, _, said = await terminal.answer()
        assert answered == 0x8100
        return said[2:]

    for v2019 in (False, True):
        async with TerminalClient(port(listening), v2019=v2019) as terminal:
            learn(listening, known())
            body = registration(v2019=v2019)
            assert await register(terminal, body) == b"\x03"  # its code was put in by hand
            derived = known(auth_digest=hashlib.sha256(code.encode()).hexdigest())
            learn(listening, derived)
            other = registration("鲁B12345", v2019=v2019)
            assert await register(terminal, other) == b"\x02"
            assert await register(terminal, body) == b"\x00" + code.encode()
            assert await terminal.log_in(code) == KEPT
            learn(listening)
            assert await register(terminal, body) == b"\x04"


async def test_what_is_not_understood_is_answered_and_the_connection_goes_on(
    listening: Bench,
) -> None:
    async with TerminalClient(port(listening)) as terminal:
        await terminal.log_in()
        assert await terminal.ask(0x0900, b"x") == UNSUPPORTED
        assert await terminal.ask(0x0200, position(), properties=0x0400) == UNSUPPORTED
        assert await terminal.ask(0x0200, position("999999999999")) == WRONG
        terminal.writer.write(b"\x7e\x02\x00\x7d\x7e rubbish \x7e" + b"\x7e" * 5)
        terminal.writer.write(terminal.frame(0x0001, b"\x00" * 5))  # an answer: not answered
        assert await terminal.ask(0x0002) == KEPT
        assert await terminal.ask(0x0003) == KEPT
        assert await terminal.ask(0x0200, position()) == FAILED


async def test_rubbish_without_end_ends_the_connection(listening: Bench) -> None:
    async with TerminalClient(port(listening)) as terminal:
        terminal.writer.write(b"GET / HTTP/1.1\r\n" * 600)
        assert await terminal.closed()


async def test_with_kafka_away_the_terminal_is_told_to_keep_it(listening: Bench) -> None:
    async with TerminalClient(port(listening)) as terminal:
        await terminal.log_in()
        listening.broker.up = False
        frames = [terminal.frame(0x0200, position()) for _ in range(20)]
        terminal.writer.write(b"".join(frames))
        assert [(await terminal.answer())[2][4] for _ in frames] == [FAILED] * 20
        listening.broker.up = True
        async with asyncio.timeout(10):
            while await terminal.ask(0x0200, position()) != KEPT:
                await asyncio.sleep(0.05)
    assert len(listening.broker.records) == 1


async def test_a_bug_on_the_way_to_the_log_is_answered_as_not_kept(
    listening: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: object) -> None:
        raise RuntimeError("a bug")

    async with TerminalClient(port(listening)) as terminal:
        await terminal.log_in()
        with monkeypatch.context() as patched:
            patched.setattr(listening.gateway.log, "append", broken)
            assert await terminal.ask(0x0200, position()) == FAILED
        assert await terminal.ask(0x0200, position()) == KEPT


async def test_frames_of_many_terminals_share_a_batch(listening: Bench) -> None:
    phones = [f"1380013{n:04d}" for n in range(50)]
    learn(listening, *(known(phone) for phone in phones))
    async with contextlib.AsyncExitStack() as clients:
        terminals = [
            await clients.enter_async_context(TerminalClient(port(listening), p)) for p in phones
        ]
        assert await asyncio.gather(*(t.log_in() for t in terminals)) == [KEPT] * 50
        listening.broker.gate = asyncio.Event()
        asked = [asyncio.create_task(t.ask(0x0200, position())) for t in terminals]
        await asyncio.sleep(0.1)
        listening.broker.gate.set()
        assert await asyncio.gather(*asked) == [KEPT] * 50
    assert listening.broker.batches < 5


async def test_a_flood_is_dropped_then_ended_and_stops_nobody_else(make_bench: Any) -> None:
    bench: Bench = await make_bench(terminals_port=0, terminals_frame_rate=2.0)
    learn(bench, known(), known("13900139000"))
    flooded = counted("flood")
    async with (
        TerminalClient(port(bench)) as flood,
        TerminalClient(port(bench), "13900139000") as other,
    ):
        assert await flood.log_in() == KEPT
        assert await other.log_in() == KEPT
        flood.writer.write(b"".join(flood.frame(0x0200, position()) for _ in range(1000)))
        assert await other.ask(0x0200, position()) == KEPT
        assert await flood.closed()
        assert await other.ask(0x0002) == KEPT
    assert counted("flood") - flooded > 100
    assert len(bench.broker.records) <= 20


async def test_who_comes_again_takes_the_place_of_the_earlier_connection(listening: Bench) -> None:
    async with TerminalClient(port(listening)) as first, TerminalClient(port(listening)) as second:
        assert await first.log_in() == KEPT
        assert await second.log_in() == KEPT
        assert await first.closed()
        assert await second.ask(0x0200, position()) == KEPT


async def test_one_connection_too_many_is_closed(make_bench: Any) -> None:
    bench: Bench = await make_bench(terminals_port=0, terminals_most=2)
    async with (
        TerminalClient(port(bench)),
        TerminalClient(port(bench)),
        TerminalClient(port(bench)) as third,
    ):
        assert await third.closed()
        assert TERMINAL_CONNECTIONS._value.get() == 2


async def test_a_silent_connection_is_closed(make_bench: Any) -> None:
    bench: Bench = await make_bench(terminals_port=0, terminals_idle_s=0.4)
    learn(bench, known())
    async with TerminalClient(port(bench)) as terminal:
        assert await terminal.log_in() == KEPT
        for _ in range(5):
            await asyncio.sleep(0.15)
            assert await terminal.ask(0x0002) == KEPT
        assert await terminal.closed()


async def test_without_a_port_nobody_listens(bench: Bench) -> None:
    assert bench.gateway.terminals.port is None


async def test_a_short_key_is_refused(make_bench: Any) -> None:
    with pytest.raises(ValueError, match="fewer than 32"):
        await make_bench(terminals_key="short")


def test_the_snapshot_outlives_the_process_in_a_file_of_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "run" / "gateway-terminals.json"
    Known(file).load()  # none yet
    kept = [known(), known("1", id="b", valid_to=date(2026, 12, 31))]
    Known(file).save(kept)
    assert file.stat().st_mode & 0o777 == 0o600
    assert CODE not in file.read_text()
    again = Known(file)
    again.load()
    assert again.all() == {one.id: one for one in kept}
    file.write_text('{"terminals": [["x"]]}')
    broken = Known(file)
    broken.load()
    assert broken.all() == {}


def test_of_two_records_in_force_the_later_one_counts() -> None:
    two = Known(Path("nowhere"))
    old, new = known(id="z"), known(id="a", valid_from=date(2026, 6, 1))
    two.replace({one.id: one for one in (old, new)})
    assert two.of(PHONE, date(2026, 6, 1)) == new
    assert two.of(PHONE, date(2026, 5, 31)) == old
    assert two.of("2", date(2026, 6, 1)) is None


def test_a_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    bucket = Bucket(2.0, 0.0)
    assert [bucket.take(2.0, 0.0) for _ in range(21)] == [True] * 20 + [False]
    assert bucket.take(2.0, 0.5)
    assert not bucket.overrun(2.0)
    for _ in range(300):
        bucket.take(2.0, 0.5)
    assert bucket.overrun(2.0)
    assert bucket.take(2.0, 100.0)
    assert not bucket.overrun(2.0)
