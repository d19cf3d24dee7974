"""The worker of an earlier commit and the present one share a database that was expanded further."""

import asyncio
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx2
import psutil
import pytest

from infra.local.service import ARCHIVER, COURIER, Service, worker
from infra.local.stack import LocalStack
from infra.postgres.migrate import MIGRATIONS
from infra.runtime.schema import program_schema
from services.registry import write_change_set
from services.simulator import build_world
from tests.chaos.feeding import feed
from tests.chaos.resting import until_read
from tests.chaos.test_line import at_rest, expected, told
from tests.chaos.test_scale_out import nothing_twice
from tests.conftest import MakeStack

OLD_COMMIT = "2719cb5"
"""The oldest program that may run on the present schema: moved when a contract migration lands."""

ROOT = Path(__file__).parents[2]
PARTITIONS, STRIKES = 4, 2
OLD, NEW = "worker-1", "worker-2"

# What the next release might add; neither program knows of it.
NEXT = """-- phase: expand
ALTER TABLE manifest ADD COLUMN next_note text NOT NULL DEFAULT '';
ALTER TABLE alert ADD COLUMN next_rank integer;
ALTER TABLE consumer_offset ADD COLUMN next_at timestamptz DEFAULT now();
CREATE INDEX next_rank ON alert (next_rank);
CREATE TABLE next_thing (id bigint PRIMARY KEY);
"""

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]


@pytest.fixture
def old_tree(tmp_path: Path) -> Path:
    """The source of ``OLD_COMMIT``; a clone without that history skips, saying so."""
    try:
        tar = subprocess.run(
            [
                "git",
                "-C",
                str(ROOT),
                "archive",
                OLD_COMMIT,
                "infra",
                "schemas",
                "services",
                "streams",
            ],
            check=True,
            capture_output=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no history here to take the program of {OLD_COMMIT} from: {error}")
    tree = tmp_path / "old"
    tree.mkdir()
    subprocess.run(["tar", "-x", "-C", str(tree)], input=tar, check=True)
    return tree


@pytest.fixture
def expanded(tmp_path: Path) -> Path:
    """The project's migrations, and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / "9000_next.sql").write_text(NEXT)
    return folder


def of_tree(service: Service, tree: Path) -> Service:
    """Run a service from other sources in the same environment."""
    # Safe path: otherwise -m puts the working directory, the present sources, before PYTHONPATH.
    paths = {"PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
    return Service(service.name, service.module, {**service.environment, **paths})


ASKED = """
import json, sys
from schemas.decode import decode_registry_record
from schemas.fast import NotUnderstood
from streams.judging.rules import RULE_BOOK as book

def understood(line):
    try:
        return bool(decode_registry_record(line))
    except NotUnderstood:
        return False

records = [understood(line) for line in sys.stdin.buffer.read().splitlines()]
print(json.dumps([[rule.id for rule in (*book.manifest, *book.limit)], records]))
"""


def known_to(tree: Path, registry: Sequence[bytes]) -> tuple[frozenset[str], list[bool]]:
    """Return the rules of a program, and which records of a registry it understands."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
    said = subprocess.run(
        [sys.executable, "-c", ASKED],
        check=True,
        input=b"\n".join(registry),
        capture_output=True,
        env=environment,
    ).stdout
    rules, records = json.loads(said)
    return frozenset(rules), records


class Workers:
    """The two workers by their metrics."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack, self.judged = stack, Counter[str]()

    async def read(self, name: str) -> tuple[int, set[str]]:
        """Return how many events this process has judged, and the partitions that it owns."""
        url = f"http://127.0.0.1:{self.stack.metrics_port(name)}/metrics"
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
            try:
                text = (await client.get(url)).text
            except httpx2.HTTPError:
                return 0, set()
        count = re.search(r"^liandan_judge_events_total (\S+)", text, re.MULTILINE)
        owned = re.findall(r'^liandan_judge_lag_records{partition="(\d+)"}', text, re.MULTILINE)
        return int(float(count[1])) if count else 0, set(owned)

    async def until_owned(self, *names: str) -> dict[str, set[str]]:
        """Wait until each of these has partitions, and together they have all."""
        async with asyncio.timeout(60):
            while True:
                owned = {name: (await self.read(name))[1] for name in names}
                if all(owned.values()) and sum(map(len, owned.values())) == PARTITIONS:
                    return owned
                await asyncio.sleep(0.1)

    async def until_judging(self, name: str, more_than: int) -> int:
        async with asyncio.timeout(60):
            while (judged := (await self.read(name))[0]) <= more_than:
                await asyncio.sleep(0.05)
        return judged

    def sources(self, name: str) -> str | None:
        """Return whose sources a worker runs; None: the present ones."""
        return psutil.Process(self.stack.pid(name)).environ().get("PYTHONPATH")


async def test_old_and_new_worker_together_end_with_the_alerts_of_one(
    make_stack: MakeStack, old_tree: Path, expanded: Path
) -> None:
    world = build_world("demo", 41, 400, medical=False, trucks=False)
    # Records of a kind, or with members, that came with a release are imported once all run it.
    old_rules, understood = known_to(old_tree, world.registry)
    assert 0.9 < sum(understood) / len(world.registry) < 1
    world = replace(world, registry=list(itertools.compress(world.registry, understood)))
    stack = await make_stack(
        [ARCHIVER, of_tree(worker(1), old_tree)],
        options={"migrations": expanded},
        manifest_partitions=PARTITIONS,
        worker_session_timeout_s=6.0,
    )
    await write_change_set(stack.settings.database_registry, world.registry, "test")
    workers = Workers(stack)
    size = -(-len(world.events) // (STRIKES + 1))
    # The old one has the line to itself; then the new one joins it.
    await feed(stack.settings, world.events[:size])
    await until_read(stack)
    await stack.start_services(worker(2))
    turns = itertools.cycle(((OLD, NEW), (NEW, OLD)))
    for start in range(size, len(world.events), size):
        await workers.until_owned(OLD, NEW)
        victim, heir = next(turns)
        before, _ = await workers.read(victim)
        feeding = asyncio.create_task(feed(stack.settings, world.events[start : start + size], 300))
        workers.judged[victim] += await workers.until_judging(victim, before) - before
        if start == size:
            assert workers.sources(OLD) == str(old_tree)
            assert workers.sources(NEW) != str(old_tree)
        stack.suspend_restart(victim)
        stack.kill(victim)  # in the middle of its work
        await feeding
        await workers.until_owned(heir)  # what one began the other goes on with
        stack.resume_restart(victim)
        await stack.wait_ready(victim)
    await until_read(stack, within_s=90)
    alerts = await at_rest(stack, world)
    # The old program withdraws what the new one says by rules that it does not know.
    known = [a for a in alerts.values() if a.state == "open" and a.rule in old_rules]
    assert {told(a) for a in known} == expected(world, old_rules)
    counted = await nothing_twice(stack)
    print(f"\n{counted}; judged by those that were killed: {dict(workers.judged)}")


async def run(module: str, home: Path, *arguments: str) -> tuple[int, str]:
    """Run a program to its end; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        env={**os.environ, "LIANDAN_HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, said.decode()


async def test_programs_refuse_an_older_schema_with_the_command_that_mends_it(
    make_stack: MakeStack, tmp_path: Path
) -> None:
    newest = f"{program_schema():04d}_*"
    older = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, older, ignore=shutil.ignore_patterns(newest))
    stack = await make_stack(options={"migrations": older})
    for module, code in (("streams", 1), ("services.archiver", 5), ("services.courier", 5)):
        ended, said = await run(module, stack.home)
        assert ended == code, said
        assert f"this program needs {program_schema():04d}" in said
        assert "liandan migrate" in said
    ended, said = await run("services.cli", stack.home, "migrate")
    assert ended == 0, said
    assert program_schema() == int(said.split("✓ ")[1][:4])
    await stack.start_services(ARCHIVER, COURIER, worker(1))
