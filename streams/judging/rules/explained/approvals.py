"""Approvals explained: which approved lines were looked at, on what each failed, what would do."""

from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import NamedTuple

from schemas.manifest import WasteLine
from schemas.region import province_name
from streams.judging.explanation import Condition, Explanation
from streams.judging.facts import Facts
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.crossing import (
    Candidate,
    Crossing,
    CrossingLine,
    approval_age,
    may_be_renumbered,
    names_waste,
)
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.approval_cures import approval_cures
from streams.judging.rules.explained.wording import (
    MOST_SHOWN,
    Group,
    condition,
    day_text,
    left_out,
    some,
    within_validity,
)
from streams.judging.rules.transfer import METHODS_ZH, codes, crosses, names

__all__ = ["approval_explained"]

_WHOLE = 3
"""Nearest approved lines whose every condition is shown; of the others those that fail."""


class _Look(NamedTuple):
    """One approved line held against one waste line, and whether each of six things fits."""

    waste: WasteLine
    candidate: Candidate
    fits: tuple[bool, bool, bool, bool, bool, bool]
    """Decision, origin, waste, receiver and its province, method, validity."""

    def rank(self) -> tuple[int, tuple[str, str, int], int]:
        """Order the nearest first."""
        return self.fits.count(False), approval_age(self.candidate), self.waste.line


def approval_explained(
    facts: Facts,
    view: RegistryView,
    crossing: Crossing,
    lines: Sequence[CrossingLine],
    near: Sequence[Candidate] = (),
) -> Explanation:
    """Return why some lines of a load have no approval; all of one standing.

    ``near``: the approved lines that the finding tells of.
    """
    wastes = [line.waste for line in lines]
    doubtful = lines[0].standing == "wrong_code" and all(
        may_be_renumbered(c) for line in lines for c in line.candidates
    )
    looks = _looks(facts, view, crossing, wastes)
    shown = nsmallest(MOST_SHOWN, looks, key=_Look.rank)
    conditions = [
        *scope.transfer(facts, wastes),
        scope.across(facts),
        scope.not_exempt(facts, view, wastes, crossing.moved.at, "transfer"),
        *_claimed(facts, view),
        _approved(facts, crossing, wastes, looks, None if doubtful else False),
        *_listed(lines),
    ]
    for n, look in enumerate(shown):
        compared = _compared(facts, crossing, look, several=len(wastes) > 1)
        conditions += [c for c in compared if n < _WHOLE or not c.holds]
    conditions += left_out(("的审批事项", "approved lines"), shown, len(looks))
    return Explanation(
        tuple(conditions), approval_cures(facts, crossing, lines, near, doubtful=doubtful)
    )


def _looks(
    facts: Facts, view: RegistryView, crossing: Crossing, wastes: Sequence[WasteLine]
) -> list[_Look]:
    form, at = facts.form, crossing.moved.at
    return [
        _Look(
            waste,
            Candidate(approval, line),
            (
                approval.decision == "approved",
                not crosses(approval.origin, form.consignor.site_region),
                names_waste(line, waste),
                line.receiver == form.receiver.uscc
                and not crosses(line.destination, form.receiver.site_region),
                line.purpose == waste.method,
                in_force(approval, at),
            ),
        )
        for approval in view.approvals(form.consignor.uscc)
        for line in approval.lines
        for waste in wastes
    ]


def _claimed(facts: Facts, view: RegistryView) -> Iterable[Condition]:
    """Return whether the document that the manifest claims is on record for this consignor."""
    claimed = facts.form.approval_no
    if claimed:
        known = [a.document for a in view.approvals(facts.form.consignor.uscc)]
        on_record = some(known)
        yield condition(
            ("联单所填审批文号在登记库中", "the document that the manifest claims is on record"),
            (claimed, claimed),
            on_record if known else ("该移出人无任何审批", "no approval of this consignor"),
            holds=claimed in known,
        )


def _approved(
    facts: Facts,
    crossing: Crossing,
    wastes: Sequence[WasteLine],
    looks: Sequence[_Look],
    holds: bool | None,
) -> Condition:
    form = facts.form
    documents = len({look.candidate.approval.id for look in looks})
    found = ("登记库中无该移出人的任何审批", "the registry holds no approval of this consignor")
    if looks:
        found = (
            f"查该移出人的 {documents} 份审批，无一项全部相符",
            f"none of the lines of {documents} approval{'' if documents == 1 else 's'} fits in all",
        )
    methods = list(dict.fromkeys(w.method for w in wastes))
    return condition(
        ("有对本次转移的跨省批准", "an approval for this transfer"),
        found,
        (
            f"移出人 {form.consignor.name}、接受人 {form.receiver.name}、{names(wastes)}、"
            f"{'、'.join(METHODS_ZH[m] for m in methods)}，{day_text(crossing.moved.at)} 有效",
            f"consignor {form.consignor.name}, receiver {form.receiver.name}, {codes(wastes)}, "
            f"{', '.join(methods)}, in force on {day_text(crossing.moved.at)}",
        ),
        holds=holds,
    )


_LISTED_AS = {
    "direct": ("简化审批（直接批准）", "a shorter approval (granted directly)"),
    "short_consult": ("简化审批（缩短商请）", "a shorter approval (short consultation)"),
}


def _listed(lines: Sequence[CrossingLine]) -> Iterable[Condition]:
    """Return what the white lists that name the waste grant."""
    entries = {entry.id: entry for line in lines for entry in line.listed}
    for entry in list(entries.values())[:MOST_SHOWN]:
        yield condition(
            ("名单免除跨省审批", "the list does away with the approval"),
            _LISTED_AS.get(entry.simplification, (entry.simplification, entry.simplification)),
            ("视同省内转移", "as inside the province"),
            holds=False,
            group=Group(
                f"白名单 {entry.list_id}",
                f"white list {entry.list_id}",
                f"whitelist_entry/{entry.id}",
            ),
        )


def _compared(
    facts: Facts, crossing: Crossing, look: _Look, *, several: bool
) -> Iterable[Condition]:
    """Return the six conditions of one approved line."""
    approval, line = look.candidate
    waste, form = look.waste, facts.form
    for_zh, for_en = (f"（对 {waste.code}）", f" (for {waste.code})") if several else ("", "")
    group = Group(
        f"审批 {approval.document} 第 {line.line} 项{for_zh}",
        f"approval {approval.document} line {line.line}{for_en}",
        f"transfer_approval/{approval.id}",
    )
    decision, origin, code, receiver, method, _ = look.fits
    refused = approval.decision != "approved"
    start, granted = province_name(form.consignor.site_region), province_name(approval.origin)
    end = province_name(form.receiver.site_region)
    named = f"{line.receiver_name or ''} {line.receiver}".strip()
    older = may_be_renumbered(look.candidate)
    edition_zh, edition_en = ("", "")
    if older:
        edition_zh, edition_en = (
            f"，{line.edition} 年版名录",
            f", catalogue of {line.edition}",
        )
    yield condition(
        ("决定为批准", "the decision is an approval"),
        ("不予批准", "refused") if refused else ("批准", "approved"),
        ("批准", "approved"),
        holds=decision,
        group=group,
    )
    yield condition(
        ("移出地相符", "origin matches"), (start, start), (granted, granted), holds=origin,
        group=group,
    )  # fmt: skip
    yield condition(
        ("废物相符", "waste matches"),
        (f"{waste.name}（{waste.code}）", f"{waste.name} ({waste.code})"),
        (f"{line.name}（{line.code}{edition_zh}）", f"{line.name} ({line.code}{edition_en})"),
        holds=None if older and not code else code,
        group=group,
    )
    yield condition(
        ("接受人及接受地相符", "receiver and its province match"),
        (
            f"{form.receiver.name} {form.receiver.uscc}，{end}",
            f"{form.receiver.name} {form.receiver.uscc}, {end}",
        ),
        (
            f"{named}，{province_name(line.destination)}",
            f"{named}, {province_name(line.destination)}",
        ),
        holds=receiver,
        group=group,
    )
    yield condition(
        ("利用处置方式相符", "method matches"),
        (METHODS_ZH[waste.method], waste.method),
        (METHODS_ZH[line.purpose], line.purpose),
        holds=method,
        group=group,
    )
    yield within_validity(approval, crossing.moved.at, ("起运", "dispatch"), group)
