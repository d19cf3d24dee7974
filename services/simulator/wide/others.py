"""Who plays in the wide world beside the usual cast, and the papers that each holds."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.simulator.cast import FAR_OFF, PROVINCES, Plant
from services.simulator.dice import Dice
from services.simulator.firms import Firm, Founder
from services.simulator.fleet import Use
from services.simulator.register import Register
from services.simulator.waste import LEAD_BATTERY, MEDICAL, USED

__all__ = [
    "ADDED",
    "ADDED_ON",
    "ALWAYS",
    "AS_INTRA",
    "BANNED",
    "BOTH",
    "CERTIFIED_TO",
    "CONDITIONED",
    "CONVERTED",
    "DRIVERS",
    "INSURED_TO",
    "LISTED",
    "PILOT_ENDS",
    "PLANNED",
    "SHORTENED",
    "SINCE",
    "UNTIL",
    "VANS",
    "Lapsing",
    "Others",
    "Paused",
]

LISTED = "261-080-45"
"""On a white list of direct or short-consult kind everywhere, without cap."""
AS_INTRA = ("272-001-02", "263-008-04")
CONDITIONED = ("900-252-12", "900-407-06", "261-032-11")
"""On white lists that ask for something in return."""
SHORTENED = ("384-002-26", "336-062-17")
"""On white lists with yearly caps, which do without an approval or shorten it."""
BANNED = ("900-019-16", "900-352-35", "398-005-22", "772-007-50", "336-103-23")
"""Banned wholly, as liquid, for disposal, until a day, from a day."""
PLANNED, ADDED, ADDED_ON = USED[:2], USED[2], date(2026, 8, 1)
"""Codes in a plan from its beginning; one that a change brought, and the day of that."""
DRIVERS = ("示例驾驶员甲", "示例驾驶员乙")
"""Whose certificates end as those of the vehicles."""
CERTIFIED_TO = (date(2026, 7, 20), date(2026, 8, 31))
CONVERTED = date(2026, 8, 31)
"""The last day before a vehicle was for medical waste no longer, and another for nothing else from then on."""
_NEXT = CONVERTED + timedelta(days=1)
ALWAYS = (Use(medical=True),)
UNTIL = (Use(medical=True, until=CONVERTED), Use(since=_NEXT))
SINCE = (Use(until=CONVERTED), Use(medical=True, since=_NEXT))
BOTH = (Use(medical=True), Use())
"""Two records at once: a vehicle for medical waste and for other goods."""
VANS = (ALWAYS, ALWAYS, UNTIL, SINCE, BOTH, BOTH)
"""As what the vehicles of the medical carrier are on record, in the order of its plates."""
INSURED_TO = (date(2026, 8, 8), date(2026, 9, 14))
"""When the insurance of the two carriers and of the plant ends: before the Code, and under it."""
PILOT_ENDS = date(2026, 9, 30)
_TRADES = ("化工", "机械制造", "表面处理", "制药", "涂装", "电子")


@dataclass(frozen=True, slots=True)
class Paused:
    """A plant whose licence is suspended from ``first`` to ``last`` (None: until further notice)."""

    plant: Plant
    first: date
    last: date | None


@dataclass(frozen=True, slots=True)
class Lapsing:
    """A carrier and the last day of its permit."""

    firm: Firm
    until: date


@dataclass
class Others:
    """The players of the wide world only."""

    bare: list[Firm]
    """Producers that were never granted an approval."""
    tangled: list[Firm]
    """Producers whose approvals each belong to one story about a wrong approval."""
    hosts: list[Firm]
    """Receivers licensed in every mode for what is listed or banned."""
    paused: list[Paused]
    half_paused: Plant
    """Holds a suspended licence and another that is not."""
    pilot: Plant
    """Takes lead batteries as inside the province until ``PILOT_ENDS``."""
    unpermitted: Firm
    lapsing: list[Lapsing]
    half_listed: Firm
    """Its permit lists the first half of its plates."""
    unlisted: Firm
    """Its permit lists no plates at all; the certificates of its last two vehicles
    end (``CERTIFIED_TO``)."""
    insured: list[Firm]
    """Carriers whose insurance on record ends (``INSURED_TO``)."""
    insured_plant: Plant
    """Its insurance ends with the second carrier's."""
    planners: list[Firm]
    """Producers with a management plan: for the first half of ``PLANNED``, and a line added later."""
    medical: Firm
    """A carrier of medical waste, with the vehicles ``VANS``."""
    medical_plant: Plant
    hospital: Firm
    filer: Firm
    """Registered to file for small generators."""
    small: list[Firm]

    def hosts_in(self, *provinces: str) -> list[Firm]:
        """Return the hosts whose site is in one of the provinces."""
        return [h for h in self.hosts if h.province in provinces]


def found_others(manifests: int, dice: Dice, register: Register, founder: Founder) -> Others:
    """Found them and record their papers."""

    def makers(n: int) -> list[Firm]:
        return [founder.found(PROVINCES[i % 4], _TRADES) for i in range(n)]

    def carrier(province: str) -> Firm:
        return founder.found(province, ("危货运输",), plates=6)

    def plant(province: str, *trades: str) -> Plant:
        return Plant(founder.found(province, trades), "utilisation", USED)

    before = len(founder.firms)
    pauses = [
        (date(2026, 7, 10), date(2026, 7, 30)), (date(2026, 9, 1), date(2026, 9, 25)),
        (date(2026, 7, 18), None), (date(2026, 10, 8), None),
    ]  # fmt: skip
    ends = [
        (date(2026, 9, 7) if n % 2 else date(2026, 7, 13)) + timedelta(days=dice.below(14))
        for n in range(2 + manifests // 10_000)
    ]
    others = Others(
        bare=makers(4 + manifests // 5_000),
        tangled=makers(5 + manifests // 500),
        hosts=[
            founder.found(PROVINCES[n % 4], ("综合处置",)) for n in range(4 + manifests // 2_500)
        ],
        paused=[
            Paused(plant(PROVINCES[n % 4], "资源利用"), *pause) for n, pause in enumerate(pauses)
        ],
        half_paused=plant("14", "资源利用"),
        pilot=Plant(founder.found("13", ("再生铅",)), "utilisation", (LEAD_BATTERY,)),
        unpermitted=carrier("14"),
        lapsing=[Lapsing(carrier(PROVINCES[n % 4]), end) for n, end in enumerate(ends)],
        half_listed=carrier("22"),
        unlisted=carrier("13"),
        insured=[carrier("22"), carrier("13")],
        insured_plant=plant("13", "资源利用"),
        planners=[founder.found(p, (_TRADES[n],)) for n, p in enumerate(PROVINCES)],
        filer=founder.found("22", ("小微收集",)),
        small=[founder.found("22", ("汽车维修",)) for _ in range(2)],
        medical=founder.found("13", ("医废运输",), plates=len(VANS)),
        medical_plant=Plant(founder.found("13", ("医废处置",)), "disposal", MEDICAL),
        hospital=founder.found("13", ("综合医院",), body="12", ends=""),
    )
    for firm in founder.firms[before:]:
        register.unit(firm, small_generator_collector=firm is others.filer)
    _papers(others, register)
    return others


def _papers(others: Others, register: Register) -> None:
    scope: list[dict[str, Any]] = [
        {
            "codes": [LISTED, *AS_INTRA, *SHORTENED, *BANNED, *CONDITIONED],
            "modes": ["storage", "utilisation", "disposal"],
        }
    ]
    for host in others.hosts:
        register.licence(host, scope, FAR_OFF)
    use = [{"codes": list(USED), "modes": ["utilisation"]}]
    for paused in others.paused:
        span = (paused.first, paused.last)
        register.licence(paused.plant.firm, use, FAR_OFF, suspensions=[span])
    both = others.half_paused.firm
    register.licence(both, use, FAR_OFF, suspensions=[(date(2026, 5, 1), None)])
    register.licence(both, use, FAR_OFF)
    lead = [{"codes": [LEAD_BATTERY], "modes": ["utilisation"]}]
    register.licence(others.pilot.firm, lead, FAR_OFF)
    for firm, until in zip(others.insured, INSURED_TO, strict=True):
        register.carrier(firm)
        register.insurance(firm, until.replace(year=2025), until)
    register.licence(others.insured_plant.firm, use, FAR_OFF)
    register.insurance(others.insured_plant.firm, date(2025, 9, 15), INSURED_TO[1])
    for planner in others.planners:
        register.plan(planner, PLANNED, {ADDED: ADDED_ON})
    for lapsing in others.lapsing:
        register.carrier(lapsing.firm, lapsing.until)
    register.carrier(others.half_listed, listed=others.half_listed.plates[:3])
    ends = {
        plate: (Use(until=until),)
        for plate, until in zip(others.unlisted.plates[-2:], CERTIFIED_TO, strict=True)
    }
    register.carrier(others.unlisted, listed=(), uses=ends)
    for driver, until in zip(DRIVERS, CERTIFIED_TO, strict=True):
        register.crew(others.unlisted, driver, until)
    register.carrier(others.medical, uses=dict(zip(others.medical.plates, VANS, strict=True)))
    treats = [{"codes": list(MEDICAL), "modes": ["disposal"]}]
    register.licence(others.medical_plant.firm, treats, FAR_OFF)
    register.institution(others.hospital, 300)
