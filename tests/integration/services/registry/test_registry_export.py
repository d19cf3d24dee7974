"""What is exported is what was known: imported elsewhere it says the same, judged it means the same."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.stack import LocalStack
from infra.runtime.settings import Settings
from schemas.registry import REGISTRY_KINDS
from services.registry import write_change_set, write_changes
from services.registry.csv_export import csv_bytes
from services.registry.export import ndjson_line, record_of
from services.registry.history import Version, all_versions, state_as_known
from services.registry.record_file import FileForm, read_file
from services.registry.wire import meaning
from tests.conftest import MakeStack
from tests.integration.services.registry.desk import Desk
from tests.manifests import CARRIER, CONSIGNOR, china, event, form
from tests.property.sayings import records, write

# Versions of the rule book are taken only where they were approved (tests/chaos/test_rule_versions.py).
KINDS = [kind for kind in REGISTRY_KINDS if kind != "rulebook_version"]
HISTORIES = st.lists(
    st.lists(st.sampled_from(KINDS).flatmap(records), min_size=1, max_size=4),
    min_size=1,
    max_size=3,
)


@pytest.fixture
async def empty(make_stack: MakeStack) -> LocalStack:
    """A registry of this test's own."""
    return await make_stack()


async def _wipe(settings: Settings) -> None:
    owner = await asyncpg.connect(settings.database_migrator)
    await owner.execute(
        "TRUNCATE registry_record, registry_change; UPDATE registry_head SET seq = 0"
    )
    await owner.close()


async def _read(
    settings: Settings, versions: Any = state_as_known, kind: str | None = None
) -> list[Version]:
    reader = await asyncpg.connect(settings.database_reader)
    state = [version async for version in versions(reader, kind)]
    await reader.close()
    return state


def _said(versions: list[Version]) -> list[Any]:
    """An export without the one member that is the registry's own."""
    lines = [json.loads(ndjson_line(version), parse_float=str) for version in versions]
    return [{k: v for k, v in line.items() if k != "recorded_at"} for line in lines]


async def test_an_export_imported_into_an_empty_registry_gives_the_same_export(
    empty: LocalStack,
) -> None:
    one = empty.settings

    async def check(history: list[list[Any]]) -> None:
        await _wipe(one)
        for lines in history:
            await write_change_set(one.database_registry, map(write, lines), "desk")
        state = await _read(one)
        every = b"".join(map(ndjson_line, await _read(one, all_versions)))
        tables = {
            kind: csv_bytes(kind, [record_of(v) for v in state if v.kind == kind])
            for kind in REGISTRY_KINDS
        }
        for content in (b"".join(map(ndjson_line, state)), every):
            await _wipe(one)
            changes = read_file(content, FileForm.NDJSON)
            await write_changes(one.database_registry, changes, "elsewhere")
            assert _said(await _read(one)) == _said(state)
        await _wipe(one)
        for kind, table in tables.items():
            changes = read_file(table, FileForm.CSV, kind)
            await write_changes(one.database_registry, changes, "elsewhere")
        by_csv = await _read(one)
        assert [meaning(v.body) for v in by_csv] == [meaning(v.body) for v in state]

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(HISTORIES)
    def holds(history: list[list[Any]]) -> None:
        asyncio.run(check(history))

    await asyncio.to_thread(holds)


async def test_judge_as_known_at_reads_an_export_with_its_history(desk: Desk) -> None:
    """Licensed, as we knew then; unlicensed, as we know now."""
    await desk.import_lines(desk.licence(1, scope=[{"categories": ["HW49"], "modes": ["disposal"]}],
                                         suspensions=[]))  # fmt: skip
    await desk.import_lines(desk.licence(1, retracted=True))
    file = desk.folder / "registry.ndjson"
    done = await desk.run("export", "--history", "--out", file)
    assert done.exit_code == 0, done.output
    versions = [
        line for line in map(json.loads, file.read_text().splitlines())
        if line["id"].startswith(desk.name)
    ]  # fmt: skip
    said = form(receiver=desk.firm, destination="130200")
    day = china("2022-09-10 08:00")
    number = f"20221301{desk.name[-4:]}01"
    events = [
        event("filed", said, by=CONSIGNOR, at=day, subject=number),
        event("dispatched", {"carrier": CARRIER}, by=CARRIER, at=day, subject=number),
    ]
    (desk.folder / "events").write_bytes(b"\n".join(events))

    async def rules(*more: str) -> set[str]:
        words = ("--registry", file, "--events", desk.folder / "events", "--format", "ndjson")
        told = await desk.command("judge", *words, *more)
        assert told.exit_code == 0, told.output
        alerts = map(json.loads, told.stdout.splitlines())
        return {a["rule"] for a in alerts if a["state"] == "open"}

    unlicensed = "licence.receiver_unlicensed"
    assert unlicensed in await rules()
    assert unlicensed not in await rules("--as-known-at", versions[0]["recorded_at"])
