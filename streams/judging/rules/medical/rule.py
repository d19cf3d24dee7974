"""What a rule of medical waste is, and the words that they share."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from schemas.alert import Evidence, LegalBasis, Severity
from streams.judging.explanation import Condition, Cure
from streams.judging.medical.package import Mark, Package
from streams.judging.outcome import Outcome, State
from streams.judging.rules.explained.wording import some
from streams.judging.rules.parameter import Parameters
from streams.judging.rules.rule import Said, says
from streams.judging.severity import MEDICAL_CUTS, SeverityCuts

if TYPE_CHECKING:
    from streams.judging.medical.said import Counted
    from streams.judging.medical.waiting import Clock, Wait
    from streams.judging.registry import RegistryView

__all__ = [
    "MOST_EVIDENCE",
    "MedicalRule",
    "found",
    "kilograms",
    "mark_evidence",
    "named",
    "silent",
]

MOST_EVIDENCE = 20
"""Events that a finding about many packages shows; its sentence says how many there are."""

_NONE = Parameters()


class MedicalRule(NamedTuple):
    """A rule of one day of an institution or a plant, or of an institution's week."""

    id: str
    version: int
    title_zh: str
    title_en: str
    judge: "Callable[[MedicalRule, Any, RegistryView, Clock], Sequence[Outcome]]"
    scope: Literal["hospital_day", "plant_day", "hospital_week"]
    waits: "Callable[[MedicalRule, Any, RegistryView], list[Wait]] | None" = None
    """Of what silence is a finding, and after when: so time alone may change the outcome."""
    gravest: Severity = "critical"
    parameters: Parameters = _NONE
    cuts: SeverityCuts = MEDICAL_CUTS


def silent(
    rule: MedicalRule, reason: str, said: Said, state: State = "not_applicable"
) -> tuple[Outcome]:
    """Return the single outcome of a rule that finds nothing."""
    return (says(rule, state, "-", reason, said),)


def found(
    rule: MedicalRule,
    state: State,
    discriminator: str,
    reason: str,
    said: Said,
    *,
    act_at: datetime,
    grams: int,
    evidence: Iterable[Evidence],
    law: Sequence[LegalBasis],
    margin: str | None = None,
    conditions: Sequence[Condition] = (),
    cures: Sequence[Cure] = (),
) -> Outcome:
    """Return a finding."""
    return says(
        rule,
        state,
        discriminator,
        reason,
        said,
        act_at=act_at,
        grams=grams,
        evidence=tuple(evidence)[:MOST_EVIDENCE],
        law=tuple(law),
        margin=margin,
        conditions=tuple(conditions),
        cures=tuple(cures),
    )


def mark_evidence(mark: "Mark | Counted", zh: str, en: str) -> Evidence:
    """Return the event of a mark as evidence."""
    return Evidence("event", str(mark.ref), mark.ref.digest, zh, en)


def named(packages: Iterable[Package]) -> Said:
    """Return the numbers of packages for a sentence, with how many are left out."""
    return some(p.id for p in packages)


def kilograms(grams: int) -> str:
    """Return a weight as kilograms: 12.5 kg."""
    whole, rest = divmod(grams, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".") + " kg"
