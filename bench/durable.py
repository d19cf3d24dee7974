"""How fast events are judged and committed: ``python -m bench.durable [--events N] [--sketch] [--first-rules]``.

A private stack (real Kafka and Postgres, fsync on) on all cores of the machine; a topic of four
partitions filled beforehand; the registry of the demo world × 100; then one worker and the archiver
together, the gateway off. The rate is from the worker's first commit to its last.
"""

import argparse
import asyncio
import logging
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import structlog

from bench.filling import fill
from bench.first_rules import FIRST_RULES
from bench.machine import keep, machine_facts
from bench.worlds import COPIES, sketch, world
from infra.local.residence import remove_home
from infra.local.service import ARCHIVER, worker
from infra.local.stack import LocalStack
from infra.runtime.settings import MANIFEST_TOPIC, Settings, home_from_environment
from services.registry.change_set import write_change_set
from streams.judging.rules import RULE_BOOK

PARTITIONS = 4
_SAMPLE_S = 0.5
_CPU_SAMPLE_S = 3.0
"""Looking at processes costs milliseconds: seldom, but often enough to see those that end."""
_COUNTS = {
    "manifests": "SELECT count(*) FROM manifest",
    "alerts": "SELECT count(*) FROM alert",
    "draws": "SELECT count(*) FROM draw",
    "verdict_history": "SELECT count(*) FROM verdict_history",
    "quarantined": "SELECT count(*) FROM quarantine",
    "event_log": "SELECT count(*) FROM event_log",
    "database_mb": "SELECT pg_database_size(current_database()) / 1048576",
    "wal_mb": "SELECT wal_bytes / 1048576 FROM pg_stat_wal",
    "wal_full_pages": "SELECT wal_fpi FROM pg_stat_wal",
    "checkpoints": "SELECT num_timed + num_requested FROM pg_stat_checkpointer",
}


class Cpu:
    """CPU seconds of a process and all its children, those that have ended meanwhile too."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._seconds: dict[int, float] = {}
        self._at_start = self.sample()

    def sample(self) -> float:
        """Look now; return the seconds so far."""
        with suppress(psutil.Error):
            for each in (self._process, *self._process.children(recursive=True)):
                with suppress(psutil.Error):
                    times = each.cpu_times()
                    self._seconds[each.pid] = times.user + times.system
        return sum(self._seconds.values())

    def since_start(self) -> float:
        """Return the seconds since this object was made."""
        return self.sample() - self._at_start


async def measure(
    events: int, kind: str, home: Path, workers: int, archiving: bool, first_rules: bool
) -> dict[str, Any]:
    """Fill, judge, and return the figures."""
    settings = Settings(home=home, manifest_partitions=PARTITIONS)
    facts = machine_facts()
    async with LocalStack(settings, cache=home_from_environment() / "cache") as stack:
        registry, said = world(events) if kind == "world" else sketch(events)
        written = await write_change_set(stack.settings.database_registry, registry, "bench")
        began = time.perf_counter()
        filled = await fill(stack.settings, MANIFEST_TOPIC, PARTITIONS, said)
        print(f"{filled:,} events filled in {time.perf_counter() - began:.0f} s", flush=True)
        connection = await asyncpg.connect(stack.settings.database_reader)
        cpus = {name: Cpu(stack.pid(name)) for name in ("kafka", "postgres")}
        started = [worker(n + 1) for n in range(workers)]
        if first_rules:
            started = [replace(each, module="bench.first_rules") for each in started]
        await stack.start_services(*started, *([ARCHIVER] if archiving else []))
        cpus |= {name: Cpu(stack.pid(name)) for name in stack.pids() if name not in cpus}
        seen = await _watch(connection, stack, cpus, filled)
        counts = {name: int(await connection.fetchval(q)) for name, q in _COUNTS.items()}
        await connection.close()
    return {
        "bench": "durable",
        "machine": facts | {"load_average_after": [round(x, 2) for x in os.getloadavg()]},
        "load": {
            "events": filled,
            "kind": kind,
            "partitions": PARTITIONS,
            "registry_records": written.written,
            "copies_of_the_world": COPIES,
            "workers": workers,
            "archiver": archiving,
            "rules": len((FIRST_RULES if first_rules else RULE_BOOK).manifest),
        },
        "figures": seen,
        "tables": counts,
    }


async def _watch(
    connection: Any, stack: LocalStack, cpus: dict[str, Cpu], filled: int
) -> dict[str, Any]:
    """Look at the stored offsets until all is judged."""
    workers = [psutil.Process(pid) for name, pid in stack.pids().items() if "worker" in name]
    track: dict[str, list[tuple[float, int]]] = {"judge": [], "archiver": []}
    rss: list[tuple[int, float]] = []
    told = sampled = time.monotonic()
    while True:
        now = time.perf_counter()
        rows = await connection.fetch(
            "SELECT consumer, sum(next_offset)::bigint AS done FROM consumer_offset"
            " GROUP BY consumer"
        )
        for row in rows:
            steps = track[row["consumer"]]
            if row["done"] and (not steps or steps[-1][1] != row["done"]):
                steps.append((now, int(row["done"])))
        if time.monotonic() - sampled > _CPU_SAMPLE_S:
            sampled = time.monotonic()
            for cpu in cpus.values():
                cpu.sample()
        done = track["judge"][-1][1] if track["judge"] else 0
        rss.append((done, max(process.memory_info().rss for process in workers) / 2**20))
        if time.monotonic() - told > 10:
            told = time.monotonic()
            print(
                f"  {done:,} judged, {_rate(track['judge']):,}/s, {rss[-1][1]:.0f} MB", flush=True
            )
        if done >= filled:
            break
        await asyncio.sleep(_SAMPLE_S)
    seconds = track["judge"][-1][0] - track["judge"][0][0]
    thirds = [next(mb for done, mb in rss if done >= filled * part) for part in (1 / 3, 2 / 3, 1)]
    return {
        "judged_per_s": _rate(track["judge"]),
        "archived_per_s": _rate(track["archiver"]),
        "seconds": round(seconds, 1),
        "cpu_us_per_event": {
            name: round(cpu.since_start() / filled * 1e6, 1) for name, cpu in cpus.items()
        },
        "worker_rss_mb_peak": round(max(mb for _, mb in rss)),
        "worker_rss_mb_at_thirds": [round(mb) for mb in thirds],
    }


def _rate(steps: list[tuple[float, int]]) -> int:
    if len(steps) < 2:
        return 0
    return round((steps[-1][1] - steps[0][1]) / (steps[-1][0] - steps[0][0]))


def main() -> None:
    """Run it and keep the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--sketch", action="store_true", help="one filed manifest an event")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--no-archiver", action="store_true")
    parser.add_argument("--first-rules", action="store_true", help="without the later families")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    home.chmod(0o755)  # Postgres may run as another user
    kind = "sketch" if asked.sketch else "world"
    try:
        result = asyncio.run(
            measure(
                asked.events,
                kind,
                home,
                asked.workers,
                not asked.no_archiver,
                asked.first_rules,
            )
        )
    finally:
        remove_home(home)
    for part in ("load", "figures", "tables"):
        print(part, *(f"  {name}: {value}" for name, value in result[part].items()), sep="\n")
    name = "durable" if kind == "world" else "durable_sketch"
    keep(f"{name}_first_rules" if asked.first_rules else name, result)


if __name__ == "__main__":
    main()
