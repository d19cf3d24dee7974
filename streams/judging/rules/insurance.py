"""环境污染责任保险: a carrier or receiver whose liability insurance on record had ended, or not begun.

Basis: Code Art 484: who collects, carries, uses or disposes of hazardous waste is insured; nothing of
the kind was compulsory before 2026-08-15. A carrier's moment is the loading, a receiver's the taking
over. Only units of which a policy is on record are judged, and an officer looks first: a policy that
is not in this registry may well be held.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from schemas.alert import LegalBasis
from schemas.instant import china_day
from schemas.manifest import WasteLine
from schemas.registry import Insurance
from streams.judging.explanation import Condition, Cure
from streams.judging.facts import Fact, Facts
from streams.judging.law import CODE_IN_FORCE, code
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.amount import shipped
from streams.judging.rules.carrier import legs_of
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import (
    MOST_SHOWN,
    Group,
    condition,
    day_text,
    left_out,
    within_validity,
)
from streams.judging.rules.licensing import lines_needing_licence
from streams.judging.rules.loading import loadings
from streams.judging.rules.rule import (
    ManifestRule,
    Said,
    days_left,
    event_evidence,
    not_applicable,
    record_evidence,
    says,
)
from streams.judging.rules.transfer import LOADING, codes, names, nothing_to_judge

__all__ = ["INSURANCE_LAPSED", "INSURANCE_LAW"]

_Role = Literal["carrier", "receiver"]


def _law(role: _Role) -> tuple[LegalBasis, ...]:
    return (
        code(
            "第四百八十四条",
            "收集、运输、利用、处置危险废物的单位应当投保环境污染责任保险",
            "who collects, carries, uses or disposes of hazardous waste is insured against liability",
            role,
        ),
    )


INSURANCE_LAW = (*_law("carrier"), *_law("receiver"))


class _Act(NamedTuple):
    """What a unit did with the load, and when."""

    uscc: str
    name: str
    fact: Fact
    wastes: Sequence[WasteLine]
    by: _Role

    @property
    def words(self) -> "_Words":
        """How it is told."""
        return _WORDS[self.by]


class _Words(NamedTuple):
    """An act told: who does it, what was done, and its moment."""

    who: Said
    done: Said
    moment: Said


_WORDS: dict[_Role, _Words] = {
    "carrier": _Words(("承运人", "the carrier"), ("承运", "carried"), ("装载", "loading")),
    "receiver": _Words(("接受人", "the receiver"), ("接受", "took over"), ("接受", "taking over")),
}


def _acts(facts: Facts, view: RegistryView) -> list[_Act]:
    """Return the loadings and the taking over, in that order."""
    legs, lines = legs_of(facts, view), lines_needing_licence(facts, view)
    found = [
        _Act(leg.carrier, leg.name, leg.fact, leg.wastes, "carrier")
        for leg in (legs if not isinstance(legs, str) else ())
    ]
    if not isinstance(lines, str) and facts.taken_over is not None and not facts.refused:
        receiver = facts.form.receiver
        found.append(_Act(receiver.uscc, receiver.name, facts.taken_over, lines, "receiver"))
    return found


def _covered(view: RegistryView, act: _Act) -> bool:
    return any(in_force(p, act.fact.at) for p in view.policies(act.uscc))


def _insured(_rule: ManifestRule, facts: Facts, view: RegistryView, _now: datetime | None) -> bool:
    """Whether all who carried or took the load over, and have policies on record, were insured then."""
    moments = [(uscc, fact.at) for uscc, _, fact in loadings(facts)]
    if facts.taken_over is not None:
        moments.append((facts.form.receiver.uscc, facts.taken_over.at))
    return all(
        not (held := view.policies(uscc)) or any(in_force(p, at) for p in held)
        for uscc, at in moments
    )


def _lapsed(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    """Return one outcome a unit and role: its first act without insurance in force."""
    reason = nothing_to_judge(facts)
    if reason is not None or facts.moved is None:
        return not_applicable(rule, "-", reason or "not_moved")
    acts = _acts(facts, view)
    if not acts:
        legs = legs_of(facts, view)
        return not_applicable(rule, "-", legs if isinstance(legs, str) else "exempt")
    acts = [act for act in acts if china_day(act.fact.at) >= CODE_IN_FORCE]
    if not acts:
        return not_applicable(rule, "-", "before_the_code")
    known = [act for act in acts if view.policies(act.uscc)]
    if not known:
        return not_applicable(rule, "-", "no_policy_known")
    bare = {(act.uscc, act.by): act for act in reversed(known) if not _covered(view, act)}
    if not bare:
        said = "登记的保险当时有效", "the insurance on record was in force"
        return (says(rule, "passed", "-", "insured", said),)
    return tuple(_finding(rule, facts, view, act) for act in reversed(bare.values()))


def _finding(rule: ManifestRule, facts: Facts, view: RegistryView, act: _Act) -> Outcome:
    at, held = act.fact.at, view.policies(act.uscc)
    past = [p for p in held if p.valid_to is not None and p.valid_to < china_day(at)]
    ended = max(past, key=lambda p: (p.valid_to, p.id), default=None)
    why = (
        (
            f"保险单 {ended.policy_no} 已于 {ended.valid_to} 到期",
            f"policy {ended.policy_no} had ended on {ended.valid_to}",
        )
        if ended is not None
        else ("登记的保险当时尚未生效", "the policies on record had not begun")
    )
    amount = shipped(facts, act.wastes)
    said = (
        f"{china_text(at)}，{act.name}{act.words.done[0]}{names(act.wastes)}共 {amount.zh}，当时没有登记在册的有效"
        f"环境污染责任保险：{why[0]}；是否已续保须人工核查。",
        f"{act.name} {act.words.done[1]} {amount.en} of {codes(act.wastes)} on {china_text(at)} (China time) "
        f"with no liability insurance in force on record: {why[1]}; whether it was renewed is to be checked.",
    )
    evidence = event_evidence(act.fact, *act.words.moment)
    if facts.filed is not None:
        evidence += event_evidence(facts.filed, "联单填报", "manifest as filed")
    shown = held[:MOST_SHOWN]
    evidence += [
        record_evidence(
            "insurance",
            p.id,
            f"保险单 {p.policy_no}，{p.valid_from}至{p.valid_to or '长期'}",
            f"policy {p.policy_no}, {p.valid_from} to {p.valid_to or 'open'}",
        )
        for p in shown
    ]
    return says(
        rule,
        "needs_review",
        f"{act.uscc}|{act.by}",
        "expired" if ended is not None else "not_yet_valid",
        said,
        margin=None if ended is None else f"{days_left(ended.valid_to, at)} d",
        amount=amount,
        act_at=at,
        evidence=tuple(evidence),
        law=_law(act.by),
        conditions=_conditions(facts, act, shown, len(held)),
        cures=_cures(act, ended),
    )


def _conditions(
    facts: Facts, act: _Act, shown: Sequence[Insurance], held: int
) -> tuple[Condition, ...]:
    return (
        *scope.transfer(facts, act.wastes),
        condition(
            act.words.who,
            (f"{act.name}（{act.uscc}）", f"{act.name} ({act.uscc})"),
            holds=True,
            role="applies",
        ),
        condition(
            ("行为在法典施行之日或之后", "done on or after the Code's first day"),
            (str(china_day(act.fact.at)),) * 2,
            (f"≥ {CODE_IN_FORCE}",) * 2,
            holds=True,
            role="applies",
        ),
        *(
            within_validity(
                p,
                act.fact.at,
                act.words.moment,
                Group(f"保险单 {p.policy_no}", f"policy {p.policy_no}", f"insurance/{p.id}"),
            )
            for p in shown
        ),
        *left_out(("的保险单", "policies"), shown, held),
    )


def _cures(act: _Act, ended: Insurance | None) -> tuple[Cure, ...]:
    found = []
    if ended is not None:
        found.append(
            Cure(
                zh=f"若{act.name}在保险单 {ended.policy_no} 到期（{ended.valid_to}）前续保，则无需核查。",
                en=f"Had {act.name} renewed policy {ended.policy_no} before it ended ({ended.valid_to}), "
                "nothing would be to check.",
                party=act.by,
                kind="insurance",
            )
        )
    return (
        *found,
        Cure(
            zh=f"若保险在 {day_text(act.fact.at)} 有效、只是未录入或期限录入有误，登记部门补录后本告警附理由撤回。",
            en=f"If a policy was in force on {day_text(act.fact.at)} and only its record is missing or "
            "wrong, the alert is withdrawn with the reason once that is recorded.",
            party="authority",
            kind="insurance",
        ),
    )


INSURANCE_LAPSED = ManifestRule(
    "insurance.lapsed",
    1,
    "无有效的环境污染责任保险",
    "no liability insurance in force",
    _lapsed,
    gravest="medium",
    reads=(*LOADING, "taken_over", "refused"),
    quiet=_insured,
)
