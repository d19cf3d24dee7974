"""经营许可证: a receiver without a licence, or with a suspended one.

Basis: Code Art 534 (固废法 Art 80), penalties 1175, 1178 (112, 114). Exempted and virtual register
entries are asked first. A suspended licence is still held: only ``licence.suspended`` speaks of it.
"""

from collections.abc import Sequence
from datetime import date, datetime

from schemas.instant import china_day
from schemas.registry import Licence
from streams.judging.facts import Facts
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.amount import shipped
from streams.judging.rules.explained import suspension_explained, unlicensed_explained
from streams.judging.rules.licensing import (
    acts,
    all_covered,
    evidence_of,
    in_force_at,
    instants_of,
    licence_evidence,
    lines_needing_licence,
    name_en,
    name_zh,
    suspension_at,
)
from streams.judging.rules.rule import ManifestRule, days_left, not_applicable, says
from streams.judging.rules.transfer import TAKING_OVER, codes, names, receiver_of

__all__ = ["RECEIVER_UNLICENSED", "SUSPENDED"]


def _unlicensed(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    lines, who = lines_needing_licence(facts, view), receiver_of(facts)
    if isinstance(lines, str):
        return not_applicable(rule, who, lines)
    form = facts.form
    instants = instants_of(facts, "operate_unlicensed")
    bare = [i for i in instants if not view.licences_in_force(form.receiver.uscc, i.fact.at)]
    if not bare:
        last = instants[-1].fact.at
        valid = view.licences_in_force(form.receiver.uscc, last)
        lasting = min(valid, key=lambda x: (_order(x), -(x.valid_to or date.max).toordinal(), x.id))
        left = days_left(lasting.valid_to, last)
        said = (f"接受人持有{name_zh(lasting)}", f"the receiver holds {name_en(lasting)}")
        kind = lasting.register_type
        why = f"{kind}_register" if kind in ("exempted", "virtual") else "licensed"
        margin = None if left is None else f"{left} d"
        return (says(rule, "passed", who, why, said, margin=margin),)
    amount = shipped(facts, lines)
    held = view.licences(form.receiver.uscc)
    first = bare[0]
    past = [x for x in held if x.valid_to is not None and x.valid_to < china_day(first.fact.at)]
    ended = max(past, key=lambda x: (x.valid_to, x.id), default=None)
    margin = None
    if ended is not None:
        margin = f"{days_left(ended.valid_to, first.fact.at)} d"
        why_zh = f"其许可证 {ended.number} 已于 {ended.valid_to} 到期"
        why_en = f"its licence {ended.number} had ended on {ended.valid_to}"
    elif held:
        why_zh, why_en = "其许可证当时尚未生效", "its licence was not yet valid"
    else:
        why_zh, why_en = "登记库中无其任何许可证或豁免登记", "the registry holds no licence of it"
    when_zh = "、".join(f"{i.zh}（{china_text(i.fact.at)}）" for i in bare)
    when_en = ", ".join(f"{i.en} ({china_text(i.fact.at)})" for i in bare)
    said = (
        f"{form.consignor.name}将{names(lines)}共 {amount.zh}交由{form.receiver.name}，"
        f"{when_zh}时该单位无有效危险废物经营许可证：{why_zh}。",
        f"{form.consignor.name} gave {amount.en} of {codes(lines)} to "
        f"{form.receiver.name}, which had no licence in force at {when_en}: {why_en}.",
    )
    return (
        says(
            rule,
            "violated",
            who,
            "expired" if ended is not None else "not_yet_valid" if held else "none",
            said,
            margin=margin,
            amount=amount,
            act_at=first.fact.at,
            evidence=(
                *evidence_of(facts, bare),
                *(licence_evidence(x) for x in ([ended] if ended is not None else held)),
            ),
            law=acts(bare, lines),
            **unlicensed_explained(facts, view, lines, held, instants)._asdict(),
        ),
    )


def _order(licence: Licence) -> int:
    """Exempted and virtual register entries are asked first (domain 8.3)."""
    return 0 if licence.register_type in ("exempted", "virtual") else 1


def _never_suspended(
    _rule: ManifestRule, facts: Facts, view: RegistryView, _now: datetime | None
) -> bool:
    return not any(x.suspensions for x in view.licences(facts.form.receiver.uscc))


def _suspended(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    """Say something only of receivers one of whose licences was ever suspended."""
    lines = lines_needing_licence(facts, view)
    if isinstance(lines, str):
        return ()
    form, who = facts.form, receiver_of(facts)
    held = view.licences(form.receiver.uscc)
    if not any(licence.suspensions for licence in held):
        return ()
    bare = []
    shown: dict[str, Licence] = {}
    instants = instants_of(facts, "operate_off_licence")
    for instant in instants:
        valid = in_force_at(held, instant.fact.at)
        if valid and all(suspension_at(x, instant.fact.at) for x in valid):
            bare.append(instant)
            shown |= {x.id: x for x in valid}
    if not bare:
        said = ("起运和接受时许可证未被暂扣", "no suspension at dispatch or taking over")
        return (says(rule, "passed", who, "not_suspended", said),)
    amount = shipped(facts, lines)
    first = bare[0].fact.at
    stops = [(x, s) for x in shown.values() if (s := suspension_at(x, first)) is not None]
    why_zh = "；".join(
        f"{name_zh(x)} 自 {s.valid_from} 至 {s.valid_to or '另行通知'}（{s.document or '文号未录入'}）"
        for x, s in stops
    )
    why_en = "; ".join(
        f"{name_en(x)} from {s.valid_from} to {s.valid_to or 'further notice'}" for x, s in stops
    )
    when_zh = "、".join(f"{i.zh}（{china_text(i.fact.at)}）" for i in bare)
    when_en = ", ".join(f"{i.en} ({china_text(i.fact.at)})" for i in bare)
    said = (
        f"{form.consignor.name}将{names(lines)}共 {amount.zh}交由{form.receiver.name}，"
        f"{when_zh}时其许可证处于暂扣期：{why_zh}。",
        f"{form.consignor.name} gave {amount.en} of {codes(lines)} to "
        f"{form.receiver.name}, whose licence was suspended at {when_en}: {why_en}.",
    )
    return (
        says(
            rule,
            "violated",
            who,
            "suspended",
            said,
            amount=amount,
            act_at=first,
            evidence=(
                *evidence_of(facts, bare),
                *(licence_evidence(x) for _, x in sorted(shown.items())),
            ),
            law=acts(bare, lines),
            **suspension_explained(facts, view, lines, held, instants)._asdict(),
        ),
    )


RECEIVER_UNLICENSED = ManifestRule(
    "licence.receiver_unlicensed",
    1,
    "接受人无危险废物经营许可证",
    "receiver without a licence",
    _unlicensed,
    reads=TAKING_OVER,
    quiet=all_covered,
)
SUSPENDED = ManifestRule(
    "licence.suspended",
    1,
    "接受人许可证处于暂扣期",
    "receiver's licence suspended",
    _suspended,
    reads=TAKING_OVER,
    quiet=_never_suspended,
)
