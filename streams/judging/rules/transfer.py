"""What both families ask first of a transfer: did it move, and which lines cross a province."""

from typing import NamedTuple

from schemas.manifest import WasteLine
from schemas.region import province_of
from schemas.registry import ApprovalLine, Exemption, TransferApproval
from streams.judging.facts import Fact, Facts
from streams.judging.registry import RegistryView, in_force

__all__ = ["Candidate", "Crossing", "crossing_of", "exemption_for", "nothing_to_judge"]

_TRANSFER_STAGES = frozenset(("transfer", "whole_process"))


class Candidate(NamedTuple):
    """An approved line that names this consignor, receiver and code, in force or not."""

    approval: TransferApproval
    line: ApprovalLine


class Crossing(NamedTuple):
    """The lines that need an approval to leave the province, and what approvals name them."""

    moved: Fact
    lines: tuple[tuple[WasteLine, tuple[Candidate, ...]], ...]
    exempt: tuple[Exemption, ...]
    reason: str | None
    """Why no line needs one, None if some do."""


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


def crossing_of(facts: Facts, view: RegistryView) -> Crossing | None:
    """Return what of a moved transfer needs approval; None if there is nothing to judge."""
    moved = facts.moved
    if nothing_to_judge(facts) is not None or moved is None:
        return None
    form = facts.form
    origin, destination = form.consignor.site_region, form.receiver.site_region
    if province_of(origin) == province_of(destination):
        return Crossing(moved, (), (), "same_province")
    needing = []
    exempt = []
    reason = "exempt"
    for waste in facts.hazardous:
        exemption = exemption_for(facts, view, waste.code, moved, _TRANSFER_STAGES)
        if exemption is not None:
            exempt.append(exemption)
        elif _counts_as_intra(facts, view, waste, moved):
            reason = "as_intra"
        else:
            needing.append((waste, _candidates(facts, view, waste)))
    return Crossing(moved, tuple(needing), tuple(exempt), None if needing else reason)


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


def _candidates(facts: Facts, view: RegistryView, waste: WasteLine) -> tuple[Candidate, ...]:
    """Return lines for consignor, receiver and code. Approvals fix no carrier and no route."""
    form = facts.form
    return tuple(
        Candidate(approval, line)
        for approval in view.approvals(form.consignor.uscc)
        if approval.decision == "approved"
        for line in approval.lines
        if line.receiver == form.receiver.uscc and line.code == waste.code
    )
