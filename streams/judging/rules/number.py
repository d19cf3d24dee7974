"""联单编号: a number whose region or year is not that of the site where the load started.

Basis: order 23 Art 15, the number's region is that of the **origin** site, not of the registered
office; its year is the year of filing. All three grammars (domain 8.1). Only the system gives
numbers, so a wrong one hints at a manifest made for another load: for review, never a violation.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from schemas.instant import china_day
from schemas.manifest_number import number_parts
from schemas.region import region_name
from streams.judging.explanation import Cure
from streams.judging.facts import Fact, Facts
from streams.judging.law import order_23
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules.amount import shipped
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.rule import (
    ManifestRule,
    event_evidence,
    not_applicable,
    says,
)
from streams.judging.rules.transfer import TRANSFER, names, nothing_to_judge

__all__ = ["NUMBER_LAW", "NUMBER_REGION"]

NUMBER_LAW = (
    order_23(
        "第十五条",
        "联单编号由年份、移出地省级和设区的市级行政区划代码、流水号组成",
        "a manifest's number is the year, the region of the origin down to its city, and a serial",
        "consignor",
    ),
)
_WHOLE = frozenset(("11", "12", "31", "50"))
"""Municipalities print one code for all their districts (domain 8.1)."""
_SAME = {"66": "65"}
"""XPCC numbers may begin with 66; its sites lie in Xinjiang (domain 5.2). [M]"""
_EARLY = timedelta(days=31)
"""A number may be taken so long before the manifest is filed, and keep the old year."""


def _number_region(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    reason = nothing_to_judge(facts)
    if reason is not None or facts.filed is None or facts.moved is None:
        return not_applicable(rule, "-", reason or "not_filed")
    parts, site = number_parts(facts.subject), facts.form.consignor.site_region
    right_place = _in_city(parts.city, site)
    years = _years(facts.filed, facts.moved)
    if right_place and parts.year in years:
        said = ("编号中的地区和年份与移出地、填报时间相符", "region and year of the number fit")
        return (says(rule, "passed", "-", "fits", said),)
    where, told = region_name(site), region_name(parts.city + "00")
    wastes = facts.hazardous
    amount = shipped(facts, wastes)
    form = facts.form
    years_text = "、".join(map(str, sorted(years)))
    said = (
        f"联单 {facts.subject} 的编号属{told}（{parts.city}）{parts.year} 年，而{form.consignor.name}的"
        f"移出地在{where}（{site}）、填报于 {china_day(facts.filed.at)}；{names(wastes)}共 {amount.zh}，"
        "编号与移出地不符，须人工核查。",
        f"The number of manifest {facts.subject} is of {told} ({parts.city}) in {parts.year}; the load "
        f"of {form.consignor.name} started in {where} ({site}) and was filed on "
        f"{china_day(facts.filed.at)}: {amount.en} of {', '.join(w.code for w in wastes)}, to be checked.",
    )
    fits = (f"{site[:4]}，{years_text}", f"{site[:4]}, {years_text.replace('、', ' or ')}")
    conditions = (
        *scope.transfer(facts, wastes),
        condition(
            ("编号的地区和年份", "region and year of the number"),
            (f"{parts.city}，{parts.year}", f"{parts.city}, {parts.year}"),
            (f"移出地和填报年份：{fits[0]}", f"those of origin and filing: {fits[1]}"),
            holds=None,
        ),
    )
    cures = (
        Cure(
            zh=f"若移出地填写有误、实际在{told}，由{form.consignor.name}更正联单的移出地。",
            en=f"If the origin was filled in wrongly and is in {told}, the consignor corrects it.",
            party="consignor",
            kind="liandan.manifest.corrected.v1",
        ),
        Cure(
            zh="若编号填错，由移出人作废本单，以系统给出的编号重新填报。",
            en="If the number is wrong, the consignor voids this manifest and files it under its own.",
            party="consignor",
            kind="liandan.manifest.voided.v1",
        ),
    )
    return (
        says(
            rule,
            "needs_review",
            "-",
            "wrong_year" if right_place else "wrong_region",
            said,
            amount=amount,
            act_at=facts.filed.at,
            evidence=tuple(event_evidence(facts.filed, "联单填报", "manifest as filed")),
            law=NUMBER_LAW,
            conditions=conditions,
            cures=cures,
        ),
    )


def _years(filed: Fact, moved: Fact) -> set[int]:
    """Return the years that a number may be of."""
    return {china_day(at).year for at in (filed.at, filed.at - _EARLY, moved.at)}


def _fits(_rule: ManifestRule, facts: Facts, _view: RegistryView, _now: datetime | None) -> bool:
    """Whether a number is of its load's city and day of dispatch."""
    moved = facts.moved
    if facts.filed is None or moved is None:
        return True
    digits = facts.subject.removeprefix("G")  # it was read as a number: year and city are there
    return digits[:4] == str(china_day(moved.at).year) and _in_city(
        digits[4:8], facts.form.consignor.site_region
    )


def _in_city(city: str, site: str) -> bool:
    """Whether the four digits of a number are those of a site's city."""
    province = _SAME.get(city[:2], city[:2])
    if province != _SAME.get(site[:2], site[:2]):
        return False
    return province in _WHOLE or city[:2] in _SAME or site[:2] in _SAME or city == site[:4]


NUMBER_REGION = ManifestRule(
    "form.number_region",
    1,
    "联单编号与移出地不符",
    "number not of the origin",
    _number_region,
    gravest="medium",
    reads=TRANSFER,
    quiet=_fits,
)
