"""行政区划代码 (GB/T 2260): six digits; the first two are the province, the first four the city."""

import csv
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from schemas.checks import Checked, Refusal

__all__ = [
    "RegionCode",
    "is_province",
    "province_name",
    "province_of",
    "read_region",
    "region_name",
]

_XPCC = "66"
"""兵团 in ministry systems; movements between it and Xinjiang count as inside the province."""
_XINJIANG = "65"


@cache
def _names() -> dict[str, str]:
    with (files("schemas") / "data" / "regions_china.csv").open(encoding="utf-8") as f:
        names = {row["code"]: row["name"] for row in csv.DictReader(f)}
    names.setdefault("660000", "新疆生产建设兵团")
    return names


def is_province(two: str) -> bool:
    """Whether there is a province of these two digits."""
    return two + "0000" in _names()


def read_region(value: Any) -> str:
    """Return a six-digit code whose province exists, else raise ``Refusal``."""
    if type(value) is not str or len(value) != 6 or not (value.isascii() and value.isdigit()):
        raise Refusal("region_form", "行政区划代码应为 6 位数字", "a region code has 6 digits")
    if not is_province(value[:2]):
        raise Refusal(
            "region_unknown",
            f"行政区划代码的省级代码 {value[:2]} 不存在",
            f"no province has the code {value[:2]}",
        )
    return value


def province_of(region: str) -> str:
    """Return the two digits that decide whether a transfer crosses provinces (66 counts as 65)."""
    two = region[:2]
    return _XINJIANG if two == _XPCC else two


def region_name(region: str) -> str:
    """Return the name of the region, of its city or of its province, whichever is known first."""
    names = _names()
    for code in (region, region[:4] + "00", region[:2] + "0000"):
        if code in names and names[code] != "市辖区":
            return names[code]
    return region


def province_name(region: str) -> str:
    """Return the province's name for any code inside it."""
    return _names().get(region[:2] + "0000", region[:2])


RegionCode = Annotated[
    str,
    Checked(
        read_region, {"type": "string", "pattern": "^[0-9]{6}$", "title": "行政区划代码"}, few=True
    ),
]
