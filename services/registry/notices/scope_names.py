"""Names of wastes beside codes and categories: which of them say nothing of their own."""

import re
from collections.abc import Sequence

from services.registry.notices.scope_tokens import Token, TokenType, is_category_name

__all__ = ["annotates_code", "beside_code", "names_a_category", "restricts"]

_RESTRICTS = re.compile(
    r"限|仅|只|^等|^中|其中|部分|暂停|停止|禁|不(?!锈)|非(?!特定|金属|卤|离子)|无(?!机)|未|取消|撤销|注销|删|减"
    r"|剔|扣|免|原|变更"
)
_WASTE = re.compile(
    r"[废物料液渣泥灰油酸碱剂桶瓶布池盐尘屑膜管板粉棉炭罐袋盒器件品漆胶砂土脂墨纸丝片块药水汞铅镍铬锌铜类等]$"
)
"""What the name of a waste ends in; a word that ends otherwise may be a verb, and restrict."""
_BETWEEN = (TokenType.OPEN, TokenType.COLON, TokenType.FILLER)
_CODES = (TokenType.CODE, TokenType.CODE_RANGE, TokenType.GENERAL)


def restricts(name: str) -> bool:
    """Whether a run of characters may say more than what a waste is called."""
    return _RESTRICTS.search(name) is not None or _WASTE.search(name) is None


def names_a_category(tokens: Sequence[Token], at: int) -> bool:
    """Whether a name is that of the category printed just before or just after it."""
    near = [*tokens[max(at - 1, 0) : at], *tokens[at + 1 : at + 2]]
    return any(
        token.type is TokenType.CATEGORY
        and is_category_name(tokens[at].text, f"HW{token.parts[0]}")
        for token in near
    )


def beside_code(tokens: Sequence[Token], at: int) -> bool:
    """Whether a code goes with a name: just before it, or just after it, or with its category.

    ``含油污泥(900-210-08)``, ``废铅蓄电池（HW31，900-052-31）``, ``HW31（900-052-31）废铅蓄电池``.
    """
    before = at - 1
    while before >= 0 and tokens[before].type in (*_BETWEEN, TokenType.CLOSE):
        before -= 1
    if before >= 0 and tokens[before].type in _CODES:
        return True
    after = at + 1
    category = None
    while after < len(tokens):
        token = tokens[after]
        if token.type is TokenType.CATEGORY and category is None:
            category = token.parts[0]
        elif token.type not in _BETWEEN and not (category and token.type is TokenType.WEAK):
            break
        after += 1
    return (
        after < len(tokens)
        and tokens[after].type in _CODES
        and category in (None, tokens[after].parts[-1])
    )


def annotates_code(tokens: Sequence[Token], at: int) -> bool:
    """Whether a category only repeats that of the code just before it: ``900-041-49（HW49）``."""
    before = at - 1
    if before >= 0 and tokens[before].type is TokenType.OPEN:
        before -= 1
    return (
        before >= 0
        and tokens[before].type is TokenType.CODE
        and tokens[before].parts[-1] == tokens[at].parts[0]
        and tokens[at].type is TokenType.CATEGORY
    )
