"""The stream in memory: a log, workers that crash, a registry desk, and a pager like the real one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from schemas.registry import RegistryRecord
from streams.batch import Input, SubjectCache, commit_batch
from streams.judging.memory_state import MemoryState
from streams.judging.registry import RecordVersion, RegistryView, touches
from streams.judging.statement import Statement
from streams.shared import judge_dirty, judge_shared

if TYPE_CHECKING:
    from streams.judging.decision import ManifestDecision

PARTITIONS = 2


class Crash(Exception):
    """The process died in the middle of a transaction."""


class _Fused:
    """A transaction that dies before or after one of its calls."""

    def __init__(self, inner: Any, state: "FragileState") -> None:
        self._inner = inner
        self._state = state

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)

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
    """Everything from the log to the verdicts. ``rows``: what the manifest table would hold."""

    def __init__(self) -> None:
        self.state = FragileState()
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
        units: set[str] = set()
        codes: set[str] = set()
        limits: set[str] = set()
        for version in data.registry:
            if (version.record.kind, version.record.id) in changed:
                touched = touches(version.record)
                units.update(touched.units)
                codes.update(touched.marks)
                limits.update(touched.limits)
        for subject, row in self.rows.items():
            if units & {row.parties.consignor, row.parties.receiver} or codes & {*row.marks}:
                data.rejudge = [*data.rejudge, (partition_of(subject), subject)]
        prefixes = tuple(limit for limit in limits if limit.endswith("/"))
        limits = {limit for limit in limits if not limit.endswith("/")}
        limits |= {limit for limit, _ in data.draws if limit.startswith(prefixes)}
        data.dirty = data.dirty + sorted(limits)
        self.paged = head

    async def commit(self, partition: int, most: int) -> bool:
        """Take the next ``most`` records after the stored offset; whether the worker lived."""
        stored = self.state.data.offsets.get(partition, (0, None, 0, None))[0]
        taken = self.log[partition][stored : stored + most]
        given = Input(stored, stored + len(taken), b"d" if taken else None, None, taken)
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
        """Until nothing is left to do."""
        self.state.fuse = None
        self.page()
        while True:
            for partition in range(PARTITIONS):
                await self.commit(partition, 1000)
            if not await judge_dirty(self.state, self.shared_view) and not self.state.data.rejudge:
                return


def partition_of(subject: str) -> int:
    return int(subject[-1]) % PARTITIONS
