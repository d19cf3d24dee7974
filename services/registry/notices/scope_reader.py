"""A scope read from its printed text: what is written and no more; the rest is left and named.

A category that is followed by codes of its own (``HW49 仅限 900-041-49``, ``HW48…,321-010-48``)
stands for these codes alone; one that is not, for all of it (``HW12 全部代码``, ``HW29``). A name
says nothing beside a code, and leaves doubt where it alone would say what is meant
(``废铅酸蓄电池``): which code it has is not for a program to decide.
"""

import re
from functools import lru_cache

from services.registry.notices.characters import plain
from services.registry.notices.code_range import is_category
from services.registry.notices.scope import Scope
from services.registry.notices.scope_entries import ordered
from services.registry.notices.scope_grammar import ScopeGrammar
from services.registry.notices.scope_tokens import tokens_of

__all__ = ["read_scope"]

_LONGEST = 10_000
"""Characters; a licence for every code there is takes 6,000."""
_BARE = re.compile(r"\d{2}(?:[\s,、;/]+\d{2})*", re.ASCII)


@lru_cache(maxsize=20_000)
def read_scope(text: str, edition: int = 2021) -> Scope:
    """Read a printed scope; never raises. What was not understood is in ``remainder``."""
    if len(text) > _LONGEST:
        why = (f"超过 {_LONGEST} 个字符", f"longer than {_LONGEST} characters")
        return Scope(remainder=(text[:100] + "…",), doubts=(why,))
    bare = plain(text)
    if _BARE.fullmatch(bare):
        return _bare(bare)
    return ScopeGrammar(tokens_of(text), edition).read()


def _bare(text: str) -> Scope:
    numbers = re.findall(r"\d{2}", text)
    wrong = tuple(n for n in numbers if not is_category(n))
    if wrong:
        why = ("不是危险废物类别", "no category of hazardous waste")
        return Scope(remainder=wrong, doubts=(why,))
    named = ordered(f"HW{n}" for n in numbers)
    remark = (
        f"“{text}”读作类别 {'、'.join(named)}",
        f"“{text}” read as category {', '.join(named)}",
    )
    return Scope(categories=named, remarks=(remark,))
