"""道路运输证: a leg driven by the carrier's own vehicle whose certificate was not in force at loading.

Basis: order 23 Arts 10, 13: the vehicle's certificate is checked at loading. Only vehicles that the
registry knows as this carrier's are judged: a vehicle that is not on record says nothing of its
certificate, and who may use another's vehicle is the transport authority's question.
"""

from collections.abc import Sequence
from datetime import datetime

from schemas.registry import Vehicle
from streams.judging.facts import Facts
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.amount import shipped
from streams.judging.rules.carrier import LAW, Leg, legs_of, loading_evidence
from streams.judging.rules.explained import certificate_explained
from streams.judging.rules.loading import loadings
from streams.judging.rules.rule import ManifestRule, days_left, last_ended, record_evidence, says
from streams.judging.rules.transfer import LOADING, codes, names

__all__ = ["VEHICLE_CERTIFICATE"]


def _certificate(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    """Say something only of vehicles on record of which no certificate was in force."""
    legs = legs_of(facts, view)
    if isinstance(legs, str):
        return ()
    found: dict[str, Outcome] = {}
    for leg in legs:
        if leg.plate is None:
            continue
        held = [v for v in view.vehicles(leg.plate) if v.owner == leg.carrier]
        if held and not any(in_force(v, leg.at) for v in held):
            found.setdefault(f"{leg.carrier}|{leg.plate}", _finding(rule, facts, view, leg, held))
    return tuple(found.values())


def _certified(
    _rule: ManifestRule, facts: Facts, view: RegistryView, _now: datetime | None
) -> bool:
    """Whether each vehicle had a certificate of its carrier in force, or none is on record."""
    for uscc, plate, fact in loadings(facts):
        held = [v for v in view.vehicles(plate) if v.owner == uscc] if plate is not None else []
        if held and not any(in_force(v, fact.at) for v in held):
            return False
    return True


def _finding(
    rule: ManifestRule, facts: Facts, view: RegistryView, leg: Leg, held: Sequence[Vehicle]
) -> Outcome:
    ended = last_ended(held, leg.at)
    if ended is not None:
        why = (
            f"其道路运输证 {ended.certificate_no or ''}已于 {ended.valid_to} 到期",
            f"its certificate {ended.certificate_no or ''} had ended on {ended.valid_to}",
        )
    else:
        why = "其道路运输证当时尚未生效", "its certificate was not yet valid"
    amount = shipped(facts, leg.wastes)
    said = (
        f"{china_text(leg.at)}，{leg.name}用车辆 {leg.plate} 承运{names(leg.wastes)}共 {amount.zh}，"
        f"装载时该车无有效的道路运输证：{why[0]}。",
        f"{leg.name} loaded {amount.en} of {codes(leg.wastes)} on vehicle {leg.plate} on "
        f"{china_text(leg.at)} (China time) without a certificate in force: {why[1]}.",
    )
    shown = [ended] if ended is not None else list(held)
    return says(
        rule,
        "violated",
        f"{leg.carrier}|{leg.plate}",
        "expired" if ended is not None else "not_yet_valid",
        said,
        margin=None if ended is None else f"{days_left(ended.valid_to, leg.at)} d",
        amount=amount,
        act_at=leg.at,
        evidence=(
            *loading_evidence(facts, leg),
            *(
                record_evidence(
                    "vehicle",
                    v.id,
                    f"车辆 {v.plate} 道路运输证，{v.valid_from}至{v.valid_to or '长期'}",
                    f"certificate of {v.plate}, {v.valid_from} to {v.valid_to or 'open'}",
                )
                for v in shown
            ),
        ),
        law=LAW,
        **certificate_explained(facts, view, leg, held)._asdict(),
    )


VEHICLE_CERTIFICATE = ManifestRule(
    "carrier.vehicle_certificate",
    1,
    "车辆道路运输证无效",
    "vehicle without a certificate in force",
    _certificate,
    reads=LOADING,
    quiet=_certified,
)
