"""The stream of medical waste on real Postgres and Kafka ends where the files end, in any order."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from infra.local.stack import LocalStack
from infra.runtime.kafka import new_producer
from infra.runtime.postgres import open_pool
from schemas.envelope import unit_of
from services.registry import write_change_set
from services.simulator.medical import medical_world
from streams.judging.on_files import judge_lines
from streams.medical_days import fire_medical, judge_dirty_days
from streams.medical_worker import MedicalWorker
from streams.pager import page_registry
from tests.cases.moments import moment
from tests.integration.streams.disorder import retracted, tell_in_disorder
from tests.integration.streams.speech import LogOf
from tests.manifests import credit_code
from tests.medical.story import Story, all_stories

EARLY = datetime(2025, 1, 1, tzinfo=UTC)
"""Before anything that a story tells of: a log that is read as it was written."""
SETTLE = timedelta(minutes=15)


class Line:
    """A worker that owns partition 0 of a topic of its own."""

    def __init__(self, settings: Any, topic: str, reader: Any, producer: Any) -> None:
        self.settings, self.topic = settings, topic
        self.reader, self.producer = reader, producer
        self.log = LogOf(topic, EARLY)
        self.worker = MedicalWorker(settings, topic)

    async def begin(self, settle: timedelta) -> None:
        """Begin a log of its own, with a clock of its own; ``settle``: how long silence waits to be told."""
        await self.close()
        self.topic = await _new_topic(self.settings)
        self.log = LogOf(self.topic, EARLY)
        self.settings = self.settings.model_copy(
            update={"deadline_settle_s": settle.total_seconds()}
        )
        self.worker = MedicalWorker(self.settings, self.topic)
        await self.worker.assigned([0])

    async def close(self) -> None:
        if self.worker._pool is not None:
            await self.worker._pool.close()

    async def say(self, *values: bytes) -> None:
        records = []
        for value in values:
            unit = unit_of(json.loads(value)["source"]).encode()
            records += self.log.append(value, key=unit)
        sent = [await self.producer.send(self.topic, r.value, key=r.key) for r in records]
        await asyncio.gather(*sent)
        await self.worker.handle(0, records, self.log.end)

    async def learn(self, *lines: bytes) -> None:
        await write_change_set(self.settings.database_registry, lines, "test")

    async def judge(self) -> None:
        state = await self.worker._opened()
        while await page_registry(state.pool):
            pass
        while True:
            fired = await fire_medical(state)
            if not (await judge_dirty_days(state, self.worker._view)).taken and not fired:
                return

    async def hear(self, story: Story, year: bytes) -> None:
        """Learn and judge a story as it went in another year."""
        await self.learn(*story.registry_lines)
        await self.say(*_in_another_year(story, year))
        await self.judge()

    async def clock(self, now: datetime) -> None:
        await self.worker.tick(0, self.log.end, self.log.end, now)

    async def open_alerts(self, codes: set[str]) -> dict[Any, Any]:
        rows = await self.reader.fetch(
            "SELECT id, body, subject FROM alert WHERE state = 'open' AND scope = 'shared'"
        )
        return {row["id"]: row["body"] for row in rows if row["subject"].split("/")[1] in codes}


async def _new_topic(settings: Any) -> str:
    topic = f"medical-{uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    return topic


@pytest.fixture
async def line(stack: LocalStack) -> AsyncIterator[Line]:
    topic = await _new_topic(stack.settings)
    settings = stack.settings.model_copy(update={"deadline_settle_s": 0.0})
    reader = await open_pool(settings.database_reader)
    producer = new_producer(settings)
    await producer.start()
    made = Line(settings, topic, reader, producer)
    await made.worker.assigned([0])
    yield made
    await producer.stop()
    await made.close()
    await reader.close()


def _codes(story: Story) -> set[str]:
    return {story.code(label) for label in ("hospital", "clinic", "village", "plant", "far_plant",
                                             "emergency", "scrap")}  # fmt: skip


def _expected(story: Story, now: datetime) -> dict[Any, Any]:
    verdict = judge_lines(story.registry_lines, story.event_lines, now=now)
    return {alert.id: json.loads(msgspec.json.encode(alert)) for alert in verdict.alerts}


def _now(story: Story) -> datetime:
    if story.now is not None:
        return moment(story.now)
    return max(datetime.fromisoformat(json.loads(raw)["time"]) for raw in story.event_lines)


async def test_told_in_any_order_with_the_registry_changing_it_ends_where_the_files_end(
    line: Line,
) -> None:
    """Stories one after the other, by their clocks; each one's registry is taken back after it."""
    rng = random.Random(7)
    for story in sorted(all_stories(), key=_now):
        now = _now(story)
        await tell_in_disorder(line, rng, story.event_lines, story.registry_lines, 4)
        await line.clock(now)
        await line.judge()
        assert await line.open_alerts(_codes(story)) == _expected(story, now), story.name
        await line.learn(*map(retracted, story.registry_lines))
        await line.judge()


async def test_a_world_told_in_disorder_ends_where_the_files_end(line: Line) -> None:
    """Registers name packages of several days and institutions; each round judges some of them."""
    world = medical_world(5, 400)
    rng = random.Random(11)
    await line.learn(*world.early)
    said, late = list(world.events), [record for _, record in world.changes]
    # Neighbours change places by up to some hundred; the rest of the disorder is the world's own.
    said = [raw for _, raw in sorted(enumerate(said), key=lambda e: e[0] + rng.uniform(0, 300))]
    while said:
        many = rng.randint(1, 40)
        await line.say(*said[:many])
        del said[:many]
        if late and rng.random() < 0.1:
            await line.learn(late.pop(0))
        await line.judge()
    await line.learn(*late)
    now = max(datetime.fromisoformat(json.loads(raw)["time"]) for raw in world.events)
    await line.clock(now)
    await line.judge()
    verdict = judge_lines(world.registry, world.events, now=now)
    codes = {firm.uscc for firm in world.firms}
    found = await line.open_alerts(codes)
    assert found == {a.id: json.loads(msgspec.json.encode(a)) for a in verdict.alerts}
    assert len(found) > 10


def _in_another_year(story: Story, year: bytes) -> list[bytes]:
    """Return what is said under ids of its own: an id that stands with other bytes is no news."""
    lines = [raw.replace(b"2026-09", year + b"-09") for raw in story.event_lines]
    return [raw.replace(b'"id": "', b'"id": "' + year, 1) for raw in lines]


def _story(name: str) -> Story:
    return next(s for s in all_stories() if s.name == name)


@pytest.mark.parametrize("seed", range(3))
async def test_however_clock_reports_and_registry_interleave_it_ends_where_the_files_end(
    line: Line, seed: int
) -> None:
    """Events told before and after the deadlines that they bear on have fired, and have settled.

    Stories one after the other, of firms of each seed's own: whatever was known at each instant, once all
    is told and the settling time is over, the verdict is that of the files at that instant.
    """
    rng = random.Random(seed)
    for known in rng.sample(all_stories(), 25):
        await line.begin(SETTLE)
        serial, name = known.serial + 200 * (seed + 1), f"{known.name}.{seed}"
        story = msgspec.structs.replace(known, serial=serial, name=name)
        events, records = story.event_lines, story.registry_lines
        begins = min(datetime.fromisoformat(json.loads(raw)["time"]) for raw in events)
        now = _now(story) + timedelta(hours=rng.choice((0, 50)))
        steps = [
            *((line.say, raw) for raw in [*events, *events]),
            *((line.learn, r) for r in records),
        ]
        rng.shuffle(steps)
        for clock in sorted(
            begins + rng.random() * (now - begins) for _ in range(rng.randint(1, 6))
        ):
            for step, raw in [steps.pop() for _ in range(rng.randint(0, len(steps)))]:
                await step(raw)
                if rng.random() < 0.2:
                    await line.judge()
            await line.clock(clock)
            await line.judge()
        await line.clock(now)
        await line.judge()
        for step, raw in steps:  # told when all has fired that is to fire
            await step(raw)
        await line.judge()
        await line.clock(now + SETTLE)
        await line.judge()
        expected = _expected(story, now + SETTLE)
        assert await line.open_alerts(_codes(story)) == expected, story.name
        await line.learn(*map(retracted, records))
        await line.judge()


async def test_what_is_told_late_withdraws_what_silence_had_raised(line: Line) -> None:
    story = _story("never_collected_and_the_term_is_over")
    # Another life of the same story, a year on: codes are those of the test above, days are not.
    later = _in_another_year(story, b"2027")
    await line.learn(*story.registry_lines)
    await line.say(*later)
    await line.judge()
    now = moment("2027-09-03 08:01")
    await line.clock(now)
    await line.judge()

    async def of_that_day() -> dict[Any, Any]:
        every = await line.open_alerts(_codes(story))
        return {key: body for key, body in every.items() if body["subject"].endswith("2027-09-01")}

    found = await of_that_day()
    rules = {body["rule"] for body in found.values()}
    assert rules == {"medical.stored_too_long", "medical.not_collected"}
    collected = _story("an_ordinary_bag").said[1]
    told = story.__class__(
        why_zh="", why_en="", name=story.name, serial=story.serial,
        said=[{**collected, "collected": "2027-09-02 09:00"}],
    ).event_lines  # fmt: skip
    await line.say(*told)
    await line.judge()
    assert await of_that_day() == {}
    rows = await line.reader.fetch(
        "SELECT body ->> 'withdrawn_reason' AS why FROM alert WHERE id = ANY ($1::uuid[])",
        list(found),
    )
    assert {row["why"] for row in rows} == {"in_time"}


async def test_a_bag_of_another_day_bears_on_the_day_that_tells_of_its_register(line: Line) -> None:
    story = _story("a_register_of_two_days_agrees")
    question = (
        "SELECT subject, state FROM alert WHERE rule = 'medical.weight_differs' AND subject LIKE $1"
    )
    days = f"medical/{story.code('hospital')}/2030-%"
    await line.hear(story, b"2030")
    assert await line.reader.fetch(question, days) == []
    wrong = story.__class__(
        why_zh="", why_en="", name=story.name, serial=story.serial,
        said=[{"corrected": "2030-09-03 08:00", "as": "sealed", "of": "2030sealed-3", "by": "hospital", "bag": "B3",
               "weight_g": 35_000, "id": "2030wrong"}],
    ).event_lines  # fmt: skip
    await line.say(*wrong)
    await line.judge()
    found = [tuple(row) for row in await line.reader.fetch(question, days)]
    assert found == [(days.replace("%", "09-01"), "open")]


async def test_what_is_told_late_withdraws_what_a_silent_week_had_raised(line: Line) -> None:
    story = _story("a_hospital_falls_silent")
    week = f"week/{story.code('hospital')}/2029-09-03"

    async def found() -> list[Any]:
        rows = await line.reader.fetch(
            "SELECT body ->> 'rule' AS rule, state, body ->> 'withdrawn_reason' AS why FROM alert"
            " WHERE subject = $1", week,
        )  # fmt: skip
        return [tuple(row) for row in rows]

    await line.hear(story, b"2029")
    await line.clock(moment("2029-09-11 23:59"))
    await line.judge()
    assert await found() == []
    await line.clock(moment("2029-09-12 00:00"))
    await line.judge()
    assert await found() == [("medical.silent_week", "open", None)]
    late = story.__class__(
        why_zh="", why_en="", name=story.name, serial=story.serial,
        said=[{"sealed": "2029-09-05 08:00", "bag": "LATE", "weight_g": 300_000, "id": "late"}],
    ).event_lines  # fmt: skip
    await line.say(*late)
    await line.judge()
    assert await found() == [("medical.silent_week", "withdrawn", "enough")]


async def test_what_cannot_be_read_or_has_another_units_key_is_set_aside_and_the_rest_goes_on(
    line: Line,
) -> None:
    good = _story("collected_at_the_48th_hour").event_lines
    records = line.log.append(b"{", good[0], key=b"somebody")
    for record in records:
        await line.producer.send_and_wait(line.topic, record.value, key=record.key)
    await line.worker.handle(0, records, line.log.end)
    await line.say(good[1])
    rows = await line.reader.fetch(
        "SELECT reason, raw FROM quarantine WHERE topic = $1 ORDER BY kafka_offset", line.topic
    )
    assert [(row["reason"], row["raw"]) for row in rows] == [
        ("not_understood", b"{"),
        ("wrong_key", good[0]),
    ]
    kept = await line.reader.fetchval("SELECT count(*) FROM medical_event WHERE raw = $1", good[1])
    assert kept == 1


async def test_a_day_waits_for_what_may_be_on_its_way(line: Line) -> None:
    """A deadline that was past when it became known fires only after the settling time."""
    story = _story("never_collected_and_the_term_is_over")
    await line.begin(SETTLE)
    later = _in_another_year(story, b"2028")
    now = moment("2028-09-05 08:00")
    await line.clock(now)
    await line.say(*later)
    await line.judge()
    await line.clock(now + timedelta(minutes=14))
    await line.judge()
    day = f"medical/{story.code('hospital')}/2028-09-01"
    question = (
        "SELECT count(*) FROM alert WHERE subject = $1 AND state = 'open'"
        " AND rule = 'medical.stored_too_long'"
    )
    assert await line.reader.fetchval(question, day) == 0
    await line.clock(now + timedelta(minutes=16))
    await line.judge()
    assert await line.reader.fetchval(question, day) == 1


async def test_what_is_told_late_of_a_day_that_has_fired_settles_before_it_accuses(
    line: Line,
) -> None:
    """And what was told of that day already stands meanwhile."""
    await line.begin(SETTLE)
    story = _story("never_collected_and_the_term_is_over")
    day = f"medical/{story.code('hospital')}/2045-09-01"

    async def told() -> list[str]:
        question = (
            "SELECT body ->> 'text_zh' FROM alert WHERE subject = $1 AND state = 'open'"
            " AND rule = 'medical.stored_too_long'"
        )
        return [row[0] for row in await line.reader.fetch(question, day)]

    async def at(now: datetime) -> list[str]:
        await line.clock(now)
        await line.judge()
        return await told()

    async def say(*said: dict[str, Any]) -> list[str]:
        words = story.__class__(
            why_zh="", why_en="", name=story.name, serial=story.serial, said=list(said)
        )
        await line.say(*words.event_lines)
        await line.judge()
        return await told()

    await line.learn(*story.registry_lines)
    await line.clock(moment("2045-09-01 10:00"))
    await line.say(*_in_another_year(story, b"2045"))
    await line.judge()
    before = await at(moment("2045-09-03 08:01"))
    assert len(before) == 1
    now = moment("2045-09-05 08:00")
    assert await at(now) == before
    heard = {"sealed": "2045-09-01 07:00", "bag": "HEARD", "id": "heard"}
    unheard = {"sealed": "2045-09-01 07:30", "bag": "UNHEARD", "id": "unheard"}
    assert await say(heard, unheard) == before
    assert await at(now + SETTLE - timedelta(minutes=1)) == before
    taken = {"collected": "2045-09-02 09:00", "bags": ["HEARD"], "id": "taken"}
    assert await say(taken) == before
    (after,) = await at(now + SETTLE)
    assert "UNHEARD" in after
    assert "、HEARD" not in after


async def test_a_fired_deadline_is_told_before_a_crowd_of_words_and_after_a_kill_too(
    line: Line,
) -> None:
    story = _story("never_collected_and_the_term_is_over")
    await line.hear(story, b"2031")
    sealed = json.loads(_in_another_year(story, b"2031")[0])
    crowd = [
        json.dumps(sealed | {"id": f"crowd-{n}", "subject": f"CROWD{n}",
                             "source": f"urn:uscc:{credit_code(90_000_000 + n)}"}).encode()
        for n in range(120)
    ]  # fmt: skip
    await line.say(*crowd)
    await line.clock(moment("2031-09-03 08:00") + timedelta(seconds=30))
    state = await line.worker._opened()
    assert await fire_medical(state) > 0
    # The worker ends here, having fired and not judged; another takes over.
    await line.worker._pool.close()
    line.worker = MedicalWorker(line.settings, line.topic)
    await line.worker.assigned([0])
    again = await line.worker._opened()
    judged = await judge_dirty_days(again, line.worker._view, fired=True)
    assert judged.taken == 1
    found = await line.open_alerts(_codes(story))
    of_that_day = {b["rule"] for b in found.values() if b["subject"].endswith("2031-09-01")}
    assert of_that_day == {"medical.stored_too_long", "medical.not_collected"}
    assert await line.reader.fetchval("SELECT count(*) FROM medical_dirty WHERE NOT fired") > 0
    assert await line.reader.fetchval("SELECT count(*) FROM medical_dirty WHERE fired") == 0
    await line.judge()


async def test_what_was_past_before_it_could_fire_takes_its_turn_among_the_words(
    line: Line,
) -> None:
    """A flood of words about the past arms thousands of deadlines that are over: none may hide a new one."""
    story = _story("never_collected_and_the_term_is_over")
    await line.hear(story, b"2033")
    await line.clock(moment("2033-09-03 12:00"))
    state = await line.worker._opened()
    assert await fire_medical(state) > 0
    view = line.worker._view
    assert (await judge_dirty_days(state, view, fired=True)).taken == 0
    await line.judge()
    found = await line.open_alerts(_codes(story))
    assert "2033-09-01" in {body["subject"][-10:] for body in found.values()}


async def test_while_a_deadline_waits_the_clock_is_kept_at_every_tick_else_once_a_second(
    line: Line,
) -> None:
    """A year before all other stories: no deadline of theirs waits then."""
    story = _story("never_collected_and_the_term_is_over")
    await line.hear(story, b"2025")
    day = f"medical/{story.code('hospital')}/2025-09-01"
    due = await line.reader.fetchval("SELECT fires_at FROM medical_day WHERE subject = $1", day)
    assert due == moment("2025-09-03 08:00") + timedelta(microseconds=1)

    async def ticked(before: timedelta) -> datetime:
        await line.clock(due - before)
        kept: datetime = await line.reader.fetchval(
            "SELECT clock FROM consumer_offset WHERE topic = $1", line.topic
        )
        return due - kept

    second, tick = timedelta(seconds=1), timedelta(seconds=0.2)
    assert await ticked(second / 2) == second / 2
    assert await ticked(second / 2 - tick) == second / 2
    assert await ticked(-tick) == -tick
    await line.judge()
    found = await line.open_alerts(_codes(story))
    rules = {body["rule"] for body in found.values() if body["subject"] == day}
    assert rules == {"medical.stored_too_long", "medical.not_collected"}
    assert await ticked(-2 * tick) == -tick
