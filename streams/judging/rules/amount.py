"""How much left, for a finding: grams, and words that hide neither a conversion nor a gap."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.manifest import WasteLine
from schemas.quantity import tonnes_text
from streams.judging.facts import Facts
from streams.judging.weight import Weight

__all__ = ["Amount", "shipped"]


class Amount(NamedTuple):
    """Grams known, whether a weight is missing, and the words: ``3.6 吨（20 件 × 0.18 吨）``."""

    grams: int
    unweighed: bool
    zh: str
    en: str


def shipped(facts: Facts, wastes: Iterable[WasteLine]) -> Amount:
    """Return how much of some lines left."""
    weights = [facts.shipped(waste) for waste in wastes]
    known = [w.grams for w in weights if w.grams is not None]
    converted = [w for w in weights if w.by is not None]
    pieces = sum(w.pieces or 0 for w in weights if w.grams is None)
    grams, unweighed = sum(known), len(known) < len(weights)
    zh, en = f"{tonnes_text(grams)} 吨", f"{tonnes_text(grams)} t"
    if converted:
        part_zh, part_en = ("其中 ", "of it ") if len(converted) < len(known) else ("", "")
        zh += f"（{part_zh}{'，'.join(_converted_zh(w) for w in converted)}）"
        en += f" ({part_en}{', '.join(_converted_en(w) for w in converted)})"
    if unweighed:
        more_zh = f"{pieces} 件（重量未填）"
        more_en = f"{_packages(pieces)} (weight not given)"
        zh, en = (f"{zh}，另 {more_zh}", f"{en} and {more_en}") if known else (more_zh, more_en)
    return Amount(grams, unweighed, zh, en)


def _converted_zh(weight: Weight) -> str:
    grams, count = weight.by or (0, 1)
    if count == 1:
        return f"{weight.pieces} 件 × {tonnes_text(grams)} 吨"
    return f"{weight.pieces} 件，按 {count} 件 {tonnes_text(grams)} 吨折算"


def _converted_en(weight: Weight) -> str:
    grams, count = weight.by or (0, 1)
    if count == 1:
        return f"{_packages(weight.pieces or 0)} × {tonnes_text(grams)} t"
    return f"{_packages(weight.pieces or 0)} at {tonnes_text(grams)} t per {count}"


def _packages(count: int) -> str:
    return f"{count} package{'' if count == 1 else 's'}"
