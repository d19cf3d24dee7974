"""Terminals on a real socket, with real Kafka and the registry in real Postgres."""

import asyncio
import hashlib
import json
import signal
import uuid
from typing import Any

import pytest

from infra.runtime.settings import Settings
from schemas.topics import TRACKS_TOPIC
from services.registry.change_set import write_change_set
from tests.gateway_events import ME
from tests.integration.services.gateway.gateway_served import Served, records_of, records_on
from tests.integration.services.gateway.gateway_served import known as keys_known
from tests.manifests import record_line
from tests.terminal_frames import CODE, DIGEST, TerminalClient, batch, position

KEPT, FAILED = 0, 1
PLATES = iter(f"冀B{n:05d}" for n in range(10_000, 20_000))


class OnRecord:
    """A terminal of the test's own in the registry."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.plate = settings, next(PLATES)
        self.phone = f"1{uuid.uuid4().int % 10**10:010d}"

    async def write(self, **more: Any) -> None:
        members = {"phone": self.phone, "plate": self.plate, "owner": ME, "auth_digest": DIGEST}
        line = record_line("terminal", f"term-{self.phone}", **{**members, **more})
        await write_change_set(self.settings.database_registry, [line], "test")


async def on_record(served: Served, **more: Any) -> OnRecord:
    """A terminal that the gateway has heard of."""
    one = OnRecord(served.settings)
    await one.write(**more)
    async with asyncio.timeout(10):
        while served.gateway.terminals.known_today(one.phone) is None:
            await asyncio.sleep(0.02)
    return one


def client(served: Served, one: OnRecord, **more: Any) -> TerminalClient:
    assert served.gateway.terminals.port is not None
    return TerminalClient(served.gateway.terminals.port, one.phone, **more)


@pytest.fixture
async def listening(serve: Any) -> Any:
    async with serve(terminals_port=0, terminals_refresh_s=0.1) as served:
        yield served


async def frames_of(served: Served, one: OnRecord) -> list[Any]:
    """What the topic holds of one plate."""
    found = await records_on(served.settings, TRACKS_TOPIC, served.settings.tracks_partitions)
    return [r for r in found if r.key == one.plate.encode()]


async def kept(terminal: TerminalClient, body: bytes) -> bytes:
    """Say a position again, as a terminal does, until it is kept; return its frame."""
    async with asyncio.timeout(20):
        while True:
            raw = terminal.frame(0x0200, body)
            terminal.writer.write(raw)
            _, _, said = await terminal.answer()
            if said[4] == KEPT:
                return raw
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("v2019", [False, True])
async def test_an_acknowledged_position_is_on_the_topic_byte_for_byte(
    listening: Served, v2019: bool
) -> None:
    one = await on_record(listening)
    async with client(listening, one, v2019=v2019) as terminal:
        assert await terminal.log_in() == KEPT
        first = await kept(terminal, position())
        terminal.writer.write(second := terminal.frame(0x0704, batch([position(), position()])))
        assert (await terminal.answer())[2][4] == KEPT
    found = await frames_of(listening, one)
    assert [r.value for r in found] == [first, second]
    headers = dict(found[0].headers)
    assert headers["ce_type"] == b"liandan.vehicle.frame.v1"
    assert headers["ce_subject"].decode() == one.plate
    assert headers["digest"].decode() == hashlib.sha256(first).hexdigest()


async def test_unknown_terminals_and_wrong_codes_leave_nothing(listening: Served) -> None:
    one, stranger = await on_record(listening), OnRecord(listening.settings)
    for who, code in ((stranger, CODE), (one, "wrong")):
        async with client(listening, who) as terminal:
            assert await terminal.log_in(code) == FAILED
            assert await terminal.ask(0x0200, position()) == FAILED
        assert await frames_of(listening, who) == []


async def test_a_retracted_terminal_is_refused_within_a_refresh(listening: Served) -> None:
    one = await on_record(listening)
    async with client(listening, one) as terminal:
        assert await terminal.log_in() == KEPT
        await kept(terminal, position())
        await one.write(retracted=True)
        async with asyncio.timeout(10):
            while await terminal.ask(0x0200, position()) == KEPT:
                await asyncio.sleep(0.05)
        assert await terminal.log_in() == FAILED


async def test_a_flood_of_one_terminal_does_not_stop_another(serve: Any) -> None:
    async with serve(terminals_port=0, terminals_refresh_s=0.1, terminals_frame_rate=5.0) as served:
        loud, calm = await on_record(served), await on_record(served)
        async with client(served, loud) as flood, client(served, calm) as other:
            assert await flood.log_in() == KEPT
            assert await other.log_in() == KEPT
            await kept(other, position())
            flood.writer.write(b"".join(flood.frame(0x0200, position()) for _ in range(3000)))
            for _ in range(10):
                assert await other.ask(0x0200, position()) == KEPT
            assert await flood.closed()
            assert await other.ask(0x0200, position()) == KEPT
        assert len(await frames_of(served, loud)) <= 60


async def test_a_posted_track_goes_to_the_same_topic(listening: Served, new_unit: Any) -> None:
    one, unit = OnRecord(listening.settings), await new_unit()
    await keys_known(listening, unit.key)
    track = {
        "specversion": "1.0",
        "id": "t1",
        "source": f"urn:uscc:{unit.uscc}",
        "type": "liandan.vehicle.track.v1",
        "subject": one.plate,
        "time": "2026-11-22T08:30:00+08:00",
        "data": {"positions": [{"at": "2026-11-22T08:30:00+08:00", "lon": 114.5, "lat": 38.04}]},
    }
    raw = json.dumps(track, ensure_ascii=False).encode()
    answer = await listening.post_until(202, raw, unit.key)
    assert answer.json()["receipt"]["digest"] == hashlib.sha256(raw).hexdigest()
    (found,) = await frames_of(listening, one)
    assert found.value == raw
    assert "ce_type" not in dict(found.headers)
    assert await records_of(listening.settings, unit.key) == []  # none among the manifests'
    wrong = raw.replace(b"114.5", b"181")
    refused = await listening.post(wrong, unit.key)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "number_range"
    assert refused.json()["errors"][0]["pointer"] == "/data/positions/0/lon"


@pytest.mark.chaos
async def test_with_kafka_paused_terminals_keep_what_they_have_and_the_server_lives(
    make_stack: Any, serve: Any
) -> None:
    stack = await make_stack()
    options = {"gateway_ack_timeout_s": 1.0, "terminals_port": 0, "terminals_refresh_s": 0.1}
    async with serve(stack, **options) as served:
        one = await on_record(served)
        async with client(served, one) as terminal:
            assert await terminal.log_in() == KEPT
            await kept(terminal, position())
            stack.kill("kafka", signal.SIGSTOP)
            try:
                for _ in range(2):
                    assert await terminal.ask(0x0200, position()) == FAILED
                assert await terminal.ask(0x0002) == KEPT
                stack.suspend_restart("postgres")
                stack.kill("postgres")  # the snapshot stands
                async with client(served, one) as again:
                    assert await again.log_in() == KEPT
                stack.resume_restart("postgres")
            finally:
                stack.kill("kafka", signal.SIGCONT)
            async with client(served, one) as back:
                assert await back.log_in() == KEPT
                last = await kept(back, position("261122090000"))
        assert last in [r.value for r in await frames_of(served, one)]
