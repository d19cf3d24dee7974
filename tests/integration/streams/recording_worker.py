"""A worker whose handler writes down every call in SQLite; run as a process by the tests."""

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from aiokafka.structs import ConsumerRecord

from infra.runtime.logs import configure_logs
from infra.runtime.settings import Settings
from streams.worker import run

SCHEMA = """
CREATE TABLE IF NOT EXISTS next_offset (partition INTEGER PRIMARY KEY, value INTEGER);
CREATE TABLE IF NOT EXISTS batch (
    seq INTEGER PRIMARY KEY, worker TEXT, partition INTEGER, first INTEGER, last INTEGER,
    end_offset INTEGER);
CREATE TABLE IF NOT EXISTS call (
    seq INTEGER PRIMARY KEY, worker TEXT, kind TEXT, partition INTEGER, position INTEGER,
    end_offset INTEGER, checked_at REAL, at REAL);
"""


def connect(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=20, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=OFF")
    db.executescript(SCHEMA)
    return db


class Recorder:
    """Keeps offsets and calls; any call out of turn raises, which ends the process."""

    def __init__(self, worker: str, path: str, plan: Mapping[str, float]) -> None:
        self._worker, self._plan, self._db = worker, plan, connect(path)
        self._owned: set[int] = set()
        self._busy: set[int] = set()

    @contextlib.contextmanager
    def _turn(self, partition: int):
        assert partition in self._owned, f"not owned: {partition}"
        assert partition not in self._busy, f"two calls at once: {partition}"
        self._busy.add(partition)
        try:
            yield
            assert partition in self._owned, f"revoked during a call: {partition}"
        finally:
            self._busy.discard(partition)

    def _note(self, kind: str, partition: int, *more: object) -> None:
        position, end, at = (*more, None, None, None)[:3]
        self._db.execute(
            "INSERT INTO call (worker, kind, partition, position, end_offset, checked_at, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._worker, kind, partition, position, end, at, time.time()),
        )

    async def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        assert not self._owned & set(partitions), "assigned twice"
        self._owned |= set(partitions)
        found = dict(self._db.execute("SELECT partition, value FROM next_offset"))
        for p in partitions:
            self._note("assigned", p, found.get(p, 0))
        return {p: found.get(p, 0) for p in partitions}

    async def revoked(self, partitions: Sequence[int]) -> None:
        assert not self._busy & set(partitions), "revoked during a call"
        self._owned -= set(partitions)
        for p in partitions:
            self._note("revoked", p)

    async def handle(
        self, partition: int, records: Sequence[ConsumerRecord], end_offset: int
    ) -> None:
        first, last = records[0].offset, records[-1].offset
        assert [r.offset for r in records] == list(range(first, last + 1)), "a gap in a batch"
        with self._turn(partition):
            self._note("handle", partition, first)
            if first <= self._plan.get("fail_at", -1) <= last:
                raise ValueError("as planned")
            await asyncio.sleep(self._plan.get("handle_s", 0))
            self._db.execute("BEGIN IMMEDIATE")
            row = self._db.execute(
                "SELECT value FROM next_offset WHERE partition = ?", (partition,)
            ).fetchone()
            assert (row[0] if row else 0) == first, f"expected {row}, got {first}"
            self._db.execute("REPLACE INTO next_offset VALUES (?, ?)", (partition, last + 1))
            self._db.execute(
                "INSERT INTO batch (worker, partition, first, last, end_offset)"
                " VALUES (?, ?, ?, ?, ?)",
                (self._worker, partition, first, last, end_offset),
            )
            self._db.execute("COMMIT")

    async def tick(
        self, partition: int, position: int, end_offset: int | None, checked_at: datetime | None
    ) -> None:
        with self._turn(partition):
            self._note(
                "tick", partition, position, end_offset, checked_at and checked_at.timestamp()
            )
            await asyncio.sleep(0)

    async def background(self) -> None:
        if "background_fails_after_s" in self._plan:
            await asyncio.sleep(self._plan["background_fails_after_s"])
            raise ValueError("as planned")
        await asyncio.Event().wait()


if __name__ == "__main__":
    order = json.loads(os.environ["RECORDER"])
    configure_logs(order["worker"])
    worker_settings = Settings(
        home=Path(order["home"]),
        kafka_bootstrap=order["bootstrap"],
        worker_id=order["worker"],
        worker_group=order["group"],
        worker_batch_records=500,
        worker_session_timeout_s=6.0,
        tick_s=0.1,
    )
    recorder = Recorder(order["worker"], order["db"], order["plan"])
    sys.exit(run(worker_settings, recorder, order["topic"]))
