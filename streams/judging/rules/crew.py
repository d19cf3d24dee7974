"""从业资格: a driver or escort named on the manifest whose certificate was not in force at loading.

Basis: order 23 Arts 10, 13: the people's certificates are checked at loading. Only who is on record with
this carrier is judged; a name may be another person's of that name, so this is for review.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.registry import CrewMember
from streams.judging.explanation import Cure
from streams.judging.facts import Facts
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.amount import shipped
from streams.judging.rules.carrier import LAW, Leg, legs_of, loading_evidence
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import Group, condition, within_validity
from streams.judging.rules.loading import loadings
from streams.judging.rules.rule import (
    ManifestRule,
    Said,
    days_left,
    last_ended,
    record_evidence,
    says,
)
from streams.judging.rules.transfer import LOADING, codes, names

__all__ = ["CREW_CERTIFICATE"]

_ROLES: dict[str, Said] = {"driver": ("驾驶员", "driver"), "escort": ("押运员", "escort")}


class _Person(NamedTuple):
    """Who a manifest names for a leg, and that person's certificates for the role."""

    leg: Leg
    role: str
    name: str
    held: Sequence[CrewMember]


def _people(facts: Facts, view: RegistryView, leg: Leg) -> list[_Person]:
    """Return who is on record of those that the manifest names for a leg."""
    parts = [c for c in facts.form.carriers if c.uscc == leg.carrier]
    part = next((c for c in parts if c.plate == leg.plate), next(iter(parts), None))
    found = []
    for role in _ROLES:
        name: str = getattr(part, role, None) or ""
        held = [m for m in view.crew(leg.carrier, name) if role in m.roles]
        if held:
            found.append(_Person(leg, role, name, held))
    return found


def _crew_certificate(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    """Say something only of people on record of whom no certificate was in force."""
    legs = legs_of(facts, view)
    if isinstance(legs, str):
        return ()
    found: dict[str, Outcome] = {}
    for leg in legs:
        for person in _people(facts, view, leg):
            if not any(in_force(m, leg.at) for m in person.held):
                key = f"{leg.carrier}|{person.role}"
                found.setdefault(key, _finding(rule, facts, view, person, key))
    return tuple(found.values())


def _nobody_lapsed(
    _rule: ManifestRule, facts: Facts, view: RegistryView, _now: datetime | None
) -> bool:
    """Whether of all whom the manifest names every certificate on record was in force."""
    names_told = {name for c in facts.form.carriers for name in (c.driver, c.escort) if name}
    return not names_told or all(
        in_force(m, fact.at)
        for uscc, _, fact in loadings(facts)
        for name in names_told
        for m in view.crew(uscc, name)
    )


def _finding(
    rule: ManifestRule, facts: Facts, view: RegistryView, person: _Person, key: str
) -> Outcome:
    leg, (role_zh, role_en) = person.leg, _ROLES[person.role]
    ended = last_ended(person.held, leg.at)
    why = (
        ("其从业资格证当时尚未生效", "the certificate was not yet valid")
        if ended is None
        else (
            f"其从业资格证已于 {ended.valid_to} 到期",
            f"the certificate had ended on {ended.valid_to}",
        )
    )
    amount = shipped(facts, leg.wastes)
    said = (
        f"{china_text(leg.at)}，{leg.name}承运{names(leg.wastes)}共 {amount.zh}，联单所填{role_zh} {person.name} "
        f"装载时无有效的从业资格证：{why[0]}；是否同名须人工核查。",
        f"{leg.name} loaded {amount.en} of {codes(leg.wastes)} on {china_text(leg.at)} (China time); the "
        f"{role_en} that the manifest names, {person.name}, had no certificate in force: {why[1]}. "
        "Whether it is another person of that name is to be checked.",
    )
    shown = [ended] if ended is not None else list(person.held)
    return says(
        rule,
        "needs_review",
        key,
        "expired" if ended is not None else "not_yet_valid",
        said,
        margin=None if ended is None else f"{days_left(ended.valid_to, leg.at)} d",
        amount=amount,
        act_at=leg.at,
        evidence=(
            *loading_evidence(facts, leg),
            *(
                record_evidence(
                    "crew",
                    m.id,
                    f"{m.name} 从业资格证，{m.valid_from}至{m.valid_to or '长期'}",
                    f"certificate of {m.name}, {m.valid_from} to {m.valid_to or 'open'}",
                )
                for m in shown
            ),
        ),
        law=LAW,
        conditions=(
            *scope.transfer(facts, leg.wastes),
            scope.not_exempt(facts, view, leg.wastes, leg.at, "transport"),
            condition(
                (
                    f"联单所填{role_zh}登记在该承运人名下",
                    f"the {role_en} is on record with the carrier",
                ),
                (person.name, person.name),
                holds=True,
                role="applies",
            ),
            *(
                within_validity(
                    m,
                    leg.at,
                    ("装载", "loading"),
                    Group(
                        f"从业资格证 {m.certificate_no or m.id}",
                        f"certificate {m.certificate_no or m.id}",
                        f"crew/{m.id}",
                    ),
                )
                for m in person.held
            ),
        ),
        cures=(
            Cure(
                zh=f"若由从业资格有效的{role_zh}承运，则无需核查。",
                en=f"With a {role_en} whose certificate was in force nothing would be to check.",
                party="carrier",
            ),
            Cure(
                zh=f"若 {person.name} 当时持有有效的从业资格证、只是未录入，登记部门补录后本告警附理由撤回。",
                en=f"If {person.name} had a certificate in force and only its record is missing, the alert is "
                "withdrawn with the reason once that is recorded.",
                party="authority",
                kind="crew",
            ),
        ),
    )


CREW_CERTIFICATE = ManifestRule(
    "carrier.crew_certificate",
    1,
    "驾驶押运人员从业资格无效",
    "driver or escort without a certificate in force",
    _crew_certificate,
    gravest="medium",
    reads=LOADING,
    quiet=_nobody_lapsed,
)
