"""``liandan rebuild --check``: what the line has come to, through kills and late records, is in the log."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from infra.local.service import ARCHIVER, MEDICAL_WORKER, TRACK_WORKER, worker
from infra.local.stack import LocalStack
from infra.runtime.settings import MEDICAL_TOPIC, TRACKS_TOPIC
from services.registry import write_change_set
from services.simulator import build_world
from tests.chaos.feeding import as_posted, feed
from tests.chaos.resting import rests, until_read
from tests.chaos.test_backup import liandan
from tests.chaos.test_line import at_rest
from tests.conftest import FreshHome, MakeStack
from tests.fresh_topic import writer
from tests.integration.streams.disorder import retracted
from tests.tracks.story import all_stories

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
        await rests(stack)
        alerts = await at_rest(stack, world, vehicles=True)

        async def check() -> tuple[int, dict[str, Any]]:
            code, said = await liandan(home, "rebuild", "--check", "--json")
            assert code in (0, 1), said
            return code, json.loads(said)

        code, first = await check()
        assert (code, first["same"], first["differ"]) == (0, True, [])
        assert first["live"] == first["rebuilt"]
        assert first["live"]["alerts"] == sum(a.state == "open" for a in alerts.values()) > 30
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


class Vehicles:
    """A line on which the stories of vehicles are told, and what its check says."""

    def __init__(self, stack: LocalStack, home: Path) -> None:
        self.stack, self.home = stack, home

    async def tell(self, registry: list[bytes], events: list[bytes]) -> None:
        """Tell it all, the worker of vehicles killed in the middle."""
        half = len(events) // 2
        await write_change_set(self.stack.settings.database_registry, registry, "test")
        await feed(self.stack.settings, events[:half])
        async with asyncio.timeout(30):
            while not self.files:  # what comes now is in another one
                await asyncio.sleep(0.1)
        self.stack.kill("track-worker")
        await feed(self.stack.settings, events[half:])
        await until_read(self.stack)
        await until_read(self.stack, topic=TRACKS_TOPIC)
        await rests(self.stack)

    async def check(self) -> tuple[int, dict[str, Any]]:
        code, said = await liandan(self.home, "rebuild", "--check", "--json")
        assert code in (0, 1), said
        return code, json.loads(said)

    async def execute(self, sql: str, *values: object) -> None:
        async with writer(self.stack.settings) as postgres:
            await postgres.execute(sql, *values)

    async def value(self, sql: str, *values: object) -> Any:
        async with writer(self.stack.settings) as postgres:
            return await postgres.fetchval(sql, *values)

    @property
    def files(self) -> list[Path]:
        return sorted(self.stack.settings.tracks_home.rglob("*.parquet"))


NOTHING = {"waiting": 0, "newer": 0, "lost": 0, "closed": 0}


@pytest.mark.timeout(600)
async def test_journeys_are_rebuilt_from_the_files_and_what_cannot_be_told_is_counted(
    make_stack: MakeStack, fresh_home: FreshHome
) -> None:
    # An exemption of one story is on a code that all of them carry.
    stories = [s for s in all_stories() if b'"exemption"' not in b"".join(s.registry_lines)]
    rng = random.Random(25)
    events = [as_posted(raw) for story in stories for raw in story.event_lines]
    rng.shuffle(events)
    with fresh_home() as home:
        stack = await make_stack(
            (ARCHIVER, TRACK_WORKER, worker(1)), home=home, tracks_file_s=0.3, deadline_settle_s=0.5
        )
        line = Vehicles(stack, home)
        await line.tell([raw for story in stories for raw in story.registry_lines], events)

        code, first = await line.check()
        assert (code, first["differ"], first["same"]) == (0, [], True)
        assert first["live"] == first["rebuilt"]
        journeys = first["journeys"]
        assert journeys["not_compared"] == NOTHING
        assert (journeys["faults"], journeys["files"]) == ([], len(line.files))
        assert journeys["files"] > 1
        assert journeys["compared"] > len(stories) * 0.5
        assert first["live"]["alerts"] > 20

        # An alert that is gone, one that says something else, a verdict that was turned.
        kinds = "SELECT id, subject, body FROM alert WHERE state = 'open' AND subject LIKE 'trip/%' ORDER BY id"
        async with writer(stack.settings) as postgres:
            gone, altered, *_ = await postgres.fetch(kinds)
            turned = await postgres.fetchval(
                "SELECT subject FROM journey WHERE subject LIKE 'plate/%'"
                " AND outcomes::text LIKE '%needs_review%' ORDER BY subject LIMIT 1"
            )
            before = await postgres.fetchval(
                "SELECT outcomes FROM journey WHERE subject = $1", turned
            )
        await line.execute("UPDATE alert SET state = 'withdrawn' WHERE id = $1", gone["id"])
        await line.execute(
            "UPDATE alert SET body = jsonb_set(body, '{severity}', '\"low\"') WHERE id = $1",
            altered["id"],
        )
        await line.execute("UPDATE journey SET outcomes = '[]' WHERE subject = $1", turned)
        code, second = await line.check()
        assert code == 1
        assert second["rebuilt"] == first["rebuilt"]
        assert second["differ"] == [
            *({"what": "alert", "name": str(row["id"])} for row in (gone, altered)),
            {"what": "verdict", "name": turned},
        ]
        code, said = await liandan(home, "rebuild", "--check")
        assert code == 1
        assert turned in said
        await line.execute("UPDATE alert SET state = 'open' WHERE id = $1", gone["id"])
        await line.execute(
            "UPDATE alert SET body = $2 WHERE id = $1", altered["id"], altered["body"]
        )
        await line.execute("UPDATE journey SET outcomes = $2 WHERE subject = $1", turned, before)
        assert await line.check() == (0, first)

        # A file that is gone, and one that was altered: nothing is said of what they tell of.
        lost, other = line.files[:2]
        whole = other.read_bytes()
        lost.rename(lost.with_suffix(".away"))
        other.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
        code, third = await line.check()
        assert code == 1
        assert third["differ"] == []
        assert {(Path(f["file"]).name, f["what"]) for f in third["journeys"]["faults"]} == {
            (lost.name, "missing"), (other.name, "differs")
        }  # fmt: skip
        assert third["journeys"]["not_compared"]["lost"] > 0
        code, said = await liandan(home, "rebuild", "--check")
        assert code == 1
        assert lost.name in said
        assert f"{third['journeys']['not_compared']['lost']} 个" in said
        lost.with_suffix(".away").rename(lost)
        other.write_bytes(whole)
        assert await line.check() == (0, first)

        # Positions that no file holds yet.
        await stack.stop_child("archiver")
        story = next(s for s in stories if s.name == "a_stop_by_the_lake")
        more = json.loads(next(raw for raw in story.event_lines if b"vehicle.track" in raw))
        await feed(stack.settings, [as_posted(json.dumps(more | {"id": "more"}).encode())])
        await until_read(stack, topic=TRACKS_TOPIC, consumers=["judge"])
        await rests(stack)
        code, fourth = await line.check()
        assert (code, fourth["differ"], fourth["same"]) == (0, [], True)
        newer = fourth["journeys"]["not_compared"]["newer"]
        assert fourth["journeys"]["not_compared"] == NOTHING | {"newer": newer}
        assert newer > 0
        code, said = await liandan(home, "rebuild", "--check")
        assert f"有关位置尚未归档成文件，未核对：{newer} 个" in said
        await stack.start_child("archiver")
        await until_read(stack, topic=TRACKS_TOPIC)
        code, fifth = await line.check()
        assert (code, fifth["differ"], fifth["journeys"]["not_compared"]) == (0, [], NOTHING)

        # Positions that left the database: what was found stands, and is what the files say.
        await line.execute("UPDATE track_piece SET written_at = now() - interval '400 days'")
        stack.kill("track-worker")
        async with asyncio.timeout(60):
            while await line.value("SELECT count(*) FROM track_piece"):
                await asyncio.sleep(0.1)
        assert await line.check() == (0, fifth)
        # Said since of a registry that was another: nothing is judged again, and it cannot be told.
        lake = next(raw for raw in story.registry_lines if b'"water"' in raw)
        await write_change_set(stack.settings.database_registry, [retracted(lake)], "test")
        await rests(stack)
        code, sixth = await line.check()
        assert (code, sixth["differ"]) == (0, [])
        closed = sixth["journeys"]["not_compared"]["closed"]
        assert sixth["journeys"]["not_compared"] == NOTHING | {"closed": closed}
        assert closed > 0
        # An alert that is gone is told of all the same: its own verdict says it.
        mine = await line.value(
            "SELECT id FROM alert WHERE state = 'open' AND subject LIKE $1 ORDER BY id LIMIT 1",
            f"trip/{story.plate('truck')}/%",
        )
        await line.execute("UPDATE alert SET state = 'withdrawn' WHERE id = $1", mine)
        code, seventh = await line.check()
        assert code == 1
        assert {"what": "alert", "name": str(mine)} in seventh["differ"]
        await stack.stop()
