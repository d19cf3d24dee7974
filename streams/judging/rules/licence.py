"""经营许可证: a receiver without a licence, and a code or method outside the licence's scope.

Basis: Code Art 534 (固废法 Art 80), penalties 1175, 1178 (112, 114). Two acts, two instants: the
consignor entrusts at dispatch, the receiver takes over at arrival. Exempted and virtual register
entries are asked first; exemptions lift only the stage that they name.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from schemas.alert import Evidence, LegalBasis
from schemas.instant import china_day
from schemas.manifest import WasteLine
from schemas.quantity import tonnes_text
from schemas.registry import Licence, ScopeLine
from schemas.waste_code import category_of, edition_in_force, in_catalogue
from streams.judging.facts import Fact, Facts
from streams.judging.law import Act, basis
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.rule import (
    ManifestRule,
    days_left,
    event_evidence,
    not_applicable,
    record_evidence,
    says,
)
from streams.judging.rules.transfer import exemption_for, nothing_to_judge, receiver_of

__all__ = ["CODE_OUT_OF_SCOPE", "RECEIVER_UNLICENSED"]

_MODES = {
    "storage": frozenset(("storage", "collection")),
    "utilisation": frozenset(("utilisation",)),
    "disposal": frozenset(("disposal",)),
}
"""Which licensed modes cover a manifest's method."""

_ALSO = {"841-004-01": ("HW49",), "841-005-01": ("HW03",)}
"""Chemical and pharmaceutical medical waste may be treated as HW49 and HW03 (国卫医函〔2021〕238号)."""


class _Instant(NamedTuple):
    fact: Fact
    act: Act
    zh: str
    en: str


def _instants(facts: Facts, taking: Act) -> list[_Instant]:
    """Return the consignor's and, once it is there, the receiver's moment.

    Who refuses a load has not collected, stored, used or disposed of it.
    """
    found = []
    if facts.moved is not None:
        found.append(_Instant(facts.moved, "supply_to_unlicensed", "起运", "dispatch"))
    if facts.taken_over is not None and not facts.refused:
        found.append(_Instant(facts.taken_over, taking, "接受", "taking over"))
    return found


def _lines(facts: Facts, view: RegistryView) -> list[WasteLine] | str:
    """Return the lines for which the receiver needs a licence, or why there are none."""
    reason = nothing_to_judge(facts)
    if reason is not None or facts.moved is None:
        return reason or "not_moved"
    if facts.form.receiver.uscc == facts.form.consignor.uscc:
        return "own_waste"
    lines = [
        w
        for w in facts.hazardous
        if exemption_for(facts, view, w.code, facts.moved, frozenset((w.method, "whole_process")))
        is None
    ]
    return lines or "exempt"


def _unlicensed(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    lines, who = _lines(facts, view), receiver_of(facts)
    if isinstance(lines, str):
        return not_applicable(rule, who, lines)
    form = facts.form
    held = view.licences(form.receiver.uscc)
    instants = _instants(facts, "operate_unlicensed")
    bare = [i for i in instants if not any(in_force(x, i.fact.at) for x in held)]
    if not bare:
        last = instants[-1].fact.at
        valid = [x for x in held if in_force(x, last)]
        lasting = min(valid, key=lambda x: (_order(x), -(x.valid_to or date.max).toordinal(), x.id))
        left = days_left(lasting.valid_to, last)
        said = (f"接受人持有{_name_zh(lasting)}", f"the receiver holds {_name_en(lasting)}")
        kind = lasting.register_type
        why = f"{kind}_register" if kind in ("exempted", "virtual") else "licensed"
        margin = None if left is None else f"{left} d"
        return (says(rule, "passed", who, why, said, margin=margin),)
    grams = sum(facts.shipped_grams(w) for w in lines)
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
        f"{form.consignor.name}将{_names(lines)}共 {tonnes_text(grams)} 吨交由{form.receiver.name}，"
        f"{when_zh}时该单位无有效危险废物经营许可证：{why_zh}。",
        f"{form.consignor.name} gave {tonnes_text(grams)} t of {_codes(lines)} to "
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
            grams=grams,
            act_at=first.fact.at,
            evidence=(
                *_evidence(facts, bare),
                *(_licence_evidence(x) for x in ([ended] if ended is not None else held)),
            ),
            law=_law(bare, lines),
        ),
    )


def _out_of_scope(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    lines, who = _lines(facts, view), receiver_of(facts)
    if isinstance(lines, str):
        return not_applicable(rule, who, lines)
    form = facts.form
    held = view.licences(form.receiver.uscc)
    judged = []
    for instant in _instants(facts, "operate_off_licence"):
        valid = [x for x in held if in_force(x, instant.fact.at)]
        if valid:
            judged.append((instant, valid))
    if not judged:
        said = (
            "接受人当时无有效许可证，见“接受人无证”",
            "no licence in force whose scope could be read",
        )
        return (says(rule, "not_applicable", who, "unlicensed", said),)
    outside: list[tuple[_Instant, list[Licence], list[WasteLine]]] = []
    for instant, valid in judged:
        uncovered = [w for w in lines if not any(_covers(x, w) for x in valid)]
        if uncovered:
            outside.append((instant, valid, uncovered))
    if not outside:
        said = ("废物代码和方式在许可范围内", "codes and methods are within the licence")
        return (says(rule, "passed", who, "covered", said),)
    instant, valid, uncovered = outside[0]
    doubt = _doubt(valid, uncovered, instant.fact.at)
    grams = sum(facts.shipped_grams(w) for w in uncovered)
    numbers = "、".join(x.number for x in valid)
    methods_zh = "、".join(sorted({_METHOD_ZH[w.method] for w in uncovered}))
    methods_en = ", ".join(sorted({w.method for w in uncovered}))
    said = (
        f"{form.consignor.name}将{_names(uncovered)}共 {tonnes_text(grams)} 吨交由"
        f"{form.receiver.name}{methods_zh}，"
        f"{china_text(instant.fact.at)}{instant.zh}时其许可证（{numbers}）的范围不含该代码或方式。"
        + (doubt[0] if doubt else ""),
        f"{form.consignor.name} gave {tonnes_text(grams)} t of {_codes(uncovered)} to "
        f"{form.receiver.name} for {methods_en}; at {instant.en} ({china_text(instant.fact.at)}) "
        f"no line of its licences ({', '.join(x.number for x in valid)}) covers code and method."
        + (f" {doubt[1]}" if doubt else ""),
    )
    moments = [i for i, _, _ in outside]
    return (
        says(
            rule,
            "needs_review" if doubt else "violated",
            who,
            "scope_unclear" if doubt else "out_of_scope",
            said,
            grams=grams,
            act_at=instant.fact.at,
            evidence=(*_evidence(facts, moments), *(_licence_evidence(x) for x in valid)),
            law=_law(moments, uncovered),
        ),
    )


def _covers(licence: Licence, waste: WasteLine) -> bool:
    if licence.register_type in ("exempted", "virtual") and not licence.scope:
        return True  # such entries often name no codes: the register type itself is the permission
    return any(_line_covers(line, waste) for line in licence.scope)


def _line_covers(line: ScopeLine, waste: WasteLine) -> bool:
    if not _MODES[waste.method].intersection(line.modes):
        return False
    categories = (category_of(waste.code), *_ALSO.get(waste.code, ()))
    return waste.code in line.codes or any(c in line.categories for c in categories)


def _doubt(
    valid: Sequence[Licence], uncovered: Sequence[WasteLine], at: datetime
) -> tuple[str, str] | None:
    """Return why an officer must look before anyone is accused, None if the case is plain."""
    if any(not x.scope for x in valid):
        return "许可证范围未录入，须人工核对。", "A licence has no scope on record: to be checked."
    edition = edition_in_force(china_day(at))
    if any(in_catalogue(w.code, edition) is not True for w in uncovered):
        return (
            "代码未见于现有名录表，须人工核对。",
            "A code is not in the catalogue table at hand: to be checked.",
        )
    if any(line.edition < 2021 for x in valid for line in x.scope):
        return (
            "许可证按旧版名录核发，代码可能已变更，须人工核对。",
            "A licence cites an older catalogue, the code may have changed: to be checked.",
        )
    return None


_METHOD_ZH = {"storage": "贮存", "utilisation": "利用", "disposal": "处置"}


def _law(instants: Sequence[_Instant], lines: Sequence[WasteLine]) -> tuple[LegalBasis, ...]:
    collects = all(w.method == "storage" for w in lines)
    return tuple(x for i in instants for x in basis(i.act, i.fact.at, collects=collects))


def _names(lines: Sequence[WasteLine]) -> str:
    return "、".join(f"{w.name}（{w.code}）" for w in lines)


def _codes(lines: Sequence[WasteLine]) -> str:
    return ", ".join(w.code for w in lines)


def _order(licence: Licence) -> int:
    """Exempted and virtual register entries are asked first (domain 8.3)."""
    return 0 if licence.register_type in ("exempted", "virtual") else 1


def _name_zh(licence: Licence) -> str:
    kind = {"exempted": "豁免登记", "virtual": "虚拟登记"}.get(licence.register_type, "许可证")
    return f"{kind} {licence.number}"


def _name_en(licence: Licence) -> str:
    kind = {"exempted": "exempted register entry", "virtual": "virtual register entry"}
    return f"{kind.get(licence.register_type, 'licence')} {licence.number}"


def _licence_evidence(licence: Licence) -> Evidence:
    span = f"{licence.valid_from}至{licence.valid_to or '长期'}"
    return record_evidence(
        "licence",
        licence.id,
        f"{_name_zh(licence)}，{span}",
        f"{_name_en(licence)}, {licence.valid_from} to {licence.valid_to or 'open'}",
    )


def _evidence(facts: Facts, instants: Sequence[_Instant]) -> tuple[Evidence, ...]:
    found = [e for i in instants for e in event_evidence(i.fact, i.zh, i.en)]
    if facts.filed is not None:
        found += event_evidence(facts.filed, "联单填报", "manifest as filed")
    return tuple(found)


RECEIVER_UNLICENSED = ManifestRule(
    "licence.receiver_unlicensed",
    1,
    "接受人无危险废物经营许可证",
    "receiver without a licence",
    _unlicensed,
)
CODE_OUT_OF_SCOPE = ManifestRule(
    "licence.code_out_of_scope",
    1,
    "废物代码超出许可范围",
    "code outside the licence's scope",
    _out_of_scope,
)
