"""Credit codes by name: notices print names, records are about credit codes.

A name is matched whole, but for blanks and the width of brackets; two units of one name decide
nothing. Names that nobody knows are collected, so that a person can fill in their codes once.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.checks import Refusal
from schemas.credit_code import read_credit_code
from schemas.decode import decode_registry_record
from schemas.problems import Problem
from schemas.region import read_region
from services.registry.csv_text import Encoding
from services.registry.notices.characters import squeezed
from services.registry.notices.sheet import Sheet
from services.registry.notices.sheet_file import read_sheet
from services.registry.record_file import FileForm, form_by_name, read_file
from services.registry.refusal import LineProblem, Place, RegistryRefused

__all__ = ["KnownUnit", "Units", "read_units", "units_to_fill_in"]

_NAMES = ("name", "名称", "单位名称", "企业名称")
_CODES = ("uscc", "统一社会信用代码", "社会信用代码", "信用代码")
_REGIONS = ("region", "行政区划代码", "行政区划")


class KnownUnit(NamedTuple):
    """A unit; ``region`` of its site, if it is known."""

    name: str
    uscc: str
    region: str | None = None


class Units:
    """Units by name and by credit code; remembers the names that were asked for in vain."""

    def __init__(self, known: Iterable[KnownUnit] = ()) -> None:
        self._by_name: dict[str, dict[str, KnownUnit]] = {}
        self._by_code: dict[str, KnownUnit] = {}
        self.missing: dict[str, None] = {}
        for unit in known:
            self.add(unit)

    def add(self, unit: KnownUnit) -> None:
        """Take in a unit; what is said of its region later counts."""
        self._by_name.setdefault(_key(unit.name), {})[unit.uscc] = unit
        self._by_code[unit.uscc] = unit

    def region_of(self, uscc: str) -> str | None:
        """Return the region of a unit, if it is known."""
        unit = self._by_code.get(uscc)
        return unit.region if unit is not None else None

    def named(self, name: str) -> KnownUnit:
        """Return the unit of a name. Raises Refusal."""
        found = self._by_name.get(_key(name), {})
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            told = "、".join(sorted(found))
            raise Refusal(
                "unit_ambiguous",
                f"同名单位不止一个（{told}），请在表中加上统一社会信用代码",
                f"several units have this name ({told}); add the credit code to the sheet",
            )
        self.missing[name] = None
        raise Refusal(
            "unit_unknown",
            "不知此单位的统一社会信用代码，请用 --units 提供",
            "the credit code of this unit is not known; give it by --units",
        )


def _key(name: str) -> str:
    return squeezed(name).lower()


def read_units(raw: bytes, file_name: str, encoding: Encoding = "auto") -> list[KnownUnit]:
    """Read units: NDJSON records, or a sheet with name, credit code and region.

    Raises RegistryRefused. Rows without a credit code, not yet filled in, are left out.
    """
    if form_by_name(file_name) is FileForm.NDJSON and not file_name.lower().endswith(".xlsx"):
        records = [decode_registry_record(c.body) for c in read_file(raw, FileForm.NDJSON)]
        return [KnownUnit(r.name, r.uscc, r.region) for r in records if r.kind == "unit"]
    sheet = read_sheet(raw, encoding=encoding)
    problems: list[LineProblem] = []
    found = list(_rows(sheet, problems))
    if problems:
        raise RegistryRefused(problems)
    return found


def _rows(sheet: Sheet, problems: list[LineProblem]) -> Iterator[KnownUnit]:
    header = [squeezed(c.text).lower() for c in sheet.rows[0].cells] if sheet.rows else []
    places = [_place(header, names) for names in (_NAMES, _CODES, _REGIONS)]
    if places[0] is None or places[1] is None:
        told = Problem(
            "header_not_found",
            "",
            "单位表应有 name（单位名称）和 uscc（统一社会信用代码）两列",
            "a sheet of units has the columns name and uscc",
        )
        problems.append(LineProblem.at(Place(1), told))
        return
    for row in sheet.rows[1:]:
        name, uscc, region = (
            row.cells[p].text if p is not None and p < len(row.cells) else "" for p in places
        )
        if not name or not uscc:
            continue
        for value, read in ((uscc, read_credit_code), (region, read_region)):
            try:
                if value:
                    read(value)
            except Refusal as why:
                told = Problem(why.code, "", why.zh, why.en)
                problems.append(LineProblem.at(Place(row.number, "", value), told))
        yield KnownUnit(name, uscc, region or None)


def _place(header: list[str], names: tuple[str, ...]) -> int | None:
    return next((n for n, title in enumerate(header) if title in names), None)


def units_to_fill_in(names: Iterable[str]) -> bytes:
    """Return a sheet of names whose credit codes are to be filled in."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("name", "uscc", "region"))
    writer.writerows((name, "", "") for name in names)
    return text.getvalue().encode("utf-8-sig")
