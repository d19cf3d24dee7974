"""Carriers explained: each permit against the loading, and the vehicle against the permits' lists."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from schemas.instant import china_day
from schemas.manifest import WasteLine
from schemas.registry import CarrierPermit, Vehicle
from streams.judging.explanation import Condition, Cure, Explanation
from streams.judging.facts import Fact, Facts
from streams.judging.outcome import china_text
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import (
    MOST_SHOWN,
    Group,
    condition,
    day_text,
    left_out,
    some,
    within_validity,
)

__all__ = [
    "Loading",
    "certificate_explained",
    "permit_explained",
    "plate_corrected",
    "plate_explained",
]

_LOADING = ("装载", "loading")


class Loading(Protocol):
    """One loading: who took the load over, with which vehicle, and which waste needs a permit."""

    @property
    def carrier(self) -> str:
        """Credit code."""

    @property
    def name(self) -> str:
        """Name, the credit code where none was told."""

    @property
    def plate(self) -> str | None:
        """The vehicle, if told."""

    @property
    def fact(self) -> Fact:
        """The dispatch or hand-over."""

    @property
    def wastes(self) -> tuple[WasteLine, ...]:
        """The lines whose transport is not exempt."""


def _applies(facts: Facts, view: RegistryView, leg: Loading) -> Iterable[Condition]:
    yield from scope.transfer(facts, leg.wastes)
    at = china_text(leg.fact.at)
    yield condition(
        ("装载已上报", "a loading was reported"),
        (f"{leg.name}，{at}", f"{leg.name}, {at}"),
        holds=True,
        role="applies",
    )
    yield scope.not_exempt(facts, view, leg.wastes, leg.fact.at, "transport")


def _group(permit: CarrierPermit) -> Group:
    return Group(
        f"运输许可 {permit.number}", f"permit {permit.number}", f"carrier_permit/{permit.id}"
    )


def permit_explained(facts: Facts, view: RegistryView, leg: Loading) -> Explanation:
    """Return why no permit of the carrier was in force at the loading."""
    held, at = view.permits(leg.carrier), leg.fact.at
    valid = sum(in_force(p, at) for p in held)
    conditions = [
        *_applies(facts, view, leg),
        condition(
            ("装载时有有效的危险货物道路运输许可", "a road-transport permit in force at loading"),
            (
                f"{china_text(at)}：{len(held)} 份中 {valid} 份有效",
                f"{china_text(at)}: {valid} of {len(held)} in force",
            ),
            ("至少 1 份", "at least 1"),
            holds=False,
        ),
    ]
    shown = sorted(held, key=lambda p: (_missed(p, at), p.id))[:MOST_SHOWN]
    conditions += [within_validity(p, at, _LOADING, _group(p)) for p in shown]
    conditions += left_out(("的许可", "permits"), shown, len(held))
    return Explanation(tuple(conditions), tuple(_permit_cures(facts, leg, shown[:1])))


def _missed(permit: CarrierPermit, at: datetime) -> int:
    """Return by how many days a loading misses a permit."""
    day = china_day(at)
    if permit.valid_to is not None and permit.valid_to < day:
        return (day - permit.valid_to).days
    return max((permit.valid_from - day).days, 0)


def _permit_cures(facts: Facts, leg: Loading, nearest: Sequence[CarrierPermit]) -> Iterable[Cure]:
    at = leg.fact.at
    for p in nearest:
        if p.valid_to is not None and p.valid_to < china_day(at):
            yield Cure(
                zh=f"若在 {p.valid_to} 当日或之前装载，或许可 {p.number} 在到期前获准延续，则本项合法。",
                en=f"Loaded on or before {p.valid_to}, or with permit {p.number} renewed before it "
                "ended, this would be legal.",
                party="carrier",
                kind="carrier_permit",
            )
        else:
            yield Cure(
                zh=f"若在许可 {p.number} 生效（{p.valid_from}）当日或之后装载，则本项合法。",
                en=f"Loaded on or after {p.valid_from}, when permit {p.number} begins, this would be "
                "legal.",
                party="carrier",
                kind="carrier_permit",
            )
    yield Cure(
        zh=f"若{leg.name}（{leg.carrier}）在 {day_text(at)} 持有有效的危险货物道路运输许可，则本项合法。",
        en=f"Had {leg.name} ({leg.carrier}) held a road-transport permit in force on {day_text(at)}, this "
        "would be legal.",
        party="carrier",
        kind="carrier_permit",
    )
    yield Cure(
        zh=f"若{facts.form.consignor.name}在装载前核验资质、委托持有有效许可的其他承运人，则本项合法。",
        en=f"Had {facts.form.consignor.name} checked this at loading and taken a carrier with a permit "
        "in force, this would be legal.",
        party="consignor",
    )
    yield Cure(
        zh="若许可当时有效、只是未录入或期限录入有误，登记部门补录后本告警附理由撤回。",
        en="If the permit was in force and only its record is missing or its dates are wrong, this "
        "alert is withdrawn with the reason once that is recorded.",
        party="authority",
        kind="carrier_permit",
    )


def plate_explained(
    facts: Facts, view: RegistryView, leg: Loading, valid: Sequence[CarrierPermit]
) -> Explanation:
    """Return why no permit in force lists the vehicle; ``valid``: those in force."""
    plate, at = leg.plate or "", leg.fact.at
    conditions = [*_applies(facts, view, leg)]
    shown = valid[:MOST_SHOWN]
    for p in shown:
        conditions.append(within_validity(p, at, _LOADING, _group(p)))
        conditions.append(
            condition(
                ("车辆列入许可", "the permit lists the vehicle"),
                (plate, plate),
                some(p.plates),
                holds=False,
                group=_group(p),
            )
        )
    conditions += left_out(("的许可", "permits"), shown, len(valid))
    plates_zh, plates_en = some(plate for p in valid for plate in p.plates)
    numbers = "、".join(p.number for p in shown)
    return Explanation(
        tuple(conditions),
        (
            Cure(
                zh=f"若{leg.name}用许可所列车辆（{plates_zh}）承运，则本项合法。",
                en=f"Carried on a vehicle that the permit lists ({plates_en}), this would be legal.",
                party="carrier",
            ),
            Cure(
                zh=f"若 {plate} 在 {day_text(at)} 前列入许可 {numbers}，则本项合法；已列入而未录入的，补录后"
                "本告警附理由撤回。",
                en=f"Had {plate} been put on permit {numbers} before {day_text(at)}, this would be legal; "
                "if it was and only the record is missing, the alert is withdrawn once it is recorded.",
                party="carrier",
                kind="carrier_permit",
            ),
            plate_corrected(plate),
        ),
    )


def certificate_explained(
    facts: Facts, view: RegistryView, leg: Loading, held: Sequence[Vehicle]
) -> Explanation:
    """Return why no certificate of the carrier's vehicle was in force; ``held``: those on record."""
    plate, at = leg.plate or "", leg.fact.at
    conditions = [
        *_applies(facts, view, leg),
        condition(
            ("登记为该承运人的车辆", "on record as the carrier's vehicle"),
            (plate, plate),
            holds=True,
            role="applies",
        ),
    ]
    shown = held[:MOST_SHOWN]
    for v in shown:
        number = v.certificate_no or v.id
        group = Group(f"道路运输证 {number}", f"certificate {number}", f"vehicle/{v.id}")
        conditions.append(within_validity(v, at, _LOADING, group))
    conditions += left_out(("的道路运输证", "certificates"), shown, len(held))
    return Explanation(
        tuple(conditions),
        (
            Cure(
                zh=f"若{leg.name}用道路运输证有效的其他车辆承运，则本项合法。",
                en="Carried on a vehicle with a certificate in force, this would be legal.",
                party="carrier",
            ),
            Cure(
                zh=f"若 {plate} 在 {day_text(at)} 持有有效的道路运输证、只是未录入或期限录入有误，登记部门补录后"
                "本告警附理由撤回。",
                en=f"If {plate} had a certificate in force on {day_text(at)} and only its record is missing "
                "or wrong, the alert is withdrawn once that is recorded.",
                party="authority",
                kind="vehicle",
            ),
            plate_corrected(plate),
        ),
    )


def plate_corrected(plate: str) -> Cure:
    """Return what is done where a loading was told with another vehicle's plate."""
    return Cure(
        zh=f"若实际车辆并非 {plate}、车牌填写有误，由上报人更正该次装载。",
        en=f"If the vehicle was not {plate} and the plate was written wrongly, who reported the "
        "loading corrects it.",
        party="carrier",
        kind="liandan.manifest.corrected.v1",
    )
