"""The Faust app: one agent over the manifest topic, one batch at a time."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import faust
import structlog
from faust.app.base import BootStrategy
from mode.supervisors import CrashingSupervisor

from infra.runtime.settings import MANIFEST_TOPIC, MEDICAL_TOPIC, TRACKS_TOPIC, Settings
from streams.handler import Handler
from streams.partitions import Partitions
from streams.ticking import Ticker
from streams.transport import BatchTransport

__all__ = ["build_app", "serve"]

HANDOVER_S = 1.0
"""At a stop: how long the batch in hand may still take, and the handler's ``revoked``."""

LEAVE_S = 1.0
"""At a stop: how long Faust may take to leave the group and close."""

_GROUPS = {MEDICAL_TOPIC: "-medical", TRACKS_TOPIC: "-tracks"}
"""What the group of a topic's workers adds to its name."""

log = structlog.get_logger(__name__)


_GATHER_S = 0.1
"""What is only kept waits so long for company: an event alone costs a transaction as dear as a dozen do."""


class _ConsumerOnly(BootStrategy):
    """Nothing is produced from here (the outbox is), so no producer is connected."""

    enable_kafka_producer = False
    enable_web = False


def build_app(settings: Settings, partitions: Partitions, topic: str = MANIFEST_TOPIC) -> faust.App:
    """Return the app, not started. Must be called on the loop that will run it."""
    datadir = settings.home / "run" / "faust"
    datadir.mkdir(parents=True, exist_ok=True)
    group = settings.worker_group
    app = faust.App(
        group + _GROUPS.get(topic, ""),
        broker=[f"kafka://{address}" for address in settings.kafka_bootstrap.split(",")],
        datadir=str(datadir),
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        key_serializer="raw",
        value_serializer="raw",  # never decode: Faust would ack what it cannot
        store="memory://",
        agent_supervisor=CrashingSupervisor,
        stream_wait_empty=False,  # `Partitions.revoke` waits, for just the batch in hand
        broker_commit_interval=1.0,
        broker_max_poll_records=settings.worker_batch_records,
        worker_redirect_stdouts=False,
    )
    app.boot_strategy = _ConsumerOnly(app)
    app.transport = BatchTransport(app, settings, topic, partitions)

    @app.agent(app.topic(topic, value_serializer="raw", key_serializer="raw"), concurrency=1)
    async def judge(stream: Any) -> None:
        # Faust acks an event whose agent raised; with `noack` nothing is acked but by us.
        under_way: set[asyncio.Task[None]] = set()
        try:
            async for event in stream.noack().events():
                # One partition's batch is judged while another's is written; a lease's lock is
                # fair, so within a partition the order stays.
                task = asyncio.create_task(handle(stream, event))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        finally:
            for task in under_way:
                task.cancel()

    async def handle(stream: Any, event: Any) -> None:
        with suppress(Exception):  # `Partitions.handle` has reported it: the worker ends
            if await partitions.handle(event.value):
                await stream.ack(event)

    return app


async def serve(
    settings: Settings,
    handler: Handler,
    topic: str = MANIFEST_TOPIC,
    ending: Callable[[int], None] = lambda code: None,
) -> int:
    """Run a worker on this loop until SIGTERM or SIGINT (returns 0) or a failure (returns 1).

    ``ending`` is called with that code at the moment the end begins: from then on the caller
    should give Faust only a short grace.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    failed = asyncio.Event()

    def on_failure(exc: BaseException) -> None:
        if not failed.is_set():
            ending(1)
            log.error("worker failed", error=repr(exc), exc_info=exc)
            failed.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    gather_s = 0.0 if topic == MANIFEST_TOPIC else _GATHER_S
    partitions = Partitions(handler, on_failure, gather_s=gather_s)
    app = build_app(settings, partitions, topic)
    running = [
        asyncio.create_task(_guarded(app.start(), on_failure)),
        asyncio.create_task(_guarded(_until_crashed(app), on_failure)),
        asyncio.create_task(_guarded(handler.background(), on_failure)),
        asyncio.create_task(Ticker(partitions, settings.tick_s).run()),
    ]
    ends = [asyncio.create_task(stop.wait()), asyncio.create_task(failed.wait())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    code = 1 if failed.is_set() else 0
    ending(code)
    log.info("worker stops", code=code)
    for task in [*running, *ends]:
        task.cancel()
    if not failed.is_set():
        await partitions.close(HANDOVER_S)
    with suppress(TimeoutError):
        await asyncio.wait_for(app.stop(), LEAVE_S)
    return 1 if failed.is_set() else 0


async def _guarded(work: Any, on_failure: Callable[[BaseException], None]) -> None:
    try:
        await work
    except Exception as exc:
        on_failure(exc)
        raise


async def _until_crashed(app: faust.App) -> None:
    await app.wait_until_stopped()
    if app.crashed:
        raise RuntimeError("Faust crashed") from app.crash_reason
