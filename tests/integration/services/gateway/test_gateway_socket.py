"""The process as started by an operator, and clients that do not behave."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from infra.local.ports import free_port
from infra.local.stack import LocalStack
from tests.gateway_events import event
from tests.integration.services.gateway.gateway_served import Served, known

NewUnit = Any


@contextlib.asynccontextmanager
async def connection(served: Served) -> AsyncIterator[Any]:
    reader, writer = await asyncio.open_connection(
        served.settings.gateway_host, served.settings.gateway_port
    )
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def head(key: Any, length: str | None, **more: str) -> bytes:
    lines = {
        "Host": "gateway",
        "Authorization": f"Bearer {key.token}",
        "Content-Type": "application/json",
        **({"Content-Length": length} if length else {"Transfer-Encoding": "chunked"}),
        **more,
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST /v1/events HTTP/1.1\r\n{text}\r\n".encode()


async def answer_of(reader: Any) -> tuple[int, dict[str, str], Any]:
    async with asyncio.timeout(15):
        top = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = top.strip().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        body = await reader.readexactly(int(headers["content-length"]))
    return int(status.split()[1]), headers, json.loads(body)


async def test_a_slow_body_gets_408_and_gives_its_place_back(serve: Any, new_unit: NewUnit) -> None:
    me = await new_unit()
    async with serve(gateway_body_timeout_s=0.3, gateway_inflight=1) as served:
        await known(served, me.key)
        async with connection(served) as (reader, writer):
            writer.write(head(me.key, "100") + b"{")
            status, headers, told = await answer_of(reader)
            assert (status, told["code"], headers["connection"]) == (408, "body_slow", "close")
            assert await asyncio.wait_for(reader.read(), 5) == b""
        assert (await served.post(event(source=me.uscc), me.key)).status_code == 202


async def test_an_endless_chunked_body_is_cut_off(served: Served, new_unit: NewUnit) -> None:
    me = await new_unit()
    await known(served, me.key)
    async with connection(served) as (reader, writer):
        writer.write(head(me.key, None))
        chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
        sent = 0
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(10):
                while sent < 64 * 1024 * 1024 and not writer.is_closing():
                    writer.write(chunk)
                    await writer.drain()
                    sent += len(chunk)
        assert sent < 32 * 1024 * 1024
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            assert (await answer_of(reader))[0] == 413
    assert served.gateway.capacity.held_bytes == 0


async def test_too_long_a_body_gets_its_answer(served: Served, new_unit: NewUnit) -> None:
    me = await new_unit()
    await known(served, me.key)
    answer = await served.post(b" " * (6 * 1024 * 1024), me.key)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    async with connection(served) as (reader, writer):
        writer.write(head(me.key, "99999999", Expect="100-continue"))
        assert (await answer_of(reader))[0] == 413


async def test_clients_that_vanish_leave_nothing_behind(served: Served, new_unit: NewUnit) -> None:
    me = await new_unit()
    await known(served, me.key)
    raw = event("half", source=me.uscc)
    for _ in range(20):
        async with connection(served) as (_, writer):
            writer.write(head(me.key, "500") + b"{")
            await writer.drain()
        async with connection(served) as (_, writer):
            writer.write(head(me.key, str(len(raw))) + raw)
            writer.write_eof()
    async with asyncio.timeout(10):
        while served.gateway.capacity.held_requests:
            await asyncio.sleep(0.01)
    assert served.gateway.capacity.held_bytes == 0
    answer = await served.post_until(202, raw, me.key)
    assert answer.json()["receipt"]["event_id"] == "half"


async def test_a_refusal_before_the_body_leaves_the_connection_usable(served: Served) -> None:
    async with connection(served) as (reader, writer):
        for _ in range(3):
            bad = b"POST /v1/events HTTP/1.1\r\nHost: g\r\nContent-Length: 200000\r\n\r\n"
            writer.write(bad + b"x" * 200_000)
            await writer.drain()
            assert (await answer_of(reader))[0] == 401


async def test_memory_stays_flat_under_large_batches(served: Served, new_unit: NewUnit) -> None:
    me = await new_unit()
    await known(served, me.key)
    long = "x" * 900

    async def post(n: int) -> None:
        lines = [event(f"{n}-{k}", source=me.uscc, data={"reason": long}) for k in range(1000)]
        answer = await served.post(b"\n".join(lines), me.key, "application/x-ndjson")
        assert answer.status_code == 200

    for n in range(4):
        await post(n)
    before = psutil.Process().memory_info().rss
    for n in range(4, 12):
        await post(n)
    grown = psutil.Process().memory_info().rss - before
    assert grown < 8000 * 2000  # the window's entries, not the bodies
    assert served.gateway.capacity.held_bytes == 0


@pytest.fixture
async def process(stack: LocalStack, tmp_path: Path) -> AsyncIterator[Any]:
    ports = free_port(), free_port()
    env = {
        **os.environ,
        "LIANDAN_HOME": str(tmp_path),
        "LIANDAN_KAFKA_BOOTSTRAP": stack.settings.kafka_bootstrap,
        "LIANDAN_DATABASE_READER": stack.settings.database_reader,
        "LIANDAN_GATEWAY_PORT": str(ports[0]),
        "LIANDAN_METRICS_PORT": str(ports[1]),
    }
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.gateway", env=env, stderr=asyncio.subprocess.PIPE
    )
    yield started, f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}/metrics"
    if started.returncode is None:
        started.kill()
        await started.wait()


async def test_the_command_serves_and_stops_when_told(process: Any, new_unit: NewUnit) -> None:
    started, url, metrics = process
    me = await new_unit()
    headers = {"Authorization": f"Bearer {me.key.token}", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(base_url=url, trust_env=False, headers=headers) as client:
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    answer = await client.post("/v1/events", content=event(source=me.uscc))
                    if answer.status_code == 202:
                        break
                await asyncio.sleep(0.05)
        assert "server" not in answer.headers
        assert (await client.get("/docs")).status_code == 200
        shown = (await client.get(metrics)).text
        assert 'liandan_gateway_events_total{result="accepted"} 1.0' in shown
        assert 'liandan_last_success_timestamp_seconds{loop="gateway_keys"}' in shown
        # A request whose body is half here when the order comes still gets its answer.
        body = b"\n".join(event(f"s{n}", source=me.uscc) for n in range(1000))
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        types = {"Content-Type": "application/x-ndjson"}
        writer.write(head(me.key, str(len(body)), **types) + body[:1000])
        async with asyncio.timeout(10):
            while "gateway_inflight_requests 1.0" not in (await client.get(metrics)).text:
                pass
        started.send_signal(signal.SIGTERM)
        writer.write(body[1000:])
        status, _, told = await answer_of(reader)
        assert (status, len(told["items"])) == (200, 1000)
        writer.close()
        assert await asyncio.wait_for(started.wait(), 3) in (0, -signal.SIGTERM)
    log = (await started.stderr.read()).decode()
    assert "Traceback" not in log
    assert me.key.token not in log
