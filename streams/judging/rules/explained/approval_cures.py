"""What would have made a transfer across provinces legal: an approval, or what was approved."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.instant import china_day
from schemas.region import province_name
from streams.judging.explanation import Cure
from streams.judging.facts import Facts
from streams.judging.outcome import china_text
from streams.judging.rules.crossing import Candidate, Crossing, CrossingLine
from streams.judging.rules.explained.wording import authority, day_text
from streams.judging.rules.transfer import METHODS_ZH, codes, names

__all__ = ["approval_cures"]

_MOST_TOLD = 3
"""Nearest approvals that a cure is told of."""
_APPROVAL = "transfer_approval"


def approval_cures(
    facts: Facts,
    crossing: Crossing,
    lines: Sequence[CrossingLine],
    near: Sequence[Candidate],
    *,
    doubtful: bool,
) -> tuple[Cure, ...]:
    """Return what would have made lines legal that all stand alike; ``near``: approved instead."""
    standing, at = lines[0].standing, crossing.moved.at
    told = list({(c.approval.id, c.line.line): c for c in near}.values())[:_MOST_TOLD]
    cures = [cure for c in told for cure in _as_approved(facts, lines, c, at, doubtful)]
    cures.append(_approved(facts, lines, at))
    if standing == "whitelist_not_approval":
        cures.append(_as_intra(lines))
    cures.append(_on_record(facts))
    return tuple(cures)


def _as_approved(
    facts: Facts,
    lines: Sequence[CrossingLine],
    candidate: Candidate,
    at: datetime,
    doubtful: bool,
) -> Iterable[Cure]:
    """Return how the load would have fitted an approval that is there."""
    approval, line = candidate
    standing = lines[0].standing
    also_zh = also_en = ""
    if any(x.waste.method != line.purpose for x in lines if candidate in x.candidates):
        also_zh = f"、方式为批准的{METHODS_ZH[line.purpose]}"
        also_en = f" for {line.purpose}, as approved,"
    document = f"{approval.document} 第 {line.line} 项"
    document_en = f"{approval.document} line {line.line}"
    match standing:
        case "not_in_force" if approval.valid_from > china_day(at):
            yield _cure(
                f"若在 {approval.valid_from} 或之后起运，则在审批 {document} 的有效期内，本项合法。",
                f"Dispatched on or after {approval.valid_from}, this would be within approval "
                f"{document_en}, and legal.",
            )
        case "not_in_force":
            yield _cure(
                f"若在 {approval.valid_to} 当日或之前起运，则在审批 {document} 的有效期内，本项合法。",
                f"Dispatched on or before {approval.valid_to}, this would be within approval "
                f"{document_en}, and legal.",
            )
        case "wrong_method":
            yield _cure(
                f"若{facts.form.receiver.name}按审批 {document} 批准的方式"
                f"（{METHODS_ZH[line.purpose]}）接收，则本项合法。",
                f"Taken by {facts.form.receiver.name} for {line.purpose}, as approval "
                f"{document_en} says, this would be legal.",
            )
        case "wrong_receiver":
            name = line.receiver_name or line.receiver
            place = province_name(line.destination)
            yield _cure(
                f"若交由审批 {document} 批准的接受人 {name}（{place}）{also_zh}，则本项合法。",
                f"Sent{also_en} to {name} ({place}), the receiver of approval {document_en}, this "
                "would be legal.",
            )
        case "wrong_code" if doubtful:
            yield Cure(
                zh=f"若审批 {document} 所列{line.name}（{line.code}，{line.edition} 年版名录）在现行名录中"
                "即为联单所填代码，由审批机关确认并按现行名录补录该项后，本项不成立。",
                en=f"If {line.code} of approval {document_en} (catalogue of {line.edition}) is the "
                "manifest's code in the catalogue now in force, and its issuer confirms it and has "
                "the line recorded so, this does not stand.",
                party="authority",
                kind=_APPROVAL,
            )
        case "wrong_code":
            yield Cure(
                zh=f"若所运废物实为审批 {document} 批准的{line.name}（{line.code}），"
                f"移出人在运抵前更正联单代码{also_zh}，则本项合法。",
                en=f"If the waste is in truth the {line.code} of approval {document_en} and the "
                f"consignor corrects the code before arrival{also_en.rstrip(',')}, this is legal.",
                party="consignor",
                kind="liandan.manifest.corrected.v1",
            )
        case _:
            pass


def _cure(zh: str, en: str) -> Cure:
    return Cure(zh=zh, en=en, party="consignor")


def _approved(facts: Facts, lines: Sequence[CrossingLine], at: datetime) -> Cure:
    form, wastes = facts.form, [line.waste for line in lines]
    who_zh, who_en = authority(form.consignor.site_region)
    methods = list(dict.fromkeys(w.method for w in wastes))
    when = china_text(at)
    return Cure(
        zh=f"若{who_zh}在 {when} 前批准{form.consignor.name}将{names(wastes)}转移至"
        f"{province_name(form.receiver.site_region)}{form.receiver.name}"
        f"{'、'.join(METHODS_ZH[m] for m in methods)}，且有效期含 {day_text(at)}，则本项合法。",
        en=f"Had {who_en} approved before {when} (China time) that {form.consignor.name} sends "
        f"{codes(wastes)} to {form.receiver.name} in {province_name(form.receiver.site_region)} for "
        f"{', '.join(methods)}, in force on {day_text(at)}, this would be legal.",
        party="consignor",
        kind=_APPROVAL,
    )


def _as_intra(lines: Sequence[CrossingLine]) -> Cure:
    lists = "、".join(sorted({line.listed[0].list_id for line in lines}))
    return Cure(
        zh=f"若两地已约定白名单 {lists} 内的转移视同省内转移，登记部门据此更正名单后，无须跨省审批。",
        en=f"If both provinces had agreed that transfers on white list {lists} count as inside the "
        "province, and the list is recorded so, no approval is needed.",
        party="authority",
        kind="whitelist_entry",
    )


def _on_record(facts: Facts) -> Cure:
    """Return what to do where the approval was there and only its record is missing."""
    claim_zh = claim_en = ""
    if facts.form.approval_no:
        claim_zh = f"（联单所填文号：{facts.form.approval_no}）"
        claim_en = f" (the manifest claims {facts.form.approval_no})"
    return Cure(
        zh=f"若这样的批准{claim_zh}起运前已经作出、只是未录入登记库，补录后本告警附理由撤回。",
        en=f"If such an approval{claim_en} was given before dispatch and only its record is missing, "
        "this alert is withdrawn with the reason once it is recorded.",
        party="authority",
        kind=_APPROVAL,
    )
