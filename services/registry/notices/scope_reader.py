"""A scope read from its printed text: what is written and no more; the rest is left and named.

A category that is followed by codes of its own (``HW49 仅限 900-041-49``, ``HW48…,321-010-48``)
stands for these codes alone; one that is not, for all of it (``HW12 全部代码``, ``HW29``). A name
says nothing beside a code, and leaves doubt where it alone would say what is meant
(``废铅酸蓄电池``): which code it has is not for a program to decide.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from schemas.waste_code import category_of
from services.registry.notices.characters import plain
from services.registry.notices.code_range import codes_of, is_category
from services.registry.notices.scope import Said, Scope
from services.registry.notices.scope_tokens import Token, TokenType, is_category_name, tokens_of

__all__ = ["read_scope"]

_LONGEST = 10_000
"""Characters; a licence for every code there is takes 6,000."""
_BARE = re.compile(r"\d{2}(?:[\s,、;/]+\d{2})*")
_RESTRICTS = re.compile(r"限|仅|只|^等|^中|其中|部分|暂停|停止|不(?!锈)|非(?!特定|金属|卤|离子)")
_CODES = (TokenType.CODE, TokenType.CODE_RANGE, TokenType.GENERAL)


@lru_cache(maxsize=20_000)
def read_scope(text: str, edition: int = 2021) -> Scope:
    """Read a printed scope; never raises. What was not understood is in ``remainder``."""
    if len(text) > _LONGEST:
        why = (f"超过 {_LONGEST} 个字符", f"longer than {_LONGEST} characters")
        return Scope(remainder=(text[:100] + "…",), doubts=(why,))
    bare = plain(text)
    if _BARE.fullmatch(bare):
        return _bare(bare)
    return _Reader(tokens_of(text), edition).read()


def _bare(text: str) -> Scope:
    numbers = re.findall(r"\d{2}", text)
    wrong = tuple(n for n in numbers if not is_category(n))
    if wrong:
        why = ("不是危险废物类别", "no category of hazardous waste")
        return Scope(remainder=wrong, doubts=(why,))
    named = _sorted(f"HW{n}" for n in numbers)
    remark = (
        f"“{text}”读作类别 {'、'.join(named)}",
        f"“{text}” read as category {', '.join(named)}",
    )
    return Scope(categories=named, remarks=(remark,))


@dataclass
class _Entry:
    """A category as it stands in the text, with what restricts it."""

    category: str
    codes: list[str] = field(default_factory=list)
    excepted: list[str] = field(default_factory=list)
    whole: bool = False
    """全部代码 is printed."""
    names: list[str] = field(default_factory=list)


class _Reader:
    def __init__(self, tokens: Sequence[Token], edition: int) -> None:
        self._tokens = tokens
        self._edition = edition
        self._entries: list[_Entry] = []
        self._loose: list[str] = []
        self._general: list[str] = []
        self._remainder: list[str] = []
        self._doubts: list[Said] = []
        self._remarks: list[Said] = []
        self._run: list[_Entry] = []
        """Categories printed side by side, to which a bracket may belong."""
        self._bracket: list[_Entry] | None = None
        """The categories before the bracket or colon that is open."""
        self._bracketed: list[tuple[list[str], str]] = []
        """Codes read in it, and where they went: 除外 at its end turns them round."""
        self._depth = 0
        self._except = False
        self._spared = 0
        """Codes excepted since 除."""
        self._only = False
        self._only_here = False
        """仅限 governs what follows, up to the end of its item."""

    def read(self) -> Scope:
        """Return what the tokens say."""
        for at, token in enumerate(self._tokens):
            self._take(at, token)
        self._end_of_item()
        if self._only:
            self._left("仅限", ("“仅限”之后没有代码", "no code follows “only”"))
        if self._depth:
            self._left("(", ("括号不成对", "a bracket is not closed"))
        return self._scope()

    def _take(self, at: int, token: Token) -> None:
        kind = token.type
        starts = kind in (TokenType.CATEGORY, TokenType.CATEGORY_RANGE)
        if self._depth == 0 and (kind is TokenType.STRONG or starts):
            self._end_of_item(keeps_except=starts and not self._spared)
        match kind:
            case TokenType.CATEGORY | TokenType.CATEGORY_RANGE:
                self._categories(at, token)
            case TokenType.CODE | TokenType.CODE_RANGE:
                for code in self._codes(token):
                    self._code(code, token)
            case TokenType.GENERAL:
                self._general.append("{}-{}-S{}".format(*token.parts))
            case TokenType.ALL:
                self._all(token)
            case TokenType.ONLY:
                self._only = self._only_here = True
            case TokenType.EXCEPT:
                self._except, self._spared = True, 0
            case TokenType.EXCEPTED:
                self._turn_round(token)
            case TokenType.OUTSIDE:
                if not self._except:
                    self._left(token.text)
                self._end_except()
            case TokenType.OPEN:
                self._depth += 1
                self._open_bracket()
            case TokenType.CLOSE:
                self._depth -= 1
                if self._depth < 0:
                    self._depth = 0
                    self._left(token.text, ("括号不成对", "a bracket is not opened"))
                self._end_of_item()
                self._run = []
            case TokenType.COLON:
                self._open_bracket()
            case TokenType.NAME:
                self._name(at, token)
            case TokenType.OTHER:
                self._left(token.text)
            case _:
                pass

    def _open_bracket(self) -> None:
        self._bracketed = []
        self._bracket = list(self._run) if self._run else None

    def _end_of_item(self, *, keeps_except: bool = False) -> None:
        """Close a bracket, or what a colon opened: its codes must be of all that it is of."""
        named = {category_of(code) for _, code in self._bracketed}
        bracket = self._bracket or []
        here = [e for e in bracket if e.category in named]
        if here and (here[-1] is not bracket[-1] or 1 < len(here) < len(bracket)):
            words = "、".join(e.category for e in bracket)
            self._left(words, ("括号内的代码不知属于哪几类", "the bracket's codes are of which"))
        if not keeps_except:
            self._end_except()
        self._bracket, self._only_here = None, False
        self._bracketed = []

    def _end_except(self) -> None:
        if self._except and not self._spared:
            self._left("除", ("不知除外的是什么", "what is excepted is not said"))
        self._except = False

    # Categories -----------------------------------------------------------------------------------

    def _categories(self, at: int, token: Token) -> None:
        first, last = int(token.parts[0]), int(token.parts[-1])
        numbers = [f"{n:02d}" for n in range(first, last + 1) if is_category(f"{n:02d}")]
        ends_known = all(is_category(part) for part in token.parts)
        if not ends_known or first > last:
            self._left(token.text, ("不是危险废物类别", "no category of hazardous waste"))
            return
        if self._except:
            self._spared += 1
            self._left(token.text, ("除外的应为代码", "what is excepted should be a code"))
            return
        before = self._tokens[at - 1].type if at else None
        if before not in (TokenType.CATEGORY, TokenType.CATEGORY_RANGE, TokenType.WEAK):
            self._run = []
        inside = self._depth and self._bracket
        if inside:
            self._left(token.text, ("类别之内又有类别", "a category inside another"))
            return
        entries = [_Entry(f"HW{n}") for n in numbers]
        self._only = False
        self._entries += entries
        self._run += entries
        if len(token.parts) > 1:
            named = [e.category for e in entries]
            self._remarks.append(
                (f"“{token.text}”读作 {'、'.join(named)}", f"“{token.text}” is {', '.join(named)}")
            )

    def _all(self, token: Token) -> None:
        if not self._entries or self._entries[-1].codes or self._except:
            self._left(token.text, ("不知“全部”何指", "all of what is not said"))
            return
        for entry in self._run or self._entries[-1:]:
            entry.whole = True
        self._only = False

    # Codes ----------------------------------------------------------------------------------------

    def _codes(self, token: Token) -> list[str]:
        found = codes_of(token, self._edition)
        if found.doubt is not None:
            self._left(token.text, found.doubt)
        if found.remark is not None:
            self._remarks.append(found.remark)
        return found.codes

    def _code(self, code: str, token: Token) -> None:
        category = category_of(code)
        entry = self._entry_of(category)
        if self._except:
            self._spared += 1
            if entry is None or entry.codes:
                self._left(token.text, ("不知从何类别中除外", "excepted from what is not said"))
                return
            entry.excepted.append(code)
            return
        self._only = False
        if self._depth == 0:
            self._run = []
        if entry is not None:
            if entry.whole or entry.excepted:
                if entry.excepted:
                    self._left(token.text, ("除外之后又列代码", "codes listed after exceptions"))
                return  # all of the category, and this one named again
            entry.codes.append(code)
            self._bracketed.append((entry.codes, code))
            return
        if self._bracket:
            self._left(token.text, (
                f"代码不属于所列类别 {'、'.join(e.category for e in self._bracket)}",
                f"the code is not of {', '.join(e.category for e in self._bracket)}",
            ))  # fmt: skip
            return
        if any(e.category == category and not e.whole for e in self._entries):
            self._left(token.text, (
                f"{category} 在前面已列，不知是否仅限此代码",
                f"{category} stands before: whether for this code only is not said",
            ))  # fmt: skip
            return
        self._loose.append(code)
        self._bracketed.append((self._loose, code))

    def _entry_of(self, category: str) -> _Entry | None:
        near = self._bracket if self._bracket is not None else self._entries[-1:]
        return next((e for e in near if e.category == category), None)

    def _turn_round(self, token: Token) -> None:
        """(900-404-06除外): what the bracket lists is excepted, not meant."""
        if self._except:  # 除…除外
            self._end_except()
            return
        entries = [e for e in self._bracket or () if e.codes]
        listed = [code for _, code in self._bracketed]
        if not self._depth or not entries or len(listed) != sum(len(e.codes) for e in entries):
            self._left(token.text, ("不知除外的是什么", "what is excepted is not said"))
            return
        for entry in entries:
            entry.excepted, entry.codes = entry.codes, []
        self._bracketed = []

    # Names ----------------------------------------------------------------------------------------

    def _name(self, at: int, token: Token) -> None:
        name = token.text
        before = self._tokens[at - 1] if at else None
        if self._names_a_category(at, name):
            return
        if self._except or self._only_here or _RESTRICTS.search(name):
            self._left(name, ("以名称限定范围", "the name restricts the scope"))
            return
        if self._beside_code(at):
            return
        if self._run and before is not None and before.type in (
            TokenType.CATEGORY, TokenType.OPEN, TokenType.COLON, TokenType.NAME,
        ):  # fmt: skip
            self._run[-1].names.append(name)
            return
        self._left(name, ("只有名称，没有代码", "a name without a code"))

    def _names_a_category(self, at: int, name: str) -> bool:
        """Whether it is the name of the category printed just before or just after it."""
        near = [*self._tokens[max(at - 1, 0) : at], *self._tokens[at + 1 : at + 2]]
        return any(
            token.type is TokenType.CATEGORY and is_category_name(name, f"HW{token.parts[0]}")
            for token in near
        )

    def _beside_code(self, at: int) -> bool:
        """Whether a code stands on either side, with at most a bracket or colon between."""
        for step in (1, -1):
            near = at + step
            if 0 <= near < len(self._tokens) and self._tokens[near].type in (
                TokenType.OPEN, TokenType.COLON, TokenType.FILLER,
            ):  # fmt: skip
                near += step
            if 0 <= near < len(self._tokens) and self._tokens[near].type in _CODES:
                return True
        return False

    # What it comes to -----------------------------------------------------------------------------

    def _left(self, text: str, why: Said | None = None) -> None:
        self._remainder.append(text)
        if why is not None:
            self._doubts.append(why)
        self._only = False

    def _scope(self) -> Scope:
        whole: dict[str, list[str]] = {}
        restricted: set[str] = set()
        codes = list(self._loose)
        for entry in self._entries:
            if entry.codes:
                codes += entry.codes
                restricted.add(entry.category)
                continue
            for name in entry.names:  # HW49（废包装桶）: not all of the category, and no code
                self._left(name, ("只有名称，没有代码", "a name without a code"))
            if whole.setdefault(entry.category, entry.excepted) != entry.excepted:
                self._left(entry.category, ("同一类别的除外不一致", "it is excepted in two ways"))
        for category in sorted(restricted & set(whole)):
            self._left(category, (
                "既列全部，又列代码", "listed as a whole, and for some codes only"
            ))  # fmt: skip
        if not codes and not whole and not self._general and not self._remainder:
            self._doubts.append(("没有类别或代码", "neither category nor code"))
        kept = [c for c in codes if category_of(c) not in whole]
        return Scope(
            _sorted(kept),
            _sorted(whole),
            _sorted(c for each in whole.values() for c in each),
            _sorted(self._general),
            tuple(self._remainder),
            tuple(dict.fromkeys(self._doubts)),
            tuple(self._remarks),
        )


def _sorted(named: object) -> tuple[str, ...]:
    return tuple(sorted(set(named), key=lambda c: (c[-2:], c)))  # type: ignore[call-overload]
