"""The database is put back to an earlier copy while Kafka went on: the same end by itself."""

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local.residence import find_residence
from infra.local.service import ARCHIVER, worker
from infra.local.stack import LocalStack
from services.registry import write_change_set
from services.simulator import World, build_world
from tests.chaos.feeding import feed
from tests.chaos.resting import until_read
from tests.chaos.test_line import at_rest, expected, told
from tests.chaos.test_scale_out import nothing_twice
from tests.conftest import MakeStack

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]


class Copy:
    """A cold copy of the database, taken and put back while everything else goes on."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self._data = find_residence(stack.home).data
        self._copy = self._data.with_name("data.copy")

    async def take(self) -> None:
        await self._stack.stop_child("postgres")
        await _copied(self._data, self._copy)
        await self._stack.start_child("postgres")

    async def put_back(self) -> None:
        await self._stack.stop_child("postgres")
        await asyncio.to_thread(shutil.rmtree, self._data)
        await _copied(self._copy, self._data)
        await self._stack.start_child("postgres")


async def _copied(source: Path, target: Path) -> None:
    process = await asyncio.create_subprocess_exec("cp", "-a", str(source), str(target))
    assert await process.wait() == 0


async def check(stack: LocalStack, world: World) -> None:
    await until_read(stack)
    alerts = await at_rest(stack, world)
    assert {told(a) for a in alerts.values() if a.state == "open"} == expected(world)
    await nothing_twice(stack)


async def test_stream_and_archiver_rewind_by_themselves_and_end_the_same(
    make_stack: MakeStack,
) -> None:
    world = build_world("demo", 31, 300, medical=False, trucks=False)
    third = len(world.events) // 3
    # More workers than partitions: one holds none, and still judges limits.
    stack = await make_stack([ARCHIVER, worker(1), worker(2)], manifest_partitions=1)
    registry = stack.settings.database_registry
    await write_change_set(registry, world.registry, "test")
    copy = Copy(stack)
    await feed(stack.settings, world.events[:third])
    await copy.take()  # in the middle of the work
    await feed(stack.settings, world.events[third : 2 * third])
    await until_read(stack)

    await copy.put_back()
    # Nothing comes after it that would make anybody look: they notice by themselves.
    await check(stack, replace(world, events=world.events[: 2 * third]))

    # The same registry sequence comes to mean another change set: what is remembered is void.
    undone, other = ([_retracted(a)] for a in _approvals(world)[:2])
    first = await write_change_set(registry, undone, "test")
    await check(
        stack,
        replace(world, events=world.events[: 2 * third], registry=[*world.registry, *undone]),
    )
    await copy.put_back()
    assert (await write_change_set(registry, other, "test")).seq == first.seq
    await feed(stack.settings, world.events[2 * third :])
    await check(stack, replace(world, registry=[*world.registry, *other]))


def _approvals(world: World) -> list[dict[str, object]]:
    records = map(json.loads, world.registry)
    return [record for record in records if record["kind"] == "transfer_approval"]


def _retracted(record: dict[str, object]) -> bytes:
    return json.dumps({**record, "retracted": True}, ensure_ascii=False).encode()
