"""沉默: an institution that tells of far less medical waste in a week than its beds make.

Basis: regulation of 2003 Arts 12 and 16: what is made is collected in time and registered. No text says
how much a bed makes: figure, share and days are parameters, and an officer looks first. It is not asked
of village clinics and of institutions with 19 beds or fewer (exemption list of 2021), whose beds or
validity are not on record, whose agreement did not stand all week (closed, moved, suspended), that are
remote and treat on the spot (Art 21), or that told of nothing in the week before: they just began, or
are silent for longer, which the county board shows. Days on which an emergency order stands where they
are do not count: it may empty a hospital. Holidays lower nothing.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from schemas.instant import CHINA
from schemas.registry import CollectionAgreement, Institution
from streams.judging.explanation import Cure
from streams.judging.medical import law
from streams.judging.medical.regime import ordered_on
from streams.judging.medical.waiting import Clock, Wait
from streams.judging.medical.week import HospitalWeek
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView, on_day
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.medical.rule import MedicalRule, found, kilograms, silent
from streams.judging.rules.parameter import Parameter, Parameters
from streams.judging.rules.rule import record_evidence

__all__ = ["SILENT_WEEK"]

_PARAMETERS = Parameters(
    Parameter(
        "grams_per_bed",
        500,
        ("克", "g"),
        1,
        100_000,
        "choice",
        "每张床位每日应产生的医疗废物",
        "medical waste that a bed makes in a day",
        "经验值每床日 0.5–1 kg 的下限 / lower end of the usual 0.5 to 1 kg",
    ),
    Parameter(
        "percent",
        20,
        ("%", "%"),
        1,
        100,
        "choice",
        "一周上报量低于应产生量的此比例才提示",
        "share of what the beds make below which a week is told",
        "本系统 / our own",
    ),
    Parameter(
        "beds",
        20,
        ("张", "beds"),
        1,
        20_000,
        "law",
        "床位数少于此数的机构不提示",
        "institutions with fewer beds are not asked",
        "豁免管理清单（2021）：19 张床位以下 / exemption list of 2021: 19 beds or fewer",
    ),
    Parameter(
        "days",
        4,
        ("天", "days"),
        1,
        7,
        "choice",
        "一周中无应急令的天数少于此数则不提示",
        "fewest days of the week without an emergency order",
        "本系统 / our own",
    ),
    Parameter(
        "hours",
        48,
        ("小时", "hours"),
        0,
        720,
        "choice",
        "周日结束后等待补报的时间",
        "how long after its Sunday what is told late is waited for",
        "本系统 / our own",
    ),
)


def _days(facts: HospitalWeek) -> list[date]:
    return [facts.day + timedelta(days=n) for n in range(7)]


def _midday(day: date) -> datetime:
    return datetime.combine(day, time(12), CHINA)


def _end(facts: HospitalWeek) -> datetime:
    return datetime.combine(facts.day + timedelta(days=7), time(), CHINA)


class _Asked(NamedTuple):
    """What is expected of a week, and the records that say so."""

    held: Institution
    agreements: tuple[CollectionAgreement, ...]
    days: int
    """Those on which no emergency order stood."""
    expected_g: int
    judged_at: datetime

    @property
    def wait(self) -> Wait:
        """That more is told of the week."""
        return Wait("week", self.judged_at - timedelta(microseconds=1))


def _asked(rule: MedicalRule, facts: HospitalWeek, view: RegistryView) -> _Asked | tuple[Outcome]:
    days, institution = _days(facts), facts.institution
    records = [view.institution(institution, _midday(day)) for day in days]
    held = [r for r, day in zip(records, days, strict=True) if r is not None and on_day(r, day)]
    if len(held) < len(days):
        return silent(
            rule,
            "not_on_record",
            (
                "该机构当周不在登记库中，或登记期未满一周",
                "the institution was not on record all that week",
            ),
        )
    fewest = min(held, key=lambda r: r.beds)
    if any(r.category == "village_clinic" for r in held) or fewest.beds < rule.parameters["beds"]:
        return silent(
            rule,
            "few_beds",
            (
                f"登记床位 {fewest.beds} 张，或为村卫生室，不作核对",
                f"{fewest.beds} beds on record, or a village clinic: not asked",
            ),
        )
    known = view.agreements(institution)
    standing = [[a for a in known if on_day(a, day)] for day in days]
    if known and not all(standing):
        return silent(
            rule,
            "agreement_ended",
            ("收运协议未覆盖整周", "no collection agreement stood all week"),
        )
    if not known and any(r.remote for r in held):
        return silent(
            rule,
            "remote",
            (
                "偏远地区且无收运协议，就地处置",
                "a remote place without an agreement treats on the spot",
            ),
        )
    free = sum(not ordered_on(view, r.region, day) for r, day in zip(held, days, strict=True))
    if free < rule.parameters["days"]:
        return silent(
            rule,
            "ordered",
            ("当周大部分时间应急令有效", "an emergency order stood for most of the week"),
        )
    return _Asked(
        fewest,
        tuple({a.id: a for its in standing for a in its}.values()),
        free,
        fewest.beds * rule.parameters["grams_per_bed"] * free,
        _end(facts) + timedelta(hours=rule.parameters["hours"]),
    )


def _waits(rule: MedicalRule, facts: HospitalWeek, view: RegistryView) -> list[Wait]:
    asked = _asked(rule, facts, view)
    return [asked.wait] if isinstance(asked, _Asked) else []


def _silent_week(
    rule: MedicalRule, facts: HospitalWeek, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    asked = _asked(rule, facts, view)
    if not isinstance(asked, _Asked):
        return asked
    if not clock.over(asked.wait):
        return silent(
            rule, "week_runs", ("该周尚在核对期限之前", "the week is not to be judged yet")
        )
    if not facts.before:
        return silent(
            rule,
            "just_began",
            ("该机构前一周没有任何上报", "the institution told of nothing in the week before"),
        )
    if facts.grams * 100 >= rule.parameters["percent"] * asked.expected_g:
        return silent(
            rule,
            "enough",
            (
                f"当周上报 {kilograms(facts.grams)}，床位应产生约 {kilograms(asked.expected_g)}",
                f"{kilograms(facts.grams)} told of; the beds make about {kilograms(asked.expected_g)}",
            ),
            "passed",
        )
    return (_finding(rule, facts, asked),)


def _finding(rule: MedicalRule, facts: HospitalWeek, asked: _Asked) -> Outcome:
    held, least = asked.held, rule.parameters["percent"] * asked.expected_g // 100
    sunday, each = facts.day + timedelta(days=6), rule.parameters["grams_per_bed"]
    told = kilograms(facts.grams)
    all_of_it = (
        (f"共上报医疗废物 {told}", f"told of {told} of medical waste")
        if facts.told
        else ("没有上报任何医疗废物", "told of no medical waste")
    )
    ordered = 7 - asked.days
    less = (
        (
            f"（其中 {ordered} 天应急令有效，不计）",
            f", {ordered} days under an emergency order left out",
        )
        if ordered
        else ("", "")
    )
    said = (
        f"{held.name} {facts.day} 至 {sunday} {all_of_it[0]}；登记床位 {held.beds} 张，"
        f"按每床每日 {each} 克、{asked.days} 天{less[0]}计应约 {kilograms(asked.expected_g)}，"
        f"不足 {rule.parameters['percent']}%，去向须核查。",
        f"{held.name} {all_of_it[1]} from {facts.day} to {sunday}; its {held.beds} beds make about "
        f"{kilograms(asked.expected_g)} in {asked.days} days at {each} g a bed and day{less[1]}. That is less than "
        f"{rule.parameters['percent']} %: where the rest went is to be checked.",
    )
    at = _end(facts) - timedelta(seconds=1)
    return found(
        rule,
        "needs_review",
        "-",
        "too_little" if facts.told else "silent",
        said,
        act_at=at,
        grams=asked.expected_g - facts.grams,
        evidence=[
            record_evidence(
                "institution", held.id, f"登记床位 {held.beds} 张", f"{held.beds} beds on record"
            ),
            *(
                record_evidence(
                    "collection_agreement", a.id, "收运协议整周有效", "the agreement stood all week"
                )
                for a in asked.agreements
            ),
        ],
        law=law.generated(at),
        margin=f"-{kilograms(least - facts.grams)}",
        conditions=(
            condition(
                ("登记床位", "beds on record"),
                (f"{held.beds} 张", f"{held.beds} beds"),
                (f"≥ {rule.parameters['beds']} 张", f"≥ {rule.parameters['beds']} beds"),
                holds=True,
                role="applies",
            ),
            condition(
                ("无应急令的天数", "days without an emergency order"),
                (f"{asked.days} 天", f"{asked.days} days"),
                (f"≥ {rule.parameters['days']} 天", f"≥ {rule.parameters['days']} days"),
                holds=True,
                role="applies",
            ),
            condition(
                ("当周上报的医疗废物", "medical waste told of in the week"),
                (told, told),
                (f"≥ {kilograms(least)}",) * 2,
                holds=None,
                margin=f"-{kilograms(least - facts.grams)}",
            ),
        ),
        cures=(
            Cure(
                zh="若已封装、收运只是未报，补报后本告警附理由撤回。",
                en="If it was sealed or collected and only not posted, the alert is withdrawn with the reason once "
                "it is.",
                party="consignor",
                kind="liandan.medical.sealed.v1",
            ),
            Cure(
                zh="若床位数有误，或病区停用、协议中止，登记部门更正后本告警附理由撤回。",
                en="If the number of beds is wrong, wards were closed or the agreement was suspended, the alert is "
                "withdrawn with the reason once that is recorded.",
                party="authority",
                kind="institution",
            ),
        ),
    )


SILENT_WEEK = MedicalRule(
    "medical.silent_week",
    1,
    "一周医疗废物远少于床位应产生量",
    "far less medical waste in a week than the beds make",
    _silent_week,
    "hospital_week",
    waits=_waits,
    gravest="high",
    parameters=_PARAMETERS,
)
