"""联单编号: three grammars live side by side; capital ``G`` marks the national cross-province form.

- ``G`` + YYYY + 4 region digits + 8 serial (17 characters): national system, across provinces
- YYYY + 4 region digits + 8 serial (16 digits): national system 2017-21, inside a province
- YYYY + 2 + 2 + 6 (14 digits): order 23 (2021) Art 15, from 2022

The region digits are those of the **origin** city; the serial restarts each year.
"""

import re
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

from schemas.checks import Checked, Refusal
from schemas.region import is_province, read_region

__all__ = ["ManifestNumber", "NumberParts", "number_parts", "read_manifest_number"]

_GRAMMARS = {14: "order23", 16: "national_inside", 17: "national_cross"}
_PATTERN = re.compile(r"G?\d{16}|\d{14}", re.ASCII)
_USUAL = re.compile(r"(?:G?20\d\d(\d\d)\d{10}|20\d\d(\d\d)\d{8})", re.ASCII)
"""The same with a year of this century; the province."""


class NumberParts(NamedTuple):
    """What a manifest number says of itself."""

    grammar: str
    """``national_cross`` | ``national_inside`` | ``order23``"""
    year: int
    city: str
    """Four digits: province and prefecture city of the origin."""
    serial: int


def number_parts(number: str) -> NumberParts:
    """Split a manifest number; raises ``Refusal`` with the reason when it is none."""
    if not _PATTERN.fullmatch(number):
        raise Refusal(
            "manifest_number_form",
            "联单编号应为 14 位数字（年4＋地区4＋流水6）、"
            "16 位数字（年4＋地区4＋流水8），或 G 加 16 位数字",
            "a manifest number is 14 digits (year 4, region 4, serial 6), 16 digits (year 4, "
            "region 4, serial 8), or G and 16 digits",
        )
    grammar = _GRAMMARS[len(number)]
    digits = number[1:] if grammar == "national_cross" else number
    year, city, serial = int(digits[:4]), digits[4:8], int(digits[8:])
    if not 2000 <= year <= 2099:
        raise Refusal(
            "manifest_number_year",
            f"联单编号中的年份 {year} 不在 2000 至 2099 之间",
            f"the year {year} in the manifest number is not in 2000-2099",
        )
    try:
        read_region(city + "00")
    except Refusal:
        raise Refusal(
            "manifest_number_region",
            f"联单编号中的地区代码 {city} 不存在",
            f"no region has the code {city} of this manifest number",
        ) from None
    return NumberParts(grammar, year, city, serial)


def read_manifest_number(value: Any) -> str:
    """Return ``value`` if it fits one of the three grammars, else raise ``Refusal``."""
    if type(value) is not str:
        raise Refusal("manifest_number_form", "联单编号应为文本", "a manifest number is a text")
    return _read(value)


@lru_cache(8_192)
def _read(number: str) -> str:
    """Return the number; a manifest's events come one after the other, so the last ones are known."""
    usual = _USUAL.fullmatch(number)
    if usual is None or not is_province(usual[1] or usual[2]):
        number_parts(number)
    return number


ManifestNumber = Annotated[
    str,
    Checked(
        read_manifest_number,
        {"type": "string", "pattern": r"^(G?\d{16}|\d{14})$", "title": "联单编号"},
    ),
]
