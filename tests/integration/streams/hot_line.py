"""Workers that wrestle over twelve partitions on real Postgres, and what one seed has them read.

Also a process: ``python -m tests.integration.streams.hot_line '{"seed": …}'`` is one such worker.
"""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import asyncpg

from infra.runtime.offsets import OffsetTable
from infra.runtime.postgres import open_pool
from streams.batch import Input, SubjectCache, commit_batch
from streams.judging.registry import RegistryView
from streams.judging.state import FencedError
from streams.judging.statement import Statement
from streams.pager import page_registry
from streams.postgres_state import PostgresState
from streams.shared import judge_dirty
from tests.manifests import (
    CODE,
    DAY,
    SHANDONG,
    approval_line,
    approval_members,
    arrived,
    corrected,
    credit_code,
    dispatched,
    filed,
    form,
    licence_members,
    received,
    record_line,
    voided,
    waste,
)

PARTITIONS, WORKERS = 12, 4
HOUR = timedelta(hours=1)
POOLED = "900-039-49"
"""Two lines of the approval have this code and one name: its loads draw on their pool."""
TONNES = ("0.5", "1", "2.5")


class World:
    """Firms, loads and records of one seed, the same in every process. ``base``: what names them."""

    def __init__(self, seed: int, base: int, loads: int) -> None:
        self.name = f"hot{base}"
        self.consumer = f"test-{self.name}"
        self.partitions = [base * PARTITIONS + p for p in range(PARTITIONS)]
        self.subjects = [f"20261301{base % 10**5:05d}{n:03d}" for n in range(loads)]
        self._rng = random.Random(f"{seed} loads")
        firms = [credit_code(base * 10 + n) for n in range(4)]
        self.consignor, self.carrier, self.receiver, self.other = firms
        said: list[list[Statement]] = [[] for _ in range(PARTITIONS)]
        for n, subject in enumerate(self.subjects):
            said[n % PARTITIONS] += self._load(subject)
        for log in said:
            self._rng.shuffle(log)
        self.said = dict(zip(self.partitions, said, strict=True))

    def _form(self, **more: Any) -> dict[str, Any]:
        tonnes = self._rng.choices(TONNES, k=2)
        wastes = [waste(1, tonnes=tonnes[0]), waste(2, POOLED, tonnes[1], name="废活性炭")]
        parties = {"consignor": self.consignor, "receiver": self.receiver}
        return form(**{**parties, "carriers": [self.carrier], "wastes": wastes, **more})

    def _load(self, subject: str) -> list[Statement]:
        """What is said of one load; any of it may be read before any other, some of it twice."""
        rng, of = self._rng, {"subject": subject}
        at = DAY + rng.randrange(40) * HOUR
        first = {**self._form(), "by": self.consignor}
        said = [
            filed(at - 9 * HOUR, id="f", **self._parts(first), **of),
            dispatched(at, self.carrier, id="d", **of),
        ]
        if rng.random() < 0.3:
            before = at - rng.choice((1, 2)) * HOUR
            said.append(corrected("f", "filed", self._form(), before, self.consignor, id="c", **of))
        fate = rng.choice(("going", "received", "received", "refused", "voided", "voided late"))
        if fate in ("received", "voided late"):
            said.append(arrived(at + 6 * HOUR, self.carrier, id="a", **of))
            accepted = rng.choice((None, *TONNES))
            said.append(received(at + 8 * HOUR, self.receiver, tonnes=accepted, id="r", **of))
            if rng.random() < 0.4:
                anew = self._form(receiver=rng.choice((self.receiver, self.other)))
                late = at + 30 * HOUR
                said.append(corrected("f", "filed", anew, late, self.consignor, id="l", **of))
        if fate == "refused":
            said.append(received(at + 8 * HOUR, self.receiver, "refused", id="r", **of))
        if fate.startswith("voided"):
            said.append(voided(at + (1 if fate == "voided" else 40) * HOUR, self.consignor, **of))
        return said + rng.sample(said, rng.choice((0, 0, 1)))

    def _parts(self, filing: dict[str, Any]) -> dict[str, Any]:
        """Return a form as ``manifests.filed`` takes it."""
        return {
            "by": filing["by"],
            "consignor": filing["consignor"]["uscc"],
            "receiver": filing["receiver"]["uscc"],
            "carriers": [self.carrier],
            "wastes": filing["wastes"],
        }

    def known(self) -> list[bytes]:
        """Return what the registry holds at first: every load draws on all four limits."""
        permit = {"number": "1", "carrier": self.carrier}
        records = [self.approval(20), self.listed(20), self.licence(20)]
        return [*records, record_line("carrier_permit", f"{self.name}-p", **permit)]

    def learned(self, rng: random.Random) -> bytes:
        """Return one change of the registry, most often of the hot approval's caps."""
        change = rng.choice((self.approval, self.approval, self.listed, self.licence))
        gone = {"retracted": True} if rng.random() < 0.15 else {}
        return change(rng.choice((2, 5, 20, 60)), **gone)

    def approval(self, cap: int, **more: Any) -> bytes:
        lines = [
            approval_line(1, receiver=self.receiver, quantity_t=cap),
            *(
                approval_line(
                    n, receiver=self.receiver, quantity_t=cap / 2, code=POOLED, name="废活性炭"
                )
                for n in (2, 3)
            ),
        ]
        members = approval_members(consignor=self.consignor, lines=lines, **more)
        return record_line("transfer_approval", f"{self.name}-a", **members)

    def listed(self, cap: int, **more: Any) -> bytes:
        return record_line(
            "whitelist_entry", f"{self.name}-w", list_id="list", destination=SHANDONG,
            receiver=self.receiver, codes=[CODE], simplification="direct", annual_cap_t=cap, **more,
        )  # fmt: skip

    def licence(self, scale: int, **more: Any) -> bytes:
        scope = [{"codes": [CODE, POOLED], "modes": ["disposal"]}]
        members = licence_members(holder=self.receiver, scope=scope, annual_scale_t=scale, **more)
        return record_line("licence", f"{self.name}-l", **members)


class _Paced:
    """A connection with a pause of any length after each of its statements."""

    def __init__(self, inner: Any, pause: Callable[[], float]) -> None:
        self._inner, self._pause = inner, pause

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)

        async def called(*args: Any) -> Any:
            answer = await call(*args)
            await asyncio.sleep(self._pause())
            return answer

        return called


class _PacedState(PostgresState):
    """Postgres, with every interleaving of statements as likely as the next."""

    pause: Callable[[], float]

    @asynccontextmanager
    async def batch(self, partition: int) -> AsyncIterator[Any]:
        async with super().batch(partition) as tx:
            tx._connection = _Paced(tx._connection, self.pause)
            yield tx

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[Any]:
        async with super().shared() as tx:
            tx._connection = _Paced(tx._connection, self.pause)
            yield tx


class Worker:
    """One worker: a pool, a view of the registry and caches of its own.

    It takes partitions away from the others as it likes; they find out when they are fenced.
    ``logs``: what there is to read; it may grow.
    """

    def __init__(
        self, pool: asyncpg.Pool, consumer: str, logs: dict[int, list[Statement]], seed: str
    ) -> None:
        self._pool, self._logs = pool, logs
        self._rng = random.Random(seed)
        offsets = OffsetTable(consumer, "manifest.events", "c")
        self._state = _PacedState(pool, offsets, 0 * HOUR, small=True)
        self._state.pause = lambda: self._rng.choice((0, 0, 0.001, 0.004))
        self._view = RegistryView()
        self._mine: set[int] = set()

    async def run(self, first: Sequence[int]) -> None:
        """Work until cancelled; whatever goes wrong ends it."""
        async with asyncio.TaskGroup() as tasks:
            for partition in first:
                tasks.create_task(self._own(partition))
            tasks.create_task(self._judge_limits())
            while True:
                await asyncio.sleep(self._rng.uniform(0.02, 0.1))
                others = [p for p in self._logs if p not in self._mine]
                if others:
                    tasks.create_task(self._own(self._rng.choice(others)))

    async def _own(self, partition: int) -> None:
        """Advance a partition until another worker has taken it."""
        self._mine.add(partition)
        cache = SubjectCache(3)
        at = (await self._state.take([partition]))[partition].next_offset
        with suppress(FencedError):
            while True:
                taken = self._logs[partition][at : at + self._rng.randint(0, 4)]
                digest = b"d" * 32 if taken else None
                given = Input(at, at + len(taken), digest, None, taken)
                await commit_batch(self._state, partition, given, self._view, cache)
                at += len(taken)
                if not taken:
                    await asyncio.sleep(self._rng.uniform(0, 0.04))
        self._mine.discard(partition)

    async def _judge_limits(self) -> None:
        while True:
            await page_registry(self._pool)
            await judge_dirty(self._state, self._view)
            await asyncio.sleep(self._rng.uniform(0, 0.01))


async def work(number: int, dsn: str, world: World, logs: dict[int, list[Statement]]) -> None:
    """Be worker ``number`` of a world until cancelled."""
    pool = await open_pool(dsn, most=6)
    try:
        worker = Worker(pool, world.consumer, logs, f"{world.name} worker {number}")
        await worker.run(world.partitions[number::WORKERS])
    finally:
        await pool.close()


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    of = World(told["seed"], told["base"], told["loads"])
    asyncio.run(work(told["number"], told["dsn"], of, of.said))
