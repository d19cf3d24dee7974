"""Places as printed (``江苏省苏州市``, ``Shuozhou, Shanxi``, ``320500``) as region codes.

What is read is the longest part, from the province down, that the table of regions knows; a place
that could be two is refused.
"""

import csv
import re
from collections.abc import Container
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from schemas.checks import Refusal
from schemas.region import province_of, read_region, region_name
from services.registry.notices.characters import plain, squeezed
from services.registry.notices.scope import Said

__all__ = ["Place", "read_place", "same_province"]

_ENGLISH = {
    "beijing": "11", "tianjin": "12", "hebei": "13", "shanxi": "14", "innermongolia": "15",
    "liaoning": "21", "jilin": "22", "heilongjiang": "23", "shanghai": "31", "jiangsu": "32",
    "zhejiang": "33", "anhui": "34", "fujian": "35", "jiangxi": "36", "shandong": "37", "henan": "41",
    "hubei": "42", "hunan": "43", "guangdong": "44", "guangxi": "45", "hainan": "46",
    "chongqing": "50", "sichuan": "51", "guizhou": "52", "yunnan": "53", "tibet": "54", "xizang": "54",
    "shaanxi": "61", "gansu": "62", "qinghai": "63", "ningxia": "64", "xinjiang": "65", "taiwan": "71",
    "hongkong": "81", "macao": "82",
}  # fmt: skip
_PROVINCE_ENDS = re.compile(r"(?:维吾尔|壮族|回族)?自治区$|特别行政区$|省$|市$")
_ENDS = re.compile(r"(?:市|地区|盟|县|区|旗)$")
_XPCC = ("新疆生产建设兵团", "兵团")


class Place(NamedTuple):
    """A region's code, and how it was read where that needs saying."""

    region: str
    remarks: tuple[Said, ...] = ()


class _Names(NamedTuple):
    provinces: dict[str, str]
    """Names, long and short → two digits."""
    inside: dict[str, dict[str, set[str]]]
    """Province's or city's digits → names inside it → codes."""
    cities: dict[str, set[str]]
    """In full only: 朝阳 is a city of one province and a district of another."""


@cache
def _names() -> _Names:
    found = _Names({}, {}, {})
    with (files("schemas") / "data" / "regions_china.csv").open(encoding="utf-8") as f:
        for row in csv.DictReader(f):
            code, name = row["code"], row["name"]
            if row["level"] == "province":
                for each in (name, _PROVINCE_ENDS.sub("", name)):
                    found.provinces[each] = code[:2]
                continue
            if name in ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"):
                continue
            short = _ENDS.sub("", name)
            for each in {name, short if len(short) > 1 else name}:
                for within in {code[:2], code[:4]}:
                    found.inside.setdefault(within, {}).setdefault(each, set()).add(code)
            if code.endswith("00"):
                found.cities.setdefault(name, set()).add(code)
    found.provinces.update(dict.fromkeys(_XPCC, "66"))
    return found


def same_province(one: str, other: str) -> bool:
    """Whether two regions lie in one province."""
    return province_of(one) == province_of(other)


def read_place(text: str) -> Place:
    """Read a place. Raises Refusal."""
    said = squeezed(text)
    if re.fullmatch(r"\d{6}", said, re.ASCII):
        return Place(read_region(said))
    if said.isascii():
        return _english(plain(text))
    names = _names()
    province = _longest(said, names.provinces) or ""
    city = _longest(said, names.cities) or ""
    if len(city) > len(province):  # 吉林市 is not the province
        if len(names.cities[city]) > 1:
            raise _ambiguous(text, names.cities[city])
        (region,) = names.cities[city]
    elif province:
        region = names.provinces[province] + "0000"
    else:
        raise _unknown(text)
    rest = said[max(len(city), len(province)) :]
    while rest:
        inside = names.inside.get(region[:2] if region.endswith("0000") else region[:4], {})
        name = None if not region.endswith("00") else _longest(rest, inside)
        if name is None:
            break
        codes = inside[name]
        if len(codes) > 1:
            raise _ambiguous(text, codes)
        region, rest = next(iter(codes)), rest[len(name) :]
    return Place(region, _told(text, region) if rest else ())


def _longest(said: str, names: Container[str]) -> str | None:
    for length in range(min(len(said), 12), 1, -1):
        if said[:length] in names:
            return said[:length]
    return None


def _english(text: str) -> Place:
    last = text.rsplit(",", 1)[-1]
    two = _ENGLISH.get(re.sub(r"[\s-]|province$|municipality$", "", last.lower()))
    if two is None:
        raise _unknown(text)
    region = two + "0000"
    return Place(region, _told(text, region) if "," in text else ())


def _told(text: str, region: str) -> tuple[Said, ...]:
    name = region_name(region)
    return (
        (
            f"“{plain(text)}”读到 {name}（{region}）",
            f"“{plain(text)}” read as far as {region} {name}",
        ),
    )


def _unknown(text: str) -> Refusal:
    return Refusal(
        "place_unknown",
        "不认识的地名，应从省写起，或用 6 位行政区划代码",
        "this place is not known; begin with the province, or give its six digits",
    )


def _ambiguous(text: str, codes: set[str]) -> Refusal:
    told = "、".join(sorted(codes))
    return Refusal(
        "place_ambiguous",
        f"同名的地方不止一个（{told}），请写明上级行政区划",
        f"several places have this name ({told}); say in which province or city",
    )
