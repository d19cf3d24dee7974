"""The batch transport on real Kafka, with workers as processes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition
from transport_bench import Bench, ended, interrupt, until

from infra.local.stack import LocalStack

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(90)]


@pytest.fixture
async def bench(stack: LocalStack, tmp_path: Path) -> AsyncIterator[Bench]:
    one = Bench(stack.settings.kafka_bootstrap, tmp_path)
    await one.create()
    try:
        yield one
    finally:
        one.stop_all()


async def test_every_record_is_handled_once_in_order_while_workers_come_go_and_die(
    bench: Bench,
) -> None:
    enough = asyncio.Event()
    producing = asyncio.create_task(bench.produce_until(enough))

    a = bench.start("a", handle_s=0.01)
    await until(lambda: bench.handled("worker = 'a'") > 1000)
    b = bench.start("b", handle_s=0.01)
    await until(lambda: bench.handled("worker = 'b'") > 1000)
    interrupt(a)
    assert await ended(a, 3.0) == 0
    before = bench.handled()
    await until(lambda: bench.handled() > before + 1000)
    c = bench.start("c", handle_s=0.01)
    await until(lambda: bench.handled("worker = 'c'") > 1000)
    b.kill()
    before = bench.handled("worker = 'c'")
    await until(lambda: bench.handled("worker = 'c'") > before + 1000)
    enough.set()
    each = await producing
    await until(lambda: bench.handled() == each * bench.partitions)
    interrupt(c)
    assert await ended(c, 3.0) == 0

    bench.assert_covered_once(each)


async def test_ownership_is_taken_and_given_back_in_turn(bench: Bench) -> None:
    await bench.produce(500)
    a, b = bench.start("a"), bench.start("b")
    owners = "SELECT DISTINCT worker FROM call WHERE kind = 'tick' AND at > ?"
    await until(lambda: len(bench.rows(owners, time.time() - 1)) == 2)
    interrupt(a)
    interrupt(b)
    assert [await ended(a, 3.0), await ended(b, 3.0)] == [0, 0]

    for partition in range(bench.partitions):
        owner = None
        for worker, kind in bench.rows(
            "SELECT worker, kind FROM call WHERE partition = ? ORDER BY seq", partition
        ):
            assert owner == (None if kind == "assigned" else worker)
            owner = None if kind == "revoked" else worker
        assert owner is None


async def test_a_failing_handler_ends_the_process_and_its_records_come_again(bench: Bench) -> None:
    await bench.produce(1000)
    failing = bench.start("a", fail_at=700)
    assert await ended(failing, 15.0) == 1
    assert "as planned" in bench.said("a")
    stored = dict(bench.rows("SELECT partition, value FROM next_offset"))
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.bootstrap)
    await admin.start()
    try:
        acked = await admin.list_consumer_group_offsets(bench.name)
    finally:
        await admin.close()
    assert all(meta.offset <= stored.get(tp.partition, 0) <= 700 for tp, meta in acked.items())

    bench.start("b")
    await until(lambda: bench.handled() == 1000 * bench.partitions)
    bench.assert_covered_once(1000)


async def test_a_failing_background_task_ends_the_process(bench: Bench) -> None:
    assert await ended(bench.start("a", background_fails_after_s=1.0), 25.0) == 1


@pytest.mark.parametrize("place", ["beyond the end", "before the beginning"])
async def test_a_position_outside_the_log_ends_the_process_and_is_not_reset(
    bench: Bench, place: str
) -> None:
    await bench.produce(300)
    if place == "beyond the end":
        bench.rows("INSERT INTO next_offset VALUES (2, 5000)")
    else:
        admin = AIOKafkaAdminClient(bootstrap_servers=bench.bootstrap)
        await admin.start()
        try:
            await admin.delete_records({TopicPartition(bench.name, 2): RecordsToDelete(100)})
        finally:
            await admin.close()

    assert await ended(bench.start("a"), 15.0) == 1
    assert "OffsetOutOfRange" in bench.said("a")
    assert bench.handled("partition = 2") == 0
    lies = "SELECT * FROM call WHERE partition = 2 AND kind = 'tick' AND end_offset IS NOT NULL"
    assert bench.rows(lies) == []


async def test_an_idle_partition_is_told_where_its_log_ends_and_since_when(bench: Bench) -> None:
    await bench.produce(200)
    bench.start("a")
    ticks = (
        "SELECT position, end_offset, checked_at, at FROM call"
        " WHERE kind = 'tick' AND partition = ? AND end_offset IS NOT NULL ORDER BY seq"
    )
    await until(lambda: all(len(bench.rows(ticks, p)) > 10 for p in range(bench.partitions)))
    for partition in range(bench.partitions):
        found = bench.rows(ticks, partition)
        assert {row[:2] for row in found} == {(200, 200)}
        assert all(0 <= at - checked_at < 2 for _, _, checked_at, at in found)
        checks = [row[2] for row in found]
        assert checks == sorted(checks)


async def test_sigterm_ends_a_worker_in_time_though_its_handler_hangs(bench: Bench) -> None:
    await bench.produce(10)
    hanging = bench.start("a", handle_s=600)
    await until(lambda: bench.rows("SELECT 1 FROM call WHERE kind = 'handle'"))
    interrupt(hanging)
    assert await ended(hanging, 3.5) == 0


async def test_a_worker_outlives_an_outage_of_kafka(
    make_stack: Callable[[], Awaitable[LocalStack]], tmp_path: Path
) -> None:
    own = await make_stack()
    bench = Bench(own.settings.kafka_bootstrap, tmp_path)
    await bench.create()
    try:
        await bench.produce(500)
        worker = bench.start("a")
        await until(lambda: bench.handled() == 500 * bench.partitions)

        own.suspend_restart("kafka")
        own.kill("kafka")
        gone = bench.rows("SELECT max(seq) FROM call")[0][0]
        ticks = "SELECT 1 FROM call WHERE kind = 'tick' AND seq > ? AND end_offset IS NULL"
        # Longer than the session: the group has forgotten the worker when Kafka is back.
        await until(lambda: len(bench.rows(ticks, gone)) > 8 * 10 * bench.partitions)
        late = bench.start("late")  # started while there is no Kafka
        own.resume_restart("kafka")
        await own.wait_ready("kafka")

        await bench.produce(500)
        await until(lambda: bench.handled() == 1000 * bench.partitions)
        assert worker.poll() is None
        assert late.poll() is None
        own.suspend_restart("kafka")
        own.kill("kafka")
        interrupt(worker)
        assert await ended(worker, 3.5) == 0
    finally:
        bench.stop_all()
