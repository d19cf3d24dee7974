"""Events a second and latency of ``POST /v1/events`` on a local stack of its own.

Run: ``python bench/gateway_http.py [events]``. The gateway is one process; Kafka, Postgres and this
client share the machine with it. Bodies are made beforehand; the client is raw sockets.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import psutil

from infra.local.ports import free_port
from infra.local.residence import remove_home
from infra.local.service import GATEWAY
from infra.local.stack import LocalStack
from infra.runtime.settings import Settings, home_from_environment
from schemas.credit_code import check_character
from services.cli.keys import create_key

BATCH = 500
UNIT = "91110000000000001" + check_character("91110000000000001")


def event(n: int, tag: str) -> bytes:
    """Return a filed manifest of about 770 bytes."""
    told = {
        "specversion": "1.0",
        "id": f"{tag}-{n:012d}",
        "source": f"urn:uscc:{UNIT}",
        "type": "liandan.manifest.filed.v1",
        "subject": f"20261101{n % 1_000_000:06d}",
        "time": "2026-11-22T08:30:00+08:00",
        "data": {
            "consignor": {"uscc": UNIT, "name": "北京甲化工有限公司", "site_region": "110105"},
            "receiver": {"uscc": UNIT, "name": "北京乙处置有限公司", "site_region": "110105"},
            "carriers": [{"uscc": UNIT, "name": "北京丙运输有限公司", "plate": "京A12345"}],
            "wastes": [
                {
                    "line": 1,
                    "code": "900-041-49",
                    "name": "废包装桶",
                    "quantity_t": "1.250000",
                    "method": "disposal",
                }
            ],
            "remark": "x" * 60,
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def request(body: bytes, token: str, media_type: str) -> bytes:
    """Return the bytes of a POST."""
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def drive(port: int, requests: list[bytes], accepted: bytes) -> list[float]:
    """Send requests one after the other on one connection; return the seconds of each."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    took = []
    for each in requests:
        began = time.perf_counter()
        writer.write(each)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        took.append(time.perf_counter() - began)
        if accepted not in body or b"problem" in body:
            raise SystemExit(body[:500].decode())
    writer.close()
    return took


async def load(port: int, requests: list[bytes], connections: int) -> tuple[float, list[float]]:
    """Share the requests among connections; return (seconds in all, seconds of each)."""
    began = time.perf_counter()
    parts = [requests[k::connections] for k in range(connections)]
    took = await asyncio.gather(*(drive(port, part, b'"accepted"') for part in parts))
    return time.perf_counter() - began, sorted(t for part in took for t in part)


def told(name: str, took: list[float], more: str = "") -> None:
    """Print one line of figures."""
    ms = [1000 * took[min(len(took) - 1, int(len(took) * q))] for q in (0.5, 0.99, 0.999)]
    print(f"{name}: p50 {ms[0]:.1f} ms, p99 {ms[1]:.1f} ms, p99.9 {ms[2]:.1f} ms{more}", flush=True)


async def main(events: int) -> None:
    """Run it."""
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    home.chmod(0o755)  # noqa: ASYNC240 - Postgres may run as another user
    settings = Settings(home=home, gateway_port=free_port())
    try:
        async with LocalStack(
            settings, [GATEWAY], cache=home_from_environment() / "cache"
        ) as stack:
            port = stack.settings.gateway_port
            registry = await asyncpg.connect(stack.settings.database_registry)
            token = (await create_key(registry, UNIT, "bench")).token
            await asyncio.sleep(2.5)
            gateway = psutil.Process(stack.pid("gateway"))
            single = "application/json"
            await load(port, [request(event(n, "w"), token, single) for n in range(200)], 4)
            for connections in (2, 4, 8):
                lines = [event(n, f"b{connections}") for n in range(events)]
                size = sum(map(len, lines)) / len(lines)
                batches = [
                    request(b"\n".join(lines[k : k + BATCH]), token, "application/x-ndjson")
                    for k in range(0, events, BATCH)
                ]
                cpu = gateway.cpu_times()
                seconds, took = await load(port, batches, connections)
                after = gateway.cpu_times()
                used = after.user + after.system - cpu.user - cpu.system
                told(
                    f"batches of {BATCH} ({size:.0f} B each), {connections} connections",
                    took,
                    f", {events / seconds:,.0f} events/s,"
                    f" {used / events * 1e6:.1f} CPU-s per million events",
                )
            for connections in (1, 8, 32):
                posts = [request(event(n, f"s{connections}"), token, single) for n in range(4000)]
                seconds, took = await load(port, posts, connections)
                told(f"single, {connections} connections", took, f", {4000 / seconds:,.0f} posts/s")
            print(f"gateway RSS {gateway.memory_info().rss / 2**20:.0f} MiB")
            await registry.close()
    finally:
        remove_home(home)


if __name__ == "__main__":
    print(f"{os.cpu_count()} CPUs, load before {os.getloadavg()[0]:.1f}")
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
