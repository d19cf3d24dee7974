"""不可能的行程: an arrival sooner after the departure than the way allows, or before it.

Basis: order 23 Art 11: the carrier records the journey. No text sets a speed; a way is taken at the
least distance that lies between the two provinces, so nothing is said of ways inside one or between
neighbours. Clocks of two parties differ, so minutes are forgiven. What is left is a wrong time, another
load, or a journey on paper only: for review.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from schemas.distance import least_km
from schemas.region import province_name
from streams.judging.explanation import Cure
from streams.judging.facts import Fact, Facts
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.amount import shipped
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.parameter import Parameter, Parameters
from streams.judging.rules.rule import ManifestRule, event_evidence, not_applicable, says
from streams.judging.rules.timeliness import TRACKED
from streams.judging.rules.transfer import codes, names, nothing_to_judge

__all__ = ["TOO_FAST"]

_PARAMETERS = Parameters(
    Parameter(
        "speed",
        120,
        ("公里/小时", "km/h"),
        60,
        200,
        "choice",
        "全程平均时速高于此即须核查",
        "a mean speed of the whole way above this is to be checked",
        "法规未规定 / no text",
    ),
    Parameter(
        "clocks",
        15,
        ("分钟", "minutes"),
        0,
        120,
        "choice",
        "各方时钟之差在此之内不计",
        "differences of the parties' clocks up to this are forgiven",
        "本系统 / our own",
    ),
)


def _too_fast(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    reason = nothing_to_judge(facts)
    if reason is not None:
        return not_applicable(rule, "-", reason)
    left, there = facts.dispatched, facts.arrived
    if left is None or there is None:
        return not_applicable(rule, "-", "not_dispatched" if left is None else "not_arrived")
    took = there.at - left.at
    km, least, spare = _spare(rule, facts, took)
    if spare >= timedelta(0):
        said = (
            f"{_hours(took)} 小时，所需至少 {_hours(least)} 小时",
            f"{_hours(took)} h, {_hours(least)} h needed at least",
        )
        return (says(rule, "passed", "-", "possible", said, margin=f"{_hours(spare)} h"),)
    return (_finding(rule, facts, (left, there), km, least, spare),)


def _spare(rule: ManifestRule, facts: Facts, took: timedelta) -> tuple[int, timedelta, timedelta]:
    """Return the least way in kilometres, the time that it takes, and what is left of the time taken."""
    form = facts.form
    km = least_km(form.consignor.site_region, form.receiver.site_region)
    least = timedelta(hours=km / rule.parameters["speed"])
    return km, least, took + timedelta(minutes=rule.parameters["clocks"]) - least


def _possible(rule: ManifestRule, facts: Facts, _view: RegistryView, _now: datetime | None) -> bool:
    """Whether the time on the way is not too short, as far as it is known."""
    left, there = facts.dispatched, facts.arrived
    if left is None or there is None:
        return True
    return _spare(rule, facts, there.at - left.at)[2] >= timedelta(0)


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):.1f}"


def _finding(
    rule: ManifestRule,
    facts: Facts,
    ends: tuple[Fact, Fact],
    km: int,
    least: timedelta,
    spare: timedelta,
) -> Outcome:
    left, there = ends
    form, wastes, took = facts.form, facts.hazardous, there.at - left.at
    amount = shipped(facts, wastes)
    way = (
        f"{province_name(form.consignor.site_region)} → {province_name(form.receiver.site_region)}"
    )
    before = took < timedelta(0)
    why = (
        ("运抵早于起运", "the arrival is before the departure")
        if before
        else (
            f"两省之间至少 {km} 公里，{_hours(took)} 小时不可能到达",
            f"the provinces are {km} km apart at the least, which {_hours(took)} h do not suffice for",
        )
    )
    said = (
        f"{names(wastes)}共 {amount.zh}，{china_text(left.at)} 起运、{china_text(there.at)} 运抵（{way}），"
        f"{why[0]}；时间是否填错、是否实际运输须核查。",
        f"{amount.en} of {codes(wastes)} left on {china_text(left.at)} and arrived on "
        f"{china_text(there.at)} (China time; {way}): {why[1]}. Whether a time is wrong, or the load "
        "never went, is to be checked.",
    )
    evidence = event_evidence(left, "起运", "departure") + event_evidence(there, "运抵", "arrival")
    return says(
        rule,
        "needs_review",
        "-",
        "before_departure" if before else "too_fast",
        said,
        margin=f"{_hours(spare)} h",
        amount=amount,
        act_at=there.at,
        evidence=tuple(evidence),
        law=TRACKED,
        conditions=(
            *scope.transfer(facts, wastes),
            condition(("行程", "the way"), (way, way), holds=True, role="figure"),
            condition(
                ("两省最短距离", "least distance of the provinces"),
                (f"{km} 公里", f"{km} km"),
                holds=True,
                role="figure",
            ),
            condition(
                ("途中时间", "time on the way"),
                (f"{_hours(took)} 小时", f"{_hours(took)} h"),
                (
                    f"不少于 {_hours(least)} 小时（时速 {rule.parameters['speed']} 公里，时钟差 "
                    f"{rule.parameters['clocks']} 分钟以内不计）",
                    f"at least {_hours(least)} h (at {rule.parameters['speed']} km/h, "
                    f"{rule.parameters['clocks']} minutes of clocks forgiven)",
                ),
                holds=None,
            ),
        ),
        cures=(
            Cure(
                zh="若起运或运抵的时间填写有误，由上报人更正，本告警附理由撤回。",
                en="If the time of departure or arrival was reported wrongly, who reported it corrects it and "
                "this is withdrawn with the reason.",
                party="carrier",
                kind="liandan.manifest.corrected.v1",
            ),
        ),
    )


TOO_FAST = ManifestRule(
    "time.journey_too_fast",
    1,
    "行程时间不可能",
    "journey faster than can be",
    _too_fast,
    gravest="medium",
    reads=("filed", "dispatched", "moved", "called_off", "arrived"),
    parameters=_PARAMETERS,
    quiet=_possible,
)
