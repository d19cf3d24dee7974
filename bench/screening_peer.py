"""One contender of ``bench.screening``, as a process of its own, held to one core.

The order comes as JSON in ``SCREENING``; the last line of the answer is JSON too: events, seconds
from the first event to the last, and those of the second half.
"""

import asyncio
import gc
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.screening_job import Screen, prepared

_ORDER = json.loads(os.environ.get("SCREENING", "{}"))


class Clock:
    """Counts events and ends the process when all are there."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._first = self._half = 0.0
        self._half_at = 0
        self._begun_at = 0
        self.count = 0
        self.found = 0

    def begin(self) -> None:
        """Note the first event."""
        if not self._first:
            self._first = perf_counter()

    def add(self, events: int) -> None:
        """Count handled events."""
        self.count += events
        if not self._half and self.count >= self._wanted // 2:
            self._half, self._half_at = perf_counter(), self.count
        if self.count >= self._wanted:
            now = perf_counter()
            answer = {
                "events": self.count,
                "events_per_s": round(self.count / (now - self._first)),
                "second_half_per_s": round((self.count - self._half_at) / (now - self._half)),
                "found": self.found,
                "cpu_s": round(sum(os.times()[:2]), 2),
            }
            print(json.dumps(answer), file=sys.__stdout__, flush=True)
            os._exit(0)


def _nothing(_raw: bytes) -> int:
    return 0


class Screening:
    """Implements ``streams.handler.Handler`` with nothing kept."""

    def __init__(self, clock: Clock, screen: Screen | None) -> None:
        self._clock, self._screen = clock, screen

    async def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """Start at the beginning."""
        return dict.fromkeys(partitions, 0)

    async def revoked(self, partitions: Sequence[int]) -> None:
        """Do nothing."""

    async def handle(self, partition: int, records: Sequence[Any], end_offset: int) -> None:
        """Screen one batch."""
        self._clock.begin()
        if screen := self._screen:
            self._clock.found += sum([screen(record.value) for record in records])
        self._clock.add(len(records))

    async def tick(self, *_: Any) -> None:
        """Do nothing."""

    async def background(self) -> None:
        """Do nothing."""


def liandan(clock: Clock, screen: Screen | None) -> None:
    """Run our transport with a handler that screens."""
    from infra.runtime.settings import Settings
    from streams.worker import run

    settings = Settings(
        home=Path(_ORDER["home"]),
        kafka_bootstrap=_ORDER["bootstrap"],
        worker_group=_ORDER["group"],
    )
    run(settings, Screening(clock, screen), _ORDER["topic"])


def stock(clock: Clock, screen: Screen | None) -> None:
    """Run a plain Faust app as its tutorial writes it."""
    import faust

    app = faust.App(
        _ORDER["group"],
        broker=f"kafka://{_ORDER['bootstrap']}",
        value_serializer="raw",
        web_enabled=False,
        datadir=_ORDER["home"],
    )

    @app.agent(app.topic(_ORDER["topic"], value_serializer="raw", key_serializer="raw"))
    async def screening(stream: Any) -> None:
        async for event in stream:
            clock.begin()
            if screen is not None:
                clock.found += screen(event)
            clock.add(1)

    asyncio.get_event_loop().run_until_complete(app.start())
    asyncio.get_event_loop().run_forever()


def bare(clock: Clock, screen: Screen | None) -> None:
    """Run the loop that anyone would write first, with our loop, heap and fetch sizes."""
    import uvloop
    from aiokafka import AIOKafkaConsumer, TopicPartition

    from infra.runtime.kafka_on_uvloop import mend_aiokafka

    mend_aiokafka()

    async def loop() -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=_ORDER["bootstrap"],
            group_id=None,
            enable_auto_commit=False,
            max_partition_fetch_bytes=2 * 1024 * 1024,
            fetch_max_wait_ms=100,
        )
        await consumer.start()
        tps = [TopicPartition(_ORDER["topic"], p) for p in range(_ORDER["partitions"])]
        consumer.assign(tps)
        await consumer.seek_to_beginning()
        while True:
            for records in (await consumer.getmany(timeout_ms=100, max_records=2000)).values():
                clock.begin()
                if screen is not None:
                    clock.found += sum([screen(record.value) for record in records])
                clock.add(len(records))

    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    uvloop.run(loop())


def main() -> None:
    """Run the contender that the order names."""
    os.sched_setaffinity(0, {_ORDER["cpu"]})
    logging.basicConfig(level=logging.WARNING)
    for name in ("aiokafka", "faust", "mode"):
        logging.getLogger(name).setLevel(logging.WARNING)
    screen: Screen | None = None
    if _ORDER["job"] == "screening":
        screen = prepared(Path(_ORDER["registry"]).read_bytes().splitlines())
    contenders = {"liandan": liandan, "stock": stock, "bare": bare}
    contenders[_ORDER["contender"]](Clock(_ORDER["events"]), screen)


if __name__ == "__main__":
    main()
