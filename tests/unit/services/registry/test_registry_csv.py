"""Every kind of record through CSV and back."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.registry import REGISTRY_KINDS
from services.registry.columns import columns_of
from services.registry.csv_export import csv_bytes
from services.registry.csv_file import read_csv
from services.registry.form import MemberType, form_of
from services.registry.record_file import FileForm, read_file
from services.registry.titles import title_of
from services.registry.wire import meaning
from tests.manifests import credit_code
from tests.property.sayings import records
from tests.unit.services.registry.sheets import cells, sheet, wires

FIRM, OTHER = credit_code(1), credit_code(2)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", REGISTRY_KINDS)
def test_what_is_written_is_read_back_with_the_same_meaning(kind: str) -> None:
    @QUICK
    @given(
        st.lists(records(kind), max_size=4, unique_by=lambda said: said["id"]),
        st.sampled_from(["utf-8-sig", "utf-8", "gb18030"]),
    )
    def holds(said: list[Any], encoding: str) -> None:
        before = wires(said)
        text = csv_bytes(kind, before).decode("utf-8-sig")
        told = "gb18030" if encoding == "gb18030" else "auto"
        changes = read_file(text.encode(encoding), FileForm.CSV, kind, told)  # type: ignore[arg-type]
        assert [meaning(change.body) for change in changes] == before
        assert [meaning(c.body) for c in read_csv(text)] == before, "the kind stands in a column"

    holds()


@pytest.mark.parametrize("kind", REGISTRY_KINDS)
def test_rows_may_be_sorted_and_the_records_own_columns_left_empty(kind: str) -> None:
    own = {c.name for c in columns_of(kind) if c.outer is None} - {"id"}

    @QUICK
    @given(records(kind))
    def holds(said: Any) -> None:
        before = wires([said])
        header, *rows = cells(csv_bytes(kind, before))
        thinned = [rows[0]] + [
            [c if name not in own else "" for name, c in zip(header, row, strict=True)]
            for row in rows[1:]
        ]
        assert [meaning(c.body) for c in read_csv(sheet([header, *thinned]), kind)] == before

    holds()


@pytest.mark.parametrize("kind", REGISTRY_KINDS)
def test_every_member_has_a_column_a_name_in_both_languages_and_a_way_to_write_it(
    kind: str,
) -> None:
    columns = columns_of(kind)
    assert len({c.name for c in columns}) == len(columns)
    for column in columns:
        zh, en = title_of(column.member.name)
        assert any("一" <= c <= "鿿" for c in zh), f"no Chinese name for {column.name}"
        assert en
        assert all(column.how)


@pytest.mark.parametrize("kind", REGISTRY_KINDS)
def test_no_nested_record_can_be_wholly_empty_in_a_row(kind: str) -> None:
    for member in form_of(kind):
        if member.type is MemberType.RECORDS:
            assert any(inner.required for inner in member.members)
            assert title_of(member.name)[0] != member.name


def test_an_approval_with_two_lines_takes_two_rows() -> None:
    text = (
        "kind,id,document,decided_on,decision,consignor,origin,"
        "line.line,line.code,line.name,line.quantity_t,line.purpose,line.receiver,line.destination\n"
        f"transfer_approval,a-1,示环转1号,2026/1/5,approved,{FIRM},130000,"
        f"1,900-041-49,废包装物,12.5,disposal,{OTHER},140000\n"
        f",a-1,,,,,,2,900-041-49,废活性炭,3,disposal,{OTHER},370000\n"
    )
    (change,) = read_csv(text)
    said = json.loads(change.body)
    assert said["decided_on"] == "2026-01-05"
    assert [(x["line"], x["quantity_t"]) for x in said["lines"]] == [(1, "12.5"), (2, "3")]
    assert {"approval/a-1/1", "approval/a-1/2"} <= set(change.limits)


def test_trailing_empty_columns_and_rows_of_a_spreadsheet_are_nothing() -> None:
    text = f"id,uscc,name,region,,\r\nu-1,{FIRM},示例厂,130100,,\r\n,,,,,\r\n"
    (change,) = read_csv(text, "unit")
    assert json.loads(change.body) == {
        "kind": "unit", "id": "u-1", "uscc": FIRM, "name": "示例厂", "region": "130100"
    }  # fmt: skip


def test_flags_are_read_as_spreadsheets_and_people_write_them() -> None:
    header = "id,uscc,name,region,small_generator_collector\n"
    for cell, value in (("TRUE", True), ("是", True), ("false", False), ("否", False)):
        (change,) = read_csv(f"{header}u,{FIRM},厂,130100,{cell}\n", "unit")
        assert json.loads(change.body)["small_generator_collector"] is value


def test_the_normal_form_has_no_empty_members() -> None:
    (said,) = wires([{"kind": "unit", "id": "u", "uscc": FIRM, "name": "厂", "region": "130100",
                      "valid_to": None}])  # fmt: skip
    assert "valid_to" not in said
    assert said["retracted"] is False
