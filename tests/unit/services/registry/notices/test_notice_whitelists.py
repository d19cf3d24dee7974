"""White lists: firm, classes, cap, and what they spare."""

from typing import Any

import pytest

from tests.unit.services.registry.notices.notice import OTHER, PLANT, read, record, refused

HEAD = [
    "序号",
    "单位名称",
    "移入省份",
    "移出省份",
    "危险废物类别及代码",
    "年度上限（吨）",
    "利用处置方式",
    "审批方式",
    "有效期",
]
ROW = [
    "1",
    "示例环保有限公司",
    "上海市",
    "江苏省、浙江省",
    "HW06（除 900-404-06）",
    "3万吨",
    "利用",
    "直接审批",
    "2026年度",
]
LIST = {"list_id": "沪苏浙白名单2026（示例）"}


def row(**changed: str) -> list[str]:
    named = dict(zip(HEAD, ROW, strict=True))
    cap = changed.pop("上限", None)
    if cap is not None:
        changed["年度上限（吨）"] = cap
    return list({**named, **changed}.values())


def test_an_entry_is_read_from_its_row() -> None:
    assert record(read("whitelist", HEAD, row(), **LIST)) == {
        "kind": "whitelist_entry", "id": "沪苏浙白名单2026（示例）#1", "list_id": "沪苏浙白名单2026（示例）",
        "destination": "310115", "origins": ["320000", "330000"], "receiver": PLANT,
        "receiver_name": "示例环保有限公司", "categories": ["HW06"], "except_codes": ["900-404-06"],
        "annual_cap_t": "30000", "purposes": ["utilisation"], "simplification": "direct",
        "valid_from": "2026-01-01", "valid_to": "2026-12-31",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"审批方式": ""}, ["not_said"]),
        ({"审批方式": "其他"}, ["simplification_unknown"]),
        ({"移出省份": "周边省份"}, ["place_unknown"]),
        ({"上限": "若干"}, ["amount_form"]),
        ({"上限": "5吨/日"}, ["cap_per_day"]),
        ({"危险废物类别及代码": "废铅蓄电池"}, ["scope_not_sure"]),
        ({"有效期": "2026年"}, None),
        ({"有效期": ""}, ["not_said", "not_said"]),
    ],
)
def test_what_a_list_does_not_say_for_sure_is_refused(
    changed: Any, expected: list[str] | None
) -> None:
    found = read("whitelist", HEAD, row(**changed), **LIST)
    if expected is None:
        assert record(found)["valid_to"] == "2026-12-31"
    else:
        assert refused(found) == expected


def test_caps_are_often_not_public_and_a_list_without_a_name_is_refused() -> None:
    assert "annual_cap_t" not in record(read("whitelist", HEAD, row(上限="/"), **LIST))
    assert refused(read("whitelist", HEAD, row())) == ["not_said"]


def test_a_cap_over_several_rows_is_shared_and_one_of_its_own_is_not() -> None:
    second = ["2", "", "", "", "HW08", "", "", "", ""]
    third = ["3", "", "", "", "HW49", "100", "", "", ""]
    given = {**LIST, "destination": "上海市", "simplification": "direct", "validity": "2026年度"}
    found = read("whitelist", HEAD, row(), second, third, **given)
    assert [(r["receiver"], r["categories"], r["annual_cap_t"]) for r in found.records] == [
        (PLANT, ["HW06", "HW08"], "30000"),
        (PLANT, ["HW49"], "100"),
    ]
    merged = read("whitelist", HEAD, row(), second, third, merges=["B2:B4", "F2:F3"], **given)
    assert [r["categories"] for r in merged.records] == [["HW06", "HW08"], ["HW49"]]


def test_entries_keep_their_numbers_or_are_counted() -> None:
    again = row(序号="7", 单位名称="示例再生有限公司")
    found = read("whitelist", HEAD, row(), again, **LIST)
    assert [r["id"].partition("#")[2] for r in found.records] == ["1", "7"]
    assert [r["receiver"] for r in found.records] == [PLANT, OTHER]
    counted = read("whitelist", HEAD, row(序号=""), row(序号=""), **LIST)
    assert [r["id"].partition("#")[2] for r in counted.records] == ["1*", "2*"]
