"""经营范围: what a licence or list covers, as read from its printed text, and as text again."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from schemas.waste_code import category_of

__all__ = ["Scope", "print_scope"]

Said = tuple[str, str]


class Scope(NamedTuple):
    """Codes and whole categories; all members sorted, nothing twice.

    ``categories`` are whole but for ``except_codes``; ``codes`` of a whole category are left out.
    ``general``: codes of general solid waste, which no rule uses. ``remainder``: the pieces of the
    text that could not be read for sure, as they stand; ``doubts`` say why, ``remarks`` what was
    read in a way that the reader should know.
    """

    codes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    except_codes: tuple[str, ...] = ()
    general: tuple[str, ...] = ()
    remainder: tuple[str, ...] = ()
    doubts: tuple[Said, ...] = ()
    remarks: tuple[Said, ...] = ()

    @property
    def sure(self) -> bool:
        """Whether the whole text was understood, and says something."""
        found = self.codes or self.categories or self.general
        return bool(found) and not self.remainder and not self.doubts

    def names(self, code: str) -> bool:
        """Whether the scope holds a code."""
        if code in self.codes:
            return True
        return category_of(code) in self.categories and code not in self.except_codes


def print_scope(scope: Scope) -> str:
    """Write a scope in the notation of notices; ``read_scope`` reads it back."""
    parts = []
    excepted, codes = _by_category(scope.except_codes), _by_category(scope.codes)
    for category in scope.categories:
        but = excepted.get(category, [])
        parts.append(f"{category}（除{'、'.join(but)}）" if but else f"{category}全部代码")
    parts += [f"{category}（仅限{'、'.join(named)}）" for category, named in codes.items()]
    parts += scope.general
    return "；".join(parts)


def _by_category(codes: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for code in codes:
        found[category_of(code)].append(code)
    return dict(sorted(found.items()))
