"""How the tokens of a scope go together: brackets, 除, 仅限, what restricts which category."""

from collections.abc import Sequence

from schemas.waste_code import category_of
from services.registry.notices.code_range import codes_of, is_category
from services.registry.notices.scope import Said, Scope
from services.registry.notices.scope_entries import Entry, ordered, unclear
from services.registry.notices.scope_names import (
    annotates_code,
    beside_code,
    names_a_category,
    restricts,
)
from services.registry.notices.scope_tokens import Token, TokenType

__all__ = ["ScopeGrammar"]


class ScopeGrammar:
    """Tokens of one scope, taken one after the other; used once."""

    def __init__(self, tokens: Sequence[Token], edition: int) -> None:
        self._tokens = tokens
        self._edition = edition
        self._entries: list[Entry] = []
        self._loose: list[str] = []
        self._general: list[str] = []
        self._remainder: list[str] = []
        self._doubts: list[Said] = []
        self._remarks: list[Said] = []
        self._run: list[Entry] = []
        """Categories printed side by side, to which a bracket may belong."""
        self._bracket: list[Entry] | None = None
        """The categories before the bracket or colon that is open."""
        self._bracketed: list[tuple[list[str], str]] = []
        """Codes read in it, and where they went: 除外 at its end turns them round."""
        self._depth = 0
        self._outer: list[tuple[list[Entry] | None, list[tuple[list[str], str]], list[Entry]]] = []
        """The brackets around the one that is open."""
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
            if kind is TokenType.STRONG and token.text != "\n":
                self._run = []  # a bracket after a line break may still be the category's
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
                self._outer.append((self._bracket, self._bracketed, self._run))
                self._open_bracket()
            case TokenType.CLOSE:
                self._depth -= 1
                if self._depth < 0:
                    self._depth = 0
                    self._left(token.text, ("括号不成对", "a bracket is not opened"))
                self._close_bracket()
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

    def _close_bracket(self) -> None:
        """End a bracket; what it lists counts as listed in the one around it."""
        listed = self._bracketed
        self._end_of_item()
        self._run = []
        if self._outer:
            self._bracket, around, run = self._outer.pop()
            if self._depth:
                self._bracketed, self._run = [*around, *listed], run

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
        if annotates_code(self._tokens, at):
            return
        before = self._tokens[at - 1].type if at else None
        if before not in (TokenType.CATEGORY, TokenType.CATEGORY_RANGE, TokenType.WEAK):
            self._run = []
        inside = self._depth and self._bracket
        if inside:
            self._left(token.text, ("类别之内又有类别", "a category inside another"))
            return
        entries = [Entry(f"HW{n}") for n in numbers]
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

    def _entry_of(self, category: str) -> Entry | None:
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
        if names_a_category(self._tokens, at):
            return
        if self._except or self._only_here or restricts(name):
            self._left(name, ("以名称限定范围", "the name restricts the scope"))
            return
        if beside_code(self._tokens, at):
            return
        if self._run and before is not None and before.type in (
            TokenType.CATEGORY, TokenType.OPEN, TokenType.COLON, TokenType.NAME,
        ):  # fmt: skip
            self._run[-1].names.append(name)
            return
        self._left(name, ("只有名称，没有代码", "a name without a code"))

    # What it comes to -----------------------------------------------------------------------------

    def _left(self, text: str, why: Said | None = None) -> None:
        self._remainder.append(text)
        if why is not None:
            self._doubts.append(why)
        self._only = False

    def _scope(self) -> Scope:
        for text, why in unclear(self._entries, self._loose):
            self._left(text, why)
        if not self._entries and not self._loose and not self._general and not self._remainder:
            self._doubts.append(("没有类别或代码", "neither category nor code"))
        whole = {e.category: e.excepted for e in self._entries if not e.codes}
        codes = [*self._loose, *(c for e in self._entries for c in e.codes)]
        return Scope(
            ordered(c for c in codes if category_of(c) not in whole),
            ordered(whole),
            ordered(c for each in whole.values() for c in each),
            ordered(self._general),
            tuple(self._remainder),
            tuple(dict.fromkeys(self._doubts)),
            tuple(self._remarks),
        )
