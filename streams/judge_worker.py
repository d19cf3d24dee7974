"""The stream worker: owner of its partitions, judge of shared subjects, pager of the registry."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import perf_counter, time
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import structlog
from aiokafka.structs import ConsumerRecord

from infra.runtime.metrics import LAST_SUCCESS
from infra.runtime.offsets import LogBroken, OffsetTable, cluster_id_of, verify_log
from infra.runtime.postgres import POSTGRES_AWAY, is_own_fault, open_pool
from infra.runtime.schema import SchemaUnfit, require_schema
from infra.runtime.settings import Settings
from streams import metrics
from streams.batch import BatchResult, Input, SubjectCache, commit_batch
from streams.judging.alerts import AlertChange
from streams.judging.medical.said import MedicalStatement
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.state import FencedError
from streams.judging.statement import Statement
from streams.judging.tracks.said import TrackStatement
from streams.pager import page_registry
from streams.postgres_state import PACKED_SINCE, PostgresState
from streams.records import append_time, read_records
from streams.shared import judge_dirty

if TYPE_CHECKING:
    import asyncpg

__all__ = ["CONSUMER", "JudgeWorker"]

CONSUMER = "judge"
"""Name of the stream's positions in ``consumer_offset``."""
RETRY_S = 0.5
CLOCK_STEP = timedelta(seconds=1)
"""An idle partition's clock is stored this often at the most, unless something is due."""

_WAITING = """
SELECT EXISTS (SELECT FROM rejudge WHERE partition = $1)
    OR coalesce((SELECT min(fires_at) FROM deadline WHERE partition = $1) <= $2, false)
"""

T = TypeVar("T")
Said = TypeVar("Said", Statement, MedicalStatement, TrackStatement)
log = structlog.get_logger(__name__)


class JudgeWorker(Generic[Said]):
    """Implements ``streams.handler.Handler`` on Postgres; of manifests if not made another's."""

    read: ClassVar[Callable[..., Any]] = staticmethod(read_records)
    """From a fetch to what a transaction takes in."""

    def __init__(self, settings: Settings, topic: str, book: RuleBook = RULE_BOOK) -> None:
        self._settings = settings
        self._topic = topic
        self._book = book
        self._pool: asyncpg.Pool | None = None
        self._state: PostgresState | None = None
        self._view = RegistryView()
        self._caches: dict[int, SubjectCache] = {}
        self._cache_limit = settings.worker_cache_subjects
        self._dirty = asyncio.Event()
        self._opening = asyncio.Lock()

    async def _opened(self) -> PostgresState:
        async with self._opening:
            if self._state is None:
                cluster = await cluster_id_of(self._settings)
                name = self._settings.worker_id
                self._pool = await open_pool(
                    self._settings.database_writer, most=6, process=name, by_index=True
                )
                oldest = await self._check_schema(self._pool)
                self._state = PostgresState(
                    self._pool,
                    OffsetTable(CONSUMER, self._topic, cluster),
                    timedelta(seconds=self._settings.deadline_settle_s),
                    small=oldest >= PACKED_SINCE,
                )
        return self._state

    async def _check_schema(self, pool: "asyncpg.Pool") -> int:
        """Wait for Postgres and see that this program may run on it. Raises SchemaUnfit.

        Returns the schema number of the oldest program that may run beside this one.
        """

        async def ask() -> int:
            async with pool.acquire() as connection:
                return await require_schema(connection)

        try:
            return await self._patiently(ask)
        except SchemaUnfit as e:
            log.critical("stopped", zh=e.sentence_zh, en=e.sentence_en, cure=e.cure)
            raise

    async def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """Take the partitions, compare the log with the positions. Raises LogBroken to stop."""
        state = await self._opened()
        try:
            positions = await self._patiently(lambda: state.take(partitions))
            await verify_log(
                self._settings,
                self._topic,
                positions,
                consumer=CONSUMER,
                cluster_id=state.offsets.cluster_id,
            )
        except LogBroken as e:
            log.critical("stopped", zh=e.sentence_zh, en=e.sentence_en, cure=e.cure)
            broken = e.partitions
            await self._patiently(lambda: state.mark(broken, stopped=True))
            raise
        await self._patiently(lambda: state.mark(partitions, stopped=False))
        self._cache_limit = max(1000, self._settings.worker_cache_subjects // len(partitions))
        for partition in partitions:
            self._caches[partition] = SubjectCache(self._cache_limit)
        return {p: position.next_offset for p, position in positions.items()}

    async def revoked(self, partitions: Sequence[int]) -> None:
        """Forget the partitions; the next owner's ``take`` fences whatever might still run."""
        for partition in partitions:
            self._caches.pop(partition, None)
            if self._state is not None:
                self._state.positions.pop(partition, None)
            for gauge in (metrics.LAG_RECORDS, metrics.LAG_SECONDS):
                with suppress(KeyError):
                    gauge.remove(str(partition))

    async def handle(
        self, partition: int, records: Sequence[ConsumerRecord], end_offset: int
    ) -> None:
        """Judge and commit one fetch; returns only once it is committed."""
        state = await self._opened()
        given = self.read(state.positions[partition].next_offset, records, append_time(records[-1]))
        if given.next_offset > given.expected:
            await self._commit(partition, given)
        metrics.LAG_RECORDS.labels(str(partition)).set(max(0, end_offset - given.next_offset))

    async def tick(
        self, partition: int, position: int, end_offset: int | None, checked_at: datetime | None
    ) -> None:
        """Move the clock of a caught-up partition; carry out orders and deadlines."""
        state = await self._opened()
        while True:
            stored = state.positions[partition]
            if end_offset is not None:
                metrics.LAG_RECORDS.labels(str(partition)).set(0)
            clock: datetime | None = stored.clock if checked_at is None else checked_at
            if clock is not None:
                age = (datetime.now(UTC) - clock).total_seconds()
                metrics.LAG_SECONDS.labels(str(partition)).set(max(0.0, age))
            if not await self._patiently(lambda c=clock: self._anything_due(partition, c)):  # type: ignore[misc]
                if checked_at is None or clock is None:
                    return
                if stored.clock is not None and clock - stored.clock < CLOCK_STEP:
                    return
            result = await self._commit(
                partition, Input(stored.next_offset, stored.next_offset, None, checked_at)
            )
            if not result.more:
                return

    async def _anything_due(self, partition: int, clock: datetime | None) -> bool:
        pool = self._pool
        if pool is None:
            return False
        found: bool = await pool.fetchval(*self._waiting(partition, clock))
        LAST_SUCCESS.labels("tick").set(time())
        return found

    def _waiting(self, partition: int, clock: datetime | None) -> tuple[object, ...]:
        """Return what to ask Postgres, with arguments: whether anything waits for a partition's clock."""
        return _WAITING, partition, clock

    async def background(self) -> None:
        """Page the registry and judge shared subjects, whenever there is something, for ever."""
        state = await self._opened()
        while True:
            try:
                while self._pool is not None and await page_registry(self._pool):
                    pass
                LAST_SUCCESS.labels("registry_pager").set(time())
                self._dirty.clear()
                decisions = await judge_dirty(state, self._view, self._book)
                metrics.SHARED_JUDGED.inc(len(decisions))
                for decision in decisions:
                    self._count_alerts(decision.alerts)
                LAST_SUCCESS.labels("shared_subjects").set(time())
            except POSTGRES_AWAY as e:
                await self._wait_out(e)
                continue
            with suppress(TimeoutError):
                await self._until_dirty()

    async def _until_dirty(self) -> None:
        """Wait until this worker has made something dirty, or others may have. Raises TimeoutError."""
        await asyncio.wait_for(self._dirty.wait(), self._settings.tick_s)

    async def _transact(
        self, state: PostgresState, partition: int, given: Input[Said]
    ) -> BatchResult:
        """Commit one batch. Raises FencedError."""
        return await commit_batch(
            state,
            partition,
            given,  # type: ignore[arg-type]  # statements of manifests, but in a worker of another kind
            self._view,
            self._caches[partition],
            self._book,
        )

    async def _commit(self, partition: int, given: Input[Said]) -> BatchResult:
        """Commit a batch, waiting while Postgres is away; a commit of unknown fate is looked up."""
        state = await self._opened()
        began = perf_counter()
        while True:
            try:
                result = await self._transact(state, partition, given)
            except FencedError:
                metrics.FENCED.inc()
                raise
            except POSTGRES_AWAY as e:
                await self._wait_out(e)
                # The cache may miss what an unacknowledged commit wrote.
                self._caches[partition] = SubjectCache(self._cache_limit)
                stands = await self._patiently(lambda: state.reread(partition))
                if stands.next_offset == given.next_offset > given.expected:
                    return BatchResult((), (), stands.clock, self._view.seq, 0, False)
            else:
                break
        _observe(result, given, perf_counter() - began)
        if any(decision.draws for decision in result.decisions):
            self._dirty.set()
        return result

    @staticmethod
    async def _wait_out(error: BaseException) -> None:
        """Wait before the next attempt; raises what no waiting can mend."""
        if is_own_fault(error):
            raise error
        metrics.RETRIES.inc()
        log.warning("postgres is away", error=repr(error))
        await asyncio.sleep(RETRY_S)

    @staticmethod
    def _count_alerts(changes: Sequence[AlertChange]) -> None:
        _count_alerts(changes)

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Repeat a question until Postgres answers: it being away stops nothing for good."""
        while True:
            try:
                return await ask()
            except POSTGRES_AWAY as e:
                await self._wait_out(e)


def _observe(result: BatchResult, given: Input[Any], seconds: float) -> None:
    if given.arrivals or given.quarantined:
        metrics.EVENTS.inc(len(given.arrivals))
        metrics.BATCH_EVENTS.observe(len(given.arrivals) + len(given.quarantined))
        metrics.BATCH_SECONDS.observe(seconds)
    for each in result.quarantined:
        metrics.QUARANTINED.labels(each.reason).inc()
    metrics.REJUDGED.inc(result.rejudged)
    metrics.REGISTRY_SEQ.set(result.seq)
    LAST_SUCCESS.labels("batch").set(time())
    now = time()
    for decision in result.decisions:
        _count_alerts(decision.alerts)
        if decision.received_us is not None:
            for change in decision.alerts:
                if change.opened:
                    metrics.EVENT_TO_ALERT.observe(max(0.0, now - decision.received_us / 1e6))


def _count_alerts(changes: Sequence[AlertChange]) -> None:
    for change in changes:
        kind = (
            "withdrawn"
            if change.alert.state == "withdrawn"
            else "raised"
            if change.opened
            else "revised"
        )
        metrics.ALERTS.labels(change.alert.rule, change.alert.severity, kind).inc()
