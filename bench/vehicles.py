"""Vehicles through the stream: ``python -m bench.vehicles [--vehicles N] [--positions N]``.

The world of ``bench.tracks`` (34 provinces, 5,000 fences, a journey each) on a stack with one worker of
manifests and one of vehicles. All positions are in the log, in the order of their times, before the worker
is let at them: it keeps and judges them while the archive stands still. Printed beside the floor, decoding
the same events alone in this process.
"""

import argparse
import asyncio
import json
import logging
import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import structlog

from bench.machine import cpu_seconds, keep, machine_facts, rss_mb
from bench.tracks import BATCH, EVERY_S, START, invented
from infra.local.residence import remove_home
from infra.local.service import TRACK_WORKER, worker
from infra.local.stack import LocalStack
from infra.runtime.kafka import new_producer
from infra.runtime.settings import Settings, home_from_environment
from schemas.decode import decode_track_event
from schemas.families import family_of
from schemas.topics import HEADER_RECEIVED_AT
from services.registry.change_set import write_change_set

_STATE = """
SELECT (SELECT coalesce(sum(next_offset), 0) FROM consumer_offset WHERE consumer = 'judge'
        AND topic = 'vehicle.tracks') AS kept,
    (SELECT coalesce(sum(next_offset), 0) FROM consumer_offset WHERE consumer = 'judge'
        AND topic = 'manifest.events') AS manifests,
    (SELECT count(*) FROM vehicle_dirty) AS dirty
"""


async def _send(settings: Settings, events: list[bytes], received: int) -> None:
    headers = [(HEADER_RECEIVED_AT, str(received).encode())]
    async with new_producer(settings) as producer:
        for n in range(0, len(events), 2000):
            sent = []
            for raw in events[n : n + 2000]:
                family = family_of(raw)
                key = family.key(family.decode(raw)).encode()
                sent.append(await producer.send(family.topic, raw, key=key, headers=headers))
            await asyncio.gather(*sent)


async def measure(home: Path, vehicles: int, positions: int) -> dict[str, Any]:
    """Run it all on a stack of its own."""
    settings = Settings(home=home, deadline_settle_s=0.0)
    cache = home_from_environment() / "cache"
    world = invented(random.Random(7), vehicles, positions)  # noqa: S311
    events = sorted(world.events, key=lambda raw: json.loads(raw)["time"])
    began = time.process_time()
    for raw in events:
        decode_track_event(raw)
    floor_s = time.process_time() - began
    manifests = [raw for lines in world.manifests for raw in lines]
    received = int((START + timedelta(seconds=positions * EVERY_S + 60)).timestamp() * 1e6)
    async with LocalStack(settings, [worker(1), TRACK_WORKER], cache=cache) as stack:
        settings = stack.settings
        await write_change_set(settings.database_registry, world.registry, "bench")
        connection = await asyncpg.connect(settings.database_reader)

        async def rest(kept: int, said: int) -> tuple[float, float]:
            at = None
            while True:
                row = await connection.fetchrow(_STATE)
                now = time.monotonic()
                if row["kept"] >= kept and row["manifests"] >= said:
                    at = at or now
                    if not row["dirty"]:
                        return at, now
                await asyncio.sleep(0.05)

        await _send(settings, manifests, received)
        await rest(0, len(manifests))
        await stack.stop_child("track-worker")
        await _send(settings, events, received)
        await stack.start_child("track-worker")
        start = time.monotonic()
        kept, judged = await rest(len(events), len(manifests))
        pid = stack.pid("track-worker")
        cpu_s, rss = cpu_seconds(pid), rss_mb(pid)
        journeys = await connection.fetchval("SELECT count(*) FROM journey")
        alerts = await connection.fetchval("SELECT count(*) FROM alert WHERE scope = 'shared'")
        size = await connection.fetchval("SELECT sum(octet_length(positions)) FROM track_piece")
        await connection.close()
    total = vehicles * positions
    return {
        "positions": total,
        "events": len(events),
        "a_batch": BATCH,
        "kept_per_s": round(total / (kept - start)),
        "judged_per_s": round(total / (judged - start)),
        "per_cpu_s_of_the_worker": round(total / cpu_s),
        "floor_decoding_per_s": round(total / floor_s),
        "worker_mb": rss,
        "journeys": journeys,
        "alerts": alerts,
        "bytes_a_position": round(size / total, 1),
    }


def main() -> None:
    """Run it and keep the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--vehicles", type=int, default=2000)
    parser.add_argument("--positions", type=int, default=510)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    facts = machine_facts()
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    home.chmod(0o755)
    try:
        found = asyncio.run(measure(home, asked.vehicles, asked.positions))
    finally:
        remove_home(home)
    print(json.dumps(found, indent=1))
    keep("vehicles", {"machine": facts, **found})


if __name__ == "__main__":
    main()
