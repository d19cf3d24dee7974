"""Leases: which partitions this worker holds, how far each is read and handled.

Nothing here knows Faust. The transport announces (``grant``, ``revoke``), asks for the offsets
to start from (``claim``) and hands over what it fetched (``batch``, ``handle``).
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from aiokafka.structs import ConsumerRecord

from streams.handler import Handler

__all__ = ["Batch", "Lease", "Log", "LostBatchError", "Partitions", "StalledError"]

OUTSTANDING = 2
"""Batches read and not handled at which fetching pauses: one being written, one being judged. Few and
large: the more of a manifest's events meet in one batch, the fewer verdicts there are to write."""

CLAIM_S = 60.0
"""Longest ``handler.assigned``; Faust's recovery would give up silently after 90 s."""

STALL_S = 15.0
"""Partitions held, nobody busy, and yet no fetch for so long: Faust has lost its way."""

log = structlog.get_logger(__name__)


class LostBatchError(RuntimeError):
    """Records were read and never came to the handler."""


class StalledError(RuntimeError):
    """Partitions are assigned, nothing is being handled, and nothing is fetched."""


class Log(Protocol):
    """What the leases ask of the Kafka consumer."""

    def seek(self, partition: int, offset: int) -> None:
        """Make ``offset`` the next to be fetched; what was prefetched is forgotten."""

    def fetched(self, partition: int) -> tuple[int | None, int | None]:
        """Return the next offset to fetch and the end of the log as of the newest fetch."""

    async def end_offsets(self, partitions: Collection[int]) -> Mapping[int, int]:
        """Ask the broker for the ends of these logs; empty when it does not answer."""

    def check(self) -> None:
        """Raise what a background task of the consumer died of."""

    def stay(self) -> None:
        """Tell the group that this member is alive though it fetches nothing."""


@dataclass(slots=True, eq=False)
class Lease:
    """One partition, from assignment to revocation."""

    partition: int
    position: int
    """Next offset to handle."""
    read: int
    """Next offset to hand out in a batch."""
    pending: int = 0
    """Batches handed out and not handled."""
    turn: int = 0
    """Rises with every seek; batches of an earlier turn are void."""
    live: bool = True
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    ticking: "asyncio.Task[None] | None" = None


@dataclass(slots=True, eq=False, frozen=True)
class Batch:
    """The records of one fetch of one partition."""

    lease: Lease
    turn: int
    start: int
    records: Sequence[ConsumerRecord]
    end_offset: int


class Partitions:
    """All leases of one worker. Every failure is reported once to ``on_failure`` and raised.

    ``gather_s``: a fetch begins no sooner after the one before, so that at a low rate, too, what comes is
    handled by the dozen and not one by one.
    """

    def __init__(
        self,
        handler: Handler,
        on_failure: Callable[[BaseException], None],
        clock: Callable[[], float] = time.monotonic,
        gather_s: float = 0.0,
    ) -> None:
        self.handler = handler
        self.fail = on_failure
        self.log: Log | None = None
        self.leases: dict[int, Lease] = {}
        self._granted: set[int] = set()
        self._gate = asyncio.Lock()
        self._room = asyncio.Event()
        self._clock, self._gather_s = clock, gather_s
        self._fetched_at = clock()
        self._closed = False

    @property
    def outstanding(self) -> int:
        """Batches read and not handled, over all leases."""
        return sum(lease.pending for lease in self.leases.values() if lease.live)

    def grant(self, partitions: Collection[int]) -> None:
        """Note what the group assigned; ownership is taken by the next ``claim``."""
        if not self._closed:
            self._granted = set(partitions)
            self._fetched_at = self._clock()

    async def claim(self) -> Mapping[int, int]:
        """Own what was granted and seek every lease to its position; return the positions.

        A second call within a generation takes nothing anew: it seeks back to what was handled.
        What was granted before a revocation is not claimed after it, although the consumer goes
        on calling it assigned until the group has settled.
        """
        async with self._gate:
            new = sorted(self._granted - self.leases.keys())
            if new:
                await self._own(new)
            for lease in [held for held in self.leases.values() if held.live]:
                async with lease.lock:
                    if lease.live:  # still: the batch in hand may have taken its time
                        self._seek(lease)
            return {p: lease.position for p, lease in self.leases.items() if lease.live}

    async def _own(self, partitions: list[int]) -> None:
        try:
            offsets = await asyncio.wait_for(self.handler.assigned(partitions), CLAIM_S)
            for p in partitions:
                # Revoked meanwhile: the lease stands, dead, until `revoke` gives it back.
                self.leases[p] = Lease(p, offsets[p], offsets[p], live=p in self._granted)
        except Exception as exc:
            self.fail(exc)
            raise
        log.info("partitions assigned", partitions=partitions)

    def _seek(self, lease: Lease) -> None:
        assert self.log is not None  # noqa: S101 - set before the consumer starts
        self.log.seek(lease.partition, lease.position)
        lease.read = lease.position
        lease.pending = 0
        lease.turn += 1
        self._fetched_at = self._clock()
        self._room.set()

    async def revoke(self) -> None:
        """Give everything back: no new call from now on, the running ones are waited for."""
        self._granted = set()
        for lease in self.leases.values():
            lease.live = False
        self._room.set()
        async with self._gate:
            for lease in self.leases.values():
                async with lease.lock:
                    pass
            held, self.leases = sorted(self.leases), {}
            if held:
                try:
                    await self.handler.revoked(held)
                except Exception as exc:
                    self.fail(exc)
                    raise
                log.info("partitions revoked", partitions=held)

    async def close(self, grace_s: float) -> None:
        """Give everything back, or abandon it when that takes longer than ``grace_s``."""
        self._closed = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self.revoke(), grace_s)

    async def room(self, within_s: float) -> bool:
        """Wait until another batch may be fetched, at most ``within_s`` seconds and the time to gather one."""
        if self.outstanding >= OUTSTANDING:
            self._room.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), within_s)
        await asyncio.sleep(max(0.0, self._fetched_at + self._gather_s - self._clock()))
        return self.outstanding < OUTSTANDING

    def fetching(self) -> None:
        """Note that a fetch begins; see ``STALL_S``."""
        self._fetched_at = self._clock()

    def batch(
        self, partition: int, records: Sequence[ConsumerRecord], end_offset: int
    ) -> Batch | None:
        """Wrap what was fetched, in the same step as the fetch; None if nobody may handle it."""
        lease = self.leases.get(partition)
        if lease is None or not lease.live:
            return None
        start, lease.read = lease.read, records[-1].offset + 1
        lease.pending += 1
        return Batch(lease, lease.turn, start, records, end_offset)

    async def handle(self, batch: Batch) -> bool:
        """Have a batch handled; False if its lease ended meanwhile (then it is not ours to ack)."""
        lease = batch.lease
        async with lease.lock:
            if not lease.live or batch.turn != lease.turn:
                return False
            try:
                if not batch.start == lease.position <= batch.records[0].offset:
                    raise LostBatchError(
                        f"partition {lease.partition}: at {lease.position}, got {batch.start}"
                    )
                await self.handler.handle(lease.partition, batch.records, batch.end_offset)
            except Exception as exc:
                self.fail(exc)
                raise
            lease.position = batch.records[-1].offset + 1
            lease.pending -= 1
        self._room.set()
        return True

    def stalled(self) -> bool:
        """Tell whether partitions were granted and neither we nor Faust work on them."""
        return (
            bool(self._granted)
            and self._clock() - self._fetched_at > STALL_S
            and not self._gate.locked()
            and not any(lease.lock.locked() for lease in self.leases.values())
        )
