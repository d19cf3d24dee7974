"""Workers of medical waste and of vehicles die while all post: nothing is lost, nothing told twice."""

import asyncio
import json
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec
import pytest

from infra.local.service import ARCHIVER, MEDICAL_WORKER, TRACK_WORKER, worker
from infra.runtime.settings import MEDICAL_TOPIC, TRACKS_TOPIC
from schemas.families import family_of
from services.registry import write_change_set
from streams.judging.on_files import judge_lines
from tests.chaos.feeding import as_posted, feed
from tests.chaos.resting import rests, until_read
from tests.conftest import MakeStack
from tests.medical.story import all_stories
from tests.tracks.story import all_stories as vehicle_stories

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]


async def test_kills_in_the_middle_of_everything_end_where_the_files_end(
    make_stack: MakeStack,
) -> None:
    # An order bears on its whole city, in which all stories play: those are left to other tests.
    hospitals = [s for s in all_stories() if b"emergency_order" not in b"".join(s.registry_lines)]
    # So does an exemption on all of one code.
    trucks = [s for s in vehicle_stories() if b'"exemption"' not in b"".join(s.registry_lines)]
    stories = [*hospitals, *trucks]
    rng = random.Random(18)
    registry = [line for story in stories for line in story.registry_lines]
    events = [as_posted(line) for story in stories for line in story.event_lines]
    events += rng.choices(events, k=40)
    rng.shuffle(events)
    killed = ("medical-worker", "track-worker")
    stack = await make_stack(
        [ARCHIVER, worker(1), MEDICAL_WORKER, TRACK_WORKER],
        deadline_settle_s=0.5,
        worker_session_timeout_s=6.0,
    )
    await write_change_set(stack.settings.database_registry, registry, "test")

    async def kill() -> None:
        for n in range(6):
            await asyncio.sleep(rng.uniform(0.3, 1.2))
            stack.kill(killed[n % 2])
            await stack.wait_ready(killed[n % 2])

    killing = asyncio.create_task(kill())
    await feed(stack.settings, events, per_second=120)
    await killing
    await until_read(stack, topic=MEDICAL_TOPIC)
    await until_read(stack)
    await until_read(stack, topic=TRACKS_TOPIC, consumers=["judge"])
    await rests(stack)
    connection = await asyncpg.connect(stack.settings.database_reader)
    try:
        verdict = judge_lines(registry, events, now=datetime.now(UTC), vehicles=True)
        wanted = {alert.id: json.loads(msgspec.json.encode(alert)) for alert in verdict.alerts}
        rows = await connection.fetch("SELECT id, body, revision FROM alert WHERE state = 'open'")
        found: dict[Any, Any] = {row["id"]: json.loads(row["body"]) for row in rows}
        assert found == wanted
        assert {"medical", "plant", "trip", "plate"} <= {
            a.subject.split("/")[0] for a in verdict.alerts
        }
        assert len(wanted) > 40
        told = await connection.fetch("SELECT key FROM outbox")
        assert max(Counter(row["key"] for row in told).values()) == 1
        archived = await connection.fetchval(
            "SELECT count(DISTINCT (source, event_id, digest)) FROM event_log WHERE topic = $1",
            MEDICAL_TOPIC,
        )
        posted = {raw for raw in events if family_of(raw).topic == MEDICAL_TOPIC}
        assert archived == len(posted)
    finally:
        await connection.close()
