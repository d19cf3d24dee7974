"""Headers as people make them: titles above, two rows, merged, in other words."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.notices import (
    FIELDS,
    Notice,
    Outcome,
    Understanding,
    Units,
    read_sheet,
    understand,
)
from services.registry.notices.columns import field_of
from services.registry.refusal import RegistryRefused
from tests.unit.services.registry.notices.books import Formula, book
from tests.unit.services.registry.notices.notice import KNOWN, codes, read, record, refused
from tests.unit.services.registry.sheets import sheet

HEAD = [
    "许可证编号",
    "单位名称",
    "行政区划",
    "经营方式",
    "危险废物类别",
    "核准经营规模（吨/年）",
    "有效期限",
]
ROW = [
    "示例1号",
    "示例环保有限公司",
    "320500",
    "处置",
    "HW08",
    "5000",
    "2026年3月1日至2031年2月28日",
]


@pytest.mark.parametrize(
    ("notice", "header", "field"),
    [
        ("licences", "核准经营规模（吨/年）", "scale"), ("licences", "核准 经营规模\n(万吨/年)", "scale"),
        ("licences", "危险废物 类别", "category"), ("licences", "八位代码", "code"),
        ("licences", "有效期限", "validity"), ("approvals", "移出单位", "consignor"),
        ("approvals", "数量（吨）", "quantity"), ("approvals", "quantity_t", "quantity"),
        ("approvals", "period_as_printed", "validity"), ("whitelist", "企业名称", "receiver"),
        ("licences", "联系电话", None), ("licences", "", None),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_many_names(
    notice: Notice, header: str, field: str | None
) -> None:
    assert field_of(header, notice) == field


def test_titles_above_and_notes_and_sums_below_are_no_records() -> None:
    found = read(
        "licences", ["示例省危险废物经营许可证持证单位名单", "", "", "", "", "", ""], ["截至2026年3月"], HEAD, ROW,
        ["合计", "", "", "", "", "5000", ""], HEAD, ["注：以上数据仅供示例", "", "", "", "", "", ""],
    )  # fmt: skip
    assert record(found)["id"] == "示例1号"
    assert [(x.number, x.outcome) for x in found.lines] == [
        (4, Outcome.UNDERSTOOD), (5, Outcome.SKIPPED), (6, Outcome.SKIPPED), (7, Outcome.SKIPPED),
    ]  # fmt: skip


def test_a_header_may_take_two_rows() -> None:
    upper = [
        "许可证编号",
        "单位名称",
        "行政区划",
        "经营方式",
        "核准经营危险废物",
        "",
        "规模",
        "有效期",
        "",
    ]
    lower = ["", "", "", "", "废物类别", "废物代码", "（吨/年）", "起", "止"]
    values = [
        "示例1号",
        "示例环保有限公司",
        "320500",
        "处置",
        "HW08",
        "900-249-08",
        "5000",
        "2026.3.1",
        "2031.2.28",
    ]
    found = record(read("licences", upper, lower, values))
    assert found["scope"][0]["codes"] == ["900-249-08"]
    assert (found["valid_from"], found["valid_to"]) == ("2026-03-01", "2031-02-28")
    assert found["annual_scale_t"] == "5000"
    down = [f"{c}1:{c}2" for c in "ABCD"]
    assert record(read("licences", upper, lower, values, merges=[*down, "E1:F1", "H1:I1"])) == found


def test_columns_that_are_not_known_are_told() -> None:
    found = read("licences", [*HEAD, "联系电话"], [*ROW, "1"])
    assert "联系电话" in " ".join(en for _, en in found.remarks)


def test_two_columns_of_one_meaning_are_refused() -> None:
    with pytest.raises(RegistryRefused) as told:
        read("licences", [*HEAD, "核准规模"], [*ROW, "6000"])
    assert told.value.problems[0].code == "column_twice"


def test_a_sheet_without_a_header_is_told_what_one_looks_like() -> None:
    with pytest.raises(RegistryRefused) as told:
        read("licences", ["一", "二"], ["三", "四"])
    assert told.value.problems[0].code == "header_not_found"
    assert "许可证编号" in told.value.problems[0].zh
    with pytest.raises(RegistryRefused):
        read("licences")


def test_what_is_given_must_be_a_field() -> None:
    with pytest.raises(RegistryRefused) as told:
        read("licences", HEAD, ROW, colour="red")
    assert told.value.problems[0].code == "field_unknown"


def test_a_formula_that_is_read_is_refused_one_that_is_not_is_nobodys_business() -> None:
    def understood(row: list[str]) -> Understanding:
        raw = book([["备用", *HEAD], row])
        return understand(read_sheet(raw), "licences", Units(KNOWN))

    assert record(understood([Formula("1"), *ROW]))["id"] == "示例1号"
    found = understood(["1", *ROW[:4], Formula("HW08"), *ROW[5:]])
    assert "cell_formula" in refused(found)


def test_many_thousand_rows_are_understood_and_told_line_by_line() -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    for n in range(20_000):
        writer.writerow([f"示例{n}号", *ROW[1:4], "HW08" if n % 2 else "废油", *ROW[5:]])
    found = understand(read_sheet(text.getvalue().encode()), "licences", Units(KNOWN))
    assert len(found.lines) == 20_000
    assert (len(found.records), found.count(Outcome.REFUSED)) == (10_000, 10_000)
    assert codes(found.lines[0]) == ["scope_not_sure"]


_CELLS = st.sampled_from([
    *HEAD, *ROW, "", "-", "合计", "HW49 仅限 900-041-49", "废铅酸蓄电池", "同意", "数量（吨）", "20", "20桶", "文号",
    "移出单位", "接受单位", "废物代码", "900-041-49", "有效期止", "2026年12月31日", "示例电子有限公司", "江苏省",
    "移入地", "批复日期", "审批结果", "废物名称", "移出地", "利用处置方式", "名单编号", "审批方式", "直接审批",
    "年度上限", "序号", "1",
]) | st.text(max_size=12)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(
    st.lists(st.lists(_CELLS, max_size=9), max_size=6),
    st.sampled_from(sorted(FIELDS)),
    st.booleans(),
)
def test_any_sheet_is_understood_line_by_line_or_told_why_not(
    rows: list[list[str]], notice: Notice, headed: bool
) -> None:
    raw = sheet([HEAD, *rows] if headed else rows).encode("utf-8", "replace")
    try:
        found = understand(read_sheet(raw), notice, Units(KNOWN))
    except RegistryRefused as told:
        assert all(problem.zh and problem.en for problem in told.problems)
        return
    numbers = [line.number for line in found.lines]
    assert numbers == sorted(set(numbers)), "every line once"
    for line in found.lines:
        assert (line.outcome is Outcome.REFUSED) == bool(line.problems)
    assert len(found.records) <= found.count(Outcome.UNDERSTOOD)
