"""许可范围: a code that no licence covers, and a code covered for another method than the manifest's.

Basis and instants: as ``licensing``. Code and method must stand in one line of the scope.
"""

from collections.abc import Sequence
from datetime import datetime

from schemas.instant import china_day
from schemas.manifest import WasteLine
from schemas.registry import Licence
from schemas.waste_code import edition_in_force, in_catalogue
from streams.judging.facts import Facts
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.amount import shipped
from streams.judging.rules.explained import scope_explained
from streams.judging.rules.licensing import (
    Instant,
    acts,
    all_covered,
    covering,
    covers_code,
    evidence_of,
    instants_of,
    licence_evidence,
    lines_needing_licence,
)
from streams.judging.rules.once import once
from streams.judging.rules.rule import ManifestRule, not_applicable, says
from streams.judging.rules.transfer import METHODS_ZH, TAKING_OVER, codes, names, receiver_of

__all__ = ["CODE_OUT_OF_SCOPE", "MODE_OUT_OF_SCOPE"]

_Outside = list[tuple[Instant, Sequence[Licence], list[WasteLine]]]


@once
def _outside(facts: Facts, view: RegistryView) -> _Outside | None:
    """Return the lines outside the scope at each instant; None where there is no scope to read."""
    lines = lines_needing_licence(facts, view)
    if isinstance(lines, str):
        return None
    who = facts.form.receiver.uscc
    judged: _Outside = [
        (instant, valid, [w for w in lines if not covering(view, who, instant.fact.at, w)])
        for instant in instants_of(facts, "operate_off_licence")
        if (valid := view.licences_in_force(who, instant.fact.at))
    ]
    return judged or None


def _code_out_of_scope(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    lines, who = lines_needing_licence(facts, view), receiver_of(facts)
    if isinstance(lines, str):
        return not_applicable(rule, who, lines)
    judged = _outside(facts, view)
    if judged is None:
        said = (
            "接受人当时无有效许可证，见“接受人无证”",
            "no licence in force whose scope could be read",
        )
        return (says(rule, "not_applicable", who, "unlicensed", said),)
    bare = [
        (i, valid, [w for w in uncovered if not any(covers_code(x, w) for x in valid)])
        for i, valid, uncovered in judged
    ]
    if any(wastes for _, _, wastes in bare):
        return (_finding(rule, facts, view, bare, "该代码", "code"),)
    if any(wastes for _, _, wastes in judged):
        said = (
            "废物代码在许可范围内，方式见“方式超出许可范围”",
            "the codes are within the licence",
        )
    else:
        said = ("废物代码和方式在许可范围内", "codes and methods are within the licence")
    return (says(rule, "passed", who, "covered", said),)


def _mode_out_of_scope(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    """Say something only where a code is covered and its method is not."""
    judged = _outside(facts, view) if facts.filed is not None else None
    bare = [
        (i, valid, [w for w in uncovered if any(covers_code(x, w) for x in valid)])
        for i, valid, uncovered in judged or ()
    ]
    if any(wastes for _, _, wastes in bare):
        return (_finding(rule, facts, view, bare, "该代码的此种方式", "the code with this method"),)
    return ()


def _finding(
    rule: ManifestRule,
    facts: Facts,
    view: RegistryView,
    outside: _Outside,
    what_zh: str,
    what_en: str,
) -> Outcome:
    moments = [(i, valid, wastes) for i, valid, wastes in outside if wastes]
    instant, valid, uncovered = moments[0]
    doubt = _doubt(valid, uncovered, instant.fact.at)
    form = facts.form
    amount = shipped(facts, uncovered)
    methods = {METHODS_ZH[w.method]: w.method for w in uncovered}
    numbers = [x.number for x in valid]
    said = (
        f"{form.consignor.name}将{names(uncovered)}共 {amount.zh}交由"
        f"{form.receiver.name}{'、'.join(sorted(methods))}，"
        f"{china_text(instant.fact.at)}{instant.zh}时其许可证（{'、'.join(numbers)}）的范围不含{what_zh}。"
        + (doubt[0] if doubt else ""),
        f"{form.consignor.name} gave {amount.en} of {codes(uncovered)} to "
        f"{form.receiver.name} for {', '.join(sorted(methods.values()))}; at {instant.en} "
        f"({china_text(instant.fact.at)}) no line of its licences ({', '.join(numbers)}) covers "
        f"{what_en}." + (f" {doubt[1]}" if doubt else ""),
    )
    instants = [i for i, _, _ in moments]
    return says(
        rule,
        "needs_review" if doubt else "violated",
        receiver_of(facts),
        "scope_unclear" if doubt else "out_of_scope",
        said,
        amount=amount,
        act_at=instant.fact.at,
        evidence=(*evidence_of(facts, instants), *(licence_evidence(x) for x in valid)),
        law=acts(instants, uncovered),
        **scope_explained(
            facts, view, uncovered, valid, instants, doubtful=doubt is not None
        )._asdict(),
    )


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


CODE_OUT_OF_SCOPE = ManifestRule(
    "licence.code_out_of_scope",
    1,
    "废物代码超出许可范围",
    "code outside the licence's scope",
    _code_out_of_scope,
    reads=TAKING_OVER,
    quiet=all_covered,
)
MODE_OUT_OF_SCOPE = ManifestRule(
    "licence.mode_out_of_scope",
    1,
    "利用处置方式超出许可范围",
    "method outside the licence's scope",
    _mode_out_of_scope,
    reads=TAKING_OVER,
    quiet=all_covered,
)
