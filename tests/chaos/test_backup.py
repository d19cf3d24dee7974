"""The rehearsal: the database is lost, its backup put back, and the line ends as if nothing was."""

import asyncio
import json
import os
import shutil
import sys
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest

from infra.local.lone_postgres import lone_postgres
from infra.local.residence import find_residence
from infra.local.service import ARCHIVER, COURIER, worker
from infra.postgres import DATABASE, MIGRATOR
from infra.postgres.backup import find_backup
from services.registry import write_change_set
from services.simulator import build_world
from tests.chaos.feeding import feed
from tests.chaos.resting import until_read
from tests.chaos.test_line import at_rest, expected, told
from tests.chaos.test_scale_out import nothing_twice
from tests.conftest import FreshHome, MakeStack

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

SERVICES = (ARCHIVER, COURIER, worker(1))


async def liandan(home: Path, *arguments: str) -> tuple[int, str]:
    """Run a command as a person does; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", *arguments),
        env={**os.environ, "LIANDAN_HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert "Traceback" not in said.decode()
    return process.returncode or 0, said.decode()


async def test_a_lost_database_comes_back_and_the_line_ends_the_same(
    make_stack: MakeStack, fresh_home: FreshHome, tmp_path: Path
) -> None:
    world = build_world("demo", 51, 300, medical=False, trucks=False)
    half = len(world.events) // 2
    backups = tmp_path / "backups"
    with fresh_home() as home:
        stack = await make_stack(SERVICES, home=home, manifest_partitions=2)
        await write_change_set(stack.settings.database_registry, world.registry, "test")
        await feed(stack.settings, world.events[: half // 2])
        await until_read(stack)

        # Taken while events flow.
        feeding = asyncio.create_task(feed(stack.settings, world.events[half // 2 : half], 25))
        code, said = await liandan(home, "backup", str(backups))
        await feeding
        assert code == 0, said
        path, contents = find_backup(backups)
        judged = sum(s.next_offset for s in contents.positions if s.consumer == "judge")
        assert half // 2 <= judged < half, "in the middle of the work"
        assert contents.rows["event_log"] > 0

        await feed(stack.settings, world.events[half:])
        await until_read(stack)
        before = await at_rest(stack, world)

        # Nothing is replaced under the feet of those who work on it.
        code, said = await liandan(home, "restore", str(backups), "--replace")
        assert code == 2, said
        assert "worker-1" in said
        assert "archiver" in said
        await stack.stop()

        # The proof needs no stack, and touches none.
        code, said = await liandan(home, "backup", "verify", str(path))
        assert code == 0, said
        note = json.loads((home / "run" / "backup.json").read_text())
        assert datetime.fromisoformat(note["verified_at"]) > contents.finished_at
        assert datetime.fromisoformat(note["finished_at"]) == contents.finished_at

        # The disk with the database is gone.
        shutil.rmtree(find_residence(home).data)
        code, said = await liandan(home, "restore", str(path))
        assert code == 0, said

        stack = await make_stack(SERVICES, home=home, manifest_partitions=2)
        await until_read(stack)
        after = await at_rest(stack, world)
        found = {told(a) for a in after.values() if a.state == "open"}
        assert found == await asyncio.to_thread(expected, world)
        assert found == {told(a) for a in before.values() if a.state == "open"}
        await nothing_twice(stack)
        await stack.stop()


async def test_with_the_log_lost_too_all_that_was_archived_is_judged(
    make_stack: MakeStack, fresh_home: FreshHome, tmp_path: Path
) -> None:
    world = build_world("demo", 53, 300, medical=False, trucks=False)
    third = len(world.events) // 3
    with fresh_home() as home:
        stack = await make_stack(SERVICES, home=home, manifest_partitions=2)
        await write_change_set(stack.settings.database_registry, world.registry, "test")
        await feed(stack.settings, world.events[:third])
        await until_read(stack)
        await stack.stop_child("worker-1")  # what comes now is archived and not judged
        await feed(stack.settings, world.events[third:])
        await until_read(stack, consumers=("archiver",))
        code, said = await liandan(home, "offsets", "refeed")
        assert code == 1, said
        assert f"{len(world.events) - third} are not judged yet" in said
        code, said = await liandan(home, "backup", str(tmp_path))
        assert code == 0, said
        await stack.stop()

        shutil.rmtree(find_residence(home).data)
        shutil.rmtree(home / "kafka")
        code, said = await liandan(home, "restore", str(tmp_path))
        assert code == 0, said
        assert f"{len(world.events) - third} 条已归档而未研判" in said

        stack = await make_stack(home=home, manifest_partitions=2)
        code, said = await liandan(home, "offsets", "refeed")
        assert code == 0, said
        assert f"已送回 {len(world.events) - third} 条" in said
        for consumer in ("archiver", "judge"):
            for partition in ("0", "1"):
                code, said = await liandan(
                    *(home, "offsets", "accept", "--consumer", consumer),
                    *("--partition", partition, "--from", "start"),
                )
                assert code == 0, said
        await stack.start_services(*SERVICES)
        await until_read(stack)
        alerts = await at_rest(stack, world)
        found = {told(a) for a in alerts.values() if a.state == "open"}
        assert found == await asyncio.to_thread(expected, world)
        await stack.stop()


ALTERED = (
    (
        "UPDATE event_log SET raw = raw || 'x' WHERE kafka_offset = 7 AND partition = 0",
        ["1 archived records differ"],
    ),
    (
        # What was judged of one manifest, put down for another.
        "UPDATE manifest AS m SET verdict = (SELECT verdict FROM manifest WHERE verdict <> m.verdict"
        " ORDER BY subject LIMIT 1) WHERE subject = (SELECT max(subject) FROM manifest)",
        ["1 archived records differ", "1 manifests are judged otherwise"],
    ),
    (
        "DELETE FROM event_log WHERE digest = (SELECT digest FROM event_dedupe WHERE copies = 1"
        " AND subject IN (SELECT subject FROM manifest) LIMIT 1)",
        ["1 known events are not as often", "1 events that were judged are not in the archive"],
    ),
)


async def test_the_proof_finds_what_was_altered_before_the_backup_was_made(
    make_stack: MakeStack, fresh_home: FreshHome, tmp_path: Path
) -> None:
    world = build_world("demo", 52, 300, medical=False, trucks=False)
    with fresh_home() as home:
        stack = await make_stack((ARCHIVER, worker(1)), home=home, manifest_partitions=2)
        await write_change_set(stack.settings.database_registry, world.registry, "test")
        await feed(stack.settings, world.events)
        await until_read(stack)
        await at_rest(stack, world)
        await stack.stop()
        sql, faults = "SELECT 1", list[str]()
        for n, (more, found) in enumerate([(sql, faults), *ALTERED]):
            async with lone_postgres(home) as server:
                connection = await asyncpg.connect(server.dsn(MIGRATOR, DATABASE))
                await connection.execute(more)
                await connection.close()
            backups = tmp_path / str(n)
            code, said = await liandan(home, "backup", str(backups))
            assert code == 0, said
            code, said = await liandan(home, "backup", "verify", str(backups))
            assert code == (1 if found else 0), said
            assert all(fault in said for fault in found), said
            assert any(backups.glob("*/verified.json")) == (not found)
            if not found:
                assert f"存档 {len(world.events)} 条" in said
