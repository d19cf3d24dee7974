"""The stream of vehicles on real Postgres and Kafka ends where the files end, in any order."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from infra.local.stack import LocalStack
from infra.runtime.kafka import new_producer
from infra.runtime.postgres import open_pool
from schemas.receipt import event_digest
from schemas.topics import (
    HEADER_CE_SOURCE,
    HEADER_CE_SUBJECT,
    HEADER_CE_TYPE,
    HEADER_RECEIVED_AT,
)
from schemas.track import FRAME_TYPE
from services.registry import write_change_set
from streams.judge_worker import JudgeWorker
from streams.judging.on_files import judge_lines
from streams.judging.rules import RULE_BOOK
from streams.judging.statement import to_micros
from streams.pager import page_registry
from streams.track_worker import KnownPlaces, TrackWorker
from streams.vehicles import fire_journeys, forget_positions, judge_dirty_vehicles
from tests.integration.streams.disorder import retracted, tell_in_disorder
from tests.integration.streams.speech import LogOf
from tests.tracks.framed import framed
from tests.tracks.story import Story, all_stories, cast

EARLY = datetime(2025, 1, 1, tzinfo=UTC)
"""Before anything that a story tells of: a log that is read as it was written."""
RULES = {rule.id for rule in RULE_BOOK.track}


class Line:
    """A worker of manifests and one of vehicles; each owns partition 0 of a topic of its own."""

    def __init__(self, settings: Any, topics: tuple[str, str], reader: Any, producer: Any) -> None:
        self.settings, self.topics = settings, topics
        self.reader, self.producer = reader, producer
        self.manifests = JudgeWorker(settings, topics[0])
        self.tracks = TrackWorker(settings, topics[1])
        self.logs = LogOf(topics[0], EARLY), LogOf(topics[1], EARLY)
        self.places = KnownPlaces(None)

    async def say(self, *values: bytes) -> None:
        for n, worker in enumerate((self.manifests, self.tracks)):
            said = [v for v in values if (b"vehicle.track" in v) == bool(n)]
            if not said:
                continue
            records = [
                replace(record, headers=[(HEADER_RECEIVED_AT, _received(record.value))])
                for record in self.logs[n].append(*said)
            ]
            topic = self.topics[n]
            sent = [await self.producer.send(topic, r.value, key=r.key) for r in records]
            await asyncio.gather(*sent)
            await worker.handle(0, records, self.logs[n].end)

    async def learn(self, *lines: bytes) -> None:
        await write_change_set(self.settings.database_registry, lines, "test")

    async def judge(self) -> None:
        state = await self.tracks._opened()
        while await page_registry(state.pool):
            pass
        await self.manifests.tick(0, self.logs[0].end, None, None)
        while True:
            fired = await fire_journeys(state, beside=self.topics[0])
            judged = await judge_dirty_vehicles(
                state, self.tracks._view, self.places, beside=self.topics[0]
            )
            if not judged.taken and not fired:
                return

    async def clock(self, now: datetime) -> None:
        for worker, log in zip((self.manifests, self.tracks), self.logs, strict=True):
            await worker.tick(0, log.end, log.end, now)

    async def open_alerts(self, plates: set[str]) -> dict[Any, Any]:
        rows = await self.reader.fetch(
            "SELECT id, body, subject FROM alert WHERE state = 'open' AND scope = 'shared'"
        )
        return {r["id"]: r["body"] for r in rows if r["subject"].split("/")[1] in plates}


def _received(raw: bytes) -> bytes:
    return str(to_micros(datetime.fromisoformat(json.loads(raw)["liandanreceivedat"]))).encode()


@pytest.fixture
async def line(stack: LocalStack) -> AsyncIterator[Line]:
    topics = f"manifests-{uuid4().hex[:8]}", f"tracks-{uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.settings.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1) for topic in topics])
    await admin.close()
    settings = stack.settings.model_copy(update={"deadline_settle_s": 0.0})
    reader = await open_pool(settings.database_reader)
    producer = new_producer(settings)
    await producer.start()
    made = Line(settings, topics, reader, producer)
    for worker in (made.manifests, made.tracks):
        await worker.assigned([0])
    yield made
    await producer.stop()
    for worker in (made.manifests, made.tracks):
        if worker._pool is not None:
            await worker._pool.close()
    await reader.close()


def _plates(story: Story) -> set[str]:
    return {story.plate(label) for label in cast()["plates"]}


def _now(story: Story) -> datetime:
    if story.now is not None:
        return story.at(story.now)
    return max(datetime.fromisoformat(json.loads(raw)["time"]) for raw in story.event_lines)


def _expected(story: Story, now: datetime) -> dict[Any, Any]:
    verdict = judge_lines(story.registry_lines, story.event_lines, now=now, vehicles=True)
    return {
        alert.id: json.loads(msgspec.json.encode(alert))
        for alert in verdict.alerts
        if alert.rule in RULES
    }


async def test_told_in_any_order_with_the_registry_changing_it_ends_where_the_files_end(
    line: Line,
) -> None:
    """Stories one after the other, by their clocks; each one's registry is taken back after it."""
    rng = random.Random(7)
    for story in sorted(all_stories(), key=_now):
        now = _now(story)
        await tell_in_disorder(line, rng, story.event_lines, story.registry_lines, 16)
        await line.clock(now)
        await line.judge()
        assert await line.open_alerts(_plates(story)) == _expected(story, now), story.name
        await line.learn(*map(retracted, story.registry_lines))
        await line.judge()


def _story(name: str) -> Story:
    return next(s for s in all_stories() if s.name == name)


async def test_frames_of_terminals_are_judged_as_events_are(line: Line) -> None:
    story = _story("a_stop_by_the_lake")
    await line.learn(*story.registry_lines)
    tracks = [raw for raw in story.event_lines if b"vehicle.track" in raw]
    await line.say(*(raw for raw in story.event_lines if raw not in tracks))
    for raw in tracks:
        value, plate, source, received = framed(raw)
        (record,) = line.logs[1].append(value, key=plate)
        headers = [
            (HEADER_RECEIVED_AT, str(to_micros(received)).encode()),
            (HEADER_CE_TYPE, FRAME_TYPE.encode()),
            (HEADER_CE_SOURCE, source),
            (HEADER_CE_SUBJECT, plate),
        ]
        await line.producer.send_and_wait(line.topics[1], value, key=plate)
        await line.tracks.handle(0, [replace(record, headers=headers)], line.logs[1].end)
    await line.clock(_now(story))
    await line.judge()
    found = await line.open_alerts(_plates(story))
    expected = _expected(story, _now(story))
    assert {(key, a["act_at"], a["text_zh"]) for key, a in found.items()} == {
        (key, a["act_at"], a["text_zh"]) for key, a in expected.items()
    }
    assert expected
    (alert,) = found.values()
    digests = {e["digest"] for e in alert["evidence"] if e["kind"] == "event" and e["digest"]}
    assert digests & {event_digest(framed(raw)[0]) for raw in tracks}
    await line.learn(*map(retracted, story.registry_lines))


async def test_what_cannot_be_read_is_set_aside_and_the_rest_goes_on(line: Line) -> None:
    story = _story("an_ordinary_trip")
    tracks = [raw for raw in story.event_lines if b"vehicle.track" in raw]
    frame_of, plate, source, _ = framed(tracks[0])
    records = [
        *line.logs[1].append(b"{", key=b"?"),
        *line.logs[1].append(tracks[0], key="冀Z99999".encode()),
        *line.logs[1].append(frame_of[:-3] + b"\x00\x7e", key=plate),
    ]
    headers = [
        (HEADER_CE_TYPE, FRAME_TYPE.encode()),
        (HEADER_CE_SOURCE, source),
        (HEADER_CE_SUBJECT, plate),
    ]
    records[2] = replace(records[2], headers=headers)
    for record in records:
        await line.producer.send_and_wait(line.topics[1], record.value, key=record.key)
    await line.tracks.handle(0, records, line.logs[1].end)
    await line.say(tracks[1])
    rows = await line.reader.fetch(
        "SELECT reason, raw, detail FROM quarantine WHERE topic = $1 ORDER BY kafka_offset",
        line.topics[1],
    )
    assert [(row["reason"], row["raw"]) for row in rows] == [
        ("not_understood", b"{"),
        ("wrong_key", tracks[0]),
        ("not_understood", records[2].value),
    ]
    assert rows[2]["detail"]["problems"][0]["code"] == "frame_unreadable"
    kept = await line.reader.fetchval(
        "SELECT count(*) FROM track_piece WHERE plate = $1", story.plate("truck")
    )
    assert kept >= 1


async def test_positions_are_forgotten_after_their_days_and_what_was_found_stands(
    line: Line,
) -> None:
    story = _story("stayed_in_a_third_province")
    await line.learn(*story.registry_lines)
    await line.say(*story.event_lines)
    await line.clock(_now(story))
    await line.judge()
    found = await line.open_alerts(_plates(story))
    assert found
    writer = await open_pool(line.settings.database_writer)
    plate = story.plate("truck")
    await writer.execute(
        "UPDATE track_piece SET written_at = now() - interval '46 days' WHERE plate = $1", plate
    )
    await forget_positions(writer, 45)
    count = "SELECT count(*) FROM track_piece WHERE plate = $1"
    assert await line.reader.fetchval(count, plate) == 0
    await writer.execute(
        "INSERT INTO vehicle_dirty (plate, begins, ends, leg) SELECT plate, begins, ends, true"
        " FROM journey WHERE plate = $1",
        plate,
    )
    await writer.close()
    await line.judge()
    assert await line.open_alerts(_plates(story)) == found
    await line.learn(*map(retracted, story.registry_lines))


async def test_a_route_an_agreement_or_an_order_that_changes_judges_the_day_again(
    line: Line,
) -> None:
    """What was said of a day is withdrawn and comes back with what it rests on."""
    story = _story("the_route_that_was_agreed")
    plates = _plates(story)
    changing = {
        kind: next(raw for raw in story.registry_lines if json.loads(raw)["kind"] == kind)
        for kind in ("prescribed_route", "collection_agreement", "institution", "vehicle")
    }
    order = json.dumps(
        {
            "kind": "emergency_order",
            "id": f"{story.name}.order",
            "document": "示防指〔2026〕1号",
            "areas": ["130100"],
            "from_at": "2026-09-10T00:00:00+08:00",
            "until_at": "2026-09-11T00:00:00+08:00",
        },
        ensure_ascii=False,
    ).encode()
    await line.learn(*story.registry_lines)
    await line.say(*story.event_lines)
    await line.clock(_now(story))
    await line.judge()
    found = await line.open_alerts(plates)
    assert found == _expected(story, _now(story))
    assert len(found) == 1

    await line.learn(order)
    await line.judge()
    assert not await line.open_alerts(plates)
    await line.learn(retracted(changing["institution"]))
    await line.judge()
    assert await line.open_alerts(plates) == found, "nobody knows that the order is of its area"
    await line.learn(changing["institution"])
    await line.judge()
    assert not await line.open_alerts(plates)
    await line.learn(retracted(order))
    await line.judge()
    assert await line.open_alerts(plates) == found
    await line.learn(retracted(changing["collection_agreement"]))
    await line.judge()
    assert not await line.open_alerts(plates), "either of two routes"
    await line.learn(changing["collection_agreement"])
    await line.judge()
    assert await line.open_alerts(plates) == found
    await line.learn(retracted(changing["prescribed_route"]))
    await line.judge()
    assert not await line.open_alerts(plates), "the route agreed is no more, the other was taken"
    await line.learn(changing["prescribed_route"])
    await line.judge()
    assert await line.open_alerts(plates) == found
    await line.learn(*map(retracted, story.registry_lines))
