"""Dates as printed: ``2026年3月1日``, ``二〇二六年三月一日``, ``2026.3.1``, ``20260301``."""

import re
from datetime import date
from typing import NamedTuple

from schemas.checks import Refusal
from services.registry.notices.characters import plain, squeezed
from services.registry.notices.scope import Said

__all__ = ["DAY", "PrintedDay", "day_of", "print_day", "print_day_in_words", "read_day"]

_FIRST, _LAST = 1990, 2099
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "Ｏ": 0, "O": 0}
_WORDS = "〇一二三四五六七八九"
DAY = (
    r"(?<!\d)(?:\d{4}年\d{1,2}月\d{1,2}日"
    r"|\d{4}(?P<{0}>[-./])\d{1,2}(?P={0})\d{1,2}(?!\d)"
    r"|[〇零○O一二三四五六七八九]{4}年[一二三四五六七八九十]{1,3}月[一二三四五六七八九十廿卅]{1,3}日"
    r"|(?:19|20)\d{6}(?!\d))"
)
"""Expression of a date in squeezed text; ``{0}`` names its separator's group."""
_DAY = re.compile(DAY.replace("{0}", "s"), re.ASCII)
_NUMBERS = re.compile(r"\d+")
_ASIDE = re.compile(r"\(([^()]*)\)$")
_PUBLISHED = re.compile(
    r"(?:公布|发布|公示|印发|公开|published|posted)(?:日期|之日)?", re.IGNORECASE
)


class PrintedDay(NamedTuple):
    """A date, and how it was read where that needs saying."""

    day: date
    remarks: tuple[Said, ...] = ()


def read_day(text: str) -> PrintedDay:
    """Read a cell that holds one date. Raises Refusal."""
    said = squeezed(text)
    remarks: tuple[Said, ...] = ()
    aside = _ASIDE.search(said)
    if aside is not None and _PUBLISHED.fullmatch(aside[1]):
        said = said[: aside.start()]
        remarks = (
            (f"原文为公布日期：{plain(text)}", f"the date printed is that of publication: {text}"),
        )
    if not _DAY.fullmatch(said):
        if re.fullmatch(r"[345]\d{4}(?:\.0)?", said):
            raise Refusal(
                "day_serial",
                "这是表格软件的日期序号，请把该列设为日期或文本后另存",
                "this is a spreadsheet's serial number; format the column as date or text",
            )
        raise Refusal(
            "day_form",
            "读不出确定的日期，应写明年、月、日，例如 2026年3月1日",
            "no date can be read for sure; year, month and day are needed, as 2026-03-01",
        )
    return PrintedDay(day_of(said), remarks)


def day_of(said: str) -> date:
    """Return the date of squeezed text that matches ``DAY``. Raises Refusal if there is none such."""
    if said.isascii() and said.isdigit():
        parts = [int(said[:4]), int(said[4:6]), int(said[6:])]
    elif said[0].isdigit() and said[0].isascii():
        parts = [int(n) for n in _NUMBERS.findall(said)]
    else:
        year, _, rest = said.partition("年")
        month, _, day = rest.partition("月")
        parts = [int("".join(str(_DIGITS[c]) for c in year)), _in_words(month), _in_words(day[:-1])]
    try:
        found = date(*parts)
    except ValueError:
        raise _no_such_day(said) from None
    if not _FIRST <= found.year <= _LAST:
        raise _no_such_day(said)
    return found


def print_day(day: date) -> str:
    """Write ``2026年3月1日``."""
    return f"{day.year}年{day.month}月{day.day}日"


def print_day_in_words(day: date) -> str:
    """Write ``二〇二六年三月一日``."""
    year = "".join(_WORDS[int(c)] for c in f"{day.year:04d}")
    return f"{year}年{_word(day.month)}月{_word(day.day)}日"


def _word(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("", "十", "二十", "三十")[tens] + (_WORDS[ones] if ones else "")


def _in_words(text: str) -> int:
    """Return 1 to 39 from 十, 二十一, 廿一; 0 for anything else, which no date has."""
    text = text.replace("廿", "二十").replace("卅", "三十")
    if "十" not in text:
        return _DIGITS.get(text, 0) if len(text) == 1 else 0
    tens, _, ones = text.partition("十")
    if "十" in ones or len(tens) > 1 or len(ones) > 1:
        return 0
    return (_DIGITS.get(tens, 0) if tens else 1) * 10 + (_DIGITS.get(ones, 0) if ones else 0)


def _no_such_day(said: str) -> Refusal:
    return Refusal("day_none", f"没有这一天：{said}", f"there is no such day: {said}")
