"""Kafka and Postgres go and come back under a gateway that keeps running."""

import asyncio
import signal
import time
from typing import Any

import pytest

from tests.gateway_events import ME, event
from tests.integration.services.gateway.gateway_served import key_on, known, records_of

pytestmark = pytest.mark.chaos


async def timed(call: Any) -> tuple[Any, float]:
    began = time.monotonic()
    return await call, time.monotonic() - began


async def test_kafka_goes_and_comes_back(make_stack: Any, serve: Any) -> None:
    stack = await make_stack()
    key = await key_on(stack.settings, ME)
    async with serve(stack, gateway_ack_timeout_s=2.0) as served:
        await known(served, key)
        assert (await served.post_until(202, event("before"), key)).status_code == 202

        await stack.stop_child("kafka")
        raws = [event(f"during-{n}") for n in range(5)]
        for answer, took in await asyncio.gather(*(timed(served.post(r, key)) for r in raws)):
            assert (answer.status_code, answer.json()["code"]) == (503, "log_away")
            assert "retry-after" in answer.headers
            assert took < 3.0
        answer, took = await timed(served.post(b"[" + event("late") + b"]", key))
        assert (answer.status_code, took < 3.0) == (503, True)
        health = await served.http.get("/healthz")
        assert (health.status_code, health.json()["kafka"]) == (200, False)
        again = await served.post(event("before"), key)
        assert again.json()["receipt"]["status"] == "duplicate"  # it is kept

        await stack.start_child("kafka")
        receipts = [(await served.post_until(202, raw, key)).json()["receipt"] for raw in raws]
        found = {dict(r.headers)["receipt"].decode() for r in await records_of(stack.settings, key)}
        assert {r["id"] for r in receipts} <= found


async def test_every_receipt_stands_on_the_log_though_kafka_was_killed(
    make_stack: Any, serve: Any
) -> None:
    stack = await make_stack()
    key = await key_on(stack.settings, ME)
    async with serve(stack, gateway_ack_timeout_s=2.0) as served:
        await known(served, key)
        receipts: set[str] = set()
        refused = killed_after = 0
        recovered = asyncio.Event()

        async def client(name: int) -> None:
            nonlocal refused
            n = 0
            while not recovered.is_set():
                n += 1
                raws = [event(f"{name}-{n}-{k}", subject=f"2026110100{k:04d}") for k in range(50)]
                answer = await served.post(b"\n".join(raws), key, "application/x-ndjson")
                items = answer.json()["items"]
                receipts.update(i["receipt"]["id"] for i in items if i["status"] == 202)
                refused += sum(i["status"] == 503 for i in items)
                if refused and killed_after and len(receipts) > killed_after + 500:
                    recovered.set()

        clients = [asyncio.create_task(client(name)) for name in range(4)]
        async with asyncio.timeout(60):
            while len(receipts) < 500:
                await asyncio.sleep(0.01)
            stack.suspend_restart("kafka")
            stack.kill("kafka")
            while not refused:
                await asyncio.sleep(0.01)
            killed_after = len(receipts)
            stack.resume_restart("kafka")
            await asyncio.gather(*clients)
        found = {dict(r.headers)["receipt"].decode() for r in await records_of(stack.settings, key)}
        assert receipts <= found


async def test_a_frozen_kafka_is_503_in_time_and_recovers(make_stack: Any, serve: Any) -> None:
    stack = await make_stack()
    key = await key_on(stack.settings, ME)
    async with serve(stack, gateway_ack_timeout_s=1.0) as served:
        await known(served, key)
        await served.post_until(202, event("before"), key)
        stack.kill("kafka", signal.SIGSTOP)
        try:
            for n in range(2):
                answer, took = await timed(served.post(event(f"frozen-{n}"), key))
                assert (answer.status_code, took < 2.0) == (503, True)
        finally:
            stack.kill("kafka", signal.SIGCONT)
        await served.post_until(202, event("frozen-0"), key)


async def test_it_starts_before_kafka_and_postgres(make_stack: Any, serve: Any) -> None:
    stack = await make_stack()
    key = await key_on(stack.settings, ME)
    await stack.stop_child("kafka")
    await stack.stop_child("postgres")
    async with serve(stack, gateway_ack_timeout_s=2.0) as served:
        answer = await served.post(event(), key)
        assert (answer.status_code, answer.json()["code"]) == (503, "keys_away")
        await stack.start_child("postgres")
        await known(served, key)
        answer = await served.post(event(), key)
        assert (answer.status_code, answer.json()["code"]) == (503, "log_away")
        await stack.start_child("kafka")
        await served.post_until(202, event(), key)


@pytest.mark.parametrize("how", ["stopped", "frozen"])
async def test_ingest_does_not_slow_down_without_postgres(
    make_stack: Any, serve: Any, how: str
) -> None:
    stack = await make_stack()
    key = await key_on(stack.settings, ME)
    async with serve(stack) as served:
        await known(served, key)
        await served.post_until(202, event("before"), key)
        if how == "stopped":
            await stack.stop_child("postgres")
        else:
            stack.kill("postgres", signal.SIGSTOP)
            await _freeze_backends(stack)
        took = []
        for n in range(20):
            answer, seconds = await timed(served.post(event(f"e{n}"), key))
            assert answer.status_code == 202
            took.append(seconds)
        assert max(took) < 1.2  # the one look-up that is given up
        assert sorted(took)[15] < 0.25
        receipt = answer.json()["receipt"]["id"]
        away, seconds = await timed(served.get(f"/v1/receipts/{receipt}", key))
        assert (away.status_code, away.json()["code"], seconds < 4) == (503, "record_away", True)
        if how == "stopped":
            await stack.start_child("postgres")
        else:
            await _freeze_backends(stack, signal.SIGCONT)
            stack.kill("postgres", signal.SIGCONT)
        async with asyncio.timeout(20):
            while (await served.get(f"/v1/receipts/{receipt}", key)).status_code != 200:
                await asyncio.sleep(0.1)


async def _freeze_backends(stack: Any, sig: signal.Signals = signal.SIGSTOP) -> None:
    import psutil

    for child in psutil.Process(stack.pid("postgres")).children(recursive=True):
        child.send_signal(sig)
