"""What is to be known of a rule before it judges: its law by date, its figures, what it asks the registry.

Kept beside the rules, not in them: judging needs none of it. Tests hold it against what the rules do.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from schemas.alert import LegalBasis
from schemas.instant import CHINA, day_start
from streams.judging.fold import BACKDATING_TOLERANCE_US
from streams.judging.law import CODE_IN_FORCE, Act, basis, stored_too_long
from streams.judging.medical import law as medical_law
from streams.judging.rules.agreement import AGREED
from streams.judging.rules.carrier import LAW as CARRIER_LAW
from streams.judging.rules.catalogue import CATALOGUE_LAW
from streams.judging.rules.difference import DIFFERENCE_LAW
from streams.judging.rules.insurance import INSURANCE_LAW
from streams.judging.rules.number import NUMBER_LAW
from streams.judging.rules.parameter import Status
from streams.judging.rules.plan import PLAN_LAW
from streams.judging.rules.speakers import LAW as SPEAKERS_LAW
from streams.judging.rules.timeliness import TRACKED
from streams.judging.rules.track.law import RESTED, dumping, prescribed_route, speeds
from streams.judging.rules.track.vehicle import NO_MANIFEST_LAW

__all__ = ["ABOUT", "EVERY_RULE", "About", "Figure", "law_of"]


class Figure(NamedTuple):
    """A figure that bears on all rules and is not to be set."""

    name: str
    value: str
    status: Status
    zh: str
    en: str
    source: str


class About(NamedTuple):
    """``asks``: the registry kinds it looks at. ``own_law``: it cites the record it rests on."""

    acts: tuple[Act, ...] = ()
    cites: tuple[LegalBasis, ...] = ()
    cites_on: Callable[[datetime], tuple[LegalBasis, ...]] | None = None
    """What it cites besides, by when the act was done."""
    asks: tuple[str, ...] = ()
    own_law: bool = False


EVERY_RULE = (
    Figure(
        "backdating_tolerance",
        f"{BACKDATING_TOLERANCE_US // 3_600_000_000} h",
        "choice",
        "运抵后收到的更正，晚于此即视为运抵后更正",
        "a correction received so long after the arrival counts as made after it",
        "本系统 / our own",
    ),
)
"""What bears on all rules."""

_CROSSING = ("transfer_approval", "whitelist_entry", "exemption")
_TAKING = ("licence", "exemption")
_SUPPLY: tuple[Act, ...] = ("supply_to_unlicensed", "operate_off_licence")

STORED = tuple(
    b for day in (date(2026, 1, 1), CODE_IN_FORCE) for b in stored_too_long(day_start(day))
)

_MEDICAL = ("institution", "unit", "emergency_order")

ABOUT: dict[str, About] = {
    "medical.stored_too_long": About(
        cites_on=medical_law.store, asks=(*_MEDICAL, "collection_agreement")
    ),
    "medical.not_collected": About(
        cites_on=medical_law.collection, asks=(*_MEDICAL, "collection_agreement")
    ),
    "medical.unaccounted": About(cites_on=medical_law.register),
    "medical.never_sealed": About(cites_on=medical_law.register),
    "medical.weight_differs": About(cites_on=medical_law.register),
    "medical.unlicensed_plant": About(
        ("operate_unlicensed", "operate_off_licence", "supply_to_unlicensed"),
        asks=(*_MEDICAL, "medical_plant", "licence"),
    ),
    "medical.other_area": About(
        ("unapproved_transfer",),
        cites_on=medical_law.collection,
        asks=(*_MEDICAL, "medical_plant", "collection_agreement"),
    ),
    "medical.vehicle": About(cites_on=medical_law.vehicle, asks=(*_MEDICAL, "vehicle")),
    "medical.other_cargo": About(cites=medical_law.other_cargo(), asks=("vehicle", "institution")),
    "medical.plant_store": About(
        cites=medical_law.store_at_plant(), asks=(*_MEDICAL, "medical_plant")
    ),
    "medical.wrong_process": About(cites=medical_law.process()),
    "medical.process_figures": About(cites=medical_law.process()),
    "medical.not_washed": About(cites=medical_law.washing()),
    "medical.box_not_washed": About(cites=medical_law.box_washing()),
    "medical.silent_week": About(
        cites_on=medical_law.generated,
        asks=("institution", "collection_agreement", "emergency_order"),
    ),
    "medical.over_capacity": About(cites=medical_law.process(), asks=("medical_plant",)),
    "cross_province.no_approval": About(("unapproved_transfer",), asks=_CROSSING),
    "cross_province.approval_not_in_force": About(("unapproved_transfer",), asks=_CROSSING),
    "cross_province.wrong_method": About(("unapproved_transfer",), asks=_CROSSING),
    "cross_province.wrong_receiver": About(("unapproved_transfer",), asks=_CROSSING),
    "cross_province.wrong_code": About(("unapproved_transfer",), asks=_CROSSING),
    "cross_province.whitelist_not_approval": About(("unapproved_transfer",), asks=_CROSSING),
    "cross_province.quantity_exceeded": About(
        ("unapproved_transfer",), asks=("transfer_approval",)
    ),
    "whitelist.cap_exceeded": About(("unapproved_transfer",), asks=("whitelist_entry",)),
    "whitelist.finished_late": About(cites=AGREED, asks=_CROSSING),
    "whitelist.used_again": About(cites=AGREED, asks=("transfer_approval",)),
    "inbound.banned": About(asks=(*_CROSSING, "inbound_ban"), own_law=True),
    "licence.receiver_unlicensed": About(
        ("supply_to_unlicensed", "operate_unlicensed"), asks=_TAKING
    ),
    "licence.suspended": About(_SUPPLY, asks=_TAKING),
    "licence.code_out_of_scope": About(_SUPPLY, asks=_TAKING),
    "licence.mode_out_of_scope": About(_SUPPLY, asks=_TAKING),
    "licence.scale_exceeded": About(
        ("operate_off_licence",),
        asks=("licence",),
    ),
    "carrier.no_permit": About(cites=CARRIER_LAW, asks=("carrier_permit", "exemption")),
    "carrier.plate_not_on_permit": About(cites=CARRIER_LAW, asks=("carrier_permit", "exemption")),
    "carrier.vehicle_certificate": About(cites=CARRIER_LAW, asks=("vehicle", "exemption")),
    "carrier.crew_certificate": About(cites=CARRIER_LAW, asks=("crew", "exemption")),
    "insurance.lapsed": About(cites=INSURANCE_LAW, asks=("insurance", "exemption")),
    "plan.no_line": About(cites=PLAN_LAW, asks=("management_plan", "exemption")),
    "plan.exceeded": About(cites=PLAN_LAW, asks=("management_plan", "unit")),
    "form.unknown_code": About(cites=CATALOGUE_LAW),
    "form.number_region": About(cites=NUMBER_LAW),
    "quantity.received_differs": About(cites=DIFFERENCE_LAW),
    "form.not_entitled": About(cites=SPEAKERS_LAW),
    "form.conflicting_reports": About(cites=SPEAKERS_LAW),
    "time.receipt_overdue": About(
        ("receipt_overdue",),
        asks=("calendar", "exemption"),
    ),
    "time.back_entry_overdue": About(
        ("back_entry_overdue",),
        asks=("calendar", "exemption"),
    ),
    "time.stored_too_long": About(cites=STORED, asks=("licence", "exemption")),
    "time.journey_too_fast": About(cites=TRACKED),
    "time.transit_overdue": About(
        cites=TRACKED,
        asks=("exemption",),
    ),
    "track.third_province": About(cites_on=dumping, asks=("fence", "exemption")),
    "track.left_province": About(cites=TRACKED, asks=("exemption",)),
    "track.detour": About(cites=TRACKED, asks=("fence", "vehicle", "exemption")),
    "track.arrival_elsewhere": About(cites_on=dumping, asks=("fence", "exemption")),
    "track.no_arrival": About(cites=TRACKED, asks=("fence", "exemption")),
    "track.emptied": About(cites_on=dumping, asks=("fence", "exemption")),
    "track.stop_at_water": About(cites_on=dumping, asks=("fence", "exemption")),
    "track.long_stop": About(cites=TRACKED, asks=("fence", "exemption")),
    "track.signal_gap": About(cites=TRACKED, asks=("fence", "exemption")),
    "track.speeding": About(cites_on=speeds, asks=("exemption",)),
    "track.driving_time": About(cites=RESTED, asks=("crew", "exemption")),
    "track.off_route": About(
        cites_on=prescribed_route,
        asks=("prescribed_route", "vehicle", "fence", "collection_agreement", "emergency_order"),
    ),
    "track.no_manifest": About(cites=NO_MANIFEST_LAW, asks=("fence", "vehicle", "carrier_permit")),
    "carrier.two_places": About(cites=TRACKED, asks=("exemption",)),
}
"""By rule."""


def law_of(rule: str) -> dict[str, tuple[LegalBasis, ...]]:
    """Return what a rule may cite, by when the act was done: ``before`` the Code and ``since``."""
    about = ABOUT[rule]
    since = datetime(
        CODE_IN_FORCE.year, CODE_IN_FORCE.month, CODE_IN_FORCE.day, 12, tzinfo=CHINA
    )  # fmt: skip
    found: dict[str, tuple[LegalBasis, ...]] = {}
    for when, at in (("before", since - timedelta(days=1)), ("since", since)):
        cited: list[LegalBasis] = []
        for act in about.acts:
            for collects in (False, True):
                cited += [b for b in basis(act, at, collects=collects) if b not in cited]
        if about.cites_on is not None:
            cited += about.cites_on(at)
        found[when] = (*cited, *about.cites)
    return found
