"""``liandan registry`` against a real registry: import, export, show."""

import json
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from services.registry.history import Known, list_records, record_as_known, versions_of
from services.registry.wire import meaning
from tests.integration.services.registry.desk import Desk


@pytest.fixture
async def reader(desk: Desk) -> Any:
    connection = await asyncpg.connect(desk.settings.database_reader)
    yield connection
    await connection.close()


async def test_a_csv_file_is_imported_as_one_change_set(desk: Desk, reader: Any) -> None:
    file = desk.folder / "units.csv"
    text = f"id,uscc,name,region\r\n{desk.name}-1,{desk.firm},示例厂,130100\r\n"
    file.write_bytes(text.encode("gb18030"))
    done = await desk.run("import", file, "--kind", "unit", "--actor", "张三")
    assert done.exit_code == 0, done.output
    assert "1 written, 0 unchanged" in done.stdout
    (version,) = await versions_of(reader, "unit", f"{desk.name}-1")
    assert version.actor == "张三"
    assert json.loads(version.body)["name"] == "示例厂"
    again = await desk.run("import", file, "--kind", "unit")
    assert "0 written, 1 unchanged" in again.stdout


async def test_one_bad_line_refuses_all_and_the_report_names_it(desk: Desk, reader: Any) -> None:
    file, report = desk.folder / "licences.csv", desk.folder / "report.ndjson"
    file.write_text(
        "kind,id,number,holder,register_type,region,scope.codes,scope.modes\n"
        f"licence,{desk.name}-1,1301,{desk.firm},use_disposal,130100,900-041-49,disposal\n"
        f"licence,{desk.name}-2,1302,{desk.firm},use_disposal,130100,９００-041-49,disposal\n"
    )
    done = await desk.run("import", file, "--report", report)
    assert done.exit_code == 1
    assert f"{file}:3" in done.stderr
    assert "nothing was imported" in done.stderr
    (row,) = map(json.loads, report.read_text().splitlines())
    assert (row["line"], row["column"], row["value"], row["code"]) == (
        3, "scope.codes", "９００-041-49", "cell_full_width"
    )  # fmt: skip
    assert row["zh"] in done.stderr
    assert row["en"] in done.stderr
    assert await record_as_known(reader, "licence", f"{desk.name}-1") is None


async def test_a_dry_run_tells_what_would_change_and_writes_nothing(
    desk: Desk, reader: Any
) -> None:
    await desk.import_lines(desk.licence(1), desk.licence(2), desk.licence(3))
    before = await reader.fetchval("SELECT seq FROM registry_head")
    report = desk.folder / "effects"
    done = await desk.import_lines(
        desk.licence(1),
        desk.licence(2, annual_scale_t=6000),
        desk.licence(3, retracted=True),
        desk.licence(4),
        more=("--dry-run", "--report", str(report)),
    )
    assert done.exit_code == 0, done.output
    assert "1 new, 1 changed, 1 unchanged, 1 retracted" in done.stdout
    assert "年经营规模（吨） annual scale (t) · annual_scale_t：5000 → 6000" in done.stdout
    told = [json.loads(line) for line in report.read_text().splitlines()]
    assert [row["effect"] for row in told] == ["unchanged", "changed", "retracted", "new"]
    assert await reader.fetchval("SELECT seq FROM registry_head") == before


async def test_show_tells_who_changed_what_and_when(desk: Desk, reader: Any) -> None:
    await desk.import_lines(desk.licence(1), more=("--actor", "甲"))
    await desk.import_lines(desk.licence(1, annual_scale_t=6000), more=("--actor", "乙"))
    await desk.import_lines(desk.licence(1, annual_scale_t=6000, retracted=True))
    shown = await desk.run("show", "licence", f"{desk.name}-0001")
    assert shown.exit_code == 0, shown.output
    for told in ("created", "甲", "乙", "5000 → 6000", "retracted: no verdict uses it"):
        assert told in shown.stdout
    first = (await versions_of(reader, "licence", f"{desk.name}-0001"))[0]
    at = first.recorded_at.isoformat()
    then = await desk.run("show", "licence", f"{desk.name}-0001", "--as-known-at", at, "--ndjson")
    (line,) = map(json.loads, then.stdout.splitlines())
    assert (line["annual_scale_t"], line["recorded_at"]) == (5000, at)


async def test_a_record_that_nobody_knows_is_one_sentence(desk: Desk) -> None:
    done = await desk.run("show", "unit", "nobody")
    assert done.exit_code == 1
    assert "The registry has no unit nobody" in done.stderr
    assert (await desk.run("show", "firm", "nobody")).exit_code == 2
    assert (await desk.run("export", "--as-known-at", "yesterday")).exit_code == 2
    assert (await desk.run("export", "--format", "csv")).exit_code == 2


async def test_what_was_known_is_read_by_moment_and_by_sequence(desk: Desk, reader: Any) -> None:
    for scale in (1, 2, 3):
        await desk.import_lines(desk.licence(1, annual_scale_t=scale))
    versions = await versions_of(reader, "licence", f"{desk.name}-0001")
    assert [v.seq for v in versions] == sorted({v.seq for v in versions})
    for version in versions:
        for known in (Known(at=version.recorded_at), Known(seq=version.seq)):
            assert await record_as_known(reader, "licence", version.id, known) == version
    before = Known(seq=versions[0].seq - 1)
    assert await record_as_known(reader, "licence", f"{desk.name}-0001", before) is None
    second = Known(at=versions[1].recorded_at)
    page = await list_records(reader, "licence", second, after=("licence", desk.name), limit=1)
    assert page == [versions[1]]


async def test_pages_follow_each_other_without_gap_or_overlap(desk: Desk, reader: Any) -> None:
    await desk.import_lines(*(desk.unit(n) for n in range(25)))
    await desk.import_lines(*(desk.unit(n, region="130200") for n in range(0, 25, 2)))
    found, after = [], ("unit", desk.name)
    while True:
        page = await list_records(reader, "unit", after=after, limit=4)
        found += [v.id for v in page if v.id.startswith(desk.name)]
        if len(page) < 4 or not page[-1].id.startswith(desk.name):
            break
        after = page[-1].kind, page[-1].id
    assert found == [f"{desk.name}-{n:04d}" for n in range(25)]


async def test_an_export_imported_again_changes_nothing(desk: Desk) -> None:
    await desk.import_lines(desk.licence(1), desk.licence(2, retracted=True), desk.unit(1))
    for name, kind in (("all.ndjson", ()), ("licences.csv", ("--kind", "licence"))):
        file = desk.folder / name
        done = await desk.run("export", "--out", file, *kind)
        assert done.exit_code == 0, done.output
        told = await desk.run("import", file, "--dry-run")
        assert "0 new, 0 changed" in told.stdout, told.output
        assert "0 retracted" in told.stdout


async def test_an_export_as_known_then_has_the_versions_of_then(desk: Desk, reader: Any) -> None:
    await desk.import_lines(desk.licence(1))
    await desk.import_lines(desk.licence(1, annual_scale_t=6000), desk.licence(2))
    first, second = await versions_of(reader, "licence", f"{desk.name}-0001")

    async def exported(*more: str) -> list[dict[str, Any]]:
        done = await desk.run("export", "--kind", "licence", *more)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return [line for line in lines if line["id"].startswith(desk.name)]

    then = await exported("--as-known-at", first.recorded_at.isoformat())
    assert [(x["annual_scale_t"], x["recorded_at"]) for x in then] == [
        (5000, first.recorded_at.isoformat())
    ]
    assert [x["annual_scale_t"] for x in await exported()] == [6000, 5000]
    history = [x for x in await exported("--history") if x["id"] == f"{desk.name}-0001"]
    assert [datetime.fromisoformat(x["recorded_at"]) for x in history] == [
        first.recorded_at, second.recorded_at
    ]  # fmt: skip
    assert meaning(json.dumps(history[1]).encode())["annual_scale_t"] == "6000"
