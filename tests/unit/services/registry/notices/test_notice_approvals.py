"""Approvals as published, line by line."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from services.registry.notices import (
    Outcome,
    Understanding,
    Units,
    read_sheet,
    read_units,
    understand,
)
from services.registry.record_file import FileForm, read_file
from services.registry.wire import encoded
from tests.unit.services.registry.notices.notice import FIRM, OTHER, PLANT, read, record, refused

SHEETS = Path(__file__).parent / "sheets"
GOLDEN = SHEETS / "published_approvals.report.txt"
HEAD = ["文号", "批复日期", "审批结果", "移出单位", "移出地", "接受单位", "移入地", "废物名称", "废物类别", "废物代码",
        "数量（吨）", "利用处置方式", "有效期"]  # fmt: skip
ROW = ["示例函〔2026〕7号", "2026年3月1日", "同意", "示例电子有限公司", "江苏省苏州市", "示例环保有限公司", "上海市",
       "废有机溶剂", "HW06", "900-402-06", "20", "处置", "至2026年12月31日止"]  # fmt: skip


def row(**changed: str) -> list[str]:
    return [changed.get(name, text) for name, text in zip(HEAD, ROW, strict=True)]


def published() -> Understanding:
    units = read_units((SHEETS / "published_units.csv").read_bytes(), "published_units.csv")
    sheet = read_sheet((SHEETS / "published_approvals.csv").read_bytes())
    return understand(sheet, "approvals", Units(units))


def _report(found: Understanding) -> str:
    lines = [f"{zh}\n{en}" for zh, en in found.remarks]
    for line in found.lines:
        lines.append(
            f"\n{line.number} {line.outcome} {line.record}{' (kept, not used)' if line.unused else ''}"
        )
        lines += [
            f"  ! {p.column}: {p.value}\n    {p.zh}\n    {p.en} [{p.code}]" for p in line.problems
        ]
        lines += [f"  {u.zh} {u.en}: {u.printed} → {u.read}" for u in line.understood]
        lines += [f"  · {zh}\n    {en}" for zh, en in line.remarks]
    lines += ["", *(json.dumps(r, ensure_ascii=False, indent=1) for r in found.records)]
    return "\n".join(lines) + "\n"


def test_every_published_line_is_accounted_for_in_words() -> None:
    """22 lines of 9 real documents, firms invented; the golden report is what an officer reads."""
    told = _report(published())
    if os.environ.get("LIANDAN_WRITE_GOLDEN"):
        GOLDEN.write_text(told, encoding="utf-8")
    assert told == GOLDEN.read_text(encoding="utf-8")


def test_of_the_published_lines_those_that_say_all_are_understood() -> None:
    found = published()
    assert [line.number for line in found.lines] == list(range(2, 24))
    assert found.count(Outcome.UNDERSTOOD) == 18
    left = {
        x.record: [p.code for p in x.problems]
        for x in found.lines
        if x.outcome is not Outcome.UNDERSTOOD
    }
    assert left == {
        "GD-2014-030": ["purpose_unknown"],
        "TJ-2017-116": ["decision_unknown", "scope_not_sure"],
        "NX-2017-15": ["day_form", "decision_unknown"],
        "HN-2025-524": ["not_said"] * 4,
    }
    records = {r["id"]: r for r in found.records}
    letter = records["TJ-2023-386"]
    assert [x["line"] for x in letter["lines"]] == list(range(1, 14))
    assert (letter["valid_from"], letter["valid_to"]) == ("2023-12-13", "2023-12-31")
    assert letter["lines"][8]["quantity_t"] == "1600"
    two = [records[f"SL-2024-490-{n}"] for n in (1, 2)]
    assert len({r["document"] for r in two}) == 1
    assert [r["lines"][0]["destination"] for r in two] == ["140000", "430000"]
    refusals = [records["HN-2025-142"], records["HN-2024-617"]]
    assert all(r["decision"] == "refused" and "lines" not in r for r in refusals)
    assert [line.record for line in found.lines if line.unused] == ["HN-2024-617"]


def test_what_is_understood_goes_through_the_registrys_own_decoder() -> None:
    found = published()
    changes = read_file(b"\n".join(map(encoded, found.records)), FileForm.NDJSON)
    assert [change.id for change in changes] == [r["id"] for r in found.records]


def test_without_their_credit_codes_the_names_are_asked_for() -> None:
    sheet = read_sheet((SHEETS / "published_approvals.csv").read_bytes())
    found = understand(sheet, "approvals", Units())
    assert not found.records
    assert len(found.missing) == len(set(found.missing)) == 17
    assert found.missing[0] == "Example aluminium works 1"


def test_an_approval_in_chinese_is_one_record() -> None:
    assert record(read("approvals", HEAD, row())) == {
        "kind": "transfer_approval", "id": "示例函〔2026〕7号", "document": "示例函〔2026〕7号",
        "decided_on": "2026-03-01", "decision": "approved", "consignor": FIRM,
        "consignor_name": "示例电子有限公司", "origin": "320500", "valid_from": "2026-03-01",
        "valid_to": "2026-12-31",
        "lines": [{
            "line": 1, "code": "900-402-06", "edition": 2025, "name": "废有机溶剂", "quantity_t": "20",
            "purpose": "disposal", "receiver": PLANT, "receiver_name": "示例环保有限公司",
            "destination": "310115",
        }],
    }  # fmt: skip


def test_lines_of_a_letter_go_under_it_also_where_cells_were_merged() -> None:
    rest = [
        "",
        "",
        "",
        "",
        "",
        "示例再生有限公司",
        "山西省",
        "废油",
        "HW08",
        "900-249-08",
        "1.5万吨",
        "利用",
        "",
    ]
    found = record(read("approvals", HEAD, row(), rest))
    assert [(x["line"], x["receiver"], x["quantity_t"]) for x in found["lines"]] == [
        (1, PLANT, "20"),
        (2, OTHER, "15000"),
    ]
    merged = read("approvals", HEAD, row(), rest, merges=[f"{c}2:{c}3" for c in "ABCDEM"])
    assert record(merged) == found


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"批复日期": "2026年3月"}, ["day_form"]),
        ({"批复日期": ""}, ["not_said"]),
        ({"审批结果": "征求意见"}, ["decision_unknown"]),
        ({"移出单位": "无名有限公司"}, ["unit_unknown"]),
        ({"移出地": "火星"}, ["place_unknown"]),
        ({"废物代码": ""}, ["code_not_one"]),
        ({"废物代码": "900-402-06、900-404-06"}, ["code_not_one"]),
        ({"废物代码": "900-041-49"}, ["scope_not_sure"]),
        ({"废物类别": "", "废物代码": "废有机溶剂"}, ["scope_not_sure"]),
        ({"数量（吨）": "20桶"}, ["amount_form"]),
        ({"数量（吨）": "20吨/年"}, ["quantity_per_time"]),
        ({"数量（吨）": ""}, ["not_said"]),
        ({"利用处置方式": "利用、处置"}, ["purpose_not_one"]),
        ({"有效期": ""}, ["not_said"]),
        ({"有效期": "一年"}, ["validity_form", "not_said"]),
        ({"有效期": "至2026年1月1日止"}, ["validity_reversed"]),
        ({"废物名称": ""}, ["not_said"]),
    ],
)
def test_what_an_approval_does_not_say_for_sure_is_refused(
    changed: Any, expected: list[str]
) -> None:
    assert refused(read("approvals", HEAD, row(**changed))) == expected


def test_one_line_that_is_not_understood_holds_back_its_letter_and_no_other() -> None:
    found = read(
        "approvals",
        HEAD,
        row(),
        row(**{"数量（吨）": "约20"}),
        row(文号="示例函〔2026〕8号"),
    )
    assert [line.outcome for line in found.lines] == [
        Outcome.HELD_BACK, Outcome.REFUSED, Outcome.UNDERSTOOD,
    ]  # fmt: skip
    assert [r["id"] for r in found.records] == ["示例函〔2026〕8号"]


def test_rows_of_one_letter_may_not_contradict_each_other() -> None:
    found = read("approvals", HEAD, row(), row(批复日期="2026年3月2日"))
    assert refused(found) == ["row_contradicts"]


def test_what_holds_for_the_whole_sheet_may_be_given() -> None:
    head, values = HEAD[:-1], ROW[:-1]
    assert refused(read("approvals", head, values)) == ["not_said"]
    found = read("approvals", head, values, valid_to="2026年12月31日", decider="示例市生态环境局")
    assert record(found)["valid_to"] == "2026-12-31"
    assert record(found)["decider"] == "示例市生态环境局"


def test_a_line_of_general_waste_is_kept_and_marked() -> None:
    found = read("approvals", HEAD, row(废物类别="SW59", 废物代码="900-007-S59"))
    assert record(found)["lines"][0]["code"] == "900-007-S59"
    assert found.lines[0].unused
    assert "used by no rule" in found.lines[0].remarks[0][1]


@pytest.mark.parametrize(
    ("day", "edition"), [("2014年8月11日", 2008), ("2017年1月1日", 2016), ("2024年12月31日", 2021)]
)
def test_a_code_is_of_the_edition_in_force_on_the_day(day: str, edition: int) -> None:
    found = read("approvals", HEAD, row(批复日期=day))
    assert record(found)["lines"][0]["edition"] == edition


def test_a_quantity_must_be_what_the_letter_prints() -> None:
    head = [*HEAD, "quantity_as_printed"]
    assert (
        record(read("approvals", head, [*row(), "20 (unit lost)"]))["lines"][0]["quantity_t"]
        == "20"
    )
    assert refused(read("approvals", head, [*row(), "200 t"])) == ["row_contradicts"]
