"""The worker killed between arming and firing, and as deadlines fire: nothing lost, nothing twice."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from infra.local.service import worker
from tests.chaos.feeding import feed
from tests.chaos.resting import until_read
from tests.conftest import MakeStack
from tests.manifests import CARRIER, HEBEI, arrived, dispatched, filed

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]

RULE = "time.transit_overdue"
LOADS = 6
STEP = timedelta(seconds=1.5)
"""Between one load's deadline and the next one's."""
STRUCK = (3,)
"""At whose deadlines the worker is killed."""


async def test_a_worker_killed_between_arm_and_fire_loses_nothing_and_fires_nothing_twice(
    make_stack: MakeStack,
) -> None:
    stack = await make_stack(
        (worker(1),), manifest_partitions=2, deadline_settle_s=1.0, worker_session_timeout_s=6.0
    )
    first = datetime.now(UTC) + timedelta(seconds=12)
    due = {f"2026130100{n:04d}": first + n * STEP for n in range(LOADS)}
    left = {number: at - timedelta(hours=24) for number, at in due.items()}
    said = [
        statement.raw
        for number, at in left.items()
        for statement in (
            filed(at - timedelta(minutes=1), subject=number, destination=HEBEI),
            dispatched(at, subject=number),
        )
    ]
    connection = await asyncpg.connect(stack.settings.database_reader)

    async def armed() -> set[str]:
        rows = await connection.fetch("SELECT subject FROM deadline")
        return {row["subject"] for row in rows} & due.keys()

    async def raised() -> dict[str, tuple[str, int, datetime]]:
        rows = await connection.fetch(
            "SELECT subject, state, revision, opened_at FROM alert WHERE rule = $1", RULE
        )
        return {r["subject"]: (r["state"], r["revision"], r["opened_at"]) for r in rows}

    try:
        await feed(stack.settings, said)
        await until_read(stack, consumers=("judge",))
        assert await armed() == due.keys()
        stack.kill("worker-1")  # all are armed, none has fired
        assert await raised() == {}
        for n in STRUCK:
            ahead = (first + n * STEP - datetime.now(UTC)).total_seconds()
            assert ahead > 0, "too slow to strike at that moment"
            await asyncio.sleep(ahead)
            await stack.wait_ready("worker-1")
            stack.kill("worker-1")
        async with asyncio.timeout(60):
            while len(await raised()) < LOADS:
                await asyncio.sleep(0.1)
        found = await raised()
        assert {subject: told[:2] for subject, told in found.items()} == dict.fromkeys(
            due, ("open", 1)
        )
        assert all(at >= due[subject] for subject, (_, _, at) in found.items()), "none too soon"
        assert not await armed()

        # The word that it had arrived in time, late: withdrawn with the reason, told once.
        late = "20261301000004"
        await feed(
            stack.settings,
            [arrived(due[late] - timedelta(seconds=1), by=CARRIER, subject=late).raw],
        )
        await until_read(stack, consumers=("judge",))
        assert (await raised())[late][:2] == ("withdrawn", 2)
        outbox = await connection.fetch(
            "SELECT a.subject, count(*) AS told FROM alert a"
            " JOIN outbox o ON o.key LIKE a.id || ':%' WHERE a.rule = $1 GROUP BY 1",
            RULE,
        )
        assert {row["subject"]: row["told"] for row in outbox} == dict.fromkeys(due, 1) | {late: 2}
    finally:
        await connection.close()
