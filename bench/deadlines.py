"""What a tick costs while half a million deadlines are open: ``python -m bench.deadlines [open] [ticks]``.

A private Kafka and Postgres, the real worker's handler in this process. ``quiet``: a tick that finds
nothing due; ``clock``: one that stores the partition's clock as well, as it does once a second;
``floor``: the same round trip to Postgres with ``SELECT 1``. Milliseconds.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from bench.machine import keep, machine_facts
from infra.local.residence import remove_home
from infra.local.stack import LocalStack
from infra.runtime.settings import MANIFEST_TOPIC, Settings, home_from_environment
from streams.judge_worker import JudgeWorker

_FILL = """
INSERT INTO deadline (partition, subject, key, due, armed_at, fires_at)
SELECT n % $2, '2026' || lpad(n::text, 10, '0'), 'next', at, now(), at
FROM generate_series(1, $1::int) AS n,
    LATERAL (SELECT now() + interval '1 hour' + n * interval '1 s') AS t (at)
"""


async def _timed(ticks: int, one: Callable[[int], Awaitable[Any]]) -> dict[str, float]:
    took = []
    for n in range(ticks):
        began = time.perf_counter()
        await one(n)
        took.append(1000 * (time.perf_counter() - began))
    took.sort()
    return {
        "p50": round(took[len(took) // 2], 3),
        "p99": round(took[len(took) * 99 // 100], 3),
        "longest": round(took[-1], 3),
    }


async def measure(settings: Settings, opened: int, ticks: int) -> dict[str, Any]:
    """Return the figures of one run."""
    partitions = settings.manifest_partitions
    worker = JudgeWorker(settings, MANIFEST_TOPIC)
    await worker.assigned(range(partitions))
    writer = await asyncpg.connect(settings.database_writer)
    try:
        await writer.execute(_FILL, opened, partitions)
        await writer.execute("ANALYZE deadline")
        now = datetime.now(UTC)
        await worker.tick(0, 0, 0, now)

        async def quiet(n: int) -> None:
            await worker.tick(n % partitions, 0, 0, None)

        async def clock(n: int) -> None:
            await worker.tick(0, 0, 0, now + timedelta(seconds=2 + 2 * n))

        async def floor(_: int) -> None:
            await writer.fetchval("SELECT 1")

        figures: dict[str, Any] = {
            "open": opened,
            "ticks": ticks,
            "floor_ms": await _timed(ticks, floor),
            "quiet_ms": await _timed(ticks, quiet),
            "clock_ms": await _timed(ticks, clock),
        }
        return figures
    finally:
        await writer.close()
        await worker.revoked(range(partitions))


async def _main(home: Path, opened: int = 500_000, ticks: int = 1_200) -> dict[str, Any]:
    settings = Settings(home=home, gateway_port=0, manifest_partitions=12)
    cache = home_from_environment() / "cache"
    async with LocalStack(settings, [], cache=cache) as stack:
        return await measure(stack.settings, opened, ticks)


if __name__ == "__main__":
    where = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    where.chmod(0o755)
    try:
        found = asyncio.run(_main(where, *map(int, sys.argv[1:])))
    finally:
        remove_home(where)
    keep("deadlines", found | {"machine": machine_facts()})
    print(json.dumps(found))
