"""What is refused of a registry file: line, column, value and reason, word for word."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.registry import REGISTRY_KINDS
from services.registry import RegistryRefused
from services.registry.columns import columns_of
from services.registry.csv_export import csv_bytes
from services.registry.csv_file import read_csv
from services.registry.csv_text import read_text
from services.registry.record_file import FileForm, read_file
from tests.manifests import credit_code
from tests.property.sayings import records
from tests.unit.services.registry.sheets import cells, sheet, wires

FIRM = credit_code(1)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

UNIT = "id,uscc,name,region,valid_from\n"
LICENCE = "id,number,holder,register_type,region,scope.codes,scope.modes,suspension.valid_from\n"

REFUSED = {
    "full-width digits": (
        "licence",
        LICENCE + f"l-1,1301,{FIRM},use_disposal,130100,９００-041-49,disposal,\n",
        [(2, "scope.codes", "９００-041-49", "cell_full_width",
          "含全角字符，请改为半角；废物代码应为 8 位数字 NNN-NNN-NN（一般固体废物为 NNN-NNN-SNN）")],
    ),
    "a code that a spreadsheet took for a number": (
        "unit",
        UNIT + "u-1,9.11301E+17,示例厂,130100,\n",
        [(2, "uscc", "9.11301E+17", "cell_scientific",
          "表格软件已把编码改写为科学计数，位数已丢失；请把该列设为文本后重新填写")],
    ),
    "a blank behind a code": (
        "unit",
        UNIT + f"u-1,{FIRM},示例厂,130100 ,\n",
        [(2, "region", "130100 ", "cell_blank",
          "首尾有空格或换行，请删去；行政区划代码应为 6 位数字")],
    ),
    "a wrong check digit and a wrong date, on two lines": (
        "unit",
        UNIT + f"u-1,{FIRM[:17]}{'0' if FIRM[17] != '0' else '1'},厂,130100,\n"
        f"u-2,{FIRM},厂,130100,5.1.2026\n",
        [(2, "uscc", f"{FIRM[:17]}{'0' if FIRM[17] != '0' else '1'}", "credit_code_check_digit",
          f"统一社会信用代码校验位不符：末位应为 {FIRM[17]}"),
         (3, "valid_from", "5.1.2026", "date_form", "日期应为 YYYY-MM-DD（北京时间）")],
    ),
    "a member left out": (
        "unit", UNIT + f"u-1,{FIRM},,130100,\n",
        [(2, "name", "", "member_missing", "缺少必填项")],
    ),
    "a member of the second scope line left out": (
        "licence",
        LICENCE + f"l-1,1301,{FIRM},use_disposal,130100,900-041-49,disposal,\n"
        "l-1,,,,,900-041-49,,\n",
        [(3, "scope.modes", "", "member_missing", "缺少必填项")],
    ),
    "rows that contradict each other": (
        "licence",
        LICENCE + f"l-1,1301,{FIRM},use_disposal,130100,,,2026-01-01\n"
        "l-1,1302,,,,,,2026-02-01\n",
        [(3, "number", "1302", "row_contradicts", "与本记录前面的行不一致：“1301”")],
    ),
    "an unknown column": (
        "unit", "id,uscc,nam,region\n",
        [(1, "nam", "nam", "column_unknown", "不认识的列，是否为 name？")],
    ),
    "a column twice": (
        "unit", "id,uscc,uscc\n", [(1, "uscc", "uscc", "column_twice", "列名重复")],
    ),
    "no id": (
        "unit", UNIT + f",{FIRM},厂,130100,\n", [(2, "id", "", "id_missing", "本行缺少 id")],
    ),
    "no id column and no kind": (
        None, "uscc\n",
        [(1, "kind", "", "column_missing", "缺少此列"),
         (1, "id", "", "column_missing", "缺少此列")],
    ),
    "another kind in the column": (
        "unit", f"kind,id,uscc,name,region\nlicence,u-1,{FIRM},厂,130100\n",
        [(2, "kind", "licence", "kind_mixed", "本文件的类型为 unit，一个文件只能有一种类型")],
    ),
    "an unknown kind": (
        None, "kind,id\nfirm,u-1\n",
        [(2, "kind", "firm", "kind_unknown", "不认识的类型，允许：unit, licence, carrier_permit,"
          " vehicle, transfer_approval, whitelist_entry, inbound_ban, exemption, calendar, management_plan,"
          " rulebook_version, insurance, crew, institution, medical_plant, collection_agreement,"
          " emergency_order, terminal, fence, prescribed_route")],
    ),
    "a cell without a column": (
        "unit", f"id,uscc,name,region\nu-1,{FIRM},厂,130100,多余\n",
        [(2, "", "多余", "cell_without_column", "此单元格所在列没有表头")],
    ),
    "a semicolon too many": (
        "licence",
        LICENCE + f"l-1,1301,{FIRM},use_disposal,130100,900-041-49;,disposal,\n",
        [(2, "scope.codes", "900-041-49;", "list_item_empty", "列表中有空项，请删去多余的分号")],
    ),
    "a choice that is none": (
        "licence",
        LICENCE + f"l-1,1301,{FIRM},处置,130100,,,\n",
        [(2, "register_type", "处置", "value_not_allowed", "取值不在允许范围内：'medical',"
          " 'collection', 'exempted', 'use_disposal' or 'virtual'")],
    ),
    "a quotation mark left open": (
        "unit", 'id,uscc,name,region\nu-1,x,"厂\n',
        [(2, "", "", "csv_malformed", "不是合法的 CSV：unexpected end of data")],
    ),
    "a way with latitude and longitude swapped": (
        "prescribed_route", f"id,name,carrier,way\nr-1,一号线,{FIRM},\"38.05 74.5, 38.06 74.6\"\n",
        [(2, "way", "38.05 74.5, 38.06 74.6", "line_abroad",
          "点 [38.05, 74.5] 不在中国境内，请检查经度、纬度是否颠倒")],
    ),
    "a way of one point": (
        "prescribed_route", f"id,name,carrier,way\nr-1,一号线,{FIRM},114.5 38\n",
        [(2, "way", "114.5 38", "line_points", "路线应有 2 至 1000 个点，其中至少 2 个不同的点")],
    ),
    "nothing at all": (
        "unit", "", [(1, "id", "", "column_missing", "缺少此列")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_line_column_value_and_reason(name: str) -> None:
    kind, text, expected = REFUSED[name]
    with pytest.raises(RegistryRefused) as refused:
        read_csv(text, kind)
    told = [(p.line, p.column, p.value, p.code, p.zh) for p in refused.value.problems]
    assert told == expected
    assert all(p.en for p in refused.value.problems)


def test_a_line_of_a_file_with_line_breaks_in_cells_is_counted_as_an_editor_does() -> None:
    text = f'id,uscc,name,region,note\nu-1,{FIRM},厂,130100,"甲\n乙"\nu-2,x,厂,130100,\n'
    with pytest.raises(RegistryRefused) as refused:
        read_csv(text, "unit")
    assert [(p.line, p.column) for p in refused.value.problems] == [(4, "uscc")]


@pytest.mark.parametrize("raw", ["id\n".encode("utf-16"), b"id,name\nu-1,\xff\xff\n"])
def test_another_encoding_is_refused_with_the_cure(raw: bytes) -> None:
    with pytest.raises(RegistryRefused) as refused:
        read_text(raw)
    (problem,) = refused.value.problems
    assert (problem.code, "CSV UTF-8" in problem.zh) == ("encoding_unknown", True)


def test_ndjson_tells_the_member_and_its_value() -> None:
    lines = [
        json.dumps({"kind": "unit", "id": "u", "uscc": FIRM, "name": "厂", "region": "990000"}),
        "",
        '{"kind":"unit"',
    ]
    with pytest.raises(RegistryRefused) as refused:
        read_file(b"\xef\xbb\xbf" + "\n".join(lines).encode(), FileForm.NDJSON)
    assert [(p.line, p.column, p.value, p.code) for p in refused.value.problems] == [
        (1, "/region", "990000", "region_unknown"),
        (3, "", "", "json_malformed"),
    ]


@settings(QUICK, max_examples=150)
@given(
    st.lists(st.lists(st.text(max_size=6), max_size=8), max_size=6),
    st.sampled_from(REGISTRY_KINDS),
)
def test_no_table_whatever_breaks_the_reader(rows: list[list[str]], kind: str) -> None:
    columns = [column.name for column in columns_of(kind)][:8]
    for text in (sheet(rows), sheet([columns, *rows]), "\n".join(map(";".join, rows))):
        try:
            changes = read_csv(text, kind)
        except RegistryRefused as refused:
            assert refused.problems
            assert all(p.line >= 1 and p.code and p.zh and p.en for p in refused.problems)
        else:
            assert all(change.kind == kind for change in changes)


GARBAGE = [
    "",
    "x",
    ";",
    '""',
    "９",
    "1E+17",
    " 1 ",
    "2026/13/45",
    "-1",
    "9" * 400,
    "\x00",
    "是",
    "=1+1",
]


@settings(QUICK, max_examples=200)
@given(st.sampled_from(REGISTRY_KINDS).flatmap(records), st.data())
def test_a_spoiled_cell_is_read_or_refused_at_its_own_line_in_a_column_that_exists(
    said: Any, data: st.DataObject
) -> None:
    header, *rows = cells(csv_bytes(said["kind"], wires([said])))
    row = data.draw(st.sampled_from(rows))
    row[data.draw(st.integers(0, len(header) - 1))] = data.draw(st.sampled_from(GARBAGE))
    text = sheet([header, *rows])
    try:
        read_csv(text, said["kind"])
    except RegistryRefused as refused:
        places = {"", *header, *(name.partition(".")[0] for name in header)}
        for problem in refused.problems:
            assert problem.column in places, problem
            assert 1 <= problem.line <= text.count("\n") + text.count("\r") + 1
            assert problem.code != "value_invalid", problem
