"""``liandan backtest`` on the archived log of a real database: as on files, and nothing is written."""

import asyncio
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

from typer.testing import CliRunner

from infra.local.stack import LocalStack
from services.cli.main import app
from streams.judging.statement import Statement, from_micros
from tests.fresh_topic import writer
from tests.manifests import DAY, HEBEI, TRANSIT_OVERDUE, arrived, dispatched, filed

_KEEP = """
INSERT INTO event_log (received_at, topic, partition, kafka_offset, appended_at, source, event_id,
    type, subject, event_time, digest, headers, raw)
VALUES ($1, 'backtest', 0, $2, $1, $3, $4, $5, $6, $7, $8, '[]', $9)
"""
NUMBERS = [f"202613019{n:05d}" for n in range(40, 46)]
INSIDE = {"origin": HEBEI, "destination": HEBEI}


def told() -> list[Statement]:
    """Loads inside a city: the first on its way for 21 hours, each other an hour longer."""
    said: list[Statement] = []
    for n, number in enumerate(NUMBERS):
        said += [
            filed(subject=number, **INSIDE),
            dispatched(subject=number),
            arrived(DAY + timedelta(hours=21 + n, minutes=30), subject=number),
        ]
    return said


async def test_the_archive_is_judged_again_as_it_was_said_in_whatever_order(
    stack: LocalStack,
) -> None:
    said = told()
    async with writer(stack.settings) as postgres:
        await postgres.execute("SELECT ensure_event_log_partition($1)", DAY)
        tables = "SELECT (SELECT count(*) FROM alert), (SELECT count(*) FROM manifest), (SELECT count(*) FROM draw)"
        for offset, s in enumerate(reversed([*said, said[0]])):
            await postgres.execute(
                _KEEP, from_micros(s.received_us), offset, s.ref.source, s.ref.id, s.event.type,
                s.event.subject, s.event.time, sha256(s.raw).digest(), s.raw,
            )  # fmt: skip
        before = tuple(await postgres.fetchrow(tables))
        words = [
            "backtest",
            "--rule",
            TRANSIT_OVERDUE,
            "--now",
            "2026-12-01T00:00:00+08:00",
            "--json",
        ]

        async def run(*more: str) -> Any:
            done = await asyncio.to_thread(
                CliRunner().invoke, app, [*words, *more], env={"LIANDAN_HOME": str(stack.home)}
            )
            assert done.exit_code == 0, done.output
            return json.loads(done.stdout)

        strict, lax = await run("--set", "city=22"), await run("--set", "city=26")
        assert tuple(await postgres.fetchrow(tables)) == before

    def of(alerts: list[Any]) -> list[str]:
        return sorted(a["subject"] for a in alerts if a["subject"] in NUMBERS)

    # 24 hours are usual: 24.5 and more are for review; 22.5 and 23.5 as well by 22 hours.
    assert of(strict["new"]) == NUMBERS[1:3]
    assert of(strict["lost"]) == []
    assert of([c["after"] for c in strict["changed"]]) == NUMBERS[3:]
    assert of(lax["lost"]) == NUMBERS[3:5]
    assert of([c["after"] for c in lax["changed"]]) == NUMBERS[5:]
    assert strict["clock"].startswith("2026-11-30T16:00:00")
