"""The simulator's terminal against the gateway's own codec and server."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.jt808.frame import Splitter
from schemas.jt808.header import read_message
from schemas.jt808.position import read_batch
from services.cli.world_terminals import WorldTerminals
from services.gateway.terminals.registration import code_digest
from services.simulator import build_world
from services.simulator.terminal import (
    Terminal,
    TerminalClient,
    TerminalRefused,
    batch_body,
    frame,
    position_body,
)
from services.simulator.trucks.papers import terminal_code
from tests.terminal_frames import CODE, PHONE, PLATE, known
from tests.unit.services.gateway.gateway_bench import Bench

AT = datetime(2026, 9, 1, 4, tzinfo=UTC)
ME = Terminal(PLATE, PHONE, CODE)


@pytest.fixture
async def port(make_bench: Any) -> int:
    made: Bench = await make_bench(terminals_port=0)
    learn(made, known())
    async with asyncio.timeout(5):
        while not made.gateway.log.ready:
            await asyncio.sleep(0.01)
    found: int = made.gateway.terminals.port
    return found


def learn(bench: Bench, *terminals: Any) -> None:
    bench.gateway.terminals.known.replace({one.id: one for one in terminals})


def test_the_gateway_reads_what_the_terminal_writes() -> None:
    some = [position_body(AT + timedelta(minutes=n), 114.5 + n, 38.04, 62.0 + n) for n in range(30)]
    (inner,) = Splitter().feed(frame(0x0704, batch_body(some), PHONE, 0x7D7E))
    message = read_message(inner)
    assert (message.id, message.phone, message.serial) == (0x0704, PHONE, 0x7D7E)
    fixes = read_batch(message.body)
    assert [fix.at for fix in fixes] == [AT + timedelta(minutes=n) for n in range(30)]
    assert [(fix.lon_e6, fix.lat_e6, fix.speed_dkmh) for fix in fixes] == [
        (114_500_000 + n * 1_000_000, 38_040_000, 620 + n * 10) for n in range(30)
    ]


async def test_a_terminal_logs_in_and_its_positions_are_kept(port: int) -> None:
    async with TerminalClient("127.0.0.1", port, ME) as client:
        await client.log_in()
        some = [position_body(AT + timedelta(minutes=n), 114.5, 38.04) for n in range(65)]
        assert await client.send(some) == 3


async def test_a_terminal_with_another_code_is_refused(port: int) -> None:
    async with TerminalClient("127.0.0.1", port, ME._replace(code="another")) as client:
        with pytest.raises(TerminalRefused, match="0x0102"):
            await client.log_in()


async def test_the_worlds_terminals_tell_all_that_their_events_do(make_bench: Any) -> None:
    world = build_world("demo", 1, 2000, medical=False)
    assert 3 <= len(world.terminals) <= 5
    made: Bench = await make_bench(terminals_port=0)
    async with asyncio.timeout(5):
        while not made.gateway.log.ready:
            await asyncio.sleep(0.01)
    learn(made, *(
        known(t.phone, plate=t.plate, auth_digest=_digest(t)) for t in world.terminals
    ))  # fmt: skip
    assert made.gateway.terminals.port is not None
    async with WorldTerminals("127.0.0.1", made.gateway.terminals.port, world.terminals) as told:
        plates = [t.plate.encode() for t in world.terminals]
        events = [
            line for line in world.events
            if b"vehicle.track" in line and any(plate in line for plate in plates)
        ]  # fmt: skip
        assert all(told.speaks_for(t.plate) for t in world.terminals)
        assert await told.send(events) >= len(events)


def _digest(terminal: Terminal) -> str:
    assert terminal.code == terminal_code(terminal.plate)
    return code_digest(terminal.code.encode())
