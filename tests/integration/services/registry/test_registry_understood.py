"""An authority's own sheet, understood and imported into a real registry."""

import json
from typing import Any

import asyncpg

from services.registry.history import record_as_known
from tests.integration.services.registry.desk import Desk
from tests.unit.services.registry.notices.books import book

HEAD = [
    "许可证编号",
    "单位名称",
    "行政区划",
    "经营方式",
    "危险废物类别",
    "废物代码",
    "核准经营规模",
    "有效期限",
]


async def test_a_sheet_is_understood_with_the_registrys_units_and_imported(desk: Desk) -> None:
    name, number = f"示例厂{desk.name}", f"{desk.name}-licence"
    await desk.import_lines(desk.unit(1, name=name, region="320500"))
    sheet, out = desk.folder / "licences.xlsx", desk.folder / "records.ndjson"
    row = [
        number,
        name,
        "",
        "处置",
        "HW06",
        "除 900-404-06 外",
        "15吨/日",
        "2026年3月1日至2031年2月28日",
    ]
    more = ["", "", "", "", "HW49", "仅限 900-041-49", "", ""]
    sheet.write_bytes(book([HEAD, row, more], [f"{c}2:{c}3" for c in "ABCDGH"]))
    asked = await desk.run("understand", sheet, "--as", "licences", "--out", out)
    assert asked.exit_code == 1, "nobody told the credit code"
    asked = await desk.run("understand", sheet, "--as", "licences", "--registry", "--out", out)
    assert asked.exit_code == 0, asked.output
    tried = await desk.run("import", out, "--dry-run")
    assert "1 new" in tried.stdout
    done = await desk.run("import", out)
    assert "1 written" in done.stdout
    reader: Any = await asyncpg.connect(desk.settings.database_reader)
    try:
        version = await record_as_known(reader, "licence", number)
    finally:
        await reader.close()
    assert version is not None
    kept = json.loads(version.body)
    assert (kept["holder"], kept["annual_scale_t"]) == (desk.firm, "4950")
    assert [
        (x.get("categories"), x.get("except_codes"), x.get("codes")) for x in kept["scope"]
    ] == [
        (["HW06"], ["900-404-06"], None),
        (None, None, ["900-041-49"]),
    ]
    sheet_again = await desk.run(
        "export", "--kind", "licence", "--format", "csv", "--out", desk.folder / "l.csv"
    )
    assert sheet_again.exit_code == 0
    unchanged = await desk.run("import", desk.folder / "l.csv")
    assert "0 written" in unchanged.stdout
