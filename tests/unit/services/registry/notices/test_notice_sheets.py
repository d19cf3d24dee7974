"""Files as sheets: what spreadsheets and attackers make of them."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.notices import package as package_module
from services.registry.notices import read_sheet
from services.registry.notices.sheet import Sheet
from services.registry.refusal import RegistryRefused
from tests.unit.services.registry.notices.books import (
    Formula,
    book,
    packed,
    parts_of,
    sheet_xml,
)

ROWS = [["单位名称", "废物代码"], ["示例厂", "900-041-49"]]


def texts(sheet: Sheet) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in sheet.rows]


def refused(raw: bytes, **how: str) -> str:
    with pytest.raises(RegistryRefused) as found:
        read_sheet(raw, **how)  # type: ignore[arg-type]
    (problem,) = found.value.problems
    assert problem.zh
    assert problem.en
    return problem.code


def test_csv_is_read_in_either_encoding_with_its_line_numbers() -> None:
    text = '单位名称,废物代码\r\n示例厂," 900-041-\n49 "\r\n\r\n第二厂,HW08\r\n'
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        sheet = read_sheet(text.encode(encoding))
        assert texts(sheet) == [ROWS[0], ["示例厂", "900-041-\n49"], [], ["第二厂", "HW08"]]
        assert [row.number for row in sheet.rows] == [1, 2, 4, 5]


def test_a_workbook_is_read_as_it_is_shown() -> None:
    sheet = read_sheet(
        book([["日期", "量", "是", "空"], [(46082,), 3.5, 5000, None], [(46082.5,), "x", 1, ""]])
    )
    assert texts(sheet)[1][:3] == ["2026-03-01", "3.5", "5000"]
    assert texts(sheet)[2][0] == "2026-03-01 12:00:00"
    assert [row.number for row in sheet.rows] == [1, 2, 3]


def test_rows_keep_their_numbers_when_the_table_begins_lower() -> None:
    sheet = read_sheet(book([[], [], ["", "单位名称"], ["", "示例厂"]]))
    assert [(row.number, row.cells[1].text) for row in sheet.rows] == [
        (3, "单位名称"),
        (4, "示例厂"),
    ]


def test_merged_cells_say_in_each_row_what_they_show() -> None:
    rows = [
        ["单位", "类别", "规模"],
        ["示例厂", "HW08", "5000吨/年"],
        ["", "HW49", ""],
        ["第二厂", "", ""],
    ]
    sheet = read_sheet(book(rows, ["A2:A3", "C2:C3", "A4:B4"]))
    assert texts(sheet)[2] == ["示例厂", "HW49", "5000吨/年"]
    assert [row.cells[0].block for row in sheet.rows] == [0, 2, 2, 0]
    assert sheet.rows[3].cells[1].text == "第二厂", "merged across"


def test_a_formula_is_marked_where_it_stands() -> None:
    sheet = read_sheet(book([["a", "b"], ["x", Formula("HW08")]]))
    assert [[cell.formula for cell in row.cells] for row in sheet.rows] == [
        [False, False],
        [False, True],
    ]


def test_hidden_sheets_are_told_and_not_read_hidden_rows_are_told_and_read() -> None:
    sheets = {"名单": sheet_xml(ROWS, hidden_rows=[2]), "底稿": sheet_xml([["x", "y"]])}
    sheet = read_sheet(packed(parts_of(sheets, hidden=["底稿"])))
    assert texts(sheet) == ROWS
    told = " ".join(en for _, en in sheet.remarks)
    assert "hidden sheets are not read: 底稿" in told
    assert "1 rows are hidden" in told
    assert texts(read_sheet(packed(parts_of(sheets, hidden=["底稿"])), name="底稿")) == [["x", "y"]]


def test_of_several_sheets_one_must_be_named() -> None:
    raw = packed(
        parts_of({"甲": sheet_xml(ROWS), "乙": sheet_xml([["x", "y"]]), "空": sheet_xml([])})
    )
    assert refused(raw) == "sheet_not_said"
    assert texts(read_sheet(raw, name="乙")) == [["x", "y"]]
    assert refused(raw, name="丙") == "sheet_unknown"
    assert refused(packed(parts_of({"空": sheet_xml([])}))) == "sheet_empty"


# Bad input --------------------------------------------------------------------------------------


def test_what_is_no_sheet_is_told_in_a_sentence() -> None:
    old = bytes.fromhex("d0cf11e0a1b11ae1")
    assert refused(b"\x00\x01\x02" * 100) == "not_a_sheet"
    assert refused(b"\xff\xfe" + "单位".encode("utf-16-le")) == "encoding_unknown"
    assert refused(b"\x81\x20\xff\xff") == "encoding_unknown"
    assert refused(b'a,"b\n') == "csv_malformed"
    assert refused(b"PK\x03\x04 and no more") == "sheet_malformed"
    assert refused(packed({"a.txt": "no workbook"})) == "sheet_malformed"
    assert refused(old + bytes(600)) == "sheet_of_old"
    assert refused(old + bytes(600) + "EncryptedPackage".encode("utf-16-le")) == "sheet_encrypted"
    assert refused(book(ROWS)[:-40]) == "sheet_malformed"


def test_a_password_inside_the_zip_is_told() -> None:
    raw = bytearray(book(ROWS))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := raw.find(sign, place + 1)) >= 0:
            raw[place + at] |= 1
    assert refused(bytes(raw)) == "sheet_encrypted"


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = parts_of({"Sheet1": sheet_xml(ROWS)})
    monkeypatch.setattr(package_module, "MOST_BYTES", 5_000_000)
    bomb = packed({**parts, "xl/worksheets/sheet1.xml": b" " * 5_000_001})
    assert len(bomb) < 10_000
    read = []
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda *a: read.append(a) or b"")
    assert refused(bomb) == "sheet_too_large"
    assert not read


def test_a_part_that_is_larger_than_it_says_is_not_unpacked() -> None:
    parts = parts_of({"Sheet1": sheet_xml(ROWS)})
    raw = bytearray(packed({**parts, "xl/worksheets/sheet1.xml": b" " * 5_000_000}))
    size = (5_000_000).to_bytes(4, "little")
    assert raw.count(size) == 2, "local header and directory"
    assert refused(bytes(raw.replace(size, (1000).to_bytes(4, "little")))) == "sheet_malformed"


@pytest.mark.parametrize(
    "body",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c><c r = "xfd1"><v>1</v></c></row>',
        '<row r="1"><c><v>1</v></c></row><row r="1048576"><c><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="199999"><c r="GR199999"><v>1</v></c></row>',
    ],
)
def test_two_cells_at_the_ends_of_the_sheet_do_not_fill_the_memory(body: str) -> None:
    xml = sheet_xml([]).replace("<sheetData></sheetData>", f"<sheetData>{body}</sheetData>")
    assert refused(packed(parts_of({"Sheet1": xml}))) == "sheet_too_large"


@pytest.mark.parametrize("cell", ['<c x=">" r="XFD9"><v>1</v></c>', '<c r="&#65;1"><v>1</v></c>',
                                  '<c r="A1"><v><![CDATA[1]]></v></c>', '<c r="A1"><v>&#49;</v></c>'])  # fmt: skip
def test_what_would_not_be_counted_is_not_read(cell: str) -> None:
    body = f'<sheetData><row r="1">{cell}</row></sheetData>'
    xml = sheet_xml([]).replace("<sheetData></sheetData>", body)
    assert refused(packed(parts_of({"Sheet1": xml}))) == "sheet_malformed"


def test_one_long_text_in_every_cell_does_not_fill_the_memory() -> None:
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 4_001))
    xml = sheet_xml([]).replace("<sheetData></sheetData>", f"<sheetData>{cells}</sheetData>")
    parts = parts_of({"Sheet1": xml})
    shared = f'<sst xmlns="{books_main()}"><si><t>{"长" * 32_000}</t></si></sst>'
    links = str(parts["xl/_rels/workbook.xml.rels"]).replace(
        "</Relationships>",
        '<Relationship Id="rId98" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    )
    raw = packed({**parts, "xl/sharedStrings.xml": shared, "xl/_rels/workbook.xml.rels": links})
    assert len(raw) < 400_000
    assert refused(raw) == "sheet_too_large"


def books_main() -> str:
    return "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def test_entities_are_not_expanded() -> None:
    xml = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + sheet_xml(ROWS)
    assert refused(packed(parts_of({"Sheet1": xml}))) == "sheet_malformed"


def test_too_many_rows_or_columns_are_told() -> None:
    assert refused(b"a,b\n" * 200_001) == "sheet_too_large"
    assert refused(b"," * 300) == "sheet_too_large"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_workbook_is_a_sheet_or_a_sentence(data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        raw = bytearray(
            packed(parts_of({"Sheet1": sheet_xml(ROWS, ["A1:A2"])}), zipfile.ZIP_STORED)
        )
        for _ in range(data.draw(st.integers(1, 6))):
            raw[data.draw(st.integers(4, len(raw) - 1))] = data.draw(st.integers(0, 255))
        spoiled = bytes(raw)
    else:
        parts = parts_of({"Sheet1": sheet_xml(ROWS, ["A1:A2"])})
        name = data.draw(st.sampled_from(sorted(parts)))
        text = str(parts[name])
        at = data.draw(st.integers(0, len(text)))
        more = data.draw(
            st.sampled_from(["<", ">", '"', "9", "<c", "<v>", "r=", "&#1;", "\x01", "A", "</row>"])
        )
        parts[name] = text[:at] + more + text[at + data.draw(st.integers(0, 9)) :]
        spoiled = packed(parts)
    try:
        sheet = read_sheet(spoiled)
    except RegistryRefused as told:
        assert told.problems
    else:
        assert isinstance(sheet, Sheet)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda b: b"PK" + b))
def test_any_bytes_are_a_sheet_or_a_sentence(raw: bytes) -> None:
    try:
        read_sheet(raw)
    except RegistryRefused as told:
        assert told.problems


def test_what_the_library_reads_is_not_the_senders_compression() -> None:
    repacked = package_module.open_package(book(ROWS)).packed()
    assert isinstance(repacked, io.BytesIO)
    with zipfile.ZipFile(repacked) as archive:
        assert {i.compress_type for i in archive.infolist()} == {zipfile.ZIP_STORED}
