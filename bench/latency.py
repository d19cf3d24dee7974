"""From event to alert row: ``python -m bench.latency [--rate 1000] [--seconds 60]``.

The whole line on this machine (gateway, Kafka, Postgres, archiver, one worker). The demo world is
posted by its firms, each with its own key, at a steady rate. An alert's latency is
from the gateway's receipt of the event behind it to the moment when another connection, asking
every 5 ms, sees the row.
"""

import argparse
import asyncio
import gc
import logging
import os
import tempfile
import time
from collections import defaultdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from bench.machine import keep, machine_facts
from bench.worlds import world
from infra.local.ports import free_port
from infra.local.residence import remove_home
from infra.local.service import ARCHIVER, GATEWAY, worker
from infra.local.stack import LocalStack
from infra.runtime.settings import Settings, home_from_environment
from services.cli.gateway_client import GatewayClient
from services.cli.keys import create_key
from services.registry.change_set import write_change_set

if TYPE_CHECKING:
    from datetime import datetime

COPIES = 1
TARGET_S = 1.0
_WINDOW_S = 0.25
_POLL_S = 0.005
_SETTLE_S = 3.0


class Watch:
    """Sees alert rows appear."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._since: datetime | None = None
        self.seconds: list[float] = []

    async def run(self) -> None:
        """Look until cancelled."""
        seen: set[tuple[Any, int]] = set()
        while True:
            rows = await self._connection.fetch(
                "SELECT id, revision, received_at, changed_at FROM alert"
                " WHERE received_at IS NOT NULL"
                " AND changed_at > coalesce($1::timestamptz, '-infinity') - interval '5 s'",
                self._since,
            )
            now = time.time()
            for row in rows:
                if (row["id"], row["revision"]) not in seen:
                    seen.add((row["id"], row["revision"]))
                    self.seconds.append(now - row["received_at"].timestamp())
                    self._since = max(self._since or row["changed_at"], row["changed_at"])
            await asyncio.sleep(_POLL_S)


async def measure(rate: int, seconds: int, home: Path) -> dict[str, Any]:
    """Post at the rate and return the figures."""
    facts = machine_facts()
    settings = Settings(home=home, gateway_port=free_port())
    registry, said = world(rate * seconds, COPIES)
    events = [line for _, line in islice(said, rate * seconds)]
    gc.freeze()  # a collection that walks the world stops the watch, not the line, for a second
    async with LocalStack(
        settings, [GATEWAY, ARCHIVER, worker()], cache=home_from_environment() / "cache"
    ) as stack:
        await write_change_set(stack.settings.database_registry, registry, "bench")
        desk = await asyncpg.connect(stack.settings.database_registry)
        sources = {_source(line) for line in events}
        tokens = {
            source: (await create_key(desk, source.removeprefix("urn:uscc:"), "bench")).token
            for source in sources
        }
        await desk.close()
        await asyncio.sleep(_SETTLE_S)
        reader = await asyncpg.connect(stack.settings.database_reader)
        watch = Watch(reader)
        watching = asyncio.create_task(watch.run())
        async with GatewayClient(stack.settings.gateway_url) as client:
            began = time.perf_counter()
            late = await _post(client, tokens, events, rate)
            took = time.perf_counter() - began
        await asyncio.sleep(_SETTLE_S)
        watching.cancel()
    found = sorted(watch.seconds)
    return {
        "bench": "latency",
        "machine": facts | {"load_average_after": [round(x, 2) for x in os.getloadavg()]},
        "load": {"events": len(events), "rate_wanted": rate, "firms": len(sources)},
        "figures": {
            "events_per_s": round(len(events) / took),
            "windows_late": late,
            "alerts_seen": len(found),
            **{f"p{q * 100:g}_s": _quantile(found, q) for q in (0.5, 0.9, 0.99)},
            "max_s": round(found[-1], 3),
        },
        "target": {"p99_s": TARGET_S},
    }


async def _post(
    client: GatewayClient, tokens: dict[str, str], events: list[bytes], rate: int
) -> int:
    """Post a window's events by firm, window after window; return how many began late."""
    late = 0
    size = round(rate * _WINDOW_S)
    began = time.perf_counter()
    for n, at in enumerate(range(0, len(events), size)):
        by_firm: dict[str, list[bytes]] = defaultdict(list)
        for line in events[at : at + size]:
            by_firm[_source(line)].append(line)
        answers = await asyncio.gather(
            *(client.post(tokens[source], lines) for source, lines in by_firm.items())
        )
        # The world says one id two ways; anything else that is refused spoils the measurement.
        told = [item for items in answers for item in items if not item.kept]
        if refused := [item.problem for item in told if not item.conflict]:
            raise SystemExit(f"refused: {refused[0]}")
        ahead = began + (n + 1) * _WINDOW_S - time.perf_counter()
        late += ahead < 0
        await asyncio.sleep(max(0.0, ahead))
    return late


def _source(line: bytes) -> str:
    at = line.index(b'"source":"') + 10
    return line[at : line.index(b'"', at)].decode()


def _quantile(found: list[float], q: float) -> float:
    return round(found[min(len(found) - 1, int(len(found) * q))], 3)


def main() -> None:
    """Run it and keep the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=60)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    home.chmod(0o755)  # Postgres may run as another user
    try:
        result = asyncio.run(measure(asked.rate, asked.seconds, home))
    finally:
        remove_home(home)
    print(*(f"{name}: {value}" for name, value in result["figures"].items()), sep="\n")
    keep("latency", result)


if __name__ == "__main__":
    main()
