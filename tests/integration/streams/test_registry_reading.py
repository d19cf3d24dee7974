"""The registry's head as workers read it, on a database where nothing was ever recorded."""

import asyncpg

from services.registry import write_change_set
from streams.postgres_registry import RegistryMark, RegistryReader
from tests.conftest import MakeStack
from tests.manifests import licence_members, record_line


async def test_the_first_change_set_is_read_by_a_worker_that_saw_the_registry_empty(
    make_stack: MakeStack,
) -> None:
    settings = (await make_stack()).settings
    licence = record_line("licence", "licence-1", **licence_members())
    connection = await asyncpg.connect(settings.database_writer)
    try:
        mark = RegistryMark()
        async with connection.transaction():
            assert await RegistryReader(connection, mark).registry_since(0) == (0, [])
        await write_change_set(settings.database_registry, [licence], "desk")
        async with connection.transaction():
            seq, (change,) = await RegistryReader(connection, mark).registry_since(0)
        assert (seq, change.record.kind) == (1, "licence")
    finally:
        await connection.close()
