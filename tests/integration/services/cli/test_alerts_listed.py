"""``liandan alerts`` on a real database: a list that is not the whole says so, to whoever reads it."""

import asyncio
import json
from typing import Any

from typer.testing import CliRunner

from infra.local.stack import LocalStack
from services.cli.main import app
from tests.integration.services.console.judged import Judge, crossing, new_number
from tests.manifests import HEBEI

SHANDONG = "370100"


async def test_a_list_for_another_program_that_is_cut_says_so_beside_it(stack: LocalStack) -> None:
    judge = await Judge.on(stack.settings.database_writer)
    try:
        loads = [crossing(HEBEI, SHANDONG, new_number()) for _ in range(3)]
        assert all(d.alerts for d in await judge.manifests(loads))
    finally:
        await judge.close()

    async def run(*words: str) -> Any:
        done = await asyncio.to_thread(
            CliRunner().invoke,
            app,
            ["alerts", "--format", "ndjson", *words],
            env={"LIANDAN_HOME": str(stack.home)},
        )
        assert done.exit_code == 0, done.output
        return done

    whole = await run("--limit", "100000")
    listed = [json.loads(line) for line in whole.stdout.splitlines()]
    assert len(listed) >= 3 and whole.stderr == ""

    cut = await run("--limit", "2")
    assert [json.loads(line) for line in cut.stdout.splitlines()] == listed[:2]
    assert f"{len(listed)} in all, 2 shown" in cut.stderr

    one = await run(loads[0][0].event.subject)
    assert one.stdout and one.stderr == ""
