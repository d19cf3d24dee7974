"""One canary for each private name of Faust, mode and aiokafka that the transport relies on.

When one of these fails after an upgrade, read `streams/transport.py` against the new source.
"""

import asyncio
import inspect
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.consumer import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, OffsetResetStrategy
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState, TopicPartitionState
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.app.base import BootStrategy
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.services import Service
from mode.threads import QueueServiceThread, ServiceThread

from infra.runtime.settings import Settings
from streams.app import build_app
from streams.partitions import Batch, Lease, Partitions
from streams.transport import (
    BatchConsumer,
    BatchTransport,
    ConsumerDiedError,
    ConsumerLog,
    LoopConsumerThread,
)

THREAD = driver.AIOKafkaConsumerThread


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def source(function: Any) -> str:
    return inspect.getsource(function)


@pytest.fixture
async def app(tmp_path: Path) -> faust.App:
    settings = Settings(home=tmp_path, kafka_bootstrap="127.0.0.1:1,127.0.0.1:2")
    return build_app(settings, Partitions(SimpleNamespace(), print), "topic")  # type: ignore[arg-type]


def test_the_versions_are_those_that_were_read() -> None:
    assert version("faust-streaming") == "0.15.3"
    assert version("mode-streaming") == "0.7.1"
    assert version("aiokafka") == "0.14.0"


# -- mode: a service thread without the thread


def test_default_start_starts_a_service_in_place() -> None:
    assert parameters(Service._default_start) == ["self"]
    assert "_default_start" not in vars(ServiceThread)


def test_thread_started_is_what_maybe_start_looks_at() -> None:
    assert "self._thread_started.is_set()" in source(ServiceThread.maybe_start)


def test_shutdown_thread_stops_the_service_and_says_so() -> None:
    text = source(ServiceThread._shutdown_thread)
    for step in ("on_thread_stop", "_default_stop_children", "set_shutdown", "_default_stop_fut"):
        assert step in text


def test_stopped_is_an_event_of_every_service() -> None:
    service = Service()
    assert not service._stopped.is_set()
    service._stopped.set()
    assert service.should_stop


def test_call_thread_is_how_everything_reaches_the_consumer() -> None:
    assert parameters(QueueServiceThread.call_thread) == ["self", "fun", "args", "kwargs"]


# -- Faust: consumer thread


def test_create_consumer_goes_through_create_worker_consumer() -> None:
    assert parameters(THREAD._create_worker_consumer) == ["self", "transport"]
    assert "_create_worker_consumer(transport)" in source(THREAD._create_consumer)


def test_the_consumer_is_kept_in_one_attribute_that_stop_closes() -> None:
    assert THREAD._consumer is None
    assert "await self._consumer.stop()" in source(THREAD.on_thread_stop)
    assert parameters(THREAD._ensure_consumer) == ["self"]


def test_fetch_records_is_where_records_come_from() -> None:
    assert parameters(THREAD._fetch_records) == [
        "self", "consumer", "active_partitions", "timeout", "max_records",
    ]  # fmt: skip
    assert "self._fetch_records" in source(THREAD.getmany)
    assert "if not self.consumer.flow_active" in source(THREAD._fetch_records)


def test_commit_of_the_thread_takes_offsets() -> None:
    assert parameters(THREAD._commit) == ["self", "offsets"]


def test_rebalance_callbacks_reach_the_thread() -> None:
    assert parameters(THREAD.on_partitions_revoked) == ["self", "revoked"]
    assert parameters(THREAD.on_partitions_assigned) == ["self", "assigned", "generation_id"]
    listener = driver.ConsumerRebalanceListener
    assert issubclass(listener, ConsumerRebalanceListener)
    assert "return thread.on_partitions_revoked(" in source(listener.on_partitions_revoked)
    assert "await self._thread.on_partitions_assigned(" in source(listener.on_partitions_assigned)


def test_a_consumer_makes_its_thread_in_new_consumer_thread() -> None:
    assert parameters(driver.Consumer._new_consumer_thread) == ["self"]


# -- Faust: consumer


def test_seeks_ask_the_thread_and_only_recovery_and_a_stopped_flow_seek() -> None:
    assert "await self.seek_to_committed()" in source(Consumer.perform_seek)
    assert "consumer.perform_seek()" in source(Recovery._resume_streams)
    assert "self.perform_seek()" in source(Consumer.getmany)


def test_to_message_is_called_per_fetched_item() -> None:
    assert parameters(driver.Consumer._to_message) == ["self", "tp", "record"]
    assert "to_message(tp, record)" in source(Consumer.getmany)


def test_gaps_and_new_offsets_have_the_signatures_overridden() -> None:
    assert parameters(Consumer._add_gap) == ["self", "tp", "offset_from", "offset_to"]
    assert parameters(Consumer._new_offset) == ["self", "tp"]


def test_the_new_offset_is_the_one_after_the_newest_ack_whatever_lies_between() -> None:
    consumer = SimpleNamespace(_acked=defaultdict(list), _acked_index=defaultdict(set))
    tp = TP("t", 0)
    assert BatchConsumer._new_offset(consumer, tp) is None  # type: ignore[arg-type]
    consumer._acked[tp] += [499, 999]
    consumer._acked_index[tp] |= {499, 999}
    assert BatchConsumer._new_offset(consumer, tp) == 1000  # type: ignore[arg-type]
    assert not consumer._acked[tp]
    assert not consumer._acked_index[tp]


# -- Faust: app


async def test_the_app_takes_our_transport_and_runs_the_consumer_on_its_own_loop(
    app: faust.App,
) -> None:
    assert isinstance(app.transport, BatchTransport)
    consumer = app.consumer
    assert isinstance(consumer, BatchConsumer)
    thread = consumer._thread
    assert isinstance(thread, LoopConsumerThread)
    assert thread.thread_loop is asyncio.get_running_loop()
    assert await thread.call_thread(lambda: 5) == 5
    assert await thread.call_thread(asyncio.sleep, 0, 6) == 6


def test_the_boot_strategy_can_leave_out_producer_and_web() -> None:
    assert BootStrategy.enable_kafka_producer is None
    assert BootStrategy.enable_web is None


async def test_a_batch_passes_faust_as_the_value_of_an_event_undecoded(app: faust.App) -> None:
    record = ConsumerRecord("topic", 0, 7, 1000, 1, None, b"v", None, 0, 1, ())
    batch = Batch(Lease(0, 7, 7), 1, 7, [record], 8)
    message = app.consumer._to_message(TP("topic", 0), batch)
    assert (message.offset, message.tp) == (7, TP("topic", 0))
    topic = app.topic("topic", key_serializer="raw", value_serializer="raw")
    assert (await topic.decode(message)).value is batch


async def test_no_topic_is_declared_and_nobody_leads(app: faust.App) -> None:
    assert not app.conf.topic_allow_declare
    assert app.conf.topic_disable_leader
    assert not app.conf.web_enabled


# -- aiokafka


async def test_a_lease_reads_positions_in_the_subscription_state() -> None:
    tp = TopicPartition("topic", 0)
    state = SubscriptionState()
    state.subscribe({"topic"})
    log = ConsumerLog(SimpleNamespace(_subscription=state), "topic")
    assert log.fetched(0) == (None, None)
    state.assign_from_subscribed({tp})
    assert log.fetched(0) == (None, None)
    state.seek(tp, 5)
    state.subscription.assignment.state_value(tp).highwater = 9
    assert log.fetched(0) == (5, 9)
    assert {"position", "has_valid_position"} <= set(dir(TopicPartitionState))


async def test_fetch_context_resets_the_idle_clock() -> None:
    state = SubscriptionState()
    state._last_fetch_ended -= 100
    assert state.fetcher_idle_time >= 100
    ConsumerLog(SimpleNamespace(_subscription=state), "topic").stay()
    assert state.fetcher_idle_time < 1


async def test_the_death_of_a_background_task_of_aiokafka_is_found() -> None:
    assert parameters(GroupCoordinator.check_errors) == ["self"]
    assert isinstance(inspect.getattr_static(Fetcher, "error_future"), property)
    text = source(AIOKafkaConsumer) + source(AIOKafkaClient)
    for name in ("_coordinator", "_fetcher", "_subscription", "_closed", "_client", "_sync_task"):
        assert f"self.{name} = " in text

    running: asyncio.Future[None] = asyncio.Future()
    dead: asyncio.Future[None] = asyncio.Future()
    dead.set_exception(ValueError("why"))
    consumer = SimpleNamespace(
        _closed=False,
        _coordinator=SimpleNamespace(check_errors=lambda: None),
        _fetcher=SimpleNamespace(error_future=running),
        _client=SimpleNamespace(_sync_task=running),
    )
    ConsumerLog(consumer, "topic").check()
    consumer._client._sync_task = dead
    with pytest.raises(ConsumerDiedError) as found:
        ConsumerLog(consumer, "topic").check()
    assert isinstance(found.value.__cause__, ValueError)


def test_a_seek_forgets_what_was_prefetched() -> None:
    assert "del self._records[tp]" in source(Fetcher.seek_to)
    assert "self._fetcher.seek_to(partition, offset)" in source(AIOKafkaConsumer.seek)


def test_none_is_a_reset_strategy_that_raises() -> None:
    assert OffsetResetStrategy.from_str("none") == OffsetResetStrategy.NONE


def test_an_empty_set_of_partitions_means_all_of_them() -> None:
    assert "if partitions and tp not in partitions" in source(Fetcher.fetched_records)
