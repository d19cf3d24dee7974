"""批准数量: what manifests draw from approval lines, and lines from which too much was drawn.

Basis: order 23 Arts 24-25: more than approved needs a new application. Reserved on dispatch,
settled at the accepted quantity, freed by void or refusal (domain 9).
"""

from collections.abc import Sequence
from datetime import datetime

from schemas.alert import Evidence
from schemas.quantity import tonnes_text
from streams.judging.facts import Facts
from streams.judging.law import basis
from streams.judging.limit import limit_key, limit_of
from streams.judging.outcome import Draw, DrawState, Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.crossing import approval_age, crossing_of
from streams.judging.rules.rule import LimitRule, not_applicable, record_evidence, says

__all__ = ["QUANTITY_EXCEEDED", "draws_of"]


def draws_of(facts: Facts, view: RegistryView) -> tuple[Draw, ...]:
    """Return what a manifest takes from approval lines: reserved on dispatch, settled on receipt.

    Lines of one limit are added up. A void or a refusal takes nothing (the caller releases it).
    """
    crossing = crossing_of(facts, view)
    if isinstance(crossing, str) or facts.refused or facts.voided is not None:
        return ()
    at = crossing.moved.at
    taken: dict[str, int] = {}
    for waste, _, valid, _ in crossing.standing("approved"):
        chosen = min(valid, key=lambda c: (c.line.name != waste.name, *approval_age(c)))
        limit = limit_key(chosen.approval.id, chosen.line.line)
        taken[limit] = taken.get(limit, 0) + facts.grams(waste)
    state: DrawState = "settled" if facts.received is not None else "reserved"
    return tuple(
        Draw(limit, facts.subject, at, grams, state) for limit, grams in sorted(taken.items())
    )


def _quantity_exceeded(
    rule: LimitRule, subject: str, draws: Sequence[Draw], view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    limit = limit_of(subject)
    if limit is None or limit.kind != "approval":
        return ()
    approval = view.approval(limit.record)
    line = (
        next((x for x in approval.lines if str(x.line) == limit.part), None) if approval else None
    )
    if approval is None or line is None:
        return not_applicable(rule, "total", "no_limit")
    counted = sorted((d for d in draws if d.state != "released"), key=_order)
    if not counted:
        return not_applicable(rule, "total", "nothing_drawn")
    total = sum(d.grams for d in counted)
    left = line.quantity_t - total
    of_zh = f"审批 {approval.document} 第 {line.line} 项（{line.name} {line.code}）"
    of_en = f"line {line.line} of approval {approval.document} ({line.code})"
    if left >= 0:
        said = (
            f"{of_zh}批准 {tonnes_text(line.quantity_t)} 吨，已用 {tonnes_text(total)} 吨",
            f"{of_en} allows {tonnes_text(line.quantity_t)} t, {tonnes_text(total)} t drawn",
        )
        return (says(rule, "passed", "total", "within", said, margin=f"{tonnes_text(left)} t"),)
    past, first_past = _past_the_cap(counted, line.quantity_t)
    said = (
        f"{of_zh}批准 {tonnes_text(line.quantity_t)} 吨，{len(counted)} 份联单累计转移 "
        f"{tonnes_text(total)} 吨，超出 {tonnes_text(-left)} 吨；自联单 {first_past.manifest} 起超出。",
        f"{of_en} allows {tonnes_text(line.quantity_t)} t; {len(counted)} manifests moved "
        f"{tonnes_text(total)} t, {tonnes_text(-left)} t too much, from manifest "
        f"{first_past.manifest} on.",
    )
    return (
        says(
            rule,
            "violated",
            "total",
            "exceeded",
            said,
            margin=f"-{tonnes_text(-left)} t",
            grams=-left,
            act_at=first_past.at,
            evidence=(
                record_evidence("transfer_approval", approval.id, of_zh, of_en),
                *(
                    Evidence(
                        "manifest",
                        d.manifest,
                        None,
                        f"{china_text(d.at)} 起运 {tonnes_text(d.grams)} 吨",
                        f"dispatched {china_text(d.at)}, {tonnes_text(d.grams)} t",
                    )
                    for d in past
                ),
            ),
            law=basis("unapproved_transfer", first_past.at),
        ),
    )


def _order(draw: Draw) -> tuple[datetime, str]:
    """Order by the minute, then by manifest number (domain 9)."""
    return draw.at.replace(second=0, microsecond=0), draw.manifest


def _past_the_cap(counted: Sequence[Draw], cap: int) -> tuple[list[Draw], Draw]:
    """Return the draws, in order, that end past the cap, and the first of them."""
    past, total = [], 0
    for draw in counted:
        total += draw.grams
        if total > cap:
            past.append(draw)
    return past, past[0]


QUANTITY_EXCEEDED = LimitRule(
    "cross_province.quantity_exceeded",
    1,
    "跨省转移超出批准数量",
    "more moved than approved",
    _quantity_exceeded,
)
