"""``liandan rebuild --check``: what the line has come to, through kills and late records, is in the log."""

import json
import random
from typing import Any

import pytest

from infra.local.service import ARCHIVER, MEDICAL_WORKER, TRACK_WORKER, worker
from infra.runtime.settings import MEDICAL_TOPIC
from services.registry import write_change_set
from services.simulator import build_world
from tests.chaos.feeding import feed
from tests.chaos.resting import until_read
from tests.chaos.test_backup import liandan
from tests.chaos.test_line import at_rest
from tests.conftest import FreshHome, MakeStack
from tests.fresh_topic import writer

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]


async def test_the_state_is_rebuilt_from_the_log_and_what_was_altered_is_named(
    make_stack: MakeStack, fresh_home: FreshHome
) -> None:
    world = build_world("demo", 61, 300, trucks=False)
    half = len(world.events) // 2
    with fresh_home() as home:
        stack = await make_stack(
            (ARCHIVER, MEDICAL_WORKER, TRACK_WORKER, worker(1)), home=home, manifest_partitions=2
        )
        records = list(world.registry)
        late = random.Random(61).sample(records, 40)
        await write_change_set(
            stack.settings.database_registry, [r for r in records if r not in late], "test"
        )
        await feed(stack.settings, world.events[:half])
        stack.kill("worker-1")
        await write_change_set(stack.settings.database_registry, late, "test")
        await feed(stack.settings, world.events[half:])
        await until_read(stack)
        await until_read(stack, topic=MEDICAL_TOPIC)
        alerts = await at_rest(stack, world)

        async def check() -> tuple[int, dict[str, Any]]:
            code, said = await liandan(home, "rebuild", "--check", "--json")
            assert code in (0, 1), said
            return code, json.loads(said)

        code, first = await check()
        assert (code, first["same"], first["differ"]) == (0, True, [])
        assert first["live"] == first["rebuilt"]
        # Alerts of vehicles rest on positions, which the log of events does not hold.
        of_the_log = [a for a in alerts.values() if not a.subject.startswith(("trip/", "plate/"))]
        assert first["live"]["alerts"] == sum(a.state == "open" for a in of_the_log) > 30
        assert await check() == (0, first), "twice the same digest"

        async with writer(stack.settings) as postgres:
            subject = await postgres.fetchval(
                "SELECT subject FROM manifest WHERE state = 'received' ORDER BY subject LIMIT 1"
            )
            gone = await postgres.fetchval(
                "SELECT id FROM alert WHERE state = 'open'"
                " AND split_part(subject, '/', 1) NOT IN ('trip', 'plate') ORDER BY id LIMIT 1"
            )
            await postgres.execute(
                "UPDATE manifest SET verdict = NULL, outcomes = '[]' WHERE subject = $1", subject
            )
            await postgres.execute("UPDATE alert SET state = 'withdrawn' WHERE id = $1", gone)
        code, second = await check()
        assert code == 1
        assert second["rebuilt"] == first["rebuilt"]
        assert second["live"]["digest"] != first["live"]["digest"]
        assert second["differ"] == [
            {"what": "alert", "name": str(gone)}, {"what": "verdict", "name": subject}
        ]  # fmt: skip
        code, said = await liandan(home, "rebuild", "--check")
        assert code == 1
        assert subject in said
        assert first["rebuilt"]["digest"] in said
        await stack.stop()
