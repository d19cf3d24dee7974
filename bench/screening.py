"""What the transport costs: ``python -m bench.screening [--events N] [--stock-events N]``.

One fixed job (``bench.screening_job``) on filed manifests in a real Kafka, four partitions; the
contender alone on one core, the broker on the other, one after the other in one run:

- ``liandan``: our batch transport on Faust with a handler
- ``stock``: plain Faust, ``async for event in stream``, values raw
- ``bare``: an aiokafka ``getmany`` loop, no group, nothing kept

each with the job and with an empty handler. Ratios are what counts. Stock Faust reads fewer events
(its rate does not depend on how many).
"""

import argparse
import asyncio
import json
import logging
import os
import sys
import tempfile
import uuid
from pathlib import Path
from statistics import median
from typing import Any

import structlog

from bench.filling import fill
from bench.machine import keep, machine_facts, pin
from bench.worlds import sketch
from infra.local.residence import remove_home
from infra.local.stack import LocalStack
from infra.runtime.settings import MANIFEST_TOPIC, Settings, home_from_environment

PARTITIONS = 4
PROCESSOR, BROKER = 0, 1
CONTENDERS = ("bare", "liandan", "stock")
_TARGETS = {
    "screening_vs_stock": 9.0,
    "screening_vs_bare": 0.8,
    "empty_vs_stock": 20.0,
}


async def measure(events: int, stock_events: int, repeat: int, home: Path) -> dict[str, Any]:
    """Fill, run every contender ``repeat`` times, and return the figures."""
    facts = machine_facts()
    settings = Settings(home=home, manifest_partitions=PARTITIONS)
    async with LocalStack(settings, cache=home_from_environment() / "cache") as stack:
        registry, said = sketch(events)
        file = home / "registry.ndjson"
        file.write_bytes(b"\n".join(registry))
        pin(stack.pid("kafka"), BROKER)
        filled = await fill(stack.settings, MANIFEST_TOPIC, PARTITIONS, said)
        print(f"{filled:,} events filled", flush=True)
        order = {
            "bootstrap": stack.settings.kafka_bootstrap,
            "topic": MANIFEST_TOPIC,
            "partitions": PARTITIONS,
            "cpu": PROCESSOR,
            "registry": str(file),
        }
        runs: list[dict[str, Any]] = []
        for _ in range(repeat):
            for job in ("screening", "empty"):
                for name in CONTENDERS:
                    wanted = min(events, stock_events) if name == "stock" else events
                    ran = await _run(
                        order | {"contender": name, "job": job, "events": wanted}, home
                    )
                    pin(stack.pid("kafka"), BROKER)  # threads that it has made since
                    runs.append({"contender": name, "job": job, **ran})
                    print(
                        f"{job:<10} {name:<8} {ran['events_per_s']:>9,}/s"
                        f"   second half {ran['second_half_per_s']:>9,}/s",
                        flush=True,
                    )
    rates = {
        job: {
            name: median(
                r["events_per_s"] for r in runs if (r["contender"], r["job"]) == (name, job)
            )
            for name in CONTENDERS
        }
        for job in ("screening", "empty")
    }
    screening, empty = rates["screening"], rates["empty"]
    return {
        "bench": "screening",
        "machine": facts | {"load_average_after": [round(x, 2) for x in os.getloadavg()]},
        "load": {
            "events": filled,
            "events_of_stock": stock_events,
            "why_fewer_for_stock": "its rate is the same however many; 2 M would take minutes",
            "partitions": PARTITIONS,
            "registry_records": len(registry),
            "repeat": repeat,
            "processor_cpu": PROCESSOR,
            "broker_cpu": BROKER,
        },
        "events_per_s": rates,
        "ratios": {
            "screening_vs_stock": round(screening["liandan"] / screening["stock"], 1),
            "screening_vs_bare": round(screening["liandan"] / screening["bare"], 2),
            "empty_vs_stock": round(empty["liandan"] / empty["stock"], 1),
            "empty_vs_bare": round(empty["liandan"] / empty["bare"], 2),
        },
        "targets": _TARGETS,
        "runs": runs,
    }


async def _run(order: dict[str, Any], home: Path) -> dict[str, Any]:
    """Run one contender to its end and return what it says."""
    own = home / f"peer-{uuid.uuid4().hex[:8]}"
    own.mkdir()
    order |= {"home": str(own), "group": own.name}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.screening_peer"),
        env={**os.environ, "SCREENING": json.dumps(order), "LIANDAN_HOME": str(own)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, errors = await asyncio.wait_for(process.communicate(), 600)
    except TimeoutError:
        process.kill()
        raise
    lines = said.decode().strip().splitlines()
    if process.returncode or not lines:
        raise SystemExit(f"{order['contender']} failed:\n{errors.decode()[-2000:]}")
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer


def main() -> None:
    """Run it, print the ratios and keep the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--stock-events", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=1)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    os.sched_setaffinity(0, {BROKER})
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    home.chmod(0o755)  # Postgres may run as another user
    try:
        result = asyncio.run(measure(asked.events, asked.stock_events, asked.repeat, home))
    finally:
        remove_home(home)
    for name, ratio in result["ratios"].items():
        target = _TARGETS.get(name)
        print(f"{name:<20} {ratio:>6}" + (f"   target {target:g}" if target else ""))
    keep("screening", result)


if __name__ == "__main__":
    main()
