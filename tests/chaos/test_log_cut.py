"""Kafka's log is not the one that was read: worker and archiver stop and say what mends it.

The cure is run as printed.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local.service import ARCHIVER, worker
from infra.local.stack import LocalStack
from infra.runtime.kafka import new_reader
from infra.runtime.settings import MANIFEST_TOPIC
from infra.runtime.supervision import ChildFailed
from services.registry import write_change_set
from services.simulator import World, build_world
from tests.chaos.feeding import feed
from tests.chaos.resting import topic_partitions, until_read
from tests.chaos.test_line import at_rest, expected, told
from tests.chaos.test_scale_out import nothing_twice
from tests.conftest import MakeStack
from tests.fresh_topic import create_topic, delete_records, delete_topic

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

PARTITIONS = 2
BOTH = ("archiver", "worker-1")


async def until_cure(stack: LocalStack, name: str, since: int) -> str:
    """Wait for a cure in what the child's log got after byte ``since``, and return it."""
    async with asyncio.timeout(60):
        while True:
            for line in stack.log(name).read_bytes()[since:].splitlines():
                if b'"cure"' in line:
                    cure: str = json.loads(line)["cure"]
                    return cure
            await asyncio.sleep(0.1)


async def run_as_printed(stack: LocalStack, cure: str) -> str:
    """Run a line of shell as somebody would who found it in the log."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = await asyncio.to_thread(
        subprocess.run,
        ["sh", "-c", cure],
        env={**os.environ, "PATH": path, "LIANDAN_HOME": str(stack.home)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def mend(stack: LocalStack, since: dict[str, int]) -> None:
    for name in BOTH:
        cure = await until_cure(stack, name, since[name])
        assert cure.count("liandan offsets accept") == PARTITIONS
        await run_as_printed(stack, cure)
        await stack.start_child(name)


def sizes(stack: LocalStack) -> dict[str, int]:
    return {name: stack.log(name).stat().st_size for name in BOTH}


async def records(stack: LocalStack) -> dict[int, list[bytes]]:
    """Read the whole topic."""
    async with asyncio.timeout(30), new_reader(stack.settings) as reader:
        tps = topic_partitions(stack)
        reader.assign(tps)
        await reader.seek_to_beginning(*tps)
        found: dict[int, list[bytes]] = {tp.partition: [] for tp in tps}
        ends = await reader.end_offsets(tps)
        while any(len(found[tp.partition]) < ends[tp] for tp in tps):
            for tp, got in (await reader.getmany(timeout_ms=200)).items():
                found[tp.partition] += [record.value for record in got]
        return found


async def check(stack: LocalStack, world: World, *, gone: int) -> None:
    await until_read(stack)
    alerts = await at_rest(stack, world)
    assert {told(a) for a in alerts.values() if a.state == "open"} == expected(world)
    await nothing_twice(stack, gone=gone)


async def test_a_log_cut_behind_the_database_stops_both_and_the_printed_cure_mends_it(
    make_stack: MakeStack,
) -> None:
    async with asyncio.timeout(200):  # before pytest's own, which does not say what waits
        await _cut_and_mended(make_stack)


async def _cut_and_mended(make_stack: MakeStack) -> None:
    world = build_world("demo", 41, 300, medical=False, trucks=False)
    half = len(world.events) // 2
    stack = await make_stack([ARCHIVER, worker(1)], manifest_partitions=PARTITIONS)
    await write_change_set(stack.settings.database_registry, world.registry, "test")
    await feed(stack.settings, world.events[:half])
    await until_read(stack)

    for name in BOTH:
        await stack.stop_child(name)
    before, since = await records(stack), sizes(stack)
    await feed(stack.settings, world.events[half:])
    after = await records(stack)
    left: list[bytes] = []
    for partition, values in after.items():
        read = len(before[partition])
        cut = read + (len(values) - read) // 3
        await delete_records(stack.settings, MANIFEST_TOPIC, partition, cut)
        left += values[:read] + values[cut:]
    for name in BOTH:
        with contextlib.suppress(ChildFailed):
            await stack.start_child(name)
    await mend(stack, since)
    gone = len(world.events) - len(left)
    assert gone > 50
    await check(stack, replace(world, events=left), gone=gone)


@pytest.mark.skipif("LIANDAN_SOAK_MINUTES" not in os.environ, reason="half a minute: with the soak")
async def test_a_topic_made_anew_under_them_stops_both_and_the_printed_cure_mends_it(
    make_stack: MakeStack,
) -> None:
    world = build_world("demo", 42, 300, medical=False, trucks=False)
    part = len(world.events) // 6
    stack = await make_stack([ARCHIVER, worker(1)], manifest_partitions=PARTITIONS)
    await write_change_set(stack.settings.database_registry, world.registry, "test")
    await feed(stack.settings, world.events[:part])
    await until_read(stack)

    since = sizes(stack)
    await delete_topic(stack.settings, MANIFEST_TOPIC)
    await create_topic(stack.settings, PARTITIONS, MANIFEST_TOPIC)
    for name in BOTH:
        await until_cure(stack, name, since[name])
    await feed(stack.settings, world.events[part:])
    await mend(stack, since)
    await check(stack, world, gone=-part)
