"""审批不符: an approval in force names another method, receiver or waste; a white list is no approval.

Basis: as ``cross_province``; order 23 Art 25: another waste, method or receiver needs a new
application. A white list only shortens the approval (domain 3). These rules speak only where they
find something; ``cross_province.no_approval`` says why all is well.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.alert import Evidence
from schemas.region import province_name
from streams.judging.facts import Facts
from streams.judging.law import basis
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.amount import shipped
from streams.judging.rules.cross_province import approval_evidence, load_evidence
from streams.judging.rules.crossing import (
    Candidate,
    CrossingLine,
    Standing,
    all_approved,
    approval_age,
    may_be_renumbered,
    needing_approval,
)
from streams.judging.rules.explained import approval_explained
from streams.judging.rules.rule import ManifestRule, record_evidence, says
from streams.judging.rules.transfer import METHODS_ZH, TRANSFER, codes, names, receiver_of

__all__ = ["WHITELIST_NOT_APPROVAL", "WRONG_CODE", "WRONG_METHOD", "WRONG_RECEIVER"]


class _Mismatch(NamedTuple):
    """What is wrong, told by what was approved or listed."""

    standing: Standing
    rule: str
    title_zh: str
    title_en: str


def _approved_zh(standing: Standing, candidate: Candidate) -> str:
    line = candidate.line
    match standing:
        case "wrong_method":
            return f"批准的方式为{METHODS_ZH[line.purpose]}"
        case "wrong_receiver":
            return f"批准的接受人为{line.receiver_name or line.receiver}"
        case _:
            return f"批准的废物为{line.name}（{line.code}）"


def _approved_en(standing: Standing, candidate: Candidate) -> str:
    line = candidate.line
    match standing:
        case "wrong_method":
            return f"approves {line.purpose}"
        case "wrong_receiver":
            return f"approves receiver {line.receiver_name or line.receiver}"
        case _:
            return f"approves {line.code}"


def _rule(mismatch: _Mismatch) -> ManifestRule:
    def judge(
        rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
    ) -> Sequence[Outcome]:
        crossing = needing_approval(facts, view)
        if isinstance(crossing, str):
            return ()
        lines = crossing.standing(mismatch.standing)
        if not lines:
            return ()
        told = _told(mismatch.standing, lines)
        wastes = [line.waste for line in lines]
        amount = shipped(facts, wastes)
        form, at = facts.form, crossing.moved.at
        methods = {METHODS_ZH[waste.method]: waste.method for waste in wastes}
        doubtful = mismatch.standing == "wrong_code" and all(
            may_be_renumbered(c) for line in lines for c in line.candidates
        )
        zh = (
            f"{china_text(at)}，{form.consignor.name}将{names(wastes)}共 {amount.zh}"
            f"（{'、'.join(methods)}）跨省起运至{province_name(form.receiver.site_region)}"
            f"{form.receiver.name}，{told.zh}。"
        )
        en = (
            f"{form.consignor.name} sent {amount.en} of {codes(wastes)} "
            f"({', '.join(methods.values())}) across provinces to {form.receiver.name} on "
            f"{china_text(at)} (China time); {told.en}."
        )
        if doubtful:
            zh += "审批引用旧版名录，代码可能已变更，须人工核对。"
            en += (
                " The approval cites an older catalogue, the code may have changed: to be checked."
            )
        return (
            says(
                rule,
                "needs_review" if doubtful else "violated",
                receiver_of(facts),
                "older_catalogue" if doubtful else mismatch.standing,
                (zh, en),
                amount=amount,
                act_at=at,
                evidence=(*load_evidence(facts, crossing), *told.evidence),
                law=basis("unapproved_transfer", at),
                **approval_explained(facts, view, crossing, lines, told.candidates)._asdict(),
            ),
        )

    return ManifestRule(
        mismatch.rule,
        1,
        mismatch.title_zh,
        mismatch.title_en,
        judge,
        reads=TRANSFER,
        quiet=all_approved,
    )


class _Told(NamedTuple):
    zh: str
    en: str
    evidence: tuple[Evidence, ...]
    candidates: tuple[Candidate, ...] = ()


def _told(standing: Standing, lines: Sequence[CrossingLine]) -> _Told:
    """Return what the registry holds instead: the nearest approved line, or the list's entry."""
    if standing == "whitelist_not_approval":
        entries = {line.listed[0].id: line.listed[0] for line in lines}
        lists = sorted({entry.list_id for entry in entries.values()})
        return _Told(
            f"接受人在白名单（{'、'.join(lists)}）内，但白名单不等于批准，查无移出地的跨省转移批准",
            f"the receiver is on a white list ({', '.join(lists)}), which is no approval; "
            "the origin province approved nothing",
            tuple(
                record_evidence(
                    "whitelist_entry", e.id, f"{e.list_id} 白名单", f"white list {e.list_id}"
                )
                for e in entries.values()
            ),
        )
    nearest = {c.approval.id: c for c in (min(x.candidates, key=approval_age) for x in lines)}
    shown = [nearest[key] for key in sorted(nearest)]
    return _Told(
        "；".join(f"审批 {c.approval.document} {_approved_zh(standing, c)}" for c in shown),
        "; ".join(f"approval {c.approval.document} {_approved_en(standing, c)}" for c in shown),
        tuple(approval_evidence(c) for c in shown),
        tuple(shown),
    )


WRONG_METHOD = _rule(
    _Mismatch(
        "wrong_method",
        "cross_province.wrong_method",
        "处置利用方式与跨省审批不符",
        "method differs from the approval",
    )
)
WRONG_RECEIVER = _rule(
    _Mismatch(
        "wrong_receiver",
        "cross_province.wrong_receiver",
        "接受人与跨省审批不符",
        "receiver differs from the approval",
    )
)
WRONG_CODE = _rule(
    _Mismatch(
        "wrong_code",
        "cross_province.wrong_code",
        "废物代码与跨省审批不符",
        "waste code differs from the approval",
    )
)
WHITELIST_NOT_APPROVAL = _rule(
    _Mismatch(
        "whitelist_not_approval",
        "cross_province.whitelist_not_approval",
        "以白名单代替跨省转移审批",
        "white list taken for an approval",
    )
)
