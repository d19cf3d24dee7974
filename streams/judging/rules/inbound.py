"""限入: waste that the receiving province, or a part of it, lets nobody bring in.

Basis: provincial rules (domain 3.2); the record names its document. The instant is the dispatch. A
ban that began after an approval was decided does not undo it by itself: *needs review*, both shown
(domain 9). Nothing is said where no ban of the province in force names the waste. A manifest has no
content of anything, so a ban of what has less than some is *needs review*.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.alert import Evidence, LegalBasis
from schemas.region import province_of, region_name
from schemas.registry import InboundBan
from streams.judging.facts import Facts
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.amount import shipped
from streams.judging.rules.cross_province import approval_evidence, load_evidence
from streams.judging.rules.crossing import Candidate, CrossingLine, needing_approval
from streams.judging.rules.explained import ban_explained
from streams.judging.rules.rule import ManifestRule, record_evidence, says
from streams.judging.rules.transfer import TRANSFER, codes, crosses, names, receiver_of

__all__ = ["INBOUND_BANNED"]


class _Banned(NamedTuple):
    """A line under a ban; why an officer must look first, if so."""

    line: CrossingLine
    ban: InboundBan
    doubt: str | None
    earlier: tuple[Candidate, ...] = ()
    """Approvals in force that were decided before the ban began."""


def _inbound(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    crossing = needing_approval(facts, view)
    if isinstance(crossing, str):
        return ()
    form, at, who = facts.form, crossing.moved.at, receiver_of(facts)
    region = form.receiver.site_region
    named = [(line, view.bans(region, line.waste.code, at)) for line in crossing.lines]
    if not any(bans for _, bans in named):
        return ()
    there = [(line, [b for b in bans if _lies_in(region, b)]) for line, bans in named]
    banned = [found for line, bans in there if (found := _banned(line, bans)) is not None]
    if not banned:
        said = ("接受地对该废物无限入规定", "no ban of the destination covers this waste")
        return (says(rule, "passed", who, "not_banned", said),)
    plain = [b for b in banned if b.doubt is None]
    shown = plain or banned
    doubt = None if plain else shown[0].doubt
    wastes = [b.line.waste for b in shown]
    amount = shipped(facts, wastes)
    ban = shown[0].ban
    where, since = region_name(ban.destination), f"{ban.valid_from}至{ban.valid_to or '长期'}"
    note_zh, note_en = _DOUBTS.get(doubt or "", ("", ""))
    letters = {c.approval.id: c for b in shown for c in b.earlier}
    records = {b.ban.id: b.ban for b in shown}
    said = (
        f"{china_text(at)}，{form.consignor.name}将{names(wastes)}共 {amount.zh}起运至"
        f"{form.receiver.name}；{where}限制该类危险废物移入（{_document(ban)}，{since}）。{note_zh}",
        f"{form.consignor.name} sent {amount.en} of {codes(wastes)} to "
        f"{form.receiver.name} on {china_text(at)} (China time); {where} lets no such waste in "
        f"({_document(ban)}, {ban.valid_from} to {ban.valid_to or 'open'}).{note_en}",
    )
    return (
        says(
            rule,
            "needs_review" if doubt else "violated",
            who,
            doubt or "banned",
            said,
            amount=amount,
            act_at=at,
            evidence=(
                *load_evidence(facts, crossing),
                *(_evidence(b) for _, b in sorted(records.items())),
                *(approval_evidence(c) for _, c in sorted(letters.items())),
            ),
            law=tuple(_law(b) for _, b in sorted(records.items())),
            **ban_explained(facts, view, crossing, shown)._asdict(),
        ),
    )


def _let_in(_rule: ManifestRule, facts: Facts, view: RegistryView, _now: datetime | None) -> bool:
    """Whether the load stays in its province, or no ban there names its waste."""
    form, moved = facts.form, facts.moved
    if not crosses(form.consignor.site_region, form.receiver.site_region):
        return True
    region = form.receiver.site_region
    return moved is not None and not any(
        view.bans(region, w.code, moved.at) for w in facts.hazardous
    )


_DOUBTS = {
    "form_unknown": (
        "限入只针对特定形态，联单未填写形态，须人工核查。",
        " The ban names forms of waste and the manifest names none: to be checked.",
    ),
    "content_unknown": (
        "限入只针对低于最低含量的废物，联单不填含量，须人工核查。",
        " The ban is of waste with less than some content, which no manifest tells: to be checked.",
    ),
    "approved_before_ban": (
        "移入前已有在该限入生效前作出的有效批准，须人工核查。",
        " An approval in force was decided before the ban began: to be checked.",
    ),
}


def _lies_in(region: str, ban: InboundBan) -> bool:
    """Whether a site lies in the ban's province, or its city or county if it names one."""
    if ban.destination.endswith("0000"):
        return province_of(region) == province_of(ban.destination)
    part = ban.destination[:4] if ban.destination.endswith("00") else ban.destination
    return region.startswith(part)


def _banned(line: CrossingLine, bans: Sequence[InboundBan]) -> _Banned | None:
    """Return the ban that bears on a line: a plain one first, then by id."""
    found = [ban for ban in (_under(line, ban) for ban in bans) if ban is not None]
    return min(found, key=lambda b: (b.doubt is not None, b.ban.id), default=None)


def _under(line: CrossingLine, ban: InboundBan) -> _Banned | None:
    waste = line.waste
    if ban.purposes and waste.method not in ban.purposes:
        return None
    if ban.forms and waste.form is not None and waste.form not in ban.forms:
        return None
    letters = line.candidates if line.standing == "approved" else ()
    earlier = tuple(c for c in letters if c.approval.decided_on < ban.valid_from)
    if earlier:
        return _Banned(line, ban, "approved_before_ban", earlier)
    if ban.forms and waste.form is None:
        return _Banned(line, ban, "form_unknown")
    return _Banned(line, ban, None if ban.least_content is None else "content_unknown")


def _document(ban: InboundBan) -> str:
    return ban.source_doc or ban.id


def _evidence(ban: InboundBan) -> Evidence:
    span_zh = f"{ban.valid_from}至{ban.valid_to or '长期'}"
    span_en = f"{ban.valid_from} to {ban.valid_to or 'open'}"
    return record_evidence(
        "inbound_ban",
        ban.id,
        f"限入：{_document(ban)}，{span_zh}",
        f"ban: {_document(ban)}, {span_en}",
    )


def _law(ban: InboundBan) -> LegalBasis:
    return LegalBasis(
        ban.source_doc or "接受地限制移入危险废物的规定",
        ban.id,
        "接受地限制该类危险废物移入",
        "the destination lets no such waste in",
        party="consignor",
    )


INBOUND_BANNED = ManifestRule(
    "inbound.banned",
    1,
    "违反接受地限入规定",
    "waste banned by the destination",
    _inbound,
    reads=TRANSFER,
    quiet=_let_in,
)
