"""Spreadsheet files, part by part: merged cells, formulas, hidden sheets, and what attackers send."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HIDDEN_ROW, _HIDDEN_SHEET = " hidden='1'", " state='hidden'"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


class Formula(str):
    """A cell that holds a formula; the text is what it came to."""


def column(number: int) -> str:
    """0 → A, 26 → AA."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _cell(place: str, value: Any) -> str:
    if value is None or value == "":
        return f'<c r="{place}"/>'
    if isinstance(value, Formula):
        return f'<c r="{place}" t="str"><f>A1&amp;B1</f><v>{escape(value)}</v></c>'
    if isinstance(value, str):
        text = escape(value)
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    style = ' s="1"' if isinstance(value, tuple) else ""
    return f'<c r="{place}"{style}><v>{value[0] if isinstance(value, tuple) else value}</v></c>'


def sheet_xml(
    rows: Sequence[Sequence[Any]], merges: Sequence[str] = (), hidden_rows: Sequence[int] = ()
) -> str:
    """The part of a sheet; a tuple is a date's serial number."""
    body = "".join(
        f"<row r='{n}'{_HIDDEN_ROW if n in hidden_rows else ''}>"
        + "".join(_cell(f"{column(c)}{n}", value) for c, value in enumerate(row))
        + "</row>"
        for n, row in enumerate(rows, start=1)
    )
    merged = "".join(f'<mergeCell ref="{m}"/>' for m in merges)
    blocks = f'<mergeCells count="{len(merges)}">{merged}</mergeCells>' if merges else ""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData>{blocks}</worksheet>'


def packed(parts: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", compression) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return raw.getvalue()


def parts_of(sheets: Mapping[str, str], hidden: Sequence[str] = ()) -> dict[str, str | bytes]:
    """The parts of a workbook of sheets by name."""
    names = list(sheets)
    listed = "".join(
        f'<sheet name="{escape(n)}" sheetId="{i}" r:id="rId{i}"'
        f"{_HIDDEN_SHEET if n in hidden else ''}/>"
        for i, n in enumerate(names, start=1)
    )
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{LINKS}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(names) + 1)
    )
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for i in range(1, len(names) + 1)
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        f'spreadsheetml.sheet.main+xml"/>{kinds}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f'<Relationship Id="rId99" Type="{LINKS}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14"/></cellXfs></styleSheet>',
        **{f"xl/worksheets/sheet{i}.xml": sheets[n] for i, n in enumerate(names, start=1)},
    }


def book(rows: Sequence[Sequence[Any]], merges: Sequence[str] = ()) -> bytes:
    """A workbook of one sheet."""
    return packed(parts_of({"Sheet1": sheet_xml(rows, merges)}))
