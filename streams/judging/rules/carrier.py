"""承运人: a leg carried without a road-transport permit in force, or by a vehicle not on the permit.

Basis: order 23 Arts 10, 13: only a carrier licensed for dangerous goods, its licences checked at
loading. The instant is the loading of each leg: the dispatch, and each hand-over for who takes the
load over. Waste whose transport is exempt needs no such carrier. Penalties are the transport
authority's and are not cited.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.alert import Evidence
from schemas.manifest import WasteLine
from schemas.registry import CarrierPermit
from streams.judging.facts import Fact, Facts
from streams.judging.law import order_23
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.amount import shipped
from streams.judging.rules.explained import permit_explained, plate_explained
from streams.judging.rules.loading import Loading, loadings
from streams.judging.rules.once import once
from streams.judging.rules.rule import (
    ManifestRule,
    days_left,
    event_evidence,
    last_ended,
    not_applicable,
    record_evidence,
    says,
)
from streams.judging.rules.transfer import LOADING, codes, exemption_for, names, nothing_to_judge

__all__ = [
    "LAW",
    "NO_PERMIT",
    "PLATE_NOT_ON_PERMIT",
    "Leg",
    "leg_of",
    "legs_of",
    "loading_evidence",
]

_STAGES = frozenset(("transport", "whole_process"))
LAW = (
    order_23(
        "第十条、第十三条",
        "应当委托有危险货物道路运输资质的承运人，装载时核验其单位、车辆、人员资质",
        "only a carrier licensed for dangerous goods; its licences are checked at loading",
        "consignor",
    ),
)


class Leg(NamedTuple):
    """One loading: who took the load over, with which vehicle, and the waste that is asked about."""

    carrier: str
    name: str
    plate: str | None
    fact: Fact
    wastes: tuple[WasteLine, ...]

    @property
    def at(self) -> datetime:
        """When it was loaded."""
        return self.fact.at


@once
def legs_of(facts: Facts, view: RegistryView) -> list[Leg] | str:
    """Return the loadings told whose waste needs a permit, in order, or why there are none."""
    reason = nothing_to_judge(facts)
    if reason is not None:
        return reason
    told = loadings(facts)
    if not told:
        return "loading_not_told"
    found = []
    for loading in told:
        wastes = tuple(
            w
            for w in facts.hazardous
            if exemption_for(facts, view, w.code, loading.fact, _STAGES) is None
        )
        if wastes:
            found.append(leg_of(facts, loading, wastes))
    return found or "exempt"


def leg_of(facts: Facts, loading: Loading, wastes: tuple[WasteLine, ...]) -> Leg:
    """Return a loading with the carrier's name, as to some of the manifest's lines."""
    uscc, plate, fact = loading
    part = next((c for c in facts.form.carriers if c.uscc == uscc), None)
    told = getattr(fact.data, "to_name", None)
    return Leg(uscc, part.name if part is not None else told or uscc, plate, fact, wastes)


def _permitted_throughout(
    _rule: ManifestRule, facts: Facts, view: RegistryView, _now: datetime | None
) -> bool:
    """Whether each carrier had a permit in force when it loaded, and one that lists its vehicle."""
    for uscc, plate, fact in loadings(facts):
        for permit in view.permits_in_force(uscc, fact.at):
            if plate is None or not permit.plates or plate in permit.plates:
                break
        else:
            return False
    return True


def _no_permit(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    """Return one outcome a carrier; of several loadings by one carrier the first without permit."""
    legs = legs_of(facts, view)
    if isinstance(legs, str):
        return not_applicable(rule, "-", legs)
    judged: dict[str, Outcome] = {}
    for leg in legs:
        before = judged.get(leg.carrier)
        if before is None or not before.found:
            judged[leg.carrier] = _permitted(rule, facts, view, leg)
    return tuple(judged.values())


def _permitted(rule: ManifestRule, facts: Facts, view: RegistryView, leg: Leg) -> Outcome:
    valid = view.permits_in_force(leg.carrier, leg.at)
    if valid:
        left = [days_left(p.valid_to, leg.at) for p in valid]
        longest = None if None in left else max(d for d in left if d is not None)
        said = (f"承运人持有道路运输许可 {valid[0].number}", f"permit {valid[0].number} in force")
        margin = None if longest is None else f"{longest} d"
        return says(rule, "passed", leg.carrier, "permitted", said, margin=margin)
    held = view.permits(leg.carrier)
    ended = last_ended(held, leg.at)
    if ended is not None:
        reason = "expired"
        why_zh = f"其许可 {ended.number} 已于 {ended.valid_to} 到期"
        why_en = f"its permit {ended.number} had ended on {ended.valid_to}"
    elif held:
        reason, why_zh, why_en = (
            "not_yet_valid",
            "其许可当时尚未生效",
            "its permit was not yet valid",
        )
    else:
        reason, why_zh, why_en = "none", "登记库中无其许可", "the registry holds no permit of it"
    amount = shipped(facts, leg.wastes)
    said = (
        f"{china_text(leg.at)}，{leg.name}承运{names(leg.wastes)}共 {amount.zh}，"
        f"装载时无有效的危险货物道路运输许可：{why_zh}。",
        f"{leg.name} loaded {amount.en} of {codes(leg.wastes)} on {china_text(leg.at)} "
        f"(China time) without a road-transport permit in force: {why_en}.",
    )
    return says(
        rule,
        "violated",
        leg.carrier,
        reason,
        said,
        margin=None if ended is None else f"{days_left(ended.valid_to, leg.at)} d",
        amount=amount,
        act_at=leg.at,
        evidence=_evidence(facts, leg, [ended] if ended is not None else held),
        law=LAW,
        **permit_explained(facts, view, leg)._asdict(),
    )


def _plate_not_on_permit(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    """Say something only of vehicles that every permit in force leaves out of its list."""
    legs = legs_of(facts, view)
    if isinstance(legs, str):
        return ()
    found: dict[str, Outcome] = {}
    for leg in legs:
        valid = view.permits_in_force(leg.carrier, leg.at)
        if (
            leg.plate is None
            or not valid
            or any(not p.plates or leg.plate in p.plates for p in valid)
        ):
            continue
        numbers = [p.number for p in valid]
        amount = shipped(facts, leg.wastes)
        said = (
            f"{china_text(leg.at)}，{leg.name}用车辆 {leg.plate} 承运{names(leg.wastes)}共 "
            f"{amount.zh}，该车不在其道路运输许可（{'、'.join(numbers)}）所列车辆内。",
            f"{leg.name} loaded {amount.en} of {codes(leg.wastes)} on vehicle "
            f"{leg.plate} on {china_text(leg.at)} (China time); its permit "
            f"({', '.join(numbers)}) does not list this vehicle.",
        )
        key = f"{leg.carrier}|{leg.plate}"
        found.setdefault(
            key,
            says(
                rule,
                "violated",
                key,
                "plate_not_listed",
                said,
                amount=amount,
                act_at=leg.at,
                evidence=_evidence(facts, leg, valid),
                law=LAW,
                **plate_explained(facts, view, leg, valid)._asdict(),
            ),
        )
    return tuple(found.values())


def loading_evidence(facts: Facts, leg: Leg) -> list[Evidence]:
    """Return a loading's event and the manifest as evidence."""
    found = event_evidence(leg.fact, "装载", "loading")
    if facts.filed is not None:
        found += event_evidence(facts.filed, "联单填报", "manifest as filed")
    return found


def _evidence(facts: Facts, leg: Leg, permits: Sequence[CarrierPermit]) -> tuple[Evidence, ...]:
    found = loading_evidence(facts, leg)
    for p in permits:
        span = f"{p.valid_from} – {p.valid_to or '…'}"
        found.append(
            record_evidence(
                "carrier_permit", p.id, f"运输许可 {p.number}，{span}", f"permit {p.number}, {span}"
            )
        )
    return tuple(found)


NO_PERMIT = ManifestRule(
    "carrier.no_permit",
    1,
    "承运人无危货运输许可",
    "carrier without a road-transport permit",
    _no_permit,
    reads=LOADING,
    quiet=_permitted_throughout,
)
PLATE_NOT_ON_PERMIT = ManifestRule(
    "carrier.plate_not_on_permit",
    1,
    "运输车辆不在许可范围内",
    "vehicle not on the carrier's permit",
    _plate_not_on_permit,
    reads=LOADING,
    quiet=_permitted_throughout,
)
