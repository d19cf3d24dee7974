"""Workers of medical waste die while hospitals and plants post: nothing is lost, nothing told twice."""

import asyncio
import json
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec
import pytest

from infra.local.service import ARCHIVER, MEDICAL_WORKER
from infra.runtime.settings import MEDICAL_TOPIC
from services.cli.line_state import read_line_state
from services.registry import write_change_set
from streams.judging.on_files import judge_lines
from tests.chaos.feeding import feed
from tests.chaos.resting import until_read
from tests.conftest import MakeStack
from tests.medical.story import all_stories

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]


async def test_kills_in_the_middle_of_everything_end_where_the_files_end(
    make_stack: MakeStack,
) -> None:
    # An order bears on its whole city, in which all stories play: those are left to other tests.
    stories = [s for s in all_stories() if b"emergency_order" not in b"".join(s.registry_lines)]
    rng = random.Random(18)
    registry = [line for story in stories for line in story.registry_lines]
    events = [line for story in stories for line in story.event_lines]
    events += rng.choices(events, k=40)
    rng.shuffle(events)
    stack = await make_stack(
        [ARCHIVER, MEDICAL_WORKER], deadline_settle_s=0.5, worker_session_timeout_s=6.0
    )
    await write_change_set(stack.settings.database_registry, registry, "test")

    async def kill() -> None:
        for _ in range(4):
            await asyncio.sleep(rng.uniform(0.3, 1.2))
            stack.kill("medical-worker")
            await stack.wait_ready("medical-worker")

    killing = asyncio.create_task(kill())
    await feed(stack.settings, events, per_second=60)
    await killing
    await until_read(stack, topic=MEDICAL_TOPIC)
    connection = await asyncpg.connect(stack.settings.database_reader)
    try:
        async with asyncio.timeout(60):
            while not (await read_line_state(connection)).settled:
                await asyncio.sleep(0.1)
        verdict = judge_lines(registry, events, now=datetime.now(UTC))
        wanted = {alert.id: json.loads(msgspec.json.encode(alert)) for alert in verdict.alerts}
        rows = await connection.fetch("SELECT id, body, revision FROM alert WHERE state = 'open'")
        found: dict[Any, Any] = {row["id"]: json.loads(row["body"]) for row in rows}
        assert found == wanted
        assert len(wanted) > 20
        told = await connection.fetch("SELECT key FROM outbox")
        assert max(Counter(row["key"] for row in told).values()) == 1
        archived = await connection.fetchval(
            "SELECT count(DISTINCT (source, event_id, digest)) FROM event_log WHERE topic = $1",
            MEDICAL_TOPIC,
        )
        assert archived == len(set(events))
    finally:
        await connection.close()
