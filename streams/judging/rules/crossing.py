"""跨省: which lines need an approval to leave the province, and how the registry stands to each.

Read once a manifest; every cross-province rule, the inbound ban and the limits go by it. The
instant is the dispatch of the load; approvals fix no carrier and no route, and the origin is the
site's, not the registered office's (order 23 Arts 21-28; domain 3.3, 8.2).
"""

from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from schemas.manifest import FiledData, WasteLine
from schemas.region import province_of
from schemas.registry import ApprovalLine, TransferApproval, WhitelistEntry
from schemas.waste_code import category_of
from streams.judging.facts import Fact, Facts
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.once import once
from streams.judging.rules.transfer import crosses, nothing_to_judge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.judging.rules.rule import ManifestRule

__all__ = [
    "Candidate",
    "Crossing",
    "CrossingLine",
    "Standing",
    "all_approved",
    "approval_age",
    "crossing_of",
    "may_be_renumbered",
    "names_waste",
    "needing_approval",
]

_TRANSFER_STAGES = frozenset(("transfer", "whole_process"))
_CATALOGUE = 2021
"""Lines under older catalogues may mean another waste by the same code (domain 8.2)."""

Standing = Literal[
    "approved",
    "not_in_force",
    "wrong_method",
    "wrong_receiver",
    "wrong_code",
    "whitelist_not_approval",
    "no_approval",
]
"""How a line stands to the approvals; the first that fits, so that a line is one finding."""


class Candidate(NamedTuple):
    """An approved line for this consignor and origin."""

    approval: TransferApproval
    line: ApprovalLine


class CrossingLine(NamedTuple):
    """A line that needs an approval; ``candidates``: the approved lines that make its standing."""

    waste: WasteLine
    standing: Standing
    candidates: tuple[Candidate, ...] = ()
    listed: tuple[WhitelistEntry, ...] = ()
    """White-list entries in force that cover it, by id."""

    @property
    def shortening(self) -> list[WhitelistEntry]:
        """Those that shorten an approval: what they ask in return may bind it."""
        return [e for e in self.listed if e.simplification != "as_intra"]


class Crossing(NamedTuple):
    """A load that left the province: lines that need an approval, and those listed as inside."""

    moved: Fact
    lines: tuple[CrossingLine, ...]
    intra: tuple[tuple[WasteLine, WhitelistEntry], ...] = ()

    def standing(self, *standings: Standing) -> list[CrossingLine]:
        """Return the lines that stand so."""
        return [line for line in self.lines if line.standing in standings]


@once
def crossing_of(facts: Facts, view: RegistryView) -> Crossing | str:
    """Return what of a transfer crossed a province, or why nothing did that must be judged."""
    moved = facts.moved
    reason = nothing_to_judge(facts)
    if reason is not None or moved is None:
        return reason or "not_moved"
    form = facts.form
    if not crosses(form.consignor.site_region, form.receiver.site_region):
        return "same_province"
    lines, intra = [], []
    for waste in facts.hazardous:
        listed = _listed(facts, view, waste, moved.at)
        inside = min(
            (e for e in listed if e.simplification == "as_intra"),
            key=lambda e: (e.annual_cap_t is not None, e.id),
            default=None,
        )
        if inside is not None:
            intra.append((waste, inside))
        elif not _approval_lifted(facts, view, waste, moved):
            lines.append(_judged(facts, view, waste, listed, moved.at))
    return Crossing(moved, tuple(lines), tuple(intra)) if lines or intra else "exempt"


def needing_approval(facts: Facts, view: RegistryView) -> Crossing | str:
    """As ``crossing_of``, where at least one line needs an approval."""
    crossing = crossing_of(facts, view)
    return crossing if isinstance(crossing, str) or crossing.lines else "as_intra"


def all_approved(
    _rule: "ManifestRule", facts: Facts, view: RegistryView, _now: datetime | None
) -> bool:
    """Whether every line that needs an approval has one in force; none does that stays in its province."""
    form = facts.form
    if not crosses(form.consignor.site_region, form.receiver.site_region):
        return True
    crossing = crossing_of(facts, view)
    return isinstance(crossing, str) or all(line.standing == "approved" for line in crossing.lines)


def approval_age(candidate: Candidate) -> tuple[str, str, int]:
    """Order candidates: what ends first comes first, then by record and line."""
    approval = candidate.approval
    return str(approval.valid_to or "9999"), approval.id, candidate.line.line


def _approved(view: RegistryView, consignor: str, origin: str) -> tuple[Candidate, ...]:
    """Return the approved lines of a consignor's site, in force or not."""
    question = ("approved", consignor, province_of(origin))
    found: tuple[Candidate, ...] | None = view.remembered.get(question)
    if found is None:
        lines = (
            Candidate(approval, line)
            for approval in view.approvals(consignor)
            if approval.decision == "approved" and not crosses(approval.origin, origin)
            for line in approval.lines
        )
        found = view.remembered.put(question, tuple(lines))
    return found


def _approved_there(view: RegistryView, form: FiledData) -> tuple[Candidate, ...]:
    """Return those of ``_approved`` that name a manifest's receiver, in its province."""
    consignor, receiver = form.consignor, form.receiver
    provinces = province_of(consignor.site_region), province_of(receiver.site_region)
    question = ("approved there", consignor.uscc, receiver.uscc, *provinces)
    found: tuple[Candidate, ...] | None = view.remembered.get(question)
    if found is None:
        there = (
            candidate
            for candidate in _approved(view, consignor.uscc, consignor.site_region)
            if candidate.line.receiver == receiver.uscc
            and not crosses(candidate.line.destination, receiver.site_region)
        )
        found = view.remembered.put(question, tuple(there))
    return found


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


def _names(entry: WhitelistEntry, code: str) -> bool:
    if code in entry.codes:
        return True
    return category_of(code) in entry.categories and code not in entry.except_codes


def _listed(
    facts: Facts, view: RegistryView, waste: WasteLine, at: datetime
) -> tuple[WhitelistEntry, ...]:
    """Return the entries in force that cover a line's receiver, origin, waste and purpose."""
    form = facts.form
    origin = province_of(form.consignor.site_region)
    return tuple(
        entry
        for entry in view.whitelist(form.receiver.uscc)
        if in_force(entry, at)
        and not crosses(entry.destination, form.receiver.site_region)
        and (not entry.origins or origin in {province_of(r) for r in entry.origins})
        and _names(entry, waste.code)
        and (not entry.purposes or waste.method in entry.purposes)
    )


def _judged(
    facts: Facts,
    view: RegistryView,
    waste: WasteLine,
    listed: tuple[WhitelistEntry, ...],
    at: datetime,
) -> CrossingLine:
    """Return how one line stands, the strictest match first."""
    consignor, receiver = facts.form.consignor, facts.form.receiver
    there = _approved_there(view, facts.form)
    exact = [c for c in there if names_waste(c.line, waste) and c.line.purpose == waste.method]
    if exact:
        live = tuple(c for c in exact if in_force(c.approval, at))
        if live:
            return CrossingLine(waste, "approved", live, listed)
        return CrossingLine(waste, "not_in_force", tuple(exact), listed)
    approved = _approved(view, consignor.uscc, consignor.site_region)
    same = [c for c in approved if names_waste(c.line, waste)]
    near: tuple[tuple[Standing, Sequence[Candidate], Callable[[ApprovalLine], bool]], ...] = (
        ("wrong_method", there, lambda line: names_waste(line, waste)),
        ("wrong_receiver", same, lambda line: line.receiver != receiver.uscc),
        ("wrong_code", there, lambda line: not names_waste(line, waste)),
    )
    for standing, among, fits in near:
        found = tuple(c for c in among if fits(c.line) and in_force(c.approval, at))
        if found:
            return CrossingLine(waste, standing, found, listed)
    return CrossingLine(waste, "whitelist_not_approval" if listed else "no_approval", (), listed)


def names_waste(line: ApprovalLine, waste: WasteLine) -> bool:
    """Whether a line names the waste: by code, under an older catalogue by name too."""
    return line.code == waste.code and (line.edition >= _CATALOGUE or line.name == waste.name)


def may_be_renumbered(candidate: Candidate) -> bool:
    """Whether an approved line cites a catalogue under which the waste may have another code."""
    return candidate.line.edition < _CATALOGUE
