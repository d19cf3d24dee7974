"""批准数量与白名单年度上限: caps on what may cross provinces, and draws past them.

Basis: order 23 Arts 24-25: more than approved needs a new application; over a white list's quantity
the destination must be consulted first (domain 3.1). An approval's lines of one code that names do
not tell apart are pooled, and only an officer can say which line was exceeded (domain 8.2).
"""

from collections.abc import Sequence
from datetime import datetime

from schemas.alert import LegalBasis
from schemas.registry import TransferApproval
from streams.judging.law import basis
from streams.judging.limit import Limit, limit_of
from streams.judging.outcome import Draw, Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules.cap import Cap, exceeded, excess_of, within
from streams.judging.rules.rule import LimitRule, not_applicable, record_evidence

__all__ = ["CAP_EXCEEDED", "QUANTITY_EXCEEDED"]

_POOLED = (
    "该审批有多项同一代码，联单名称无法对应到某一项，按各项之和计，须人工核查。",
    " Several approved lines have this code and names do not tell them apart; counted against"
    " their sum: to be checked.",
)


def _quantity_exceeded(
    rule: LimitRule, subject: str, draws: Sequence[Draw], view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    limit = limit_of(subject)
    if limit is None or limit.kind not in ("approval", "pool"):
        return ()
    approval = view.approval(limit.record)
    cap = _approved(approval, limit) if approval is not None else None
    if cap is None:
        return not_applicable(rule, "total", "no_limit")
    excess = excess_of(draws, cap.grams)
    if excess is None:
        return within(rule, draws, cap, _law)
    law = _law(excess.at)
    if limit.kind == "pool":
        return exceeded(rule, cap, excess, law, state="needs_review", reason="pooled", note=_POOLED)
    return exceeded(rule, cap, excess, law)


def _approved(approval: TransferApproval, limit: Limit) -> Cap | None:
    """Return what one line approves, or all lines of a code together."""
    lines = [x for x in approval.lines if limit.part in (str(x.line), x.code)]
    if not lines:
        return None
    numbers = "、".join(str(x.line) for x in lines)
    of_zh = f"审批 {approval.document} 第 {numbers} 项（{lines[0].name} {lines[0].code}）批准"
    of_en = (
        f"line {', '.join(str(x.line) for x in lines)} of approval {approval.document} "
        f"({lines[0].code}) allows"
    )
    record = record_evidence("transfer_approval", approval.id, of_zh, of_en)
    return Cap(sum(x.quantity_t for x in lines), of_zh, of_en, record)


def _cap_exceeded(
    rule: LimitRule, subject: str, draws: Sequence[Draw], view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    limit = limit_of(subject)
    if limit is None or limit.kind != "whitelist":
        return ()
    entry = view.whitelist_entry(limit.record)
    if entry is None or entry.annual_cap_t is None:
        return not_applicable(rule, "total", "no_limit")
    of_zh = f"白名单 {entry.list_id}（{entry.receiver_name or entry.receiver}）{limit.part} 年上限"
    of_en = (
        f"white list {entry.list_id} ({entry.receiver_name or entry.receiver}) caps {limit.part} at"
    )
    record = record_evidence("whitelist_entry", entry.id, of_zh, of_en)
    cap = Cap(entry.annual_cap_t, of_zh, of_en, record)
    excess = excess_of(draws, cap.grams)
    if excess is None:
        return within(rule, draws, cap, _law)
    return exceeded(rule, cap, excess, _law(excess.at))


def _law(at: datetime) -> tuple[LegalBasis, ...]:
    return basis("unapproved_transfer", at)


QUANTITY_EXCEEDED = LimitRule(
    "cross_province.quantity_exceeded",
    1,
    "跨省转移超出批准数量",
    "more moved than approved",
    _quantity_exceeded,
)
CAP_EXCEEDED = LimitRule(
    "whitelist.cap_exceeded",
    1,
    "超出白名单年度数量",
    "white list's yearly quantity exceeded",
    _cap_exceeded,
)
