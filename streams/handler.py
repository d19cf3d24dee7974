"""What the transport asks of whoever judges: one port between Kafka and the rules."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from aiokafka.structs import ConsumerRecord

__all__ = ["Handler"]


class Handler(Protocol):
    """Owner of the state of the partitions that this worker holds.

    Order of calls for one partition, all on one event loop: ``assigned``, then any number of
    ``handle`` and ``tick``, never two at once, then ``revoked``; after that nothing until
    ``assigned`` again. Every rebalance of the group revokes and assigns everything anew. An
    exception from any call ends the process; the supervisor's restart resumes from what
    ``assigned`` answers.
    """

    async def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """Take ownership of these partitions; return the offset to start each from.

        Called once per partition and generation of the group, with heartbeats going on. Must
        return within a minute. There is no automatic reset: an offset that the log does not
        have (nor has next) ends the process too.
        """

    async def revoked(self, partitions: Sequence[int]) -> None:
        """Give these partitions up; another worker may own them as soon as this returns.

        Called for whatever ``assigned`` was called for, also at a graceful stop (which does not
        wait long for it), not after a failure.
        """

    async def handle(
        self, partition: int, records: Sequence[ConsumerRecord], end_offset: int
    ) -> None:
        """Judge and commit the records of one fetch, in order, without gaps.

        The first record is the next one after those handled before, or at the offset that
        ``assigned`` gave. ``end_offset`` is the end of the log as of that fetch. At a stop, the
        call may be cancelled.
        """

    async def tick(
        self,
        partition: int,
        position: int,
        end_offset: int | None,
        checked_at: datetime | None,
    ) -> None:
        """Look at the clock of a partition; called every ``settings.tick_s``, records or not.

        ``position`` is the offset after the last handled record. When everything in the log has
        been handled, ``end_offset`` is its end as the broker just said and ``checked_at`` (UTC)
        the moment just before it was asked: nothing appended before ``checked_at`` is
        unhandled. Both are None when behind, or when the broker did not answer.
        """

    async def background(self) -> None:
        """Do the work that belongs to no partition; started once, cancelled at stop."""
