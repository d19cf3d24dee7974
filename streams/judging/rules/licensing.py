"""What every licence rule asks: which lines need a licence, when, and what a licence covers.

Two acts, two instants: the consignor entrusts at dispatch, the receiver takes over at arrival (Code
Arts 534, 1175, 1178; 固废法 80, 112, 114). Exemptions lift only the stage that they name.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.alert import Evidence, LegalBasis
from schemas.manifest import WasteLine
from schemas.registry import Licence, ScopeLine, Suspension
from schemas.waste_code import category_of
from streams.judging.facts import Fact, Facts
from streams.judging.law import Act, basis
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.once import once
from streams.judging.rules.rule import ManifestRule, event_evidence, record_evidence
from streams.judging.rules.transfer import exemption_for, nothing_to_judge

__all__ = [
    "Instant",
    "acts",
    "all_covered",
    "covering",
    "covers",
    "covers_code",
    "evidence_of",
    "in_force_at",
    "instants_of",
    "licence_evidence",
    "lines_needing_licence",
    "modes_for",
    "name_en",
    "name_zh",
    "names_code",
    "suspension_at",
]

_MODES = {
    "storage": frozenset(("storage", "collection")),
    "utilisation": frozenset(("utilisation",)),
    "disposal": frozenset(("disposal",)),
}
"""Which licensed modes cover a manifest's method."""

_LIFTED_BY = {method: frozenset((method, "whole_process")) for method in _MODES}
"""Stages whose exemption lets a method go without a licence."""

_ALSO = {"841-004-01": ("HW49",), "841-005-01": ("HW03",)}
"""Chemical and pharmaceutical medical waste may be treated as HW49 and HW03 (国卫医函〔2021〕238号)."""


class Instant(NamedTuple):
    """One act: when it was done, what it is where the licence is missing, how it is called."""

    fact: Fact
    act: Act
    zh: str
    en: str


def instants_of(facts: Facts, taking: Act) -> list[Instant]:
    """Return the consignor's and, once it is there, the receiver's moment.

    Who refuses a load has not collected, stored, used or disposed of it.
    """
    found = []
    if facts.moved is not None:
        found.append(Instant(facts.moved, "supply_to_unlicensed", "起运", "dispatch"))
    if facts.taken_over is not None and not facts.refused:
        found.append(Instant(facts.taken_over, taking, "接受", "taking over"))
    return found


@once
def lines_needing_licence(facts: Facts, view: RegistryView) -> list[WasteLine] | str:
    """Return the lines for which the receiver needs a licence, or why there are none."""
    reason = nothing_to_judge(facts)
    if reason is not None or facts.moved is None:
        return reason or "not_moved"
    if facts.form.receiver.uscc == facts.form.consignor.uscc:
        return "own_waste"
    lines = [
        w
        for w in facts.hazardous
        if exemption_for(facts, view, w.code, facts.moved, _LIFTED_BY[w.method]) is None
    ]
    return lines or "exempt"


def in_force_at(held: Sequence[Licence], at: datetime) -> list[Licence]:
    """Return the licences in force at an instant; a suspended one is still held."""
    return [licence for licence in held if in_force(licence, at)]


def covering(
    view: RegistryView, holder: str, at: datetime, waste: WasteLine
) -> tuple[Licence, ...]:
    """Return the holder's licences in force at an instant that cover a line, by id."""
    valid = view.licences_in_force(holder, at)
    return tuple([licence for licence in valid if _covers_once(view, licence, waste)])


def _covers_once(view: RegistryView, licence: Licence, waste: WasteLine) -> bool:
    """Return ``covers``, worked out once of a licence: its scope may name hundreds of codes."""
    question = ("covers", licence.id, waste.code, waste.method)
    found: bool | None = view.remembered.get(question)
    return view.remembered.put(question, covers(licence, waste)) if found is None else found


def all_covered(
    _rule: ManifestRule, facts: Facts, view: RegistryView, _now: datetime | None
) -> bool:
    """Whether licences in force covered every line when the load left and when it was taken over.

    Asked of waste that needs no licence as well, so False says nothing.
    """
    holder, wastes = facts.form.receiver.uscc, facts.hazardous
    for fact in (facts.moved, facts.taken_over):
        if fact is not None:
            for waste in wastes:
                if not covering(view, holder, fact.at, waste):
                    return False
    return True


def suspension_at(licence: Licence, at: datetime) -> Suspension | None:
    """Return what suspends a licence at an instant."""
    return next((s for s in licence.suspensions if in_force(s, at)), None)


def covers(licence: Licence, waste: WasteLine) -> bool:
    """Whether one line of the scope covers code and method together."""
    if licence.register_type in ("exempted", "virtual") and not licence.scope:
        return True  # such entries often name no codes: the register type itself is the permission
    modes = _MODES[waste.method]
    return any(
        names_code(line, waste.code) and not modes.isdisjoint(line.modes) for line in licence.scope
    )


def covers_code(licence: Licence, waste: WasteLine) -> bool:
    """Whether the scope names the code, in whatever mode."""
    return any(names_code(line, waste.code) for line in licence.scope)


def modes_for(method: str) -> frozenset[str]:
    """Return the licensed modes that cover a manifest's method."""
    return _MODES[method]


def names_code(line: ScopeLine, code: str) -> bool:
    """Whether a line of a scope names the code, or its category without excepting the code."""
    if code in line.codes:
        return True
    if code in line.except_codes:
        return False
    named = line.categories
    return bool(named) and any(c in named for c in (category_of(code), *_ALSO.get(code, ())))


def acts(instants: Sequence[Instant], lines: Sequence[WasteLine]) -> tuple[LegalBasis, ...]:
    """Return the articles that each act breaks."""
    collects = all(w.method == "storage" for w in lines)
    return tuple(x for i in instants for x in basis(i.act, i.fact.at, collects=collects))


def name_zh(licence: Licence) -> str:
    """Return what the licence or register entry is called in Chinese."""
    kind = {"exempted": "豁免登记", "virtual": "虚拟登记"}.get(licence.register_type, "许可证")
    return f"{kind} {licence.number}"


def name_en(licence: Licence) -> str:
    """Return what the licence or register entry is called in English."""
    kind = {"exempted": "exempted register entry", "virtual": "virtual register entry"}
    return f"{kind.get(licence.register_type, 'licence')} {licence.number}"


def licence_evidence(licence: Licence) -> Evidence:
    """Return a licence as evidence."""
    span = f"{licence.valid_from}至{licence.valid_to or '长期'}"
    return record_evidence(
        "licence",
        licence.id,
        f"{name_zh(licence)}，{span}",
        f"{name_en(licence)}, {licence.valid_from} to {licence.valid_to or 'open'}",
    )


def evidence_of(facts: Facts, instants: Sequence[Instant]) -> tuple[Evidence, ...]:
    """Return the acts' events and the manifest as evidence."""
    found = [e for i in instants for e in event_evidence(i.fact, i.zh, i.en)]
    if facts.filed is not None:
        found += event_evidence(facts.filed, "联单填报", "manifest as filed")
    return tuple(found)
