"""Licence lists as authorities have them."""

from typing import Any

import pytest

from services.registry.notices import Outcome
from tests.unit.services.registry.notices.notice import FIRM, OTHER, PLANT, read, record, refused

HEAD = [
    "序号",
    "单位名称",
    "许可证编号",
    "设施地址",
    "核准经营方式",
    "危险废物类别",
    "废物代码",
    "核准经营规模（吨/年）",
    "有效期限",
]
ROW = ["1", "示例环保有限公司", "JS0100示例001", "江苏省苏州市示例路1号", "收集、贮存、处置", "HW08", "", "5000",
       "2026年3月1日至2031年2月28日"]  # fmt: skip
NEXT = ["", "", "", "", "", "HW49", "900-041-49", "", ""]


def row(**changed: str) -> list[str]:
    names = dict(zip(HEAD, ROW, strict=True))
    names["核准经营规模"] = names.pop(HEAD[7])
    named = {**names, **changed}
    return [named[h if h != HEAD[7] else "核准经营规模"] for h in HEAD]


def scope(found: Any) -> list[tuple[Any, ...]]:
    return [
        (x.get("codes", []), x.get("categories", []), x.get("except_codes", []), x["printed"])
        for x in found["scope"]
    ]


def test_a_licence_is_read_from_its_row() -> None:
    assert record(read("licences", HEAD, row(), issuer="示例省生态环境厅")) == {
        "kind": "licence", "id": "JS0100示例001", "number": "JS0100示例001", "holder": PLANT,
        "holder_name": "示例环保有限公司", "issuer": "示例省生态环境厅", "facility": "江苏省苏州市示例路1号",
        "region": "320500", "register_type": "use_disposal", "valid_from": "2026-03-01",
        "valid_to": "2031-02-28", "annual_scale_t": "5000",
        "scope": [{"categories": ["HW08"], "modes": ["collection", "storage", "disposal"],
                   "edition": 2025, "printed": "HW08"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("category", "code", "expected"),
    [
        ("HW49", "仅限 900-041-49", (["900-041-49"], [], [])),
        ("HW12", "全部代码", ([], ["HW12"], [])),
        ("HW06（除 900-404-06）", "", ([], ["HW06"], ["900-404-06"])),
        ("HW06", "除900-404-06外", ([], ["HW06"], ["900-404-06"])),
        ("08", "", ([], ["HW08"], [])),
        ("08", "900-249-08", (["900-249-08"], [], [])),
        ("HW49其他废物", "900-041-\n49\n900-047-49", (["900-041-49", "900-047-49"], [], [])),
        ("ＨＷ４９", "９００-０４１-４９", (["900-041-49"], [], [])),
        ("HW08、HW49", "900-249-08、900-041-49", (["900-249-08", "900-041-49"], [], [])),
    ],
)
def test_the_scope_is_read_from_category_and_code(category: str, code: str, expected: Any) -> None:
    found = record(read("licences", HEAD, row(危险废物类别=category, 废物代码=code)))
    (line,) = scope(found)
    assert line[:3] == expected
    assert category in line[3], "the printed text is kept"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"危险废物类别": "", "废物代码": "废铅酸蓄电池"}, ["scope_not_sure"]),
        ({"废物代码": "900-041-49"}, ["scope_not_sure"]),
        ({"危险废物类别": "HW08、HW49", "废物代码": "900-249-08"}, ["scope_not_sure"]),
        ({"危险废物类别": ""}, ["not_said"]),
        ({"核准经营方式": ""}, ["not_said"]),
        ({"核准经营方式": "经营"}, ["mode_unknown"]),
        ({"核准经营规模": "5000吨/月"}, ["amount_form"]),
        ({"核准经营规模": "200只/年"}, ["amount_form"]),
        ({"有效期限": "五年"}, ["validity_form", "not_said", "not_said"]),
        ({"有效期限": "至2031年2月28日止"}, ["not_said"]),
        ({"有效期限": "自2026年3月1日起"}, ["not_said"]),
        ({"许可证编号": ""}, ["not_said"]),
        ({"单位名称": "无名有限公司"}, ["unit_unknown"]),
    ],
)
def test_what_a_licence_does_not_say_for_sure_is_refused(changed: Any, expected: list[str]) -> None:
    assert refused(read("licences", HEAD, row(**changed))) == expected


@pytest.mark.parametrize(
    ("printed", "tonnes"),
    [
        ("5000", "5000"),
        ("3万吨/年", "30000"),
        ("15t/d", "4950"),
        ("15吨/日", "4950"),
        ("1,200", "1200"),
    ],
)
def test_the_scale_is_of_a_year(printed: str, tonnes: str) -> None:
    assert record(read("licences", HEAD, row(核准经营规模=printed)))["annual_scale_t"] == tonnes


def test_rows_of_a_licence_go_together_with_or_without_merged_cells() -> None:
    csv = record(read("licences", HEAD, row(), NEXT))
    assert scope(csv) == [
        ([], ["HW08"], [], "HW08"),
        (["900-041-49"], [], [], "HW49（900-041-49）"),
    ]
    assert csv["scope"][1]["modes"] == ["collection", "storage", "disposal"], "as the row above"
    assert csv["annual_scale_t"] == "5000"
    merged = read("licences", HEAD, row(), NEXT, merges=[f"{c}2:{c}3" for c in "ABCDEHI"])
    assert record(merged) == csv


def test_scales_of_lines_are_added_up_and_one_that_could_be_either_is_refused() -> None:
    second = [*NEXT[:7], "3000", ""]
    assert record(read("licences", HEAD, row(), second))["annual_scale_t"] == "8000"
    same = [*NEXT[:7], "5000", ""]
    assert refused(read("licences", HEAD, row(), same)) == ["scale_not_sure"]
    assert refused(read("licences", HEAD, row(核准经营规模=""), second)) == ["scale_not_sure"]
    third = [*NEXT[:5], "HW12", "", "", ""]
    assert refused(read("licences", HEAD, row(), second, third)) == ["scale_not_sure"]


def test_two_merged_blocks_of_the_same_scale_are_two_scales() -> None:
    rows = [row(), NEXT, [*NEXT[:5], "HW12", "", "5000", ""], [*NEXT[:5], "HW13", "", "", ""]]
    merges = [f"{c}2:{c}5" for c in "ABCDEI"] + ["H2:H3", "H4:H5"]
    assert record(read("licences", HEAD, *rows, merges=merges))["annual_scale_t"] == "10000"


def test_half_a_licence_is_held_back() -> None:
    unsure = [*NEXT[:5], "", "废铅酸蓄电池", "", ""]
    found = read("licences", HEAD, row(), unsure)
    assert [x.outcome for x in found.lines] == [Outcome.HELD_BACK, Outcome.REFUSED]
    assert not found.records


def test_the_type_of_register_is_read_or_follows_from_the_modes() -> None:
    assert (
        record(read("licences", HEAD, row(核准经营方式="收集、贮存")))["register_type"]
        == "collection"
    )
    head, values = [*HEAD, "许可证类型"], [*row(), "豁免管理"]
    assert record(read("licences", head, values))["register_type"] == "exempted"


def test_one_column_of_scope_and_columns_of_dates_and_codes() -> None:
    head = [
        "统一社会信用代码",
        "证书编号",
        "核准经营范围",
        "经营方式",
        "有效期起",
        "有效期止",
        "年经营规模",
        "行政区划",
    ]
    values = [
        FIRM,
        "示例〔2026〕1号",
        "HW08（900-249-08）、HW12全部代码",
        "收集",
        "2026.3.1",
        "长期",
        "100吨",
        "江苏省",
    ]
    assert refused(read("licences", head, values)) == ["day_form", "not_said"]
    values[5] = "2027/2/28"
    found = record(read("licences", head, values))
    assert scope(found)[0][:2] == (["900-249-08"], ["HW12"])
    assert (found["holder"], found["annual_scale_t"], found["region"]) == (FIRM, "100", "320500")


def test_what_goes_without_end_is_without_end_only_where_it_is_printed() -> None:
    found = record(read("licences", HEAD, row(有效期限="长期有效"), valid_from="2026-01-01"))
    assert "valid_to" not in found
    assert found["valid_from"] == "2026-01-01"


def test_a_place_in_the_wrong_words_is_refused_and_one_unknown_unit_is_asked_for_once() -> None:
    found = read(
        "licences",
        HEAD,
        row(设施地址=""),
        row(单位名称="示例再生有限公司", 许可证编号="2", 设施地址=""),
    )
    assert [r["holder"] for r in found.records] == [PLANT]
    assert refused(found) == ["not_said"], "nothing tells where the other is"
    assert OTHER not in str(found.records)
