"""The state port: what judging needs kept between two batches.

One transaction at a time per partition (``batch``), one per shared subject (``shared``). Leaving the
context without an exception commits; an exception leaves everything as it was. The memory
(``memory_state``) and Postgres (``streams.postgres_state``) implementations pass the same contract
tests.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from streams.judging.decision import Held, LimitDecision, ManifestDecision, Memo
from streams.judging.outcome import Draw
from streams.judging.registry import RecordVersion

__all__ = [
    "BatchPort",
    "FencedError",
    "Quarantined",
    "SharedPort",
    "StatePort",
]


class FencedError(Exception):
    """Another owner has the partition, or the expected offset is not there: drop the cache."""


class Quarantined(NamedTuple):
    """Bytes that could not be judged: where they stand, why, and whose they seem to be."""

    offset: int
    reason: str
    detail: dict[str, object]
    raw: bytes
    received_us: int
    source: str | None = None
    event_id: str | None = None
    subject: str | None = None


class BatchPort(Protocol):
    """One open batch transaction of the partition's owner. Call in the order written here."""

    settle: timedelta
    """How long a deadline that is past when it is armed waits before it fires."""

    async def registry_since(self, seq: int) -> tuple[int, list[RecordVersion]]:
        """Return the registry's sequence, held until commit, and what changed after ``seq``."""
        ...

    async def advance(
        self, expected: int, next_offset: int, digest: bytes | None, clock: datetime | None
    ) -> datetime | None:
        """Check and move the stored offset, return the clock (monotone). Raises FencedError."""
        ...

    async def take_rejudge(self, most: int) -> set[str]:
        """Remove and return subjects ordered to be judged again."""
        ...

    async def take_due(self, clock: datetime, most: int) -> set[str]:
        """Remove deadlines that have come and return their subjects."""
        ...

    async def load(self, subjects: Collection[str]) -> dict[str, Held]:
        """Return what is held of subjects, those never seen left out. One query."""
        ...

    async def owners_of_aliases(self, subjects: Collection[str]) -> dict[str, str]:
        """Return alias to manifest number for those subjects that are aliases of another one."""
        ...

    async def write(
        self,
        decisions: Sequence[ManifestDecision],
        quarantined: Sequence[Quarantined],
        seq: int,
        clock: datetime | None,
    ) -> None:
        """Write facts, draws and dirty rows, verdicts, alerts, deadlines, quarantine, outbox."""
        ...


class SharedPort(Protocol):
    """One open transaction on one shared subject."""

    async def registry_since(self, seq: int) -> tuple[int, list[RecordVersion]]:
        """As in ``BatchPort``."""
        ...

    async def claim(self, subject: str) -> bool:
        """Lock the subject and take its dirty rows; False when it is locked or clean."""
        ...

    async def load(self, subject: str) -> tuple[Memo | None, list[Draw], datetime | None]:
        """Return memo, draws (read after ``claim``) and the minimum clock of all partitions."""
        ...

    async def write(self, decision: LimitDecision, seq: int, clock: datetime | None) -> None:
        """Write verdict, alerts and outbox of the subject."""
        ...


class StatePort(Protocol):
    """Where state lives."""

    def batch(self, partition: int) -> AbstractAsyncContextManager[BatchPort]:
        """Open the batch transaction of a partition."""
        ...

    def shared(self) -> AbstractAsyncContextManager[SharedPort]:
        """Open a transaction for one shared subject."""
        ...

    async def dirty_subjects(self, most: int) -> list[str]:
        """Return shared subjects with dirty rows, oldest first."""
        ...
