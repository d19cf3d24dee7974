"""有效期限 as printed: ``2026年3月1日至2031年2月28日``, ``至2026年12月31日止``, ``长期``."""

import re
from datetime import date
from typing import NamedTuple

from schemas.checks import Refusal
from services.registry.notices.characters import squeezed
from services.registry.notices.day import DAY, day_of, print_day

__all__ = ["Validity", "print_validity", "read_validity"]

_ANY_DAY = re.compile(DAY.replace("{0}", "s"), re.ASCII)
_BEGINS = r"(?:有效期限?|有效期间|有效时间|许可期限|批准期限|期限)?(?:为|是)?:?"
_SPAN = re.compile(
    rf"{_BEGINS}(?:自|从)?D(?:起|开始)?,?(?:起?至|到|截至|截止|~|-{{1,2}})D止?(?:有效)?"
)
_END = re.compile(
    rf"{_BEGINS}(?:截至|截止到?|有效至|至|到|valid(?:to|until)|until)D(?:止|有效|为止)?",
    re.IGNORECASE,
)
_BEGIN = re.compile(
    rf"{_BEGINS}(?:自|从)D(?:起|开始)?(?:有效|生效|施行|实施)?|{_BEGINS}D起(?:有效|生效)?"
)
_OPEN = re.compile(rf"{_BEGINS}(?:长期(?:有效)?|永久(?:有效)?|无固定期限)")
_ASIDE = re.compile(r"\(nostartdate\)|\(以批复为准\)", re.IGNORECASE)
_YEAR = re.compile(r"((?:19|20)\d{2})年度?", re.ASCII)


class Validity(NamedTuple):
    """First and last day; None where it is not printed; ``open``: it is printed to have no end."""

    first: date | None = None
    last: date | None = None
    open: bool = False


def read_validity(text: str) -> Validity:
    """Read a period. Raises Refusal; a term such as 五年 has no day to end on and is refused."""
    said = _ASIDE.sub("", squeezed(text))
    year = _YEAR.fullmatch(said)
    if year is not None:
        return Validity(date(int(year[1]), 1, 1), date(int(year[1]), 12, 31))
    days = [day_of(match[0]) for match in _ANY_DAY.finditer(said)]
    form = _ANY_DAY.sub("D", said)
    if _SPAN.fullmatch(form):
        return _ordered(days[0], days[1])
    if _END.fullmatch(form):
        return Validity(last=days[0])
    if _BEGIN.fullmatch(form):
        return Validity(first=days[0])
    if _OPEN.fullmatch(form):
        return Validity(open=True)
    raise Refusal(
        "validity_form",
        "读不出确定的有效期，应写明起止日期，例如 2026年3月1日至2031年2月28日、至2026年12月31日止、长期",
        "no period can be read for sure; its first and last day are needed",
    )


def _ordered(first: date, last: date) -> Validity:
    if last < first:
        raise Refusal(
            "validity_reversed", "有效期止早于有效期起", "the record ends before it begins"
        )
    return Validity(first, last)


def print_validity(validity: Validity) -> str:
    """Write a period in the notation of notices; ``read_validity`` reads it back."""
    first = print_day(validity.first) if validity.first else ""
    if validity.open:
        return "长期"
    if validity.last is None:
        return f"自{first}起"
    return f"{first}至{print_day(validity.last)}止"
