"""批准数量与白名单年度上限: caps on what may cross provinces, and draws past them.

Basis: order 23 Arts 24-25: more than approved needs a new application; over a white list's quantity
the destination must be consulted first (domain 3.1). An approval's lines of one code that names do
not tell apart are pooled, and only an officer can say which line was exceeded (domain 8.2).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from schemas.alert import LegalBasis
from schemas.quantity import tonnes_text
from schemas.region import province_name
from schemas.registry import TransferApproval, WhitelistEntry
from streams.judging.explanation import Condition, Cure
from streams.judging.law import basis
from streams.judging.limit import Limit, limit_of
from streams.judging.outcome import Draw, Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.cap import Cap, exceeded, excess_of, within
from streams.judging.rules.explained import Passed
from streams.judging.rules.explained.wording import authority, condition, some
from streams.judging.rules.rule import LimitRule, not_applicable, record_evidence

__all__ = ["CAP_EXCEEDED", "QUANTITY_EXCEEDED", "approved_cap", "listed_cap"]

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
    cap = approved_cap(limit, view)
    if cap is None:
        return not_applicable(rule, "total", "no_limit")
    excess = excess_of(draws, cap.grams)
    if excess is None:
        return within(rule, draws, cap, _law)
    law = _law(excess.at)
    if limit.kind == "pool":
        return exceeded(rule, cap, excess, law, state="needs_review", reason="pooled", note=_POOLED)
    return exceeded(rule, cap, excess, law)


def approved_cap(limit: Limit, view: RegistryView) -> Cap | None:
    """Return what one line approves, or all lines of a code together; None: nothing."""
    approval = view.approval(limit.record)
    if approval is None:
        return None
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
    pooled = limit.kind == "pool"

    def cures(passed: Passed) -> Iterable[Cure]:
        if pooled:
            yield _TOLD_APART
        yield _more_approved(approval, lines[0].code, passed)

    name = (
        f"审批 {approval.document} 第 {numbers} 项（{lines[0].code}）批准数量",
        f"the quantity approved in line {', '.join(str(x.line) for x in lines)} of approval "
        f"{approval.document} ({lines[0].code})",
    )
    notes = (_not_told_apart([x.name for x in lines]),) if pooled else ()
    return Cap(sum(x.quantity_t for x in lines), of_zh, of_en, record, name, cures, notes=notes)


def _not_told_apart(approved: Sequence[str]) -> Condition:
    return condition(
        ("联单废物名称可对应到审批的某一项", "names tell which approved line a manifest draws on"),
        ("无法对应", "they do not"),
        some(approved),
        holds=None,
    )


_TOLD_APART = Cure(
    zh="若各联单的废物名称更正为审批所列名称，则分别计入各项，按各项批准数量研判。",
    en="Once manifests are corrected to the names that the approval lists, each counts against its own "
    "line.",
    party="consignor",
    kind="liandan.manifest.corrected.v1",
)


def _more_approved(approval: TransferApproval, code: str, passed: Passed) -> Cure:
    who_zh, who_en = authority(approval.origin)
    over, when = tonnes_text(passed.over), china_text(passed.at)
    return Cure(
        zh=f"若{who_zh}在 {when} 前依重新申请另行批准 {code} 至少 {over} 吨（有效期含该日），则本项合法。",
        en=f"Had {who_en} approved at least {over} t more of {code}, on a new application, before "
        f"{when} (China time), this would be legal.",
        party="consignor",
        kind="transfer_approval",
    )


def _consulted(entry: WhitelistEntry, passed: Passed) -> Iterable[Cure]:
    over, when = tonnes_text(passed.over), china_text(passed.at)
    place = province_name(entry.destination)
    yield Cure(
        zh=f"若在 {when} 前就超出的 {over} 吨先征得{place}生态环境主管部门同意、名单年度上限相应提高并录入，"
        "则本项合法。",
        en=f"Had the authority of {place} been consulted on the {over} t too much before {when} (China "
        "time), and the list's yearly quantity been raised and recorded, this would be legal.",
        party="consignor",
        kind="whitelist_entry",
    )


def _cap_exceeded(
    rule: LimitRule, subject: str, draws: Sequence[Draw], view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    limit = limit_of(subject)
    if limit is None or limit.kind != "whitelist":
        return ()
    cap = listed_cap(limit, view)
    if cap is None:
        return not_applicable(rule, "total", "no_limit")
    excess = excess_of(draws, cap.grams)
    if excess is None:
        return within(rule, draws, cap, _law)
    return exceeded(rule, cap, excess, _law(excess.at))


def listed_cap(limit: Limit, view: RegistryView) -> Cap | None:
    """Return a white-list entry's cap of the year; None: it has none."""
    entry = view.whitelist_entry(limit.record)
    if entry is None or entry.annual_cap_t is None:
        return None
    of_zh = f"白名单 {entry.list_id}（{entry.receiver_name or entry.receiver}）{limit.part} 年上限"
    of_en = (
        f"white list {entry.list_id} ({entry.receiver_name or entry.receiver}) caps {limit.part} at"
    )
    record = record_evidence("whitelist_entry", entry.id, of_zh, of_en)
    name = of_zh, f"the {limit.part} cap of white list {entry.list_id}"
    return Cap(entry.annual_cap_t, of_zh, of_en, record, name, partial(_consulted, entry))


def _law(at: datetime) -> tuple[LegalBasis, ...]:
    return basis("unapproved_transfer", at)


QUANTITY_EXCEEDED = LimitRule(
    "cross_province.quantity_exceeded",
    1,
    "跨省转移超出批准数量",
    "more moved than approved",
    _quantity_exceeded,
    frozenset(("approval", "pool")),
)
CAP_EXCEEDED = LimitRule(
    "whitelist.cap_exceeded",
    1,
    "超出白名单年度数量",
    "white list's yearly quantity exceeded",
    _cap_exceeded,
    frozenset(("whitelist",)),
)
