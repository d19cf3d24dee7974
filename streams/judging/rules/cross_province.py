"""跨省转移: without approval, or with an approval not in force.

Basis: Code Art 536 (固废法 Art 82), order 23 Arts 21-28. The instant is the dispatch of the load;
records' dates are China dates and include their last day (domain 9).
"""

from collections.abc import Sequence
from datetime import datetime

from schemas.alert import Evidence
from schemas.region import province_name
from streams.judging.facts import Facts
from streams.judging.law import basis
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.amount import shipped
from streams.judging.rules.crossing import (
    Candidate,
    Crossing,
    all_approved,
    approval_age,
    needing_approval,
)
from streams.judging.rules.explained import approval_explained
from streams.judging.rules.rule import (
    ManifestRule,
    days_left,
    event_evidence,
    not_applicable,
    record_evidence,
    says,
)
from streams.judging.rules.transfer import TRANSFER, codes, names, receiver_of

__all__ = ["APPROVAL_NOT_IN_FORCE", "NO_APPROVAL", "approval_evidence", "load_evidence"]


def _no_approval(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    crossing, who = needing_approval(facts, view), receiver_of(facts)
    if isinstance(crossing, str):
        return not_applicable(rule, who, crossing)
    lines = crossing.standing("no_approval")
    if not lines:
        return (_named(rule, who, crossing),)
    bare = [line.waste for line in lines]
    amount = shipped(facts, bare)
    form = facts.form
    start, end = form.consignor.site_region, form.receiver.site_region
    claim_zh = claim_en = ""
    if form.approval_no:
        claim_zh = f"联单填写审批文号“{form.approval_no}”，登记库中无与之相符的批准事项。"
        claim_en = f" The manifest claims document {form.approval_no}; no approved line matches."
    said = (
        f"{china_text(crossing.moved.at)}，{form.consignor.name}将{names(bare)}共 {amount.zh}"
        f"由{province_name(start)}起运至{province_name(end)}{form.receiver.name}，"
        f"查无对该移出人、接受人和废物代码的跨省转移批准。{claim_zh}",
        f"{form.consignor.name} sent {amount.en} of {codes(bare)} from "
        f"{province_name(start)} "
        f"to {form.receiver.name} in {province_name(end)} on {china_text(crossing.moved.at)} "
        f"(China time); no approved line names this consignor, receiver and code.{claim_en}",
    )
    return (
        says(
            rule,
            "violated",
            who,
            "no_approval",
            said,
            amount=amount,
            act_at=crossing.moved.at,
            evidence=load_evidence(facts, crossing),
            law=basis("unapproved_transfer", crossing.moved.at),
            **approval_explained(facts, view, crossing, lines)._asdict(),
        ),
    )


def _not_in_force(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    crossing, who = needing_approval(facts, view), receiver_of(facts)
    if isinstance(crossing, str):
        return not_applicable(rule, who, crossing)
    at = crossing.moved.at
    named = crossing.standing("approved", "not_in_force")
    if not named:
        said = ("无可核对有效期的审批", "no approval whose validity could be checked")
        return (says(rule, "not_applicable", who, "no_approval", said),)
    outside = [
        (line.waste, _nearest(line.candidates, at)) for line in crossing.standing("not_in_force")
    ]
    if not outside:
        left = min(max(_days(c, at) for c in line.candidates) for line in named)
        said = ("起运时审批在有效期内", "the approval was in force at dispatch")
        return (says(rule, "passed", who, "in_force", said, margin=f"{left} d"),)
    wastes = [waste for waste, _ in outside]
    amount = shipped(facts, wastes)
    form = facts.form
    _, worst = max(outside, key=lambda wc: (_distance(wc[1], at), wc[1].approval.id))
    early = not _expired(worst, at)
    reason = "not_yet_valid" if early else "expired"
    distance = _distance(worst, at)
    document = worst.approval.document
    state_zh = f"尚未生效，早 {distance} 天" if early else f"已过有效期 {distance} 天"
    state_en = f"begins {distance} d later" if early else f"had ended {distance} d before"
    span = f"{worst.approval.valid_from}至{worst.approval.valid_to or '长期'}"
    said = (
        f"{china_text(at)}，{form.consignor.name}将{names(wastes)}共 {amount.zh}跨省起运至"
        f"{form.receiver.name}，审批 {document}（有效期 {span}）{state_zh}。",
        f"{form.consignor.name} sent {amount.en} of {codes(wastes)} across provinces "
        f"to {form.receiver.name} on {china_text(at)} (China time); approval {document} "
        f"({worst.approval.valid_from} to {worst.approval.valid_to or 'open'}) {state_en}.",
    )
    return (
        says(
            rule,
            "violated",
            who,
            reason,
            said,
            margin=f"-{distance} d",
            amount=amount,
            act_at=at,
            evidence=(*load_evidence(facts, crossing), *(approval_evidence(c) for _, c in outside)),
            law=basis("unapproved_transfer", at),
            **approval_explained(
                facts,
                view,
                crossing,
                crossing.standing("not_in_force"),
                [c for _, c in outside],
            )._asdict(),
        ),
    )


def _named(rule: ManifestRule, who: str, crossing: Crossing) -> Outcome:
    """Return what is said where every line is named by some approval or white list."""
    if len(crossing.standing("approved", "not_in_force")) < len(crossing.lines):
        said = ("有审批或白名单，但与本次转移不符", "approvals or lists exist, not for this move")
        return says(rule, "not_applicable", who, "mismatch", said)
    documents = sorted({c.approval.document for line in crossing.lines for c in line.candidates})
    said = (f"有跨省转移审批：{'、'.join(documents)}", f"approvals: {', '.join(documents)}")
    return says(rule, "passed", who, "approved", said)


def load_evidence(facts: Facts, crossing: Crossing) -> tuple[Evidence, ...]:
    """Return the departure and the manifest as evidence."""
    found = event_evidence(crossing.moved, "起运", "dispatch")
    if facts.filed is not None:
        found += event_evidence(facts.filed, "联单填报", "manifest as filed")
    return tuple(found)


def approval_evidence(candidate: Candidate) -> Evidence:
    """Return an approved line as evidence."""
    approval = candidate.approval
    return record_evidence(
        "transfer_approval",
        approval.id,
        f"{approval.document} 第 {candidate.line.line} 项，{approval.valid_from}至"
        f"{approval.valid_to or '长期'}",
        f"{approval.document} line {candidate.line.line}, {approval.valid_from} to "
        f"{approval.valid_to or 'open'}",
    )


def _days(candidate: Candidate, at: datetime) -> int:
    left = days_left(candidate.approval.valid_to, at)
    return 36_500 if left is None else left


def _expired(candidate: Candidate, at: datetime) -> bool:
    return _days(candidate, at) < 0


def _distance(candidate: Candidate, at: datetime) -> int:
    """Return the days between the dispatch and the validity that it misses."""
    if _expired(candidate, at):
        return -_days(candidate, at)
    return days_left(candidate.approval.valid_from, at) or 0


def _nearest(candidates: Sequence[Candidate], at: datetime) -> Candidate:
    return min(candidates, key=lambda c: (_distance(c, at), *approval_age(c)))


NO_APPROVAL = ManifestRule(
    "cross_province.no_approval",
    1,
    "跨省转移未经批准",
    "cross-province transfer without approval",
    _no_approval,
    reads=TRANSFER,
    quiet=all_approved,
)
APPROVAL_NOT_IN_FORCE = ManifestRule(
    "cross_province.approval_not_in_force",
    1,
    "跨省转移审批已过期或未生效",
    "approval expired or not yet valid",
    _not_in_force,
    reads=TRANSFER,
    quiet=all_approved,
)
