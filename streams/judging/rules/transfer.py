"""What both families ask first of a transfer: did it move, and which lines cross a province."""

from typing import NamedTuple

from schemas.manifest import WasteLine
from schemas.region import province_of
from schemas.registry import ApprovalLine, Exemption, TransferApproval
from streams.judging.facts import Fact, Facts
from streams.judging.registry import RegistryView, in_force

__all__ = [
    "Candidate",
    "Crossing",
    "approval_age",
    "crossing_of",
    "exemption_for",
    "nothing_to_judge",
    "receiver_of",
]

_TRANSFER_STAGES = frozenset(("transfer", "whole_process"))


class Candidate(NamedTuple):
    """An approved line that names this consignor, receiver and code, in force or not."""

    approval: TransferApproval
    line: ApprovalLine


class Crossing(NamedTuple):
    """The lines that need an approval to leave the province, and what approvals name them."""

    moved: Fact
    lines: tuple[tuple[WasteLine, tuple[Candidate, ...]], ...]


def receiver_of(facts: Facts) -> str:
    """Return the discriminator of findings about a transfer: its receiver, ``-`` if unknown."""
    return facts.form.receiver.uscc if facts.filed is not None else "-"


def nothing_to_judge(facts: Facts) -> str | None:
    """Return why a transfer cannot be judged at all: not filed, voided, never moved."""
    if facts.filed is None:
        return "not_filed"
    if facts.voided is not None and facts.reached is None:
        return "voided"
    if facts.moved is None:
        return "not_moved"
    if not facts.hazardous:
        return "not_hazardous"
    return None


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


def crossing_of(facts: Facts, view: RegistryView) -> Crossing | str:
    """Return what of a transfer needs approval to leave the province, or why nothing does."""
    moved = facts.moved
    reason = nothing_to_judge(facts)
    if reason is not None or moved is None:
        return reason or "not_moved"
    if not _crosses(facts.form.consignor.site_region, facts.form.receiver.site_region):
        return "same_province"
    needing = []
    reason = "exempt"
    for waste in facts.hazardous:
        if _counts_as_intra(facts, view, waste, moved):
            reason = "as_intra"
        elif not _approval_lifted(facts, view, waste, moved):
            needing.append((waste, _candidates(facts, view, waste)))
    return Crossing(moved, tuple(needing)) if needing else reason


def _crosses(origin: str, destination: str) -> bool:
    return province_of(origin) != province_of(destination)


def _approval_lifted(facts: Facts, view: RegistryView, waste: WasteLine, moved: Fact) -> bool:
    """Whether transfer or the whole process is exempt, or the pair is registered (domain 3.3)."""
    form = facts.form
    return any(
        _TRANSFER_STAGES.intersection(exemption.stages)
        or (exemption.consignor is not None and exemption.receiver is not None)
        for exemption in view.exemptions(
            waste.code, form.consignor.uscc, form.receiver.uscc, moved.at
        )
    )


def _counts_as_intra(facts: Facts, view: RegistryView, waste: WasteLine, moved: Fact) -> bool:
    """Whether a white-list entry makes the move count as inside the province (domain 3.3)."""
    form = facts.form
    origin = province_of(form.consignor.site_region)
    return any(
        entry.simplification == "as_intra"
        and in_force(entry, moved.at)
        and province_of(entry.destination) == province_of(form.receiver.site_region)
        and (not entry.origins or origin in {province_of(r) for r in entry.origins})
        and (waste.code in entry.codes or f"HW{waste.code[8:]}" in entry.categories)
        and (not entry.purposes or waste.method in entry.purposes)
        for entry in view.whitelist(form.receiver.uscc)
    )


def approval_age(candidate: Candidate) -> tuple[str, str, int]:
    """Order candidates: what ends first comes first, then by record and line."""
    approval = candidate.approval
    return str(approval.valid_to or "9999"), approval.id, candidate.line.line


def _candidates(facts: Facts, view: RegistryView, waste: WasteLine) -> tuple[Candidate, ...]:
    """Return lines for consignor, receiver, code and the two provinces of the sites.

    Approvals fix no carrier and no route; the origin is the site's, not the registered office's.
    """
    form = facts.form
    return tuple(
        Candidate(approval, line)
        for approval in view.approvals(form.consignor.uscc)
        if approval.decision == "approved"
        and not _crosses(approval.origin, form.consignor.site_region)
        for line in approval.lines
        if line.receiver == form.receiver.uscc
        and line.code == waste.code
        and not _crosses(line.destination, form.receiver.site_region)
    )
