"""Categories as they stand in a scope's text, and whether what restricts them is clear."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from schemas.waste_code import category_of
from services.registry.notices.scope import Said

__all__ = ["Entry", "ordered", "unclear"]


@dataclass
class Entry:
    """A category as it stands in the text, with what restricts it."""

    category: str
    codes: list[str] = field(default_factory=list)
    excepted: list[str] = field(default_factory=list)
    whole: bool = False
    """全部代码 is printed."""
    names: list[str] = field(default_factory=list)
    """Names beside it that are not its own."""


def unclear(entries: Sequence[Entry], loose: Sequence[str]) -> Iterator[tuple[str, Said]]:
    """Yield what leaves doubt among the entries and the codes that stand for themselves."""
    excepted: dict[str, list[str]] = {}
    for entry in entries:
        if entry.codes:
            continue
        for name in entry.names:  # HW49（废包装桶）: not all of the category, and no code
            yield name, ("只有名称，没有代码", "a name without a code")
        if excepted.setdefault(entry.category, entry.excepted) != entry.excepted:
            yield entry.category, ("同一类别的除外不一致", "it is excepted in two ways")
    restricted = {entry.category for entry in entries if entry.codes}
    told_whole = {entry.category for entry in entries if entry.whole}
    restricted |= {category_of(code) for code in loose} - told_whole
    for category in sorted(restricted & set(excepted)):
        yield category, ("既列全部，又列代码", "listed as a whole, and for some codes only")


def ordered(named: Iterable[str]) -> tuple[str, ...]:
    """Return codes or categories by category, each once."""
    return tuple(sorted(set(named), key=lambda c: (c[-2:], c)))
