"""严重程度: how grave a finding is, by the quantity that it is about and the cuts of its book.

The discretion tables of the provinces band penalties by quantity (domain 6.2); where an authority's
bands are others, a version of the rule book sets them: ``severity.high_kg`` and the like.
"""

from typing import NamedTuple, get_args

from schemas.alert import Severity
from schemas.quantity import tonnes_text
from streams.judging.explanation import Condition
from streams.judging.rules.parameter import Parameter, Parameters

__all__ = ["MEDICAL_CUTS", "SEVERITY", "SEVERITY_CUTS", "SeverityCuts", "cuts_of"]


class SeverityCuts(NamedTuple):
    """Grams from which a finding is medium, high, critical; below the first it is low."""

    medium: int
    high: int
    critical: int

    def severity(self, grams: int, unweighed: bool, gravest: Severity) -> Severity:
        """Return the severity, ``gravest`` at most; medium at least where a weight is missing.

        The lowest would reward leaving the weight out; a high one would bury officers in three
        lamps. Loads told in pieces (drums, batteries, lamps) mostly weigh some tonnes. [D]
        """
        severity: Severity
        if grams >= self.critical:
            severity = "critical"
        elif grams >= self.high:
            severity = "high"
        else:
            severity = "medium" if unweighed or grams >= self.medium else "low"
        return min(severity, gravest, key=get_args(Severity).index)

    def explained(
        self, grams: int, unweighed: bool, gravest: Severity, words: tuple[str, str] | None = None
    ) -> Condition:
        """Return how much a finding is about against the cuts; ``words`` say it better, zh and en."""
        by_kg = self.medium < _LEAST_IN_TONNES
        zh, en = ("公斤", "kg") if by_kg else ("吨", "t")
        medium, high, critical = (_text(cut, by_kg) for cut in self)
        if words is None:
            told = _text(grams, by_kg)
            words = f"{told} {zh}", f"{told} {en}"
            if unweighed:
                words = f"{words[0]}，另有重量未知", f"{words[1]}, and more of unknown weight"
        most = ("", "") if gravest == "critical" else _AT_MOST[gravest]
        return Condition(
            zh="数量（定严重程度）",
            en="quantity (makes the severity)",
            value_zh=words[0],
            value_en=words[1],
            threshold_zh=f"低 < {medium} {zh} ≤ 中 < {high} {zh} ≤ 高 < {critical} {zh} ≤ 特高{most[0]}",
            threshold_en=f"low < {medium} {en} <= medium < {high} {en} <= high < {critical} {en} "
            f"<= critical{most[1]}",
            holds=True,
            role="figure",
        )


_LEAST_IN_TONNES = 100_000
_AT_MOST: dict[Severity, tuple[str, str]] = {
    "low": ("；本规则至多为低", "; low at most by this rule"),
    "medium": ("；本规则至多为中", "; medium at most by this rule"),
    "high": ("；本规则至多为高", "; high at most by this rule"),
}


def _text(grams: int, by_kg: bool) -> str:
    return tonnes_text(grams * 1_000 if by_kg else grams)


_BANDS = "裁量表的数量分档 / quantity bands of discretion tables"
_OURS = "本系统 / our own"


def _cut(name: str, kg: int, zh: str, en: str, source: str) -> Parameter:
    return Parameter(f"{name}_kg", kg, ("千克", "kg"), 0, 10_000_000, "choice", zh, en, source)


SEVERITY = Parameters(
    _cut("medium", 1_000, "达到此数量为中", "medium from this quantity", _BANDS),
    _cut("high", 3_000, "达到此数量为高", "high from this quantity", _BANDS),
    _cut("critical", 10_000, "达到此数量为特高", "critical from this quantity", _BANDS),
    _cut("medical_medium", 10, "医疗废物达到此数量为中", "medical waste: medium from this", _OURS),
    _cut("medical_high", 100, "医疗废物达到此数量为高", "medical waste: high from this", _OURS),
    _cut(
        "medical_critical",
        1_000,
        "医疗废物达到此数量为特高",
        "medical waste: critical from this",
        _OURS,
    ),
)
"""The cuts of a book, set as ``severity.<name>``. Bags weigh kilograms, hence those of medical waste. [D]"""


def cuts_of(severity: Parameters, medical: bool = False) -> SeverityCuts:
    """Return the cuts that a book's figures make."""
    kind = "medical_" if medical else ""
    names = (f"{kind}{step}_kg" for step in SeverityCuts._fields)
    return SeverityCuts(*(severity[name] * 1_000 for name in names))


SEVERITY_CUTS = cuts_of(SEVERITY)
MEDICAL_CUTS = cuts_of(SEVERITY, medical=True)
