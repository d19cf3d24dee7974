"""A scope's printed text as tokens: codes, categories, ranges, words that restrict, names."""

import csv
import re
from enum import Enum, auto
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from services.registry.notices.characters import plain

__all__ = ["Token", "TokenType", "is_category_name", "tokens_of"]


class TokenType(Enum):
    """What a piece of the text is."""

    CODE = auto()
    CODE_RANGE = auto()
    GENERAL = auto()
    CATEGORY = auto()
    CATEGORY_RANGE = auto()
    ONLY = auto()
    ALL = auto()
    EXCEPT = auto()
    EXCEPTED = auto()
    """除外, after what it excepts."""
    OUTSIDE = auto()
    """外, which closes 除…"""
    OPEN = auto()
    CLOSE = auto()
    COLON = auto()
    WEAK = auto()
    """A comma or the like: the next item of the same list."""
    STRONG = auto()
    """A semicolon, full stop or line break: what comes next stands for itself."""
    FILLER = auto()
    """废物代码 and the like, which say nothing of their own."""
    NAME = auto()
    """A run of Chinese characters; ``is_category_name`` tells the official ones."""
    OTHER = auto()


class Token(NamedTuple):
    """A piece of the text; ``parts`` are the numbers in it, ``close``: nothing stands before it."""

    type: TokenType
    text: str
    parts: tuple[str, ...] = ()


_OLDER_NAMES = {
    "HW48": ("有色金属冶炼废物",),
    "HW06": ("废有机溶剂", "有机溶剂废物"),
    "HW08": ("废矿物油", "废矿物油类"),
    "HW09": ("废乳化液", "油水、烃水混合物或乳化液"),
    "HW31": ("含铅废物类",),
    "HW41": (),
}
"""Names of categories in editions before 2021, and what everyone calls them."""
_HYPHEN = r"\s*-\s*"
_CODE = rf"(\d{{3}}){_HYPHEN}(\d{{3}}){_HYPHEN}(\d{{2}})(?!\d)"
_TO = r"\s*(?:至|到|~|-)\s*"
_TO_SHORT = r"\s*(?:至|到|~)\s*"
_CATEGORY = r"[Hh][Ww]\s*-?\s*(\d{2})(?!\d)"
_BUT = "除(?![尘油锈漆磷杂铁垢渣])了?"
"""除 that excepts, not that of 除尘灰 (dust caught)."""
_GRAMMAR = (
    (TokenType.CODE_RANGE, rf"(?<![\d-]){_CODE}{_TO}{_CODE}"),
    (TokenType.CODE_RANGE, rf"(?<![\d-]){_CODE}{_TO_SHORT}(\d{{3}}){_HYPHEN}(\d{{2}})(?!\d)"),
    (
        TokenType.CODE_RANGE,
        rf"(?<![\d-])(\d{{3}}){_HYPHEN}(\d{{3}}){_TO_SHORT}(\d{{3}}){_HYPHEN}(\d{{2}})(?!\d)",
    ),
    (TokenType.CODE, rf"(?<![\d-]){_CODE}(?!{_HYPHEN}\d)"),
    (TokenType.GENERAL, rf"(?<![\d-])(\d{{3}}){_HYPHEN}(\d{{3}}){_HYPHEN}[Ss](\d{{2}})(?!\d)"),
    (TokenType.CATEGORY_RANGE, rf"(?<![A-Za-z]){_CATEGORY}{_TO}{_CATEGORY}"),
    (TokenType.CATEGORY, rf"(?<![A-Za-z]){_CATEGORY}"),
    (TokenType.ALL, r"(?:全部|所有)(?:废物)?(?:代码|类别|小类)|全类别?|全代码|全部|所有"),
    (TokenType.ONLY, r"仅限于?|只限|仅含|仅|限于|限|(?i:\bonly\b)"),
    (TokenType.EXCEPTED, r"除外"),
    (TokenType.EXCEPT, rf"{_BUT}|不包括|不包含|不含|(?i:\b(?:except|excluding)\b)"),
    (TokenType.OUTSIDE, r"以外|之外|外(?![\u4e00-\u9fff])"),
    (TokenType.OPEN, r"\("),
    (TokenType.CLOSE, r"\)"),
    (TokenType.COLON, r":"),
    (TokenType.STRONG, r"[;。\n]|\n"),
    (TokenType.WEAK, r"[,、/|]|以及|及|和|与"),
    (TokenType.FILLER, r"(?:危险)?废物(?:代码|类别)|代码|类别|小类|(?i:SW)\s*\d{2}(?!\d)"),
)
_CHINESE = "[\u3400-\u4dbf\u4e00-\u9fff·]"
_BLANK = re.compile(r"[^\S\n]+")


@cache
def _category_names() -> dict[str, frozenset[str]]:
    table = files("schemas") / "data" / "hazardous_waste_categories_2021.csv"
    with table.open(encoding="utf-8") as f:
        official = {row["category"]: row["category_name"] for row in csv.DictReader(f)}
    return {
        category: frozenset((plain(name), *map(plain, _OLDER_NAMES.get(category, ()))))
        for category, name in official.items()
    }


def is_category_name(name: str, category: str) -> bool:
    """Whether the name is that of the category, today or in an older edition."""
    return re.sub(r"\s", "", name) in _category_names().get(category, ())


@cache
def _pattern() -> tuple[re.Pattern[str], tuple[TokenType, ...]]:
    names = sorted({n for each in _category_names().values() for n in each}, key=len, reverse=True)
    spaced = "|".join(r"\s*".join(map(re.escape, name)) for name in names)
    grammar = [
        (TokenType.NAME, rf"(?:{spaced})(?!{_CHINESE})"),
        *_GRAMMAR,
        (TokenType.NAME, rf"(?:(?!{_BUT}|不含|不包|仅|全部|所有|限于|以外|之外){_CHINESE})+"),
        (TokenType.OTHER, r"[\s\S]"),
    ]
    groups = "|".join(f"(?P<t{n}>{expression})" for n, (_, expression) in enumerate(grammar))
    return re.compile(groups, re.ASCII), tuple(kind for kind, _ in grammar)


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a printed scope; blanks are dropped, every other character is in one."""
    pattern, types = _pattern()
    found: list[Token] = []
    text = plain(text)
    at = 0
    while at < len(text):
        blank = _BLANK.match(text, at)
        if blank is not None:
            at = blank.end()
            continue
        match = pattern.match(text, at)
        if match is None:  # cannot be: the last alternative takes any character
            break
        kind = types[int(str(match.lastgroup)[1:])] if match.lastgroup else TokenType.OTHER
        numbers = tuple(g for g in match.groups() if g is not None and g.isdigit())
        previous = found[-1] if found else None
        if kind is TokenType.OTHER and previous is not None and previous.type is kind:
            found[-1] = Token(kind, previous.text + match[0])
        else:
            found.append(Token(kind, match[0], numbers))
        at = match.end()
    return found
