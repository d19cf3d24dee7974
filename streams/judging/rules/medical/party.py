"""谁处置、谁运送: plants without a licence, plants elsewhere, vehicles that are not for medical waste.

Basis: regulation of 2003 Arts 22 (licence), 25, 26 (vehicles); the Code Arts 534, 1175, 1178 for who
operates without a licence or supplies it. Pharmaceutical and chemical waste may be treated as HW03 and
HW49 (catalogue of medical waste of 2021), so a licence for those covers it. An emergency order lets
further plants and vehicles in, from its minute to its last, in its area (Code Art 545).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from schemas.instant import china_day
from schemas.medical import CODE_OF_CLASS
from schemas.region import province_of, region_name
from schemas.registry import Licence
from schemas.waste_code import category_of
from streams.judging.explanation import Cure
from streams.judging.law import basis
from streams.judging.medical import law
from streams.judging.medical.day import HospitalDay
from streams.judging.medical.package import Mark, Package
from streams.judging.medical.regime import orders_at, region_of
from streams.judging.medical.waiting import Clock
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView, on_day
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.medical.rule import (
    MedicalRule,
    found,
    kilograms,
    mark_evidence,
    named,
    silent,
)
from streams.judging.rules.rule import Said, record_evidence

__all__ = ["OTHER_AREA", "UNLICENSED_PLANT", "VEHICLE"]

_Taken = tuple[Package, Mark]
_ALSO = {"pharmaceutical": ("900-002-03", "HW03"), "chemical": ("900-047-49", "HW49")}
"""As which codes and categories these classes may be treated besides (catalogue of medical waste)."""


def _taken_over(facts: HospitalDay) -> dict[str, list[_Taken]]:
    """Return by unit what it weighed in or treated of that day; a package may be there for both."""
    by_plant: dict[str, list[_Taken]] = defaultdict(list)
    for package in facts.packages:
        for mark in (package.received, package.treated):
            if mark is not None:
                by_plant[mark.unit].append((package, mark))
    return by_plant


def _once(taken: Sequence[_Taken]) -> list[_Taken]:
    """Return each package with the first that is told of it."""
    first: dict[str, _Taken] = {}
    for package, mark in taken:
        first.setdefault(package.id, (package, mark))
    return list(first.values())


def _grams(taken: Sequence[_Taken]) -> int:
    return sum(
        next((m.weight_g for m in (p.received, p.sealed) if m is not None and m.weight_g), 0)
        for p, _ in taken
    )


def _nothing(rule: MedicalRule) -> tuple[Outcome]:
    return silent(rule, "nothing_received", ("没有入厂登记", "nothing was weighed in at a plant"))


def _ordered(view: RegistryView, facts: HospitalDay, plant: str, at: datetime) -> bool:
    """Whether an order in force where the waste or the plant is lets a plant take it."""
    regions = (region_of(view, facts.institution, at), region_of(view, plant, at))
    return any(plant in o.plants for region in regions for o in orders_at(view, region, at))


def _let(view: RegistryView, facts: HospitalDay, package: Package, mark: Mark) -> bool:
    """Whether an order let the unit do so; what it let in may also be treated after its end (ours)."""
    came = package.received
    moments = [mark.at, *([came.at] if came is not None and came.unit == mark.unit else [])]
    return any(_ordered(view, facts, mark.unit, at) for at in moments)


def _covers(licence: Licence, waste: str | None, mark: Mark) -> bool:
    """Whether a licence covers what was done with a class; of an unknown class any medical licence does."""
    if licence.register_type == "medical" and (waste is None or not licence.scope):
        return True
    if waste is None:
        return False
    code = CODE_OF_CLASS[waste]
    for line in licence.scope:
        if mark.verb == "treated" and not {"disposal", "utilisation"} & {*line.modes}:
            continue
        also_code, also_category = _ALSO.get(waste, (code, ""))
        named = {*line.codes} & {code, also_code}
        whole = {*line.categories} & {category_of(code), also_category}
        if named or (whole and not {*line.except_codes} & {code, also_code}):
            return True
    return False


def _suspended(licence: Licence, at: datetime) -> bool:
    return any(on_day(s, china_day(at)) for s in licence.suspensions)


def _unlicensed(
    rule: MedicalRule, facts: HospitalDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    by_plant = _taken_over(facts)
    if not by_plant:
        return _nothing(rule)
    outcomes = []
    for plant, taken in sorted(by_plant.items()):
        wrong: list[_Taken] = []
        reason = "no_licence"
        for package, mark in taken:
            held = [x for x in view.licences_in_force(plant, mark.at) if not _suspended(x, mark.at)]
            waste = package.sealed.data.waste if package.sealed is not None else None
            if any(_covers(x, waste, mark) for x in held) or _let(view, facts, package, mark):
                continue
            wrong.append((package, mark))
            if held:
                reason = "not_covered"
            elif view.licences(plant):
                reason = "not_in_force"
        if wrong:
            outcomes.append(_without_licence(rule, facts, view, plant, _once(wrong), reason))
    return tuple(outcomes) or silent(
        rule, "licensed", ("接收单位当时持证", "whoever took it over was licensed"), "passed"
    )


_WHY: dict[str, Said] = {
    "no_licence": ("没有经营许可证", "has no operating licence"),
    "not_in_force": ("当时没有有效的经营许可证", "had no operating licence in force"),
    "not_covered": ("的经营许可证不含该类医疗废物", "has a licence that does not cover this class"),
}


def _without_licence(
    rule: MedicalRule,
    facts: HospitalDay,
    view: RegistryView,
    plant: str,
    wrong: Sequence[_Taken],
    reason: str,
) -> Outcome:
    first = min((m for _, m in wrong), key=lambda m: (m.at, m.ref))
    held = view.medical_plant(plant, first.at)
    unit = view.unit(plant)
    name = held.name if held is not None else unit.name if unit is not None else plant
    names, grams = named(p for p, _ in wrong), _grams(wrong)
    said = (
        f"{name}{_WHY[reason][0]}，{china_text(first.at)} 起接收 {len(wrong)} 件医疗废物（{names[0]}）共 "
        f"{kilograms(grams)}，当时当地没有准许其接收的应急令。",
        f"{name} {_WHY[reason][1]} and took over {len(wrong)} packages ({names[1]}), {kilograms(grams)}, from "
        f"{china_text(first.at)} (China time) on; no emergency order let it.",
    )
    acts = (
        "operate_unlicensed" if reason == "no_licence" else "operate_off_licence",
        "supply_to_unlicensed",
    )
    records = [
        record_evidence("licence", x.id, f"许可证 {x.number}", f"licence {x.number}")
        for x in view.licences(plant)
    ]
    return found(
        rule,
        "violated",
        plant,
        reason,
        said,
        act_at=first.at,
        grams=grams,
        evidence=[*records, *(mark_evidence(m, p.id, p.id) for p, m in wrong)],
        law=[each for act in acts for each in basis(act, first.at)],  # type: ignore[arg-type]
        conditions=(
            condition(
                ("接收单位的许可证覆盖该类", "a licence in force covers the class"),
                _WHY[reason],
                ("持有且覆盖", "one in force that covers it"),
                holds=False,
            ),
            condition(
                ("应急令准许接收", "an emergency order lets it"),
                ("无", "none"),
                ("有", "one"),
                holds=False,
            ),
        ),
        cures=(
            Cure(
                zh="若当时持有覆盖该类的许可证或有应急令准许，登记部门补录后本告警附理由撤回。",
                en="If a licence that covers it or an order stood at that time, the alert is withdrawn with "
                "the reason once it is recorded.",
                party="authority",
                kind="licence",
            ),
        ),
    )


def _other_area(
    rule: MedicalRule, facts: HospitalDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    by_plant = _taken_over(facts)
    if not by_plant:
        return _nothing(rule)
    outcomes = []
    for plant, taken in sorted(by_plant.items()):
        strange = [
            (p, m)
            for p, m in taken
            if _elsewhere(view, facts.institution, plant, m.at)
            and plant not in {a.plant for a in view.agreements_in_force(facts.institution, m.at)}
            and not _ordered(view, facts, plant, m.at)
        ]
        if strange:
            outcomes.append(_moved_away(rule, facts, view, plant, _once(strange)))
    return tuple(outcomes) or silent(
        rule,
        "own_area",
        ("在本市处置，或有协议、应急令", "treated in its own city, or by agreement or order"),
        "passed",
    )


def _elsewhere(view: RegistryView, institution: str, plant: str, at: datetime) -> bool:
    here, there = region_of(view, institution, at), region_of(view, plant, at)
    if here is None or there is None:
        return False
    return here[:4] != there[:4] and not (here[2:4] == there[2:4] == "01" and here[:2] == there[:2])


def _moved_away(
    rule: MedicalRule,
    facts: HospitalDay,
    view: RegistryView,
    plant: str,
    taken: Sequence[_Taken],
) -> Outcome:
    first = min((m for _, m in taken), key=lambda m: (m.at, m.ref))
    here = region_of(view, facts.institution, first.at) or ""
    there = region_of(view, plant, first.at) or ""
    crosses = province_of(here) != province_of(there)
    names, grams = named(p for p, _ in taken), _grams(taken)
    places = f"{region_name(here)} → {region_name(there)}"
    said = (
        f"{len(taken)} 件医疗废物（{names[0]}）共 {kilograms(grams)}跨{'省' if crosses else '市'}处置（{places}），"
        "登记库没有收运协议或应急令，须核查。",
        f"{len(taken)} packages ({names[1]}), {kilograms(grams)}, were treated in another "
        f"{'province' if crosses else 'city'} ({places}); no agreement and no emergency order is on record: "
        "to be checked.",
    )
    return found(
        rule,
        "needs_review",
        plant,
        "other_province" if crosses else "other_city",
        said,
        act_at=first.at,
        grams=grams,
        evidence=[mark_evidence(m, p.id, p.id) for p, m in taken],
        law=(
            *law.collection(first.at),
            *(basis("unapproved_transfer", first.at) if crosses else ()),
        ),
        conditions=(
            condition(
                ("处置地在本市", "treated in its own city"),
                (places, places),
                ("同一城市", "one city"),
                holds=False,
            ),
            condition(
                ("收运协议或应急令", "an agreement or order"),
                ("无", "none"),
                holds=None,
            ),
        ),
        cures=(
            Cure(
                zh="若有收运协议，登记部门补录后本告警附理由撤回。",
                en="If there is an agreement, the alert is withdrawn with the reason once it is recorded.",
                party="authority",
                kind="collection_agreement",
            ),
        ),
    )


def _vehicle(
    rule: MedicalRule, facts: HospitalDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    taken = [(p, p.collected) for p in facts.packages if p.collected is not None]
    if not taken:
        return silent(rule, "not_collected", ("尚未收运", "nothing was collected yet"))
    by_plate: dict[str, list[_Taken]] = defaultdict(list)
    for package, mark in taken:
        if not _fit(view, facts, mark):
            by_plate[mark.data.plate].append((package, mark))
    return tuple(
        _unfit(rule, view, plate, its) for plate, its in sorted(by_plate.items())
    ) or silent(
        rule,
        "medical_vehicle",
        ("车辆为医疗废物专用或经应急令准许", "vehicles for medical waste, or let in by an order"),
        "passed",
    )


def _fit(view: RegistryView, facts: HospitalDay, mark: Mark) -> bool:
    plate, day = mark.data.plate, china_day(mark.at)
    if any(v.medical and on_day(v, day) for v in view.vehicles(plate)):
        return True
    region = region_of(view, facts.institution, mark.at)
    return any(plate in order.plates for order in orders_at(view, region, mark.at))


def _unfit(rule: MedicalRule, view: RegistryView, plate: str, taken: Sequence[_Taken]) -> Outcome:
    first = min((m for _, m in taken), key=lambda m: (m.at, m.ref))
    known = view.vehicles(plate)
    names, grams = named(p for p, _ in taken), _grams(taken)
    why = (
        ("登记为其他用途", "is on record for other goods")
        if any(on_day(v, china_day(first.at)) for v in known)
        else ("的登记当时已失效", "had a record that was not in force")
        if known
        else ("不在登记库中", "is not on record")
    )
    said = (
        f"车辆 {plate} {why[0]}，{china_text(first.at)} 起运送 {len(taken)} 件医疗废物（{names[0]}）共 "
        f"{kilograms(grams)}。",
        f"Vehicle {plate} {why[1]} and carried {len(taken)} packages ({names[1]}), {kilograms(grams)}, from "
        f"{china_text(first.at)} (China time) on.",
    )
    return found(
        rule,
        "violated" if known else "needs_review",
        plate,
        "not_medical" if known else "unknown_vehicle",
        said,
        act_at=first.at,
        grams=grams,
        evidence=[
            *(
                record_evidence("vehicle", v.id, f"车辆 {v.plate}", f"vehicle {v.plate}")
                for v in known
            ),
            *(mark_evidence(m, p.id, p.id) for p, m in taken),
        ],
        law=law.vehicle(first.at),
        conditions=(
            condition(
                ("医疗废物专用车辆", "a vehicle for medical waste"),
                (plate, plate),
                ("登记为专用", "on record as such"),
                holds=False if known else None,
            ),
        ),
        cures=(
            Cure(
                zh="若该车为专用车辆只是未登记，登记部门补录后本告警附理由撤回。",
                en="If the vehicle is one for medical waste and only not on record, the alert is withdrawn "
                "with the reason once it is recorded.",
                party="authority",
                kind="vehicle",
            ),
        ),
    )


UNLICENSED_PLANT = MedicalRule(
    "medical.unlicensed_plant",
    1,
    "无证接收医疗废物",
    "medical waste taken over without a licence",
    _unlicensed,
    "hospital_day",
)
OTHER_AREA = MedicalRule(
    "medical.other_area",
    1,
    "医疗废物跨区域处置",
    "medical waste treated in another area",
    _other_area,
    "hospital_day",
)
VEHICLE = MedicalRule(
    "medical.vehicle",
    1,
    "非专用车辆运送医疗废物",
    "vehicle not for medical waste",
    _vehicle,
    "hospital_day",
)
