"""The whole line under fire: what was receipted is kept, judged once, and judged the same."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec
import pytest

from infra.local.service import ARCHIVER, GATEWAY, TRACK_WORKER, worker
from infra.local.stack import LocalStack
from schemas.alert import Alert
from schemas.receipt import event_digest
from services.registry import write_change_set
from services.simulator import World, build_world, grade
from streams.judging.on_files import judge_lines
from tests.chaos.poster import Poster, posting
from tests.conftest import MakeStack

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]


def told(alert: Alert) -> tuple[Any, ...]:
    return (
        str(alert.id),
        alert.finding,
        alert.reason,
        alert.text_zh,
        tuple((e.kind, e.ref, e.digest) for e in alert.evidence),
    )


def expected(
    world: World, rules: Collection[str] | None = None, *, vehicles: bool = False
) -> set[tuple[Any, ...]]:
    """What the judge says of the same events and registry, on files, by the clock of the stream.

    ``rules``: those that count, all if not given. ``vehicles``: whether a worker of theirs runs.
    """
    now = datetime.now(UTC)
    alerts = judge_lines(world.registry, world.events, now=now, vehicles=vehicles).alerts
    return {told(alert) for alert in alerts if rules is None or alert.rule in rules}


async def at_rest(
    stack: LocalStack, world: World, within_s: float = 90, *, vehicles: bool = False
) -> dict[str, Alert]:
    """Wait until every posted event is judged and archived and nothing is left to do.

    ``vehicles``: whether a worker of theirs runs, and is waited for.
    """
    digests = {bytes.fromhex(event_digest(raw)) for raw in world.events}
    reader = await asyncpg.connect(stack.settings.database_reader)
    try:
        async with asyncio.timeout(within_s):
            while True:
                row = await reader.fetchrow(
                    "SELECT (SELECT count(DISTINCT digest) FROM event_log) AS archived,"
                    " (SELECT count(*) FROM dirty) + (SELECT count(*) FROM rejudge)"
                    " + (SELECT count(*) FROM vehicle_dirty WHERE $1)"
                    " + (SELECT count(*) FROM deadline WHERE due <= clock_timestamp()) AS waiting,"
                    " (SELECT max(n) - min(n) FROM (SELECT sum(next_offset) n FROM consumer_offset"
                    "  GROUP BY consumer) x) AS apart,"
                    " (SELECT seq FROM registry_head) - (SELECT seq FROM registry_pager) AS pages",
                    vehicles,
                )
                if (row["archived"], row["waiting"], row["apart"], row["pages"]) == (
                    len(digests),
                    0,
                    0,
                    0,
                ):
                    break
                await asyncio.sleep(0.2)
        rows = await reader.fetch("SELECT body::text AS body, state, revision FROM alert")
        return {
            str(alert.id): alert
            for row in rows
            if (alert := msgspec.json.decode(row["body"], type=Alert))
        }
    finally:
        await reader.close()


async def check(stack: LocalStack, world: World, poster: Poster) -> None:
    alerts = await at_rest(stack, world, vehicles=True)
    assert {told(a) for a in alerts.values() if a.state == "open"} == expected(world, vehicles=True)
    graded = grade(world.labels, [msgspec.to_builtins(a) for a in alerts.values()])
    assert graded.perfect, graded.summary()
    reader = await asyncpg.connect(stack.settings.database_reader)
    try:
        kept = {
            (row["source"], row["event_id"], row["digest"].hex()): str(row["receipt_id"])
            for row in await reader.fetch("SELECT * FROM event_dedupe")
        }
        assert poster.receipts.items() <= kept.items(), "a receipt without its event"
        outbox = await reader.fetch("SELECT key FROM outbox")
        revisions = await reader.fetch("SELECT id, revision FROM alert_history")
        assert sorted(r["key"] for r in outbox) == sorted(
            f"{r['id']}:{r['revision']}" for r in revisions
        )
        quarantined = await reader.fetch("SELECT DISTINCT reason, subject FROM quarantine")
        assert {(row["reason"], row["subject"]) for row in quarantined} == {
            ("conflict", label.subject)
            for label in world.labels
            if label.rule == "form.conflicting_reports"
        }
    finally:
        await reader.close()


async def _while_posting(
    poster: Poster, world: World, trouble: Callable[[], Awaitable[None]]
) -> None:
    """Post in two halves: half the world before and during the trouble, half after it began."""
    half = len(world.events) // 2
    await poster.post(world.events[: half // 2])
    troubled = asyncio.create_task(trouble())
    await poster.post(world.events[half // 2 : half])
    await troubled
    await poster.post(world.events[half:])


async def test_a_worker_killed_five_times_under_load_ends_with_the_same_alerts(
    make_stack: MakeStack,
) -> None:
    world = build_world("demo", 11, 600, medical=False, trucks=False)
    stack = await make_stack([GATEWAY, ARCHIVER, worker(1), TRACK_WORKER])
    await write_change_set(stack.settings.database_registry, world.registry, "test")
    chance = random.Random(5)

    async def kill_five_times() -> None:
        for _ in range(5):
            await stack.wait_ready("worker-1")
            await asyncio.sleep(chance.uniform(0.05, 0.8))  # anywhere in its work
            stack.kill("worker-1", signal.SIGKILL)

    async with posting(stack.settings, world.events) as poster:
        await _while_posting(poster, world, kill_five_times)
        await stack.wait_ready("worker-1")
        await check(stack, world, poster)


async def test_postgres_killed_and_back_loses_nothing_and_ingest_stays_up(
    make_stack: MakeStack,
) -> None:
    world = build_world("demo", 12, 300, medical=False, trucks=False)
    stack = await make_stack([GATEWAY, ARCHIVER, worker(1), TRACK_WORKER])
    await write_change_set(stack.settings.database_registry, world.registry, "test")

    async with posting(stack.settings, world.events) as poster:
        half = len(world.events) // 2
        await poster.post(world.events[: half // 2])
        stack.suspend_restart("postgres")
        stack.kill("postgres", signal.SIGKILL)
        await poster.post(world.events[half // 2 : half])  # nobody has told Postgres to come back
        assert poster.turned_away == 0, "ingest must stay up without Postgres"
        stack.resume_restart("postgres")
        await stack.wait_ready("postgres")
        await poster.post(world.events[half:])
        await check(stack, world, poster)


async def test_kafka_killed_and_back_loses_nothing_that_has_a_receipt(
    make_stack: MakeStack,
) -> None:
    world = build_world("demo", 13, 300, medical=False, trucks=False)
    stack = await make_stack(
        [GATEWAY, ARCHIVER, worker(1), TRACK_WORKER], gateway_ack_timeout_s=2.0
    )
    await write_change_set(stack.settings.database_registry, world.registry, "test")

    async def kill_kafka() -> None:
        gateway = stack.pid("gateway")
        stack.kill("kafka", signal.SIGKILL)
        await stack.wait_ready("kafka")
        assert stack.pid("gateway") == gateway, "the gateway recovers without a restart"

    async with posting(stack.settings, world.events) as poster:
        await _while_posting(poster, world, kill_kafka)
        assert poster.turned_away > 0, "an outage must be told, not hidden"
        await check(stack, world, poster)
