"""One hot approval on real Postgres: 4 workers × 12 partitions end where files end.

Every load draws on one approval line, its pool, a white-list year and a licence year. Partitions
change hands, the registry changes, limits are judged all the while; pauses inside the transactions
make rare interleavings common. ``LIANDAN_SOAK_MINUTES=3`` goes on for that long.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec
import pytest

from infra.local.stack import LocalStack
from infra.runtime.settings import Settings
from schemas.alert import Alert, alert_digest
from schemas.decode import decode_registry_record
from services.registry import write_change_set
from streams.judging.decision import decide_manifest
from streams.judging.on_files import judge_statements
from streams.judging.packing import judged_outcomes
from streams.judging.registry import RegistryView
from tests.integration.streams.hot_line import PARTITIONS, WORKERS, World, work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.judging.statement import Statement

SOAK_S = 60 * float(os.environ.get("LIANDAN_SOAK_MINUTES", "0"))
REST_S = 30
OLDEST_S = 3
"""No statement waits as long as this: the deadlock detector looks after 1 s."""

_RESTS = """
SELECT (SELECT coalesce(sum(next_offset), 0) FROM consumer_offset WHERE consumer = $1) = $2
    AND NOT EXISTS (SELECT FROM dirty WHERE subject LIKE '%/' || $3 || '%')
    AND NOT EXISTS (SELECT FROM rejudge WHERE partition = ANY ($4::int[]))
    AND (SELECT seq FROM registry_pager) = (SELECT seq FROM registry_head)
"""
_KNOWN = """
SELECT r.body FROM registry_change c JOIN registry_record r USING (change_set)
ORDER BY c.seq, r.ordinal
"""
_ALERTS = (
    "SELECT id, state, digest, revision, body::text FROM alert WHERE subject = ANY ($1::text[])"
)
_TOLD = """
SELECT id || ':' || revision FROM alert_history WHERE id = ANY ($1::uuid[])
UNION ALL SELECT key FROM outbox WHERE split_part(key, ':', 1) = ANY ($1::text[])
"""


class Watch:
    """What the server says of statements while workers run."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.oldest_s = 0.0
        self.queued: set[str] = set()
        """Judges that wait for another's hold on a limit, instead of leaving it to that one."""

    async def look(self) -> None:
        while True:
            for query, waits, event, age in await self._connection.fetch(
                "SELECT query, wait_event_type, wait_event,"
                " extract(epoch FROM clock_timestamp() - query_start)"
                " FROM pg_stat_activity WHERE usename = current_user AND state = 'active'"
                " AND datname = current_database()"
            ):
                self.oldest_s = max(self.oldest_s, float(age))
                # A whole relation is held only by a vacuum that shortens it, for an instant.
                if waits == "Lock" and event != "relation" and "dirty" in query:
                    self.queued.add(query)
            await asyncio.sleep(0.005)


class Hot:
    """A world on a stack: its logs as far as they were fed, and eyes on what was written."""

    def __init__(self, settings: Settings, world: World, reader: Any, seed: int) -> None:
        self.settings, self.world, self.reader = settings, world, reader
        self.logs: dict[int, list[Statement]] = {p: [] for p in world.partitions}
        self._rng = random.Random(f"{seed} desk")

    def feed(self, share: float) -> None:
        """Let the logs grow to a share of what will be said."""
        for partition, said in self.world.said.items():
            self.logs[partition][:] = said[: round(len(said) * share)]

    async def learn(self, times: int) -> None:
        """Change the registry in the middle of things."""
        for _ in range(times):
            await asyncio.sleep(self._rng.uniform(0, 0.05))
            line = self.world.learned(self._rng)
            await write_change_set(self.settings.database_registry, [line], "test")

    async def rest(self) -> None:
        """Wait until nothing is left to do."""
        said = sum(map(len, self.logs.values()))
        async with asyncio.timeout(REST_S):
            while not await self.reader.fetchval(
                _RESTS, self.world.consumer, said, self.world.name, self.world.partitions
            ):
                await asyncio.sleep(0.01)

    async def check(self) -> int:
        """Compare all that was written with what files say; return the open alerts."""
        read, world = self.reader.fetch, self.world
        records = [decode_registry_record(row["body"]) for row in await read(_KNOWN)]
        view = RegistryView.known_at(records)
        said: dict[str, list[Statement]] = defaultdict(list)
        for statement in (s for log in self.logs.values() for s in log):
            said[statement.event.subject].append(statement)
        verdict = judge_statements(view, [s for of in said.values() for s in of])

        rows = await read(
            "SELECT subject, verdict, outcomes::text FROM manifest WHERE partition = ANY ($1::int[])"
            " UNION ALL SELECT subject, NULL, outcomes::text FROM shared_subject"
            " WHERE subject LIKE '%/' || $2 || '%'",
            world.partitions,
            world.name,
        )
        stored = {row["subject"]: judged_outcomes(row) for row in rows}
        assert {s: stored.get(s) for s in verdict.outcomes} == verdict.outcomes

        alerts = await read(_ALERTS, list(stored))
        opened = {
            a["id"]: (msgspec.json.decode(a["body"], type=Alert), a["digest"])
            for a in alerts
            if a["state"] == "open"
        }
        assert opened == {a.id: (a, alert_digest(a)) for a in verdict.alerts}
        announced = [f"{a['id']}:{n}" for a in alerts for n in range(1, a["revision"] + 1)]
        told = [row[0] for row in await read(_TOLD, [str(a["id"]) for a in alerts])]
        assert sorted(told) == sorted(announced * 2), "each revision once in history and outbox"

        drawn = await read(
            "SELECT limit_id, manifest, at, grams, state FROM draw"
            " WHERE limit_id LIKE '%/' || $1 || '%' AND state <> 'released'",
            world.name,
        )
        fresh = (decide_manifest(s, None, of, view, None).draws for s, of in said.items())
        expected = {(d.limit, d.manifest, d.at, d.grams, d.state) for ds in fresh for d in ds}
        assert {tuple(row) for row in drawn} == expected
        return len(opened)


async def in_tasks(hot: Hot, rounds: int) -> list[int]:
    """Run the workers as tasks; come to rest and compare after each round."""
    dsn, found = hot.settings.database_writer, []
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work(n, dsn, hot.world, hot.logs)) for n in range(WORKERS)]
        for done in range(1, rounds + 1):
            hot.feed(done / rounds)
            await hot.learn(2)
            await hot.rest()
            found.append(await hot.check())
        for task in tasks:
            task.cancel()
    return found


async def in_processes(hot: Hot, seed: int, base: int) -> list[int]:
    """Run the workers as processes that read the whole log."""
    told = {"seed": seed, "base": base, "dsn": hot.settings.database_writer}
    told["loads"] = len(hot.world.subjects)
    workers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.streams.hot_line",
            json.dumps(told | {"number": n}),
        )
        for n in range(WORKERS)
    ]  # fmt: skip
    try:
        hot.feed(1)
        await hot.learn(12)
        await hot.rest()
        assert [w.returncode for w in workers] == [None] * WORKERS
        return [await hot.check()]
    finally:
        for worker in workers:
            if worker.returncode is None:
                worker.kill()
            await worker.wait()


async def wrestle(
    settings: Settings, seed: int, *, loads: int, rounds: int, processes: bool = False
) -> list[int]:
    """Run one seed and return the open alerts at each rest."""
    base = random.randrange(10**7)
    world = World(seed, base, loads)
    await write_change_set(settings.database_registry, world.known(), "test")
    reader = await asyncpg.connect(settings.database_writer)
    eyes = await asyncpg.connect(settings.database_writer)
    watch = Watch(eyes)
    looking = asyncio.create_task(watch.look())
    try:
        hot = Hot(settings, world, reader, seed)
        found = await (in_processes(hot, seed, base) if processes else in_tasks(hot, rounds))
        moved = await reader.fetchval(
            "SELECT sum(epoch) FROM consumer_offset WHERE consumer = $1", world.consumer
        )
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await eyes.close()
        await reader.close()
    assert watch.oldest_s < OLDEST_S
    assert not watch.queued
    assert moved > PARTITIONS, "partitions changed hands"
    assert any(found), "some cap was exceeded, or nothing was proved"
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_four_workers_that_wrestle_over_twelve_partitions_end_where_files_end(
    stack: LocalStack, seed: int
) -> None:
    await wrestle(stack.settings, seed, loads=48, rounds=4)


async def test_four_processes_that_wrestle_over_twelve_partitions_end_where_files_end(
    stack: LocalStack,
) -> None:
    await wrestle(stack.settings, 4, loads=60, rounds=1, processes=True)


@pytest.mark.skipif(not SOAK_S, reason="with the soak")
@pytest.mark.timeout(SOAK_S + 120)
async def test_they_do_so_for_as_long_as_one_likes(stack: LocalStack) -> None:
    runs: list[Sequence[int]] = []
    ends = time.monotonic() + SOAK_S
    while time.monotonic() < ends:
        seed = random.randrange(10**6)
        print(f"seed {seed}", flush=True)
        processes = len(runs) % 4 == 3
        runs.append(await wrestle(stack.settings, seed, loads=120, rounds=8, processes=processes))
    print(f"\n{len(runs)} runs, {sum(map(len, runs))} rests, the last with {runs[-1][-1]} alerts")
