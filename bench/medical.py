"""Medical waste through the stream: ``python -m bench.medical [--packages N] [--open N] …``.

Archiver and ``--workers`` medical workers on this machine, settling time 0. First ``--open`` packages are sealed
and stay in store, fifty an institution; then the labelled world's packages go their whole way while
those are open, and the time is taken until the last event is kept and its days are judged. Last,
``--due`` institutions whose 48 hours end one after the other within half a minute: from the moment that
a deadline is due to its alert's row.

``--minutes``: as much of a world as that takes is told at ``--rate`` package events a second, instead of
``--packages`` at once, and the institutions' 48 hours end in those minutes. A package event is one package
named in one event: a pick-up of twenty bags is twenty of them.
"""

import argparse
import asyncio
import json
import logging
import math
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from aiokafka.partitioner import DefaultPartitioner

from bench.machine import keep, machine_facts, rss_mb
from infra.local.residence import remove_home
from infra.local.service import ARCHIVER, MEDICAL_WORKER, Service
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
_WORDS_A_PACKAGE = 3.5
"""A labelled world tells somewhat more of each package it is asked for."""
_A_PAUSE_S = 0.02
_LOOK_S = 5.0
_A_GLANCE_S = 0.1
_KEPT = """
SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offset
WHERE consumer = 'judge' AND topic = $1
"""
_CLOCK = """
SELECT extract(epoch FROM clock_timestamp() - min(clock))::float8 FROM consumer_offset
WHERE consumer = 'judge' AND topic = $1
"""
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
        read = await connection.fetchval(_KEPT, MEDICAL_TOPIC)
        dirty = await connection.fetchval("SELECT EXISTS (SELECT FROM medical_dirty)")
        now = time.monotonic()
        if read >= events:
            kept = kept or now
            if not dirty:
                return kept, now
        await asyncio.sleep(0.05)


class _Posts:
    """Events on their way, a batch a partition, as the gateway sends them: who tells takes little of the machine."""

    def __init__(self, settings: Settings) -> None:
        self._producer = new_producer(settings)
        self._place = DefaultPartitioner()
        self._partitions: list[int] = []
        self._batches: dict[int, Any] = {}
        self._sent: list[Any] = []

    async def __aenter__(self) -> "_Posts":
        await self._producer.start()
        self._partitions = sorted(await self._producer.partitions_for(MEDICAL_TOPIC))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.send()
        await self._producer.stop()

    async def put(self, key: bytes, raw: bytes) -> None:
        """Take in an event; send what is full."""
        partition = self._place(key, self._partitions, self._partitions)
        batch = self._batches.get(partition)
        if batch is None or batch.append(key=key, value=raw, timestamp=None) is None:
            if batch is not None:
                await self._send(partition)
            batch = self._batches[partition] = self._producer.create_batch()
            batch.append(key=key, value=raw, timestamp=None)

    async def send(self) -> None:
        """Send what was taken in, and wait until it is kept."""
        for partition in list(self._batches):
            await self._send(partition)
        sent, self._sent = self._sent, []
        await asyncio.gather(*sent)

    async def _send(self, partition: int) -> None:
        batch = self._batches.pop(partition)
        batch.close()
        self._sent.append(
            await self._producer.send_batch(batch, MEDICAL_TOPIC, partition=partition)
        )


class _Telling:
    """A world on disk, an event a line after its package events' number and its key; told at a rate."""

    def __init__(self, path: Path, packages: int, at_most: float = math.inf) -> None:
        self._path = path
        self.events = self.words = self.told = 0
        """Events and package events in all; events told by now."""
        world = medical_world(1, packages)
        self.registry = world.registry
        with path.open("wb") as file:
            for raw in world.events:
                if self.words >= at_most:
                    break
                n = len(spoken(read_medical(raw, 0)))
                unit = unit_of(json.loads(raw)["source"]).encode()
                file.write(b"%d %s %s\n" % (n, unit, raw))
                self.events += 1
                self.words += n

    async def tell(self, settings: Settings, rate: float = math.inf) -> float:
        """Send them at ``rate`` package events a second; return the seconds it took."""
        began, words = time.monotonic(), 0
        async with _Posts(settings) as posts:
            with self._path.open("rb") as file:
                for line in file:
                    n, key, raw = line.rstrip(b"\n").split(b" ", 2)
                    await posts.put(key, raw)
                    words += int(n)
                    self.told += 1
                    early = began + words / rate - time.monotonic()
                    if early > _A_PAUSE_S:
                        await posts.send()
                        await asyncio.sleep(early)
        return time.monotonic() - began


def _due(many: int, spread_s: float) -> list[bytes]:
    """Bags of so many institutions whose 48 hours end one after the other."""
    first = datetime.now(UTC) + timedelta(seconds=_WARN_S) - timedelta(hours=48)
    step = timedelta(seconds=spread_s / max(1, many))
    return [_sealed(_code(10**6 + n), f"D{n}", first + n * step) for n in range(many)]


def _worker(number: int) -> Service:
    name = f"{MEDICAL_WORKER.name}-{number}"
    return replace(
        MEDICAL_WORKER,
        name=name,
        environment={**MEDICAL_WORKER.environment, "LIANDAN_WORKER_ID": name},
    )


def _workers(stack: LocalStack) -> list[str]:
    return [name for name in stack.pids() if name.startswith(MEDICAL_WORKER.name)]


def _most_mb(stack: LocalStack) -> int:
    return max(rss_mb(stack.pid(name)) for name in _workers(stack))


async def _clock_behind(dsn: str, found: list[float]) -> None:
    """See, until cancelled, how far the slowest partition's clock stands behind: no deadline fires before it."""
    connection = await asyncpg.connect(dsn)
    try:
        while True:
            found.append(await connection.fetchval(_CLOCK, MEDICAL_TOPIC) or 0.0)
            await asyncio.sleep(_A_GLANCE_S)
    finally:
        connection.terminate()


async def _deadlines(connection: Any, due: int) -> dict[str, Any]:
    rows = await connection.fetch(
        "SELECT extract(epoch FROM opened_at - act_at)::float8 AS s FROM alert"
        " WHERE rule = 'medical.stored_too_long' AND consignor = ANY ($1::text[])",
        [_code(10**6 + n) for n in range(due)],
    )
    late = sorted(row["s"] for row in rows)
    if not late:
        return {"deadlines": 0}
    return {
        "deadlines": len(late),
        "deadline_p50_s": round(late[len(late) // 2], 2),
        "deadline_p99_s": round(late[min(len(late) - 1, len(late) * 99 // 100)], 2),
        "deadline_longest_s": round(late[-1], 2),
    }


async def _at_once(
    stack: LocalStack, connection: Any, world: _Telling, total: int
) -> dict[str, Any]:
    """Have it all in the log before the worker is let at it."""
    workers = _workers(stack)
    for name in workers:
        await stack.stop_child(name)
    await world.tell(stack.settings)
    for name in workers:
        await stack.start_child(name)
    start = time.monotonic()
    kept, judged = await _rest(connection, total + world.events)
    return {
        "kept_per_s": round(world.events / (kept - start)),
        "judged_per_s": round(world.events / (judged - start)),
        "package_events_judged_per_s": round(world.words / (judged - start)),
        "worker_mb": _most_mb(stack),
    }


async def _at_a_rate(
    stack: LocalStack, connection: Any, world: _Telling, total: int, rate: float
) -> dict[str, Any]:
    """Tell it at a rate, and look every few seconds at what waits."""
    clocks: list[float] = []
    glances = asyncio.create_task(_clock_behind(stack.settings.database_reader, clocks))
    telling = asyncio.create_task(world.tell(stack.settings, rate))
    behind, dirty, rss = [], [], []
    while not telling.done():
        await asyncio.sleep(_LOOK_S)
        kept = await connection.fetchval(_KEPT, MEDICAL_TOPIC)
        behind.append(max(0, world.told + total - kept))
        dirty.append(await connection.fetchval("SELECT count(*) FROM medical_dirty"))
        rss.append(_most_mb(stack))
        print(
            f"told {world.told}, not kept {behind[-1]}, marks {dirty[-1]}, {rss[-1]} MB",
            file=sys.stderr,
        )
    took = telling.result()
    end = time.monotonic()
    glances.cancel()
    clocks.sort()
    _, judged = await _rest(connection, total + world.events)
    return {
        "minutes": round(took / 60, 1),
        "package_events_told_per_s": round(world.words / took),
        "package_events_judged_per_s": round(world.words / (took + judged - end)),
        "at_rest_after_s": round(judged - end, 1),
        "events_behind_median": sorted(behind)[len(behind) // 2],
        "events_behind_most": max(behind),
        "clock_behind_p50_s": round(clocks[len(clocks) // 2], 2),
        "clock_behind_p99_s": round(clocks[len(clocks) * 99 // 100], 2),
        "clock_behind_longest_s": round(clocks[-1], 2),
        "marks_waiting_median": sorted(dirty)[len(dirty) // 2],
        "marks_waiting_most": max(dirty),
        "worker_mb": max(rss),
    }


async def measure(
    home: Path,
    world: _Telling,
    open_packages: int,
    due: int,
    minutes: float,
    rate: float,
    workers: int = 1,
) -> dict[str, Any]:
    """Run it all on a stack of its own; ``minutes`` 0: the world at once, deadlines after it."""
    services = [ARCHIVER, *(_worker(n + 1) for n in range(workers))]
    settings = Settings(home=home, deadline_settle_s=0.0)
    cache = home_from_environment() / "cache"
    async with LocalStack(settings, services, cache=cache) as stack:
        settings = stack.settings
        await write_change_set(settings.database_registry, world.registry, "bench")
        connection = await asyncpg.connect(settings.database_reader)
        began = time.monotonic()
        total = await _send(settings, _open(open_packages, datetime.now(UTC) - timedelta(hours=1)))
        _, opened = await _rest(connection, total)
        if minutes:
            total += await _send(settings, _due(due, minutes * 60 - _WARN_S))
            found = await _at_a_rate(stack, connection, world, total, rate)
            await asyncio.sleep(_WARN_S)
        else:
            found = await _at_once(stack, connection, world, total)
            await _send(settings, _due(due, _SPREAD_S))
            await asyncio.sleep(_WARN_S + _SPREAD_S + 10)
        found |= await _deadlines(connection, due)
        days = await connection.fetchval("SELECT count(*) FROM medical_day WHERE open")
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
        await connection.close()
    return {
        "workers": workers,
        "open_packages": open_packages,
        "open_days": days,
        "opening_per_s": round(open_packages / (opened - began)) if open_packages else None,
        "events": world.events,
        "package_events": world.words,
        **found,
        "database_mb": size // 2**20,
    }


def main() -> None:
    """Run it and keep the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=int, default=20_000)
    parser.add_argument("--open", type=int, default=100_000)
    parser.add_argument("--due", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--rate", type=float, default=5_000, help="package events a second")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    facts = machine_facts()
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    try:
        wanted = asked.minutes * 60 * asked.rate or math.inf
        packages = asked.packages if not asked.minutes else math.ceil(wanted / _WORDS_A_PACKAGE)
        world = _Telling(home / "world", packages, wanted)
        found = asyncio.run(
            measure(home, world, asked.open, asked.due, asked.minutes, asked.rate, asked.workers)
        )
    finally:
        remove_home(home)
    print(json.dumps(found, indent=1))
    keep("medical_sustained" if asked.minutes else "medical", {"machine": facts, **found})


if __name__ == "__main__":
    main()
