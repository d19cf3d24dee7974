"""管理计划数量: what a unit shipped of a waste in a year against what its plans for the year have.

Basis: order 23 Arts 10, 14: the plan tells the weight and where it goes, and manifests are filled in
from it. No text says by how much a plan may be passed before it must be changed, so the share is a
parameter, and what passes it is for review. The quantity is that of the plans that stand at the end
of the year; it is known only where every line of the waste has one.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import partial

from schemas.alert import LegalBasis
from schemas.quantity import tonnes_text
from schemas.registry import ManagementPlan
from streams.judging.explanation import Condition, Cure
from streams.judging.limit import Limit, limit_of
from streams.judging.outcome import Draw, Outcome, china_text
from streams.judging.registry import RegistryView, on_day
from streams.judging.rules.cap import Cap, exceeded, excess_of, within
from streams.judging.rules.explained import Passed
from streams.judging.rules.explained.wording import Group, condition
from streams.judging.rules.parameter import Parameter, Parameters
from streams.judging.rules.plan import PLAN_LAW
from streams.judging.rules.rule import LimitRule, not_applicable, record_evidence

__all__ = ["PLAN_EXCEEDED", "plan_cap", "plan_holder", "planned"]

_PARAMETERS = Parameters(
    Parameter(
        "percent",
        100,
        ("%", "%"),
        100,
        200,
        "choice",
        "全年移出量超过计划量的这一比例即须核查",
        "more than this share of the planned quantity shipped in the year is to be checked",
        "本系统 / our own",
    )
)


def planned(view: RegistryView, uscc: str, year: int, code: str) -> int | None:
    """Return how many grams of a waste a unit's plans of a year have; None: not told."""
    question = ("planned", uscc, year, code)
    found: tuple[int | None] | None = view.remembered.get(question)
    if found is None:
        lines = [x for p in _plans(view, uscc, year) for x in p.lines if x.code == code]
        known = [x.quantity_t for x in lines if x.quantity_t is not None]
        total = sum(known) if known and len(known) == len(lines) else None
        found = view.remembered.put(question, (total,))
    return found[0]


def plan_holder(view: RegistryView, uscc: str, year: int) -> str:
    """Return the name of a unit with plans for a year; its credit code where no record tells it."""
    unit, plans = view.unit(uscc), view.plans(uscc, year)
    return unit.name if unit else next((p.name for p in plans if p.name), uscc)


def _plans(view: RegistryView, uscc: str, year: int) -> list[ManagementPlan]:
    last = date(year, 12, 31)
    return [p for p in view.plans(uscc, year) if on_day(p, last)]


def _plan_exceeded(
    rule: LimitRule, subject: str, draws: Sequence[Draw], view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    limit = limit_of(subject)
    if limit is None or limit.kind != "plan":
        return ()
    cap = plan_cap(limit, view, rule.parameters["percent"])
    if cap is None:
        return not_applicable(rule, "total", "no_limit")
    excess = excess_of(draws, cap.grams)
    if excess is None:
        return within(rule, draws, cap, _law)
    return exceeded(
        rule, cap, excess, PLAN_LAW, state="needs_review", reason="over_plan", note=_TO_CHECK
    )


def _law(_at: datetime) -> tuple[LegalBasis, ...]:
    return PLAN_LAW


_TO_CHECK = (
    "计划是否已变更须人工核查。",
    " Whether the plan was changed is to be checked.",
)


def plan_cap(limit: Limit, view: RegistryView, percent: int) -> Cap | None:
    """Return what a unit's plans of a year allow to leave of one waste; None: nothing told."""
    uscc, year = limit.planned_year
    whole = planned(view, uscc, year, limit.part)
    if whole is None:
        return None
    plans = [p for p in _plans(view, uscc, year) if any(x.code == limit.part for x in p.lines)]
    name = plan_holder(view, uscc, year)
    share_zh, share_en = ("", "") if percent == 100 else (f"的 {percent}%", f" ({percent} % of it)")
    of_zh = f"{name} {year} 年管理计划 {limit.part} 数量{share_zh}"
    of_en = f"the {year} plan of {name} has, of {limit.part}{share_en},"
    return Cap(
        whole * percent // 100,
        of_zh,
        of_en,
        record_evidence("management_plan", plans[0].id, of_zh, of_en),
        (of_zh, f"what the {year} plan of {name} has of {limit.part}{share_en}"),
        partial(_planned_more, name, limit.part),
        notes=tuple(_lines(plans, limit.part)),
    )


def _lines(plans: Sequence[ManagementPlan], code: str) -> Iterable[Condition]:
    """Return each line of the waste, where there are several that count together."""
    lines = [(p, x) for p in plans for x in p.lines if x.code == code]
    for plan, line in lines if len(lines) > 1 else ():
        text = tonnes_text(line.quantity_t or 0)
        yield condition(
            (f"第 {line.line} 行计划量", f"line {line.line} plans"),
            (f"{text} 吨", f"{text} t"),
            holds=True,
            role="figure",
            group=Group(
                f"{plan.year} 年管理计划", f"plan for {plan.year}", f"management_plan/{plan.id}"
            ),
        )


def _planned_more(name: str, code: str, passed: Passed) -> Iterable[Cure]:
    total, when = tonnes_text(passed.total), china_text(passed.at)
    yield Cure(
        zh=f"若{name}在 {when} 前变更管理计划并备案，{code} 不低于 {total} 吨，则无需核查。",
        en=f"Had {name} changed its plan to {total} t of {code} and filed that before {when} (China "
        "time), nothing would be to check.",
        party="consignor",
        kind="management_plan",
    )
    yield Cure(
        zh="若计划已变更、只是未录入，登记部门补录后本告警附理由撤回。",
        en="If the plan was changed and only the record is missing, the alert is withdrawn with the "
        "reason once that is recorded.",
        party="authority",
        kind="management_plan",
    )


PLAN_EXCEEDED = LimitRule(
    "plan.exceeded",
    1,
    "移出量超过管理计划",
    "more shipped than planned",
    _plan_exceeded,
    frozenset(("plan",)),
    _PARAMETERS,
    gravest="medium",
)
