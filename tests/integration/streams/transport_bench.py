"""A topic, a group and a record of calls of one test, and the workers it starts."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from recording_worker import connect

import infra

if TYPE_CHECKING:
    import sqlite3

ROOT = Path(infra.__file__).parents[1]
WORKER = Path(__file__).with_name("recording_worker.py")


@dataclass
class Bench:
    """One test's corner of a Kafka."""

    bootstrap: str
    home: Path
    partitions: int = 4
    name: str = field(default_factory=lambda: f"transport-{uuid.uuid4().hex[:8]}")
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.db: sqlite3.Connection = connect(str(self.home / "calls.db"))

    async def create(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(self.name, self.partitions, 1)])
        finally:
            await admin.close()

    async def produce(self, each: int) -> None:
        """Append ``each`` records to every partition."""
        await self._produce(lambda done: min(100, each - done))

    async def produce_until(self, enough: asyncio.Event) -> int:
        """Append 2,000 records a second and partition; return how many each got."""
        return await self._produce(lambda done: 0 if enough.is_set() else 100, pause_s=0.05)

    async def _produce(self, more: Callable[[int], int], pause_s: float = 0.0) -> int:
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, max_batch_size=200_000)
        await producer.start()
        done = 0
        try:
            while count := more(done):
                for partition in range(self.partitions):
                    batch = producer.create_batch()
                    for _ in range(count):
                        assert batch.append(key=None, value=b"x" * 700, timestamp=None)
                    batch.close()
                    await producer.send_batch(batch, self.name, partition=partition)
                done += count
                await asyncio.sleep(pause_s)
            await producer.flush()
        finally:
            await producer.stop()
        return done

    def start(self, worker: str, **plan: float) -> subprocess.Popen[bytes]:
        order = {
            "worker": worker,
            "home": str(self.home / worker),
            "bootstrap": self.bootstrap,
            "group": self.name,
            "topic": self.name,
            "db": str(self.home / "calls.db"),
            "plan": plan,
        }
        env = {**os.environ, "PYTHONPATH": str(ROOT), "RECORDER": json.dumps(order)}
        with (self.home / f"{worker}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(WORKER)],
                env=env,
                stdout=log,
                stderr=log,
            )
        self.workers.append(process)
        return process

    def stop_all(self) -> None:
        for process in self.workers:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.db.close()

    def said(self, worker: str) -> str:
        return (self.home / f"{worker}.log").read_text()

    def rows(self, query: str, *values: object) -> list[Any]:
        return self.db.execute(query, values).fetchall()

    def handled(self, where: str = "1", *values: object) -> int:
        query = f"SELECT coalesce(sum(last - first + 1), 0) FROM batch WHERE {where}"
        return int(self.rows(query, *values)[0][0])

    def assert_covered_once(self, each: int) -> None:
        """Every record of every partition was handled exactly once, in order."""
        for partition in range(self.partitions):
            at = 0
            for first, last in self.rows(
                "SELECT first, last FROM batch WHERE partition = ? ORDER BY seq", partition
            ):
                assert first == at
                at = last + 1
            assert at == each


async def until(condition: Callable[[], object], within_s: float = 25.0) -> None:
    """Wait for a condition; fails with its source place when it does not come."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.05)


async def ended(process: subprocess.Popen[bytes], within_s: float) -> int:
    """Wait for the end of a process and return its exit code."""
    await until(lambda: process.poll() is not None, within_s)
    return process.returncode


def interrupt(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
