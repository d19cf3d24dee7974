"""The stream as all cases play in it: one log, one registry, one database, one worker process.

Each case has a partition and so a clock of its own. What became known step by step is told so: a change
of the registry, then what was said, then the next change; a step is over when the worker has nothing
left to do.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import groupby, zip_longest
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import asyncpg
import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

import infra
from infra.runtime.kafka import new_producer
from infra.runtime.postgres import open_pool
from infra.runtime.settings import Settings
from schemas.alert import Alert
from schemas.topics import HEADER_RECEIVED_AT
from services.registry import write_change_set
from streams.judge_worker import CONSUMER
from streams.judging.outcome import outcome_digest
from streams.judging.packing import judged_outcomes
from streams.judging.statement import Statement, from_micros
from tests.cases.telling import Told

__all__ = ["CasesStream", "Written", "bears_on_everybody", "cases_stream"]

_TOPIC = {
    "message.timestamp.type": "CreateTime",  # the stories' time, not ours
    "message.timestamp.after.max.ms": str(2**62),
    "retention.ms": "-1",
}
_WITHIN_S = 60.0
"""How long a step may take on a busy machine."""

_SETTLED = """
SELECT (SELECT seq FROM registry_pager) >= (SELECT seq FROM registry_head)
    AND NOT EXISTS (SELECT FROM dirty)
    AND NOT EXISTS (SELECT FROM rejudge WHERE partition = ANY ($3::integer[]))
    AND NOT EXISTS (
        SELECT FROM unnest($3::integer[], $4::bigint[], $5::timestamptz[]) AS t (part, ends, now)
        LEFT JOIN consumer_offset o ON o.consumer = $1 AND o.topic = $2 AND o.partition = part
        WHERE o.next_offset IS DISTINCT FROM ends OR o.clock <= now - interval '1 second'
            OR (now IS NOT NULL AND o.clock IS NULL)
            OR EXISTS (SELECT FROM deadline d WHERE d.partition = part AND d.fires_at <= now))
"""
"""Each step hands its work to the next in one transaction, so one look at all of them is enough. A
clock is stored by the second."""


class Written(NamedTuple):
    """What stands in the database about one case."""

    alerts: list[Alert]
    """Open and withdrawn."""
    verdicts: dict[str, set[bytes]]
    """Subject to the digests of its outcomes."""


class _Step(NamedTuple):
    lines: list[bytes]
    said: list[Statement]


class CasesStream:
    """Tells cases to a running stream and reads what it wrote."""

    def __init__(
        self,
        settings: Settings,
        topic: str,
        clocks: Path,
        process: "subprocess.Popen[bytes]",
        producer: AIOKafkaProducer,
        reader: asyncpg.Pool,
    ) -> None:
        self._settings, self._topic, self._clocks, self._process = settings, topic, clocks, process
        self._producer, self._reader = producer, reader
        self._ends: dict[int, int] = {}
        self._now: dict[int, datetime] = {}

    async def play(self, told: Mapping[int, Told]) -> dict[str, Written]:
        """Tell cases by their partitions, all at once, and return by name what came of each."""
        everybody = [list(_steps(one)) for one in told.values()]
        for together in zip_longest(*everybody, fillvalue=_Step([], [])):
            lines = [line for step in together for line in step.lines]
            if lines:
                await write_change_set(self._settings.database_registry, lines, "cases")
                await self._settled(told)
            for partition, step in zip(told, together, strict=True):
                await self._say(partition, step.said, told[partition].now)
            await self._producer.flush()
            await self._settled(told)
        self._now |= {partition: one.now for partition, one in told.items()}
        late = self._clocks.with_suffix(".new")
        late.write_text(json.dumps({p: now.isoformat() for p, now in self._now.items()}))
        late.replace(self._clocks)
        await self._settled(told)
        written = {one.case.name: await self._written(one) for one in told.values()}
        for_all = [x for one in told.values() for x in one.registry_lines if bears_on_everybody(x)]
        if for_all:
            gone = {json.loads(x)["id"]: _struck_off(x) for x in for_all}
            await write_change_set(self._settings.database_registry, gone.values(), "cases")
        return written

    async def _say(self, partition: int, said: Sequence[Statement], now: datetime) -> None:
        for statement in said:
            heard = min(from_micros(statement.received_us), now)
            await self._producer.send(
                self._topic,
                statement.raw,
                key=statement.event.subject.encode(),
                partition=partition,
                timestamp_ms=int(heard.timestamp() * 1000),
                headers=[(HEADER_RECEIVED_AT, str(statement.received_us).encode())],
            )
        self._ends[partition] = self._ends.get(partition, 0) + len(said)

    async def _settled(self, told: Mapping[int, Told]) -> None:
        """Wait until the worker has nothing left to do about these partitions."""
        ends = [self._ends.get(p, 0) for p in told]
        clocks = [self._now.get(p) for p in told]
        deadline = time.monotonic() + _WITHIN_S
        while not await self._reader.fetchval(
            _SETTLED, CONSUMER, self._topic, list(told), ends, clocks
        ):
            assert self._process.poll() is None, "the worker is gone"
            assert time.monotonic() < deadline, "the worker does not come to rest"
            await asyncio.sleep(0.02)

    async def _written(self, told: Told) -> Written:
        numbers = list(told.cast.numbers.values())
        drawn = await self._reader.fetch(
            "SELECT DISTINCT limit_id FROM draw WHERE manifest = ANY ($1)", numbers
        )
        subjects = [*numbers, *(row["limit_id"] for row in drawn)]
        alerts = await self._reader.fetch(
            "SELECT body FROM alert WHERE subject = ANY ($1)", subjects
        )
        verdicts = await self._reader.fetch(
            "SELECT subject, verdict, outcomes::text FROM manifest WHERE subject = ANY ($1) UNION ALL"
            " SELECT subject, NULL, outcomes::text FROM shared_subject WHERE subject = ANY ($1)",
            subjects,
        )
        return Written(
            [msgspec.convert(row["body"], Alert) for row in alerts],
            {row["subject"]: {outcome_digest(o) for o in judged_outcomes(row)} for row in verdicts},
        )


@asynccontextmanager
async def cases_stream(settings: Settings, home: Path, cases: int) -> AsyncIterator[CasesStream]:
    """Start a worker on a new topic with a partition for each of ``cases``; it ends with the context."""
    topic, clocks = f"cases-{uuid4().hex[:8]}", home / "clocks.json"
    clocks.write_text("{}")
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, cases, 1, topic_configs=_TOPIC)])
    finally:
        await admin.close()
    asked = {
        "home": str(home),
        "kafka_bootstrap": settings.kafka_bootstrap,
        "database_writer": settings.database_writer,
        "worker_id": topic,
        "worker_group": topic,
        "deadline_settle_s": 0.0,
        # Each partition is looked at so often: of hundreds that is all that a worker does.
        "tick_s": 0.1 if cases < 100 else 0.5,
    }
    order = {"topic": topic, "clocks": str(clocks), "settings": asked}
    process = _started(order, home)
    reader = await open_pool(settings.database_reader)
    producer = new_producer(settings)
    await producer.start()
    try:
        yield CasesStream(settings, topic, clocks, process, producer, reader)
    except AssertionError as e:
        e.add_note((home / "worker.log").read_text(errors="replace")[-4000:])
        raise
    finally:
        process.kill()
        process.wait()
        await producer.stop()
        await reader.close()


def _started(order: dict[str, object], home: Path) -> "subprocess.Popen[bytes]":
    root = Path(infra.__file__).parents[1]
    with (home / "worker.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.integration.streams.story_worker", json.dumps(order)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdout=log,
            stderr=log,
        )


def _steps(told: Told) -> Iterator[_Step]:
    """Return change sets and what was said after each, from the earliest on.

    Where something must be found and fall away, everything that was said is a step of its own.
    """
    known = [
        (record.recorded_at or datetime.min.replace(tzinfo=UTC), line, None)
        for record, line in zip(told.records, told.registry_lines, strict=True)
    ]
    said = [(from_micros(s.received_us), None, s) for s in told.statements]
    in_order = sorted([*known, *said], key=lambda k: k[0])
    step = _Step([], [])
    for _, together in groupby(in_order, key=lambda k: k[0]):
        parts = list(together)
        lines = [line for _, line, _ in parts if line is not None]
        if step.said and (lines or told.case.withdrawn):
            yield step
            step = _Step([], [])
        step.lines.extend(lines)
        step.said.extend(s for *_, s in parts if s is not None)
    yield step


def bears_on_everybody(line: bytes) -> bool:
    """Whether a record names no firm, so that it bears on other cases too."""
    record = json.loads(line)
    return record["kind"] in ("inbound_ban", "exemption", "calendar") and not (
        record.get("consignor") or record.get("receiver")
    )


def _struck_off(line: bytes) -> bytes:
    return json.dumps({**json.loads(line), "retracted": True}, ensure_ascii=False).encode()
