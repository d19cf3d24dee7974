"""The state port in memory: for tests, and for judging without a database."""

import copy
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from streams.judging.decision import Held, LimitDecision, ManifestDecision, Memo
from streams.judging.outcome import Draw
from streams.judging.registry import RecordVersion
from streams.judging.state import FencedError, Quarantined

if TYPE_CHECKING:
    from streams.judging.statement import Identity, Statement

__all__ = ["MemoryState"]


class _Data:
    """Everything a memory state holds; copied at the start of a transaction."""

    def __init__(self) -> None:
        self.offsets: dict[int, tuple[int, bytes | None, int, datetime | None]] = {}
        self.held: dict[str, tuple[int, Held]] = {}
        self.aliases: dict[str, str] = {}
        self.draws: dict[tuple[str, str], Draw] = {}
        self.dirty: list[str] = []
        self.limits: dict[str, Memo] = {}
        self.deadlines: dict[tuple[int, str, str], datetime] = {}
        self.rejudge: list[tuple[int, str]] = []
        self.quarantine: dict[tuple[int, int, str], Quarantined] = {}
        """By (partition, offset, reason): one row each, however often it is found."""
        self.outbox: dict[str, bytes] = {}
        self.registry: list[RecordVersion] = []
        self.registry_seq = 0


class MemoryState:
    """The port in memory: for tests, and for judging without a database. Single-threaded."""

    def __init__(self, settle: timedelta = timedelta(0)) -> None:
        self.data = _Data()
        self.epochs: dict[int, int] = {}
        self._settle = settle

    @asynccontextmanager
    async def batch(self, partition: int) -> AsyncIterator["_MemoryBatch"]:
        """Open a transaction: what it did stands only if the context ends without exception."""
        before = copy.copy(self.data)
        self.data = _copied(self.data)
        try:
            yield _MemoryBatch(self.data, partition, self._settle)
        except BaseException:
            self.data = before
            raise

    @asynccontextmanager
    async def shared(self) -> AsyncIterator["_MemoryShared"]:
        """As ``batch``."""
        before = copy.copy(self.data)
        self.data = _copied(self.data)
        try:
            yield _MemoryShared(self.data)
        except BaseException:
            self.data = before
            raise

    async def dirty_subjects(self, most: int) -> list[str]:
        """Return shared subjects with dirty rows, oldest first."""
        return list(dict.fromkeys(self.data.dirty))[:most]


def _copied(data: _Data) -> _Data:
    new = copy.copy(data)
    for name, value in vars(data).items():
        setattr(new, name, copy.copy(value))
    return new


class _MemoryRegistry:
    def __init__(self, data: _Data) -> None:
        self._data = data

    async def registry_since(self, seq: int) -> tuple[int, list[RecordVersion]]:
        newer = [version for version in self._data.registry if version.seq > seq]
        return self._data.registry_seq, newer


class _MemoryBatch(_MemoryRegistry):
    def __init__(self, data: _Data, partition: int, settle: timedelta) -> None:
        super().__init__(data)
        self._partition = partition
        self.settle = settle

    async def advance(
        self, expected: int, next_offset: int, digest: bytes | None, clock: datetime | None
    ) -> datetime | None:
        stored, old_digest, epoch, old = self._data.offsets.get(self._partition, (0, None, 0, None))
        if stored != expected:
            raise FencedError(f"partition {self._partition} stands at {stored}, not {expected}")
        clocks = [moment for moment in (old, clock) if moment is not None]
        latest = max(clocks, default=None)
        kept = digest if next_offset > expected else old_digest
        self._data.offsets[self._partition] = (next_offset, kept, epoch, latest)
        return latest

    async def take_rejudge(self, most: int) -> set[str]:
        mine = [row for row in self._data.rejudge if row[0] == self._partition][:most]
        for row in mine:
            self._data.rejudge.remove(row)
        return {subject for _, subject in mine}

    async def take_due(self, clock: datetime, most: int) -> set[str]:
        due = [
            key
            for key, fires in self._data.deadlines.items()
            if key[0] == self._partition and fires <= clock
        ]
        due = sorted(due, key=lambda key: self._data.deadlines[key])[:most]
        for key in due:
            del self._data.deadlines[key]
        return {subject for _, subject, _ in due}

    async def load(self, subjects: Collection[str]) -> dict[str, Held]:
        found = self._data.held
        return {subject: found[subject][1] for subject in subjects if subject in found}

    async def owners_of_aliases(self, subjects: Collection[str]) -> dict[str, str]:
        return {s: self._data.aliases[s] for s in subjects if s in self._data.aliases}

    async def write(
        self,
        decisions: Sequence[ManifestDecision],
        quarantined: Sequence[Quarantined],
        seq: int,
        clock: datetime | None,
    ) -> None:
        for d in decisions:
            statements: dict[Identity, Statement] = dict(d.held.statements)
            memo = copy.deepcopy(d.held.memo)
            self._data.held[d.subject] = (self._partition, Held(statements, memo))
            if d.facts.filed is not None:
                self._data.aliases |= dict.fromkeys(d.facts.form.aliases, d.subject)
            for alias in d.claimed_aliases:
                if alias in self._data.held:
                    self._data.rejudge.append((self._data.held[alias][0], alias))
            for draw in d.draws:
                self._data.draws[draw.limit, draw.manifest] = draw
                self._data.dirty.append(draw.limit)
            for key in d.disarm:
                self._data.deadlines.pop((self._partition, d.subject, key), None)
            for key, _, fires in d.arm:
                self._data.deadlines[self._partition, d.subject, key] = fires
            for change in d.alerts:
                memo_of = d.held.memo.alerts[f"{change.alert.rule}|{change.alert.discriminator}"]
                self._data.outbox[f"{change.alert.id}:{change.revision}"] = memo_of.body
        for q in quarantined:
            self._data.quarantine.setdefault((self._partition, q.offset, q.reason), q)


class _MemoryShared(_MemoryRegistry):
    async def claim(self, subject: str) -> bool:
        if subject not in self._data.dirty:
            return False
        self._data.dirty = [other for other in self._data.dirty if other != subject]
        return True

    async def load(self, subject: str) -> tuple[Memo | None, list[Draw], datetime | None]:
        draws = [draw for (limit, _), draw in self._data.draws.items() if limit == subject]
        clocks = [offset[3] for offset in self._data.offsets.values()]
        known = [clock for clock in clocks if clock is not None]
        clock = min(known) if known and len(known) == len(clocks) else None
        return self._data.limits.get(subject), draws, clock

    async def write(self, decision: LimitDecision, seq: int, clock: datetime | None) -> None:
        self._data.limits[decision.subject] = copy.deepcopy(decision.memo)
        for change in decision.alerts:
            key = f"{change.alert.rule}|{change.alert.discriminator}"
            body = decision.memo.alerts[key].body
            self._data.outbox[f"{change.alert.id}:{change.revision}"] = body
