"""Medical waste through the stream: ``python -m bench.medical [--packages N] [--open N] [--due N]``.

Archiver and one medical worker on this machine, settling time 0. First ``--open`` packages are sealed
and stay in store, fifty an institution; then the labelled world's packages go their whole way while
those are open, and the time is taken until the last event is kept and its days are judged. Last,
``--due`` institutions whose 48 hours end one after the other within half a minute: from the moment that
a deadline is due to its alert's row.
"""

import argparse
import asyncio
import json
import logging
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import structlog

from bench.machine import keep, machine_facts, rss_mb
from infra.local.residence import remove_home
from infra.local.service import ARCHIVER, MEDICAL_WORKER
from infra.local.stack import LocalStack
from infra.runtime.kafka import new_producer
from infra.runtime.settings import MEDICAL_TOPIC, Settings, home_from_environment
from schemas.credit_code import check_character
from schemas.envelope import unit_of
from services.registry.change_set import write_change_set
from services.simulator.medical import medical_world
from streams.judging.medical.said import read_medical
from streams.medical_batch import spoken

_AN_INSTITUTION = 50
_SPREAD_S = 30.0
_WARN_S = 20.0
"""Between the posting of what will be due and the first of it."""


def _code(n: int) -> str:
    first = f"521301{70_000_000_000 + n:011d}"
    return first + check_character(first)


def _sealed(unit: str, package: str, at: datetime) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"s-{package}",
            "source": f"urn:uscc:{unit}",
            "type": "liandan.medical.sealed.v1",
            "subject": package,
            "time": at.isoformat(),
            "data": {"waste": "infectious", "weight_g": 1500},
        }
    ).encode()


def _open(packages: int, at: datetime) -> Iterator[bytes]:
    for n in range(packages):
        yield _sealed(_code(n // _AN_INSTITUTION), f"O{n}", at)


async def _send(settings: Settings, events: Any) -> int:
    sent = []
    async with new_producer(settings) as producer:
        for raw in events:
            unit = unit_of(json.loads(raw)["source"]).encode()
            sent.append(await producer.send(MEDICAL_TOPIC, raw, key=unit))
        await asyncio.gather(*sent)
    return len(sent)


async def _rest(connection: Any, events: int) -> tuple[float, float]:
    """Return when (monotonic) all was kept, and when all was judged too."""
    kept = None
    while True:
        row = await connection.fetchrow(
            "SELECT (SELECT sum(next_offset) FROM consumer_offset WHERE consumer = 'judge'"
            " AND topic = $1) AS kept, EXISTS (SELECT FROM medical_dirty) AS dirty",
            MEDICAL_TOPIC,
        )
        now = time.monotonic()
        if (row["kept"] or 0) >= events:
            kept = kept or now
            if not row["dirty"]:
                return kept, now
        await asyncio.sleep(0.05)


async def measure(home: Path, packages: int, open_packages: int, due: int) -> dict[str, Any]:
    """Run it all on a stack of its own."""
    settings = Settings(home=home, deadline_settle_s=0.0)
    cache = home_from_environment() / "cache"
    world = medical_world(1, packages)
    words = sum(len(spoken(read_medical(raw, 0))) for raw in world.events)
    async with LocalStack(settings, [ARCHIVER, MEDICAL_WORKER], cache=cache) as stack:
        settings = stack.settings
        await write_change_set(settings.database_registry, world.registry, "bench")
        connection = await asyncpg.connect(settings.database_reader)
        # 1. What is open.
        began = time.monotonic()
        total = await _send(settings, _open(open_packages, datetime.now(UTC) - timedelta(hours=1)))
        sent = time.monotonic()
        _, opened = await _rest(connection, total)
        # 2. Whole lives beside it: all of it in the log before the worker is let at it.
        await stack.stop_child("medical-worker")
        total += await _send(settings, world.events)
        await stack.start_child("medical-worker")
        start = time.monotonic()
        kept, judged = await _rest(connection, total)
        rss = rss_mb(stack.pid("medical-worker"))
        # 3. Deadlines.
        first = datetime.now(UTC) + timedelta(seconds=_WARN_S) - timedelta(hours=48)
        step = timedelta(seconds=_SPREAD_S / max(1, due))
        wanted = [_sealed(_code(10**6 + n), f"D{n}", first + n * step) for n in range(due)]
        total += await _send(settings, wanted)
        await asyncio.sleep(_WARN_S + _SPREAD_S + 10)
        rows = await connection.fetch(
            "SELECT extract(epoch FROM opened_at - act_at)::float8 AS s FROM alert"
            " WHERE rule = 'medical.stored_too_long' AND consignor = ANY ($1::text[])",
            [_code(10**6 + n) for n in range(due)],
        )
        late = sorted(row["s"] for row in rows)
        days = await connection.fetchval("SELECT count(*) FROM medical_day WHERE open")
        await connection.close()
    return {
        "open_packages": open_packages,
        "open_days": days,
        "opening_per_s": round(open_packages / (opened - began)) if open_packages else None,
        "sent_in_s": round(sent - began, 1),
        "events": len(world.events),
        "package_events": words,
        "kept_per_s": round(len(world.events) / (kept - start)),
        "judged_per_s": round(len(world.events) / (judged - start)),
        "package_events_judged_per_s": round(words / (judged - start)),
        "worker_mb": rss,
        "deadlines": len(late),
        "deadline_p50_s": round(late[len(late) // 2], 2) if late else None,
        "deadline_p99_s": round(late[min(len(late) - 1, len(late) * 99 // 100)], 2)
        if late
        else None,
    }


def main() -> None:
    """Run it and keep the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=int, default=20_000)
    parser.add_argument("--open", type=int, default=100_000)
    parser.add_argument("--due", type=int, default=300)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    facts = machine_facts()
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    try:
        found = asyncio.run(measure(home, asked.packages, asked.open, asked.due))
    finally:
        remove_home(home)
    print(json.dumps(found, indent=1))
    keep("medical", {"machine": facts, **found})


if __name__ == "__main__":
    main()
