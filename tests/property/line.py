"""The stream in memory: a log, workers that crash, a registry desk, and a pager like the real one."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from manifests import DAY

from schemas.registry import RegistryRecord
from streams.batch import Input, SubjectCache, commit_batch
from streams.judging.memory_state import MemoryState
from streams.judging.registry import RecordVersion, RegistryView, party_mark, plate_mark, touches
from streams.judging.statement import Statement
from streams.judging.tracks.loading import legs_of
from streams.shared import judge_dirty, judge_shared

if TYPE_CHECKING:
    from datetime import datetime

    from streams.judging.decision import ManifestDecision

PARTITIONS = 2
SETTLE = timedelta(hours=1)


class Crash(Exception):
    """The process died in the middle of a transaction."""


class _Fused:
    """A transaction that dies before or after one of its calls."""

    def __init__(self, inner: Any, state: "FragileState") -> None:
        self._inner = inner
        self._state = state

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)
        if not callable(call):
            return call

        async def called(*args: Any) -> Any:
            self._state.burn()
            answer = await call(*args)
            self._state.burn()
            return answer

        return called


class FragileState(MemoryState):
    """Memory state whose transactions crash after ``fuse`` more steps."""

    fuse: int | None = None

    def burn(self) -> None:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.fuse = None
                raise Crash

    @asynccontextmanager
    async def batch(self, partition: int) -> AsyncIterator[Any]:
        async with super().batch(partition) as tx:
            yield _Fused(tx, self)
            self.burn()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[Any]:
        async with super().shared() as tx:
            yield _Fused(tx, self)
            self.burn()


class Line:
    """Everything from the log to the verdicts. ``rows``: what the manifest table would hold.

    ``clock``: every partition's; None where time alone changes nothing.
    """

    def __init__(self, settle: timedelta = SETTLE) -> None:
        self.state = FragileState(settle)
        self._settle = settle
        self.clock: datetime | None = DAY - timedelta(days=2)
        self.log: list[list[Statement]] = [[] for _ in range(PARTITIONS)]
        self.rows: dict[str, ManifestDecision] = {}
        self.paged = 0
        self.restart()

    def restart(self) -> None:
        """A new process: caches and the registry view are gone."""
        self.view = RegistryView()
        self.shared_view = RegistryView()
        self.caches = [SubjectCache(2) for _ in range(PARTITIONS)]

    def post(self, statement: Statement) -> None:
        self.log[partition_of(statement.event.subject)].append(statement)

    def learn(self, records: Sequence[RegistryRecord]) -> None:
        data = self.state.data
        data.registry_seq += 1
        data.registry = data.registry + [RecordVersion(data.registry_seq, r) for r in records]

    def page(self) -> None:
        """What ``streams.pager`` does by SQL: every version of what changed, then who it touches."""
        data, head = self.state.data, self.state.data.registry_seq
        changed = {(v.record.kind, v.record.id) for v in data.registry if v.seq > self.paged}
        versions = [v.record for v in data.registry if (v.record.kind, v.record.id) in changed]
        manifests, limits = bears_on(versions)
        orders = [(partition_of(s), s) for s, row in self.rows.items() if manifests(row)]
        data.rejudge = data.rejudge + orders
        defined = {limit for r in versions for limit in touches(r).limits if limit[-1] != "/"}
        drawn = {limit for limit, _ in data.draws if limits(limit)}
        data.dirty = data.dirty + sorted(defined | drawn)
        self.paged = head

    async def commit(self, partition: int, most: int) -> bool:
        """Take the next ``most`` records after the stored offset; whether the worker lived."""
        stored = self.state.data.offsets.get(partition, (0, None, 0, None))[0]
        taken = self.log[partition][stored : stored + most]
        digest = b"d" if taken else None
        given = Input(stored, stored + len(taken), digest, self.clock, taken)
        try:
            result = await commit_batch(
                self.state, partition, given, self.view, self.caches[partition]
            )
        except Crash:
            self.restart()
            return False
        self.rows |= {d.subject: d for d in result.decisions}
        return True

    async def judge_one(self, subject: str) -> None:
        try:
            await judge_shared(self.state, subject, self.shared_view)
        except Crash:
            self.restart()

    async def rest(self) -> None:
        """Until nothing is left to do, and what was past when it became known has fired."""
        self.state.fuse = None
        self.page()
        await self._work()
        if self.clock is not None:
            self.clock += self._settle
        await self._work()

    async def _work(self) -> None:
        while True:
            for partition in range(PARTITIONS):
                await self.commit(partition, 1000)
            data = self.state.data
            clock = self.clock
            due = clock is not None and any(at <= clock for at in data.deadlines.values())
            if not await judge_dirty(self.state, self.shared_view) and not data.rejudge and not due:
                return


def bears_on(
    versions: Sequence[RegistryRecord],
) -> "tuple[Callable[[ManifestDecision], bool], Callable[[str], bool]]":
    """Return whether the versions of what changed bear on a manifest as written, and on a limit."""
    touched = [touches(version) for version in versions]
    units = {unit for t in touched for unit in t.units}
    marks = {mark for t in touched for mark in t.marks} | set(map(party_mark, units))
    named = {limit for t in touched for limit in t.limits}
    begun = tuple(limit for limit in named if limit.endswith("/"))

    def manifest(row: "ManifestDecision") -> bool:
        plates = {plate_mark(leg.plate) for leg in legs_of(row.facts, RegistryView())}
        found = {*row.marks, *plates}
        return bool(units & {row.parties.consignor, row.parties.receiver} or marks & found)

    return manifest, lambda limit: limit in named or limit.startswith(begun)


def partition_of(subject: str) -> int:
    return int(subject[-1]) % PARTITIONS
