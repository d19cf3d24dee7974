"""管理计划: a waste shipped that its generator's plan for the year has no line for.

Basis: order 23 Arts 10, 14: the manifest is filled in from the plan filed with the authority. The
instant is the dispatch, the year China's. Plans are changed during the year and reach the registry
late, so this is for review. Where no plan of the unit and year is on record nothing is said: a plan
that is not in this registry may well be filed.
"""

from collections.abc import Sequence
from datetime import date, datetime

from schemas.instant import china_day
from schemas.manifest import WasteLine
from schemas.registry import ManagementPlan
from streams.judging.explanation import Condition, Cure
from streams.judging.facts import Fact, Facts
from streams.judging.law import order_23
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView, in_force, on_day
from streams.judging.rules.amount import shipped
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import MOST_SHOWN, Group, condition, left_out, some
from streams.judging.rules.rule import (
    ManifestRule,
    event_evidence,
    not_applicable,
    record_evidence,
    says,
)
from streams.judging.rules.transfer import (
    TRANSFER,
    codes,
    exemption_for,
    names,
    nothing_to_judge,
)

__all__ = ["NO_LINE", "PLAN_LAW", "exempt_from_plans"]

_STAGES = frozenset(("transfer", "whole_process"))
PLAN_LAW = (
    order_23(
        "第十条、第十四条",
        "移出人制定管理计划，按备案的计划填写联单",
        "the consignor makes a management plan and fills in manifests from the plan filed",
        "consignor",
    ),
)


def _no_line(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    reason, moved = nothing_to_judge(facts), facts.moved
    if reason is not None or moved is None:
        return not_applicable(rule, "-", reason or "not_moved")
    form, day = facts.form, china_day(moved.at)
    plans = [p for p in view.plans(form.consignor.uscc, day.year) if in_force(p, moved.at)]
    if not plans:
        return not_applicable(rule, "-", "no_plan_known")
    wastes = [w for w in facts.hazardous if not exempt_from_plans(facts, view, w.code, moved)]
    if not wastes:
        return not_applicable(rule, "-", "exempt")
    bare = [w for w in wastes if not any(_planned(p, w.code, day) for p in plans)]
    if not bare:
        said = (f"{day.year} 年管理计划列有所运废物", f"the plan for {day.year} has a line for it")
        return (says(rule, "passed", "-", "planned", said),)
    amount = shipped(facts, bare)
    said = (
        f"{china_text(moved.at)}，{form.consignor.name}运出{names(bare)}共 {amount.zh}，其 {day.year} 年"
        "管理计划当时没有该废物；计划是否已变更须人工核查。",
        f"{form.consignor.name} shipped {amount.en} of {codes(bare)} on {china_text(moved.at)} (China "
        f"time); its plan for {day.year} had no line for it then: whether it was changed is to be checked.",
    )
    evidence = event_evidence(moved, "起运", "dispatch")
    if facts.filed is not None:
        evidence += event_evidence(facts.filed, "联单填报", "manifest as filed")
    evidence += [
        record_evidence(
            "management_plan", p.id, f"{p.year} 年管理计划", f"management plan for {p.year}"
        )
        for p in plans
    ]
    return (
        says(
            rule,
            "needs_review",
            "-",
            "added_later" if _later(plans, bare) else "no_line",
            said,
            amount=amount,
            act_at=moved.at,
            evidence=tuple(evidence),
            law=PLAN_LAW,
            conditions=(
                *scope.transfer(facts, bare),
                scope.not_exempt(facts, view, bare, moved.at, "transfer"),
                *_lines(plans, bare),
            ),
            cures=_cures(form.consignor.name, bare, day),
        ),
    )


def _all_planned(
    _rule: ManifestRule, facts: Facts, view: RegistryView, _now: datetime | None
) -> bool:
    """Whether the consignor has no plan on record, or all wastes stand in those of the year."""
    uscc, moved = facts.form.consignor.uscc, facts.moved
    if moved is None or not view.has_plans(uscc):
        return True
    day = china_day(moved.at)
    plans = [p for p in view.plans(uscc, day.year) if on_day(p, day)]
    return not plans or all(any(_planned(p, w.code, day) for p in plans) for w in facts.hazardous)


def exempt_from_plans(facts: Facts, view: RegistryView, code: str, moved: Fact) -> bool:
    """Whether an exemption lifts the manifest, and with it the plan, from a waste that moved."""
    return exemption_for(facts, view, code, moved, _STAGES) is not None


def _planned(plan: ManagementPlan, code: str, day: date) -> bool:
    return any(x.code == code and (x.since is None or x.since <= day) for x in plan.lines)


def _later(plans: Sequence[ManagementPlan], bare: Sequence[WasteLine]) -> bool:
    """Whether a change of the plan, later than the load, brought a line for all of it."""
    return all(any(x.code == w.code for p in plans for x in p.lines) for w in bare)


def _lines(plans: Sequence[ManagementPlan], bare: Sequence[WasteLine]) -> list[Condition]:
    wanted = {w.code for w in bare}
    found = []
    for p in plans[:MOST_SHOWN]:
        group = Group(f"{p.year} 年管理计划", f"plan for {p.year}", f"management_plan/{p.id}")
        found.append(
            condition(
                ("计划列有该废物代码", "the plan has a line for the code"),
                some(sorted({x.code for x in p.lines})) if p.lines else ("无", "none"),
                some(sorted(wanted)),
                holds=None,
                group=group,
            )
        )
        found += [
            condition(
                (f"{x.code} 增列之日", f"{x.code} added on"),
                (str(x.since), str(x.since)),
                ("不晚于起运之日", "not after the day of dispatch"),
                holds=None,
                group=group,
            )
            for x in p.lines
            if x.code in wanted and x.since is not None
        ]
    return [*found, *left_out(("的管理计划", "plans"), plans[:MOST_SHOWN], len(plans))]


def _cures(consignor: str, bare: Sequence[WasteLine], day: date) -> tuple[Cure, ...]:
    return (
        Cure(
            zh=f"若{consignor}在 {day} 或之前将{names(bare)}列入管理计划并备案，则无需核查。",
            en=f"Had {consignor} put {codes(bare)} into its plan and filed that by {day}, nothing would "
            "be to check.",
            party="consignor",
            kind="management_plan",
        ),
        Cure(
            zh="若计划当时已变更、只是未录入，登记部门补录后本告警附理由撤回。",
            en="If the plan had been changed and only the record is missing, the alert is withdrawn with "
            "the reason once that is recorded.",
            party="authority",
            kind="management_plan",
        ),
        Cure(
            zh="若废物代码填写有误，由移出人更正联单。",
            en="If the waste's code was filled in wrongly, the consignor corrects the manifest.",
            party="consignor",
            kind="liandan.manifest.corrected.v1",
        ),
    )


NO_LINE = ManifestRule(
    "plan.no_line",
    1,
    "管理计划无此废物",
    "waste without a line in the plan",
    _no_line,
    gravest="medium",
    reads=TRANSFER,
    quiet=_all_planned,
)
