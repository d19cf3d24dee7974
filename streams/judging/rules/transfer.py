"""What every family asks first of a transfer: was it filed, did it move, is a stage exempt."""

from collections.abc import Sequence

from schemas.manifest import WasteLine
from schemas.region import province_of
from schemas.registry import Exemption
from streams.judging.facts import Fact, Facts
from streams.judging.registry import RegistryView

__all__ = [
    "LOADING",
    "METHODS_ZH",
    "TAKING_OVER",
    "TRANSFER",
    "codes",
    "crosses",
    "exemption_for",
    "names",
    "nothing_to_judge",
    "receiver_of",
]

TRANSFER = ("filed", "dispatched", "moved", "called_off")
"""What rules read of a load that leaves (``ManifestRule.reads``): its form, its weight, its start."""
LOADING = (*TRANSFER, "legs")
"""What they read of its carriers."""
TAKING_OVER = (*TRANSFER, "taken_over", "refused")
"""What they read of its receiver."""

METHODS_ZH = {"storage": "贮存", "utilisation": "利用", "disposal": "处置"}


def receiver_of(facts: Facts) -> str:
    """Return the discriminator of findings about a transfer: its receiver, ``-`` if unknown."""
    return facts.form.receiver.uscc if facts.filed is not None else "-"


def nothing_to_judge(facts: Facts) -> str | None:
    """Return why a transfer cannot be judged at all: not filed, voided, never moved."""
    if facts.filed is None:
        return "not_filed"
    if facts.called_off:
        return "voided"
    if facts.moved is None:
        return "not_moved"
    if not facts.hazardous:
        return "not_hazardous"
    return None


def crosses(origin: str, destination: str) -> bool:
    """Whether two regions lie in different provinces."""
    return province_of(origin) != province_of(destination)


def exemption_for(
    facts: Facts, view: RegistryView, code: str, at: Fact, stages: frozenset[str]
) -> Exemption | None:
    """Return an exemption in force that lifts one of ``stages`` for a code, or the whole process.

    Exemptions hold only for the stages that the list names (order 23 Art 2; domain 3.3).
    """
    form = facts.form
    for exemption in view.exemptions(code, form.consignor.uscc, form.receiver.uscc, at.at):
        if stages.intersection(exemption.stages):
            return exemption
    return None


def names(lines: Sequence[WasteLine]) -> str:
    """Return waste lines for a Chinese sentence: names with their codes."""
    return "、".join(f"{w.name}（{w.code}）" for w in lines)


def codes(lines: Sequence[WasteLine]) -> str:
    """Return waste lines for an English sentence: their codes."""
    return ", ".join(w.code for w in lines)
