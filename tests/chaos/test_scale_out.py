"""Workers join and leave under load: the alerts of one worker, nothing twice, no lag left.

``LIANDAN_SOAK_MINUTES=10`` makes it a soak of that length (default: ten seconds).
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from typing import Any

import asyncpg
import pytest

from infra.local.service import ARCHIVER, worker
from infra.local.stack import LocalStack
from services.registry import write_change_set
from services.simulator import build_world
from tests.chaos.feeding import feed
from tests.chaos.resting import until_read
from tests.chaos.test_line import at_rest, expected, told
from tests.conftest import MakeStack

SECONDS = 60 * float(os.environ.get("LIANDAN_SOAK_MINUTES", "0.17"))
LONG = SECONDS > 60
EVENTS_PER_SECOND = 100
WORKERS, PARTITIONS = 4, 12
PAUSE_S = (1.0, 9.0) if LONG else (0.5, 3.5)
"""Between two strikes: at times the group settles, at times the next one comes before that."""
SESSION_S, STOPPED_S = (10.0, 15.0) if LONG else (6.0, 8.0)
"""A worker stopped for longer than its session has lost its partitions when it goes on."""

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(SECONDS * 1.5 + 240)]


class Fire:
    """Kills, ends, freezes and sends away workers at random; counts what it did."""

    def __init__(self, stack: LocalStack, names: list[str], seed: int) -> None:
        self.stack, self.names, self.chance = stack, names, random.Random(seed)
        self.done: Counter[str] = Counter()
        self._away: set[str] = set()
        self._later: list[asyncio.Task[None]] = []

    async def rage(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(self.chance.uniform(*PAUSE_S))
            here = [name for name in self.names if name not in self._away]
            name = self.chance.choice(here)
            what = self.chance.choice(["SIGKILL", "SIGKILL", "SIGTERM", "SIGSTOP", "leave"])
            if what in ("SIGSTOP", "leave") and len(here) < WORKERS - 1:
                what = "SIGKILL"
            try:
                self._strike(name, what)
            except ProcessLookupError:
                continue  # just dead, not back yet
            self.done[what] += 1
        await asyncio.gather(*self._later)

    def _strike(self, name: str, what: str) -> None:
        pid = self.stack.pid(name)
        if what == "SIGSTOP":
            self.stack.kill(name, signal.SIGSTOP)
            self._away.add(name)
            self._later.append(asyncio.create_task(self._thaw(name, pid)))
        elif what == "leave":
            self._away.add(name)
            self._later.append(asyncio.create_task(self._leave(name)))
        else:
            self.stack.kill(name, signal.Signals[what])

    async def _thaw(self, name: str, pid: int) -> None:
        await asyncio.sleep(STOPPED_S)
        os.kill(pid, signal.SIGCONT)
        self._away.discard(name)

    async def _leave(self, name: str) -> None:
        await self.stack.stop_child(name)
        await asyncio.sleep(self.chance.uniform(1, 5))
        await self.stack.start_child(name)
        self._away.discard(name)


class Progress:
    """Samples how many records are judged; ``standstill_s`` is the longest time without any."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self.judged, self.standstill_s = 0, 0.0

    async def watch(self) -> None:
        reader = await asyncpg.connect(self._stack.settings.database_reader)
        moved_at = time.monotonic()
        while True:
            await asyncio.sleep(0.5)
            judged = await reader.fetchval(
                "SELECT coalesce(sum(next_offset), 0) FROM consumer_offset WHERE consumer = 'judge'"
            )
            now = time.monotonic()
            if judged > self.judged:
                self.judged, moved_at = judged, now
            self.standstill_s = max(self.standstill_s, now - moved_at)


async def nothing_twice(stack: LocalStack, *, gone: int = 0) -> dict[str, Any]:
    """Check outbox, history and archive against each other; return what was counted.

    ``gone``: offsets without a record in the archive (less than 0: records of an earlier log).
    """
    reader = await asyncpg.connect(stack.settings.database_reader)
    try:
        keys = [row["key"] for row in await reader.fetch("SELECT key FROM outbox")]
        revisions = await reader.fetch("SELECT id, revision FROM alert_history")
        assert len(keys) == len(set(keys))
        assert sorted(keys) == sorted(f"{row['id']}:{row['revision']}" for row in revisions)
        current = {
            row["id"]: row["revision"]
            for row in await reader.fetch("SELECT id, revision FROM alert")
        }
        told_of = Counter(row["id"] for row in revisions)
        assert told_of == Counter(current), "revisions of an alert are 1, 2, 3 … up to the current"
        log = await reader.fetchrow("SELECT count(*), count(DISTINCT digest) FROM event_log")
        known = await reader.fetchrow("SELECT count(*), sum(copies) FROM event_dedupe")
        assert tuple(known) == (log[1], log[0])
        read = await reader.fetchval(
            "SELECT sum(next_offset) FROM consumer_offset WHERE consumer = 'archiver'"
        )
        assert read == log[0] + gone
        assert not await reader.fetchval(
            "SELECT count(*) FROM quarantine WHERE reason <> 'conflict'"
        )
        epochs = await reader.fetchval(
            "SELECT sum(epoch) FROM consumer_offset WHERE consumer = 'judge'"
        )
        return {"records": log[0], "alerts": len(current), "outbox": len(keys), "epochs": epochs}
    finally:
        await reader.close()


async def test_workers_join_and_leave_under_load_and_the_alerts_are_those_of_one(
    make_stack: MakeStack,
) -> None:
    world = build_world(
        "demo", 21, max(300, int(SECONDS * EVENTS_PER_SECOND / 4.45)), medical=False, trucks=False
    )
    workers = [worker(n) for n in range(1, WORKERS + 1)]
    stack = await make_stack(
        [ARCHIVER, *workers],
        manifest_partitions=PARTITIONS,
        worker_session_timeout_s=SESSION_S,
    )
    await write_change_set(stack.settings.database_registry, world.registry, "test")
    fire = Fire(stack, [w.name for w in workers], seed=21)
    progress = Progress(stack)
    watching = asyncio.create_task(progress.watch())
    feeding = asyncio.create_task(feed(stack.settings, world.events, EVENTS_PER_SECOND))
    await fire.rage(SECONDS)
    await feeding
    judged = progress.judged
    watching.cancel()
    begun = time.monotonic()
    await until_read(stack)
    alerts = await at_rest(stack, world)
    rest_s = time.monotonic() - begun
    on_files = await asyncio.to_thread(expected, world)
    assert {told(a) for a in alerts.values() if a.state == "open"} == on_files
    counted = await nothing_twice(stack)
    assert judged > 0, "the line went on under fire"
    print(
        f"\n{sum(fire.done.values())} strikes {dict(fire.done)}; {judged} of {len(world.events)}"
        f" judged under fire, longest standstill {progress.standstill_s:.1f} s,"
        f" at rest {rest_s:.1f} s after; {counted}"
    )
