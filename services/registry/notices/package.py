"""An .xlsx file's parts, unpacked within bounds: what a small file can swell to is not let in.

The parts are packed again, uncompressed, from what was read here, so that the library that reads
the workbook never meets the sender's compression. What the parts say of sizes is counted as well:
two cells at opposite ends of a sheet would make it reserve room for all that is between.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from schemas.checks import Refusal

__all__ = ["Package", "SheetPart", "malformed", "open_package"]

MOST_BYTES = 256 * 2**20
MOST_CELLS = 5_000_000
_MOST_PARTS = 2_000
_CHUNK = 2**20
_NEEDED = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/[^/]+\.xml|xl/_rels/[^/]+|xl/worksheets/[^/]+\.xml"
)
_TAG = re.compile(rb"<(?:\w+:)?(row|c|f)\b([^<>]*)>")
_REF = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,7})["']""")
_HIDDEN = re.compile(rb"""\bhidden=["'](?:1|true)["']""")
_SHARED = re.compile(rb"<(?:\w+:)?si\b[^<>]*/>|<(?:\w+:)?si\b.*?</(?:\w+:)?si>", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^<>]*>\s*([0-9]{1,9})\s*<")
_ESCAPED_VALUE = re.compile(rb"<(?:\w+:)?v\b[^<>]*>[^<]*&#")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class SheetPart(NamedTuple):
    """What the part of one sheet says of itself; rows and columns from 1."""

    formulas: frozenset[tuple[int, int]]
    hidden_rows: int
    last_row: int
    last_column: int


class Package:
    """The parts that matter, and the file packed anew."""

    def __init__(self, parts: dict[str, bytes]) -> None:
        self._parts = parts
        self._seen: dict[str, SheetPart] = {}

    def packed(self) -> io.BytesIO:
        """Return the file again, uncompressed."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for name, part in self._parts.items():
                archive.writestr(name, part)
        packed.seek(0)
        return packed

    def sheet(self, name: str) -> SheetPart:
        """Look through the part of a sheet. Raises Refusal."""
        if name not in self._seen:
            part = self._parts.get(self._place_of(name), b"")
            shared = self._parts.get("xl/sharedStrings.xml", b"")
            self._seen[name] = _looked_through(part, shared)
        return self._seen[name]

    def _place_of(self, name: str) -> str:
        try:
            book = ElementTree.fromstring(self._parts["xl/workbook.xml"])  # noqa: S314 - bounded
            links = ElementTree.fromstring(self._parts["xl/_rels/workbook.xml.rels"])  # noqa: S314
        except (KeyError, ElementTree.ParseError):
            raise malformed() from None
        ids = [
            s.get(_RELATION)
            for s in book.iter()
            if s.tag.endswith("}sheet") and s.get("name") == name
        ]
        for link in links.iter():
            if link.get("Id") in ids:
                target = (link.get("Target") or "").removeprefix("/")
                return target if target.startswith("xl/") else f"xl/{target}"
        raise malformed()


def open_package(raw: bytes) -> Package:
    """Unpack what is needed of a file. Raises Refusal."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            infos = [i for i in archive.infolist() if _NEEDED.fullmatch(i.filename.lstrip("/"))]
            if len(infos) > _MOST_PARTS or sum(i.file_size for i in infos) > MOST_BYTES:
                raise _too_large()
            if any(i.flag_bits & 1 for i in infos):
                raise Refusal(
                    "sheet_encrypted",
                    "文件有密码，请去掉密码后另存",
                    "the file has a password; save it without one",
                )
            parts = {i.filename.lstrip("/"): b"".join(_unpacked(archive, i)) for i in infos}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise malformed() from None
    for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        if name not in parts:
            raise malformed()
    if any(b"\x00" in part[:200] or b"<!DOCTYPE" in part[:2000] for part in parts.values()):
        raise malformed()
    return Package(parts)


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as part:
        while chunk := part.read(_CHUNK):
            yield chunk


def _looked_through(part: bytes, shared: bytes) -> SheetPart:
    if b"<![CDATA[" in part or _ESCAPED_VALUE.search(part):
        raise malformed()  # nobody writes numbers so, and what is counted below would not count
    formulas: set[tuple[int, int]] = set()
    row = column = hidden = last_row = last_column = 0
    for match in _TAG.finditer(part):
        tag, attributes = match.groups()
        if b"&" in attributes or attributes.count(b'"') % 2 or attributes.count(b"'") % 2:
            raise malformed()  # nor would these count
        ref = _REF.search(attributes)
        if tag == b"row":
            row = int(ref[2]) if ref is not None else row + 1
            column = 0
            hidden += _HIDDEN.search(attributes) is not None
        elif tag == b"f":
            formulas.add((row, column))
        else:
            if ref is not None and ref[1]:
                row, column = int(ref[2]), _column_number(ref[1].upper())
            else:
                column += 1
            if not attributes.endswith(b"/"):
                last_row, last_column = max(last_row, row), max(last_column, column)
    lengths = [len(text) for text in _SHARED.findall(shared)]
    if lengths:
        used = (int(n) for n in _VALUE.findall(part))
        if sum(lengths[n] for n in used if n < len(lengths)) > MOST_BYTES:
            raise _too_large()
    if last_row * last_column > MOST_CELLS:
        raise _too_large()
    return SheetPart(frozenset(formulas), hidden, last_row, last_column)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def malformed() -> Refusal:
    """Return why a file that is no sound .xlsx is not read."""
    return Refusal(
        "sheet_malformed",
        "文件损坏，或不是 .xlsx 表格，请用表格软件另存为 .xlsx",
        "the file is damaged or no .xlsx; save it anew as .xlsx",
    )


def _too_large() -> Refusal:
    return Refusal(
        "sheet_too_large",
        f"解压后超过 {MOST_BYTES // 2**20} MB 或 {MOST_CELLS} 格，不予读取，请拆分",
        f"it unpacks to more than {MOST_BYTES // 2**20} MB or {MOST_CELLS} cells; split it",
    )
