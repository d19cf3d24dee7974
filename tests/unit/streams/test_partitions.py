"""The leases, with a handler and a log that are fakes."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from streams.partitions import OUTSTANDING, STALL_S, Batch, LostBatchError, Partitions
from streams.ticking import Ticker

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class FakeHandler:
    """Answers offset 10 for all; notes calls; waits in ``handle`` while ``hold`` is cleared."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.error: Exception | None = None

    async def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        self.calls.append(("assigned", *partitions))
        if self.error:
            raise self.error
        await self.hold.wait()
        return dict.fromkeys(partitions, 10)

    async def revoked(self, partitions: Sequence[int]) -> None:
        self.calls.append(("revoked", *partitions))

    async def handle(self, partition: int, records: Sequence[Any], end_offset: int) -> None:
        self.calls.append(("handle", partition, records[0].offset))
        if self.error:
            raise self.error
        await self.hold.wait()
        self.calls.append(("handled", partition))

    async def tick(
        self, partition: int, position: int, end_offset: int | None, checked_at: datetime | None
    ) -> None:
        self.calls.append(("tick", partition, position, end_offset, checked_at))

    async def background(self) -> None: ...


class FakeLog:
    """A log of which everything up to ``end`` was fetched."""

    def __init__(self, end: int = 10) -> None:
        self.end: int | None = end
        self.at: dict[int, int] = {}
        self.seeks: list[tuple[int, int]] = []
        self.broken: Exception | None = None

    def seek(self, partition: int, offset: int) -> None:
        self.at[partition] = offset
        self.seeks.append((partition, offset))

    def fetched(self, partition: int) -> tuple[int | None, int | None]:
        return self.at.get(partition), self.end

    async def end_offsets(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {} if self.end is None else dict.fromkeys(partitions, self.end)

    def check(self) -> None:
        if self.broken:
            raise self.broken

    def stay(self) -> None: ...


class Rig:
    """Partitions between the two fakes, with a clock set by hand."""

    def __init__(self) -> None:
        self.handler, self.log = FakeHandler(), FakeLog()
        self.failures: list[BaseException] = []
        self.time = 0.0
        self.partitions = Partitions(self.handler, self.failures.append, lambda: self.time)
        self.partitions.log = self.log
        self.ticker = Ticker(self.partitions, 0.01, lambda: NOW)

    async def own(self, *partitions: int) -> Mapping[int, int]:
        self.partitions.grant(partitions)
        return await self.partitions.claim()

    def fetch(self, partition: int, first: int, count: int = 5) -> Batch | None:
        records = [SimpleNamespace(offset=first + i) for i in range(count)]
        self.log.at[partition] = first + count
        return self.partitions.batch(partition, records, first + count)

    async def tick(self) -> tuple[Any, ...]:
        await self.ticker.round()
        for lease in self.partitions.leases.values():
            if lease.ticking:
                await lease.ticking
        return self.handler.calls[-1]


@pytest.fixture
async def rig() -> Rig:
    return Rig()


async def test_ownership_is_taken_once_and_later_seeks_go_to_what_was_handled(rig: Rig) -> None:
    assert await rig.own(0, 1) == {0: 10, 1: 10}
    batch = rig.fetch(0, 10)
    assert batch
    assert await rig.partitions.handle(batch)

    assert await rig.partitions.claim() == {0: 15, 1: 10}

    assert [c for c in rig.handler.calls if c[0] == "assigned"] == [("assigned", 0, 1)]
    assert rig.log.seeks[-2:] == [(0, 15), (1, 10)]


async def test_a_batch_read_before_a_seek_is_void(rig: Rig) -> None:
    await rig.own(0)
    stale = rig.fetch(0, 10)
    await rig.partitions.claim()
    assert stale
    assert not await rig.partitions.handle(stale)
    again = rig.fetch(0, 10)
    assert again
    assert await rig.partitions.handle(again)


async def test_revoked_comes_after_the_call_that_runs_and_nothing_comes_after_it(rig: Rig) -> None:
    await rig.own(0)
    first, second = rig.fetch(0, 10), rig.fetch(0, 15)
    assert first
    assert second
    rig.handler.hold.clear()
    handling = asyncio.create_task(rig.partitions.handle(first))
    await asyncio.sleep(0)
    revoking = asyncio.create_task(rig.partitions.revoke())
    waiting = asyncio.create_task(rig.partitions.handle(second))
    await asyncio.sleep(0.01)
    assert ("revoked", 0) not in rig.handler.calls

    rig.handler.hold.set()
    await revoking

    assert await handling
    assert not await waiting
    assert rig.handler.calls[-2:] == [("handled", 0), ("revoked", 0)]
    assert rig.fetch(0, 20) is None
    await rig.ticker.round()
    assert rig.handler.calls[-1] == ("revoked", 0)


async def test_what_is_revoked_while_being_assigned_is_given_back_and_not_used(rig: Rig) -> None:
    rig.handler.hold.clear()
    claiming = asyncio.create_task(rig.own(0))
    await asyncio.sleep(0)
    revoking = asyncio.create_task(rig.partitions.revoke())
    await asyncio.sleep(0)
    rig.handler.hold.set()
    assert await claiming == {}
    await revoking
    assert rig.handler.calls == [("assigned", 0), ("revoked", 0)]
    assert rig.log.seeks == []


async def test_a_seek_between_revocation_and_the_next_grant_owns_nothing(rig: Rig) -> None:
    await rig.own(0)
    await rig.partitions.revoke()
    assert await rig.partitions.claim() == {}
    assert rig.handler.calls == [("assigned", 0), ("revoked", 0)]


async def test_a_failure_of_the_handler_is_reported_and_its_batch_stays_unhandled(rig: Rig) -> None:
    await rig.own(0)
    batch = rig.fetch(0, 10)
    rig.handler.error = ValueError("no")
    assert batch
    with pytest.raises(ValueError, match="no"):
        await rig.partitions.handle(batch)
    assert rig.failures == [rig.handler.error]
    assert rig.partitions.leases[0].position == 10


async def test_a_failure_to_own_is_reported(rig: Rig) -> None:
    rig.handler.error = ValueError("no")
    with pytest.raises(ValueError, match="no"):
        await rig.own(0)
    assert rig.failures == [rig.handler.error]


async def test_a_batch_that_never_came_is_noticed_at_the_next(rig: Rig) -> None:
    await rig.own(0)
    rig.fetch(0, 10)
    later = rig.fetch(0, 15)
    assert later
    with pytest.raises(LostBatchError):
        await rig.partitions.handle(later)
    assert rig.failures


async def test_fetching_waits_while_enough_batches_are_outstanding(rig: Rig) -> None:
    await rig.own(*range(OUTSTANDING))
    batch = rig.fetch(0, 10)
    for other in range(1, OUTSTANDING):
        assert await rig.partitions.room(0.0)
        rig.fetch(other, 10)
    assert not await rig.partitions.room(0.01)
    room = asyncio.create_task(rig.partitions.room(5.0))
    await asyncio.sleep(0)
    assert batch
    await rig.partitions.handle(batch)
    assert await room


async def test_ticks_tell_the_end_only_when_everything_was_handled(rig: Rig) -> None:
    await rig.own(0)
    assert await rig.tick() == ("tick", 0, 10, 10, NOW)
    rig.log.end = 15
    assert await rig.tick() == ("tick", 0, 10, None, None)
    batch = rig.fetch(0, 10)
    assert await rig.tick() == ("tick", 0, 10, None, None)
    assert batch
    await rig.partitions.handle(batch)
    assert await rig.tick() == ("tick", 0, 15, 15, NOW)
    rig.log.end = 14  # shorter than what was handled: never "caught up"
    assert await rig.tick() == ("tick", 0, 15, None, None)


async def test_ticks_go_on_without_an_answer_from_the_broker(rig: Rig) -> None:
    await rig.own(0)
    never = asyncio.Event()

    async def silence(partitions: Collection[int]) -> Mapping[int, int]:
        await never.wait()
        return {}

    rig.log.end_offsets = silence  # type: ignore[method-assign]
    assert await rig.tick() == ("tick", 0, 10, None, None)
    assert await rig.tick() == ("tick", 0, 10, None, None)
    never.set()


async def test_a_dead_consumer_ends_the_ticker(rig: Rig) -> None:
    rig.log.broken = RuntimeError("dead")
    with pytest.raises(RuntimeError, match="dead"):
        await rig.ticker.run()
    assert rig.failures == [rig.log.broken]


async def test_a_worker_that_neither_fetches_nor_handles_is_stalled(rig: Rig) -> None:
    rig.partitions.grant([0])
    rig.time = STALL_S + 1
    assert rig.partitions.stalled()
    await rig.partitions.claim()
    assert not rig.partitions.stalled()
    rig.time += STALL_S + 1
    rig.partitions.fetching()
    assert not rig.partitions.stalled()
    rig.time += STALL_S + 1
    await rig.partitions.revoke()
    assert not rig.partitions.stalled()


async def test_closing_does_not_wait_for_a_handler_that_hangs(rig: Rig) -> None:
    await rig.own(0)
    batch = rig.fetch(0, 10)
    rig.handler.hold.clear()
    assert batch
    handling = asyncio.create_task(rig.partitions.handle(batch))
    await asyncio.sleep(0)
    await asyncio.wait_for(rig.partitions.close(0.01), 1)
    assert await rig.own(0) == {}
    handling.cancel()


async def test_a_fetch_begins_no_sooner_after_the_one_before_than_a_batch_takes_to_gather(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("streams.partitions.asyncio.sleep", sleep)
    gathering = Partitions(rig.handler, rig.failures.append, lambda: rig.time, gather_s=0.5)
    for partitions, rested in ((gathering, [0.5, 0.25, 0.0]), (rig.partitions, [0.0, 0.0, 0.0])):
        for later in (0.0, 0.25, 2.0):
            partitions.fetching()
            rig.time += later
            assert await partitions.room(0.0)
        assert slept == rested
        slept.clear()
