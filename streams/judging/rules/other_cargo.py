"""专车专用: a vehicle for medical waste that carries anything else.

Basis: regulation of 2003 Art 26: such a vehicle carries nothing else. The instant is the loading of each
leg: the dispatch, and each hand-over. A vehicle is one for medical waste where a record of its plate in
force that day says so, whoever owns it, and none says otherwise: what is on record for other goods as well
is not its own. Medical waste is HW01, whatever its code in which edition, treated or exempt; that other
things are exempt from something lets no such vehicle carry them.

Nobody is accused where it may be medical waste by another name (catalogue of medical waste of 2021): of an
institution on record, drugs and chemicals under their own codes are it (``ALSO_MEDICAL``) and any other
hazardous waste may be; of somebody else, drugs and chemicals may come from an institution that is not on
record. General waste is for review, too: no text asks for a manifest of it, and in an epidemic governments
have some of it moved as medical waste (Code Art 545). An emergency order lets further vehicles carry
medical waste (``medical.vehicle``); it lets none of those for medical waste carry anything else.
"""

from collections.abc import Sequence
from datetime import datetime

from schemas.manifest import WasteLine
from schemas.registry import Vehicle
from schemas.waste_code import category_of, is_general_waste
from streams.judging.facts import Facts
from streams.judging.medical import law
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.amount import shipped
from streams.judging.rules.carrier import Leg, leg_of, loading_evidence
from streams.judging.rules.explained import cargo_explained
from streams.judging.rules.loading import loadings
from streams.judging.rules.rule import ManifestRule, Said, record_evidence, says
from streams.judging.rules.transfer import LOADING, codes, names

__all__ = ["OTHER_CARGO"]

_MEDICAL = "HW01"
ALSO_MEDICAL = ("900-002-03", "900-047-49")
"""Drugs and chemicals: as these codes medical waste of two classes may be treated (catalogue of 2021)."""
_DOUBTS: dict[str, Said] = {
    "of_an_institution": (
        "移出人是医疗卫生机构，是否为化学性或药物性医疗废物须核查。",
        "The consignor is a medical institution: whether it is chemical or pharmaceutical medical waste is to "
        "be checked.",
    ),
    "may_be_medical": (
        "该代码可为医疗废物，移出人不在机构登记之列，须核查。",
        "This code may be medical waste, and the consignor is not on record as an institution: to be checked.",
    ),
    "general_waste": (
        "所运为一般固体废物，是否按疫情处置要求运送须核查。",
        "It is general solid waste: whether it was moved under measures against an epidemic is to be checked.",
    ),
}


def _other_cargo(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    """Say something only of vehicles that are for medical waste."""
    if facts.filed is None or facts.called_off:
        return ()
    judged: dict[str, Outcome] = {}
    for loading in loadings(facts):
        if loading.plate is None:
            continue
        held = [v for v in view.vehicles(loading.plate) if in_force(v, loading.fact.at)]
        if not any(v.medical for v in held):
            continue
        key = f"{loading.carrier}|{loading.plate}"
        before = judged.get(key)
        if before is None or not before.found:
            leg = leg_of(facts, loading, tuple(facts.form.wastes))
            judged[key] = _carried(rule, facts, view, leg, held, key)
    return tuple(judged.values())


def _no_such_vehicle(
    _rule: ManifestRule, facts: Facts, view: RegistryView, _now: datetime | None
) -> bool:
    """Whether no vehicle named was ever one for medical waste."""
    plates = {loading.plate for loading in loadings(facts)}
    return not any(v.medical for plate in plates if plate is not None for v in view.vehicles(plate))


def _carried(
    rule: ManifestRule,
    facts: Facts,
    view: RegistryView,
    leg: Leg,
    held: Sequence[Vehicle],
    key: str,
) -> Outcome:
    if not all(v.medical for v in held):
        said = ("该车同时登记为其他用途", "the vehicle is on record for other goods, too")
        return says(rule, "passed", key, "other_use_too", said)
    doubts = {w.line: _doubt(facts, view, leg, w) for w in leg.wastes}
    others = tuple(w for w in leg.wastes if doubts[w.line] == "other_cargo")
    reason = "other_cargo"
    if not others:
        reason = next((x for w in leg.wastes if (x := doubts[w.line]) is not None), "")
        others = tuple(w for w in leg.wastes if doubts[w.line] == reason)
    if not others:
        said = ("所运均为医疗废物", "all that it carried is medical waste")
        return says(rule, "passed", key, "medical_waste", said)
    return _finding(rule, facts, leg._replace(wastes=others), held, key, reason)


def _doubt(facts: Facts, view: RegistryView, leg: Leg, waste: WasteLine) -> str | None:
    """Return why a line is not medical waste, or may not be; None where it is."""
    if is_general_waste(waste.code):
        return "general_waste"
    if category_of(waste.code) == _MEDICAL:
        return None
    if view.institution(facts.form.consignor.uscc, leg.at) is not None:
        return None if waste.code in ALSO_MEDICAL else "of_an_institution"
    return "may_be_medical" if waste.code in ALSO_MEDICAL else "other_cargo"


def _finding(
    rule: ManifestRule, facts: Facts, leg: Leg, held: Sequence[Vehicle], key: str, reason: str
) -> Outcome:
    amount = shipped(facts, leg.wastes)
    doubt = _DOUBTS.get(
        reason, ("专用车辆不得运送其他物品。", "Such a vehicle carries nothing else.")
    )
    said = (
        f"{china_text(leg.at)}，{leg.name}用医疗废物专用车辆 {leg.plate} 运送{names(leg.wastes)}共 "
        f"{amount.zh}。{doubt[0]}",
        f"{leg.name} loaded {amount.en} of {codes(leg.wastes)} on {leg.plate}, a vehicle for medical waste, on "
        f"{china_text(leg.at)} (China time). {doubt[1]}",
    )
    return says(
        rule,
        "violated" if reason == "other_cargo" else "needs_review",
        key,
        reason,
        said,
        amount=amount,
        act_at=leg.at,
        evidence=(
            *loading_evidence(facts, leg),
            *(
                record_evidence(
                    "vehicle",
                    v.id,
                    f"车辆 {v.plate}，医疗废物专用",
                    f"{v.plate}, for medical waste",
                )
                for v in held
            ),
        ),
        law=law.other_cargo(),
        **cargo_explained(facts, leg, held, reason)._asdict(),
    )


OTHER_CARGO = ManifestRule(
    "medical.other_cargo",
    1,
    "医疗废物专用车辆运送其他物品",
    "vehicle for medical waste carries other cargo",
    _other_cargo,
    reads=LOADING,
    quiet=_no_such_vehicle,
)
