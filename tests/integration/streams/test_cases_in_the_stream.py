"""Real cases (``tests/cases``) through the real stream: one log, one database, one registry for all.

Each case has a partition of its own and so a clock of its own; it is told in the order in which things
became known. Bans and exemptions that name no firm bear on everybody, so they are struck off once
their case has been looked at.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from infra.local.stack import LocalStack
from infra.runtime.kafka import new_producer
from infra.runtime.postgres import open_pool
from schemas.alert import Alert, alert_digest
from schemas.topics import HEADER_RECEIVED_AT
from services.registry import write_change_set
from streams.judge_worker import JudgeWorker
from streams.judging.on_files import judge_statements
from streams.judging.outcome import Outcome, outcome_digest
from streams.judging.registry import RegistryView
from streams.judging.statement import Statement, from_micros
from streams.pager import page_registry
from streams.shared import judge_shared
from tests.cases.expectations import assert_as_expected
from tests.cases.story import Case, all_cases
from tests.cases.telling import Told

_TOPIC = {
    "message.timestamp.type": "CreateTime",  # the stories' time, not ours
    "message.timestamp.after.max.ms": str(2**62),
    "retention.ms": "-1",
}


class Written(NamedTuple):
    """What stands in the database about one case."""

    alerts: list[Alert]
    """Open and withdrawn."""
    verdicts: dict[str, set[bytes]]
    """Subject to the digests of its outcomes."""


class Stage:
    """The stream that all cases share."""

    def __init__(
        self,
        worker: JudgeWorker,
        producer: AIOKafkaProducer,
        consumer: AIOKafkaConsumer,
        topic: str,
        reader: asyncpg.Pool,
    ) -> None:
        self._worker, self._producer, self._consumer = worker, producer, consumer
        self._topic, self._reader = topic, reader
        self._end = 0

    async def play(self, partition: int, told: Told, registry: str) -> Written:
        """Tell one case, and return what came of it."""
        self._end = 0
        for lines, said in _as_it_became_known(told):
            if lines:
                await write_change_set(registry, lines, "cases")
                await self._catch_up(partition, None)
            if said:
                await self._say(partition, said, told.now)
        await self._catch_up(partition, told.now)
        written = await self._written(told)
        for_all = [line for line in told.registry_lines if _bears_on_everybody(line)]
        if for_all:
            await write_change_set(registry, [_struck_off(line) for line in for_all], "cases")
        return written

    async def _say(self, partition: int, said: Sequence[Statement], now: datetime) -> None:
        for statement in said:
            heard = min(from_micros(statement.received_us), now)
            await self._producer.send_and_wait(
                self._topic,
                statement.raw,
                key=statement.event.subject.encode(),
                partition=partition,
                timestamp_ms=int(heard.timestamp() * 1000),
                headers=[(HEADER_RECEIVED_AT, str(statement.received_us).encode())],
            )
        self._end += len(said)
        place = TopicPartition(self._topic, partition)
        records: list[Any] = []
        while not records or records[-1].offset + 1 < self._end:
            records += (await self._consumer.getmany(place, timeout_ms=10_000))[place]
        await self._worker.handle(partition, records, self._end)

    async def _catch_up(self, partition: int, now: datetime | None) -> None:
        """Page the registry, carry out the orders, judge the limits: what the loops do."""
        state = await self._worker._opened()
        while await page_registry(state._pool):
            pass
        end = None if now is None else self._end
        await self._worker.tick(partition, self._end, end, now)
        while dirty := await state.dirty_subjects(1000):
            for subject in dirty:
                await judge_shared(state, subject, self._worker._view)

    async def _written(self, told: Told) -> Written:
        numbers = list(told.cast.numbers.values())
        limits = [
            row["limit_id"]
            for row in await self._reader.fetch(
                "SELECT DISTINCT limit_id FROM draw WHERE manifest = ANY ($1)", numbers
            )
        ]
        subjects = [*numbers, *limits]
        alerts = await self._reader.fetch(
            "SELECT body FROM alert WHERE subject = ANY ($1)", subjects
        )
        verdicts = await self._reader.fetch(
            "SELECT subject, outcomes::jsonb FROM manifest WHERE subject = ANY ($1) UNION ALL"
            " SELECT subject, outcomes::jsonb FROM shared_subject WHERE subject = ANY ($1)",
            subjects,
        )
        return Written(
            [msgspec.convert(row["body"], Alert) for row in alerts],
            {
                row["subject"]: {
                    outcome_digest(o) for o in msgspec.convert(row["outcomes"], list[Outcome])
                }
                for row in verdicts
            },
        )


def _as_it_became_known(told: Told) -> Iterator[tuple[list[bytes], list[Statement]]]:
    """Return change sets and what was said after each, from the earliest on."""
    known = [
        (record.recorded_at or datetime.min.replace(tzinfo=UTC), line, None)
        for record, line in zip(told.records, told.registry_lines, strict=True)
    ]
    said = [(from_micros(s.received_us), None, s) for s in told.statements]
    for _at, together in groupby(sorted([*known, *said], key=lambda k: k[0]), key=lambda k: k[0]):
        parts = list(together)
        yield [x for _, x, _ in parts if x is not None], [s for *_, s in parts if s is not None]


def _bears_on_everybody(line: bytes) -> bool:
    """Whether a record names no firm, so that it bears on other cases too."""
    record = json.loads(line)
    return record["kind"] in ("inbound_ban", "exemption", "calendar") and not (
        record.get("consignor") or record.get("receiver")
    )


def _struck_off(line: bytes) -> bytes:
    return json.dumps({**json.loads(line), "retracted": True}, ensure_ascii=False).encode()


@pytest.fixture(scope="module")
async def written(stack: LocalStack) -> dict[str, Written]:
    """Every case's name to what was written of it."""
    cases = all_cases()
    topic = f"cases-{uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.settings.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, len(cases), 1, topic_configs=_TOPIC)])
    await admin.close()
    settings = stack.settings.model_copy(update={"deadline_settle_s": 0.0})
    reader = await open_pool(settings.database_reader)
    producer = new_producer(settings)
    await producer.start()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    consumer.assign([TopicPartition(topic, p) for p in range(len(cases))])
    worker = JudgeWorker(settings, topic)
    try:
        await worker.assigned(range(len(cases)))
        stage = Stage(worker, producer, consumer, topic, reader)
        return {
            case.name: await stage.play(p, Told(case), settings.database_registry)
            for p, case in enumerate(cases)
        }
    finally:
        await consumer.stop()
        await producer.stop()
        if worker._pool is not None:
            await worker._pool.close()
        await reader.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", all_cases(), ids=lambda c: f"{c.family}/{c.name}")
def test_the_stream_says_what_the_case_and_the_files_say(
    case: Case, written: dict[str, Written]
) -> None:
    told, found = Told(case), written[case.name]
    assert_as_expected(told, case.expect, found.alerts)
    verdict = judge_statements(RegistryView.known_at(told.records), told.statements, told.now)
    opened = [alert for alert in found.alerts if alert.state == "open"]
    assert {a.id: alert_digest(a) for a in opened} == {
        a.id: alert_digest(a) for a in verdict.alerts
    }
    for subject, outcomes in verdict.outcomes.items():
        assert found.verdicts[subject] == {outcome_digest(o) for o in outcomes}, subject
    fallen = [(a.rule, a.withdrawn_reason) for a in found.alerts if a.state == "withdrawn"]
    assert sorted(fallen) == sorted((w.rule, w.because) for w in case.withdrawn)
