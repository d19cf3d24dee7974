"""The registry as rules see it: the newest knowledge of each record, indexed for their questions.

``apply`` takes changes in the order of their sequence; ``RegistryView.known_at`` builds an earlier
state of knowledge. Validity ("in force at …") is asked per question, by China dates.
"""

import sys
from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Generic, NamedTuple, TypeVar, cast

import msgspec

from schemas.cell import cells_around
from schemas.instant import china_day
from schemas.region import province_of
from schemas.registry import (
    Calendar,
    CarrierPermit,
    CollectionAgreement,
    CrewMember,
    EmergencyOrder,
    Exemption,
    Fence,
    InboundBan,
    Institution,
    Insurance,
    Licence,
    ManagementPlan,
    MedicalPlant,
    PrescribedRoute,
    RegistryRecord,
    RulebookVersion,
    TransferApproval,
    Unit,
    Vehicle,
    WhitelistEntry,
)
from schemas.waste_code import category_of
from streams.judging.limit import (
    limit_key,
    plan_prefix,
    pool_key,
    single_prefix,
    years_prefix,
)

__all__ = [
    "RecordVersion",
    "RegistryView",
    "Touches",
    "area_mark",
    "calendar_mark",
    "carrier_mark",
    "cell_mark",
    "destination_mark",
    "filer_mark",
    "in_force",
    "limit_key",
    "on_day",
    "party_mark",
    "plate_mark",
    "touches",
]


_FENCE_REACH = 0.1
"""Degrees: more than the five kilometres in which water is looked for around a stop."""
_LAST_YEAR = 2100
_EVERY_LIMIT = ("approval/", "licence/", "plan/", "single/", "whitelist/")
"""What every limit's subject begins with; a pool's as its approval's."""
"""Of a version without an end: as far as years are known here."""

K = TypeVar("K")
R = TypeVar("R", bound=RegistryRecord)
T = TypeVar("T")


class RecordVersion(NamedTuple):
    """One version of one record, as recorded by change set ``seq``."""

    seq: int
    record: RegistryRecord


class Touches(NamedTuple):
    """What a record bears on: which manifests and limits must be judged again when it changes.

    Manifests whose consignor or receiver is among ``units``, by any reading (``party_mark``), or
    that have one of ``marks``. A limit that ends in ``/`` stands for all that begin so and are drawn on.
    """

    units: tuple[str, ...]
    marks: tuple[str, ...]
    limits: tuple[str, ...]


def in_force(record: Any, at: datetime) -> bool:
    """Whether an instant lies on a China date within the record's validity (ends included)."""
    return on_day(record, china_day(at))


def _share_texts(record: Any) -> None:
    """Let equal texts of all records be one object.

    Names of firms, codes and authorities come again and
    again: a quarter of what a large registry takes in memory.
    """
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if type(value) is str:
            msgspec.structs.force_setattr(record, name, sys.intern(value))
        elif type(value) is list and value and isinstance(value[0], msgspec.Struct):
            for line in value:
                _share_texts(line)


def on_day(record: Any, day: date) -> bool:
    """Whether a China date lies within the record's validity (ends included)."""
    return record.valid_from <= day and (record.valid_to is None or day <= record.valid_to)


def filer_mark(uscc: str) -> str:
    """Return what marks a manifest as filed by a unit for somebody else."""
    return f"unit/{uscc}"


def party_mark(uscc: str) -> str:
    """Return what marks a manifest that only another reading gives to a consignor or receiver."""
    return f"party/{uscc}"


def calendar_mark(year: int) -> str:
    """Return what marks a manifest with a term of working days that runs in a year."""
    return f"calendar/{year}"


def carrier_mark(uscc: str) -> str:
    """Return what marks a manifest as carried by a unit."""
    return f"carrier/{uscc}"


def cell_mark(cell: int) -> str:
    """Return what a fence looks for positions by (``schemas.cell``)."""
    return f"cell/{cell}"


def plate_mark(plate: str) -> str:
    """Return what marks a day of medical waste as carried by a vehicle.

    So a manifest of which only another reading names the vehicle; those that name it by the current one
    are found by it.
    """
    return f"plate/{plate}"


def area_mark(region: str) -> str:
    """Return what marks a day of medical waste as of a province."""
    return f"area/{region[:2]}"


def destination_mark(region: str) -> str:
    """Return what marks a manifest as bound for another province."""
    return f"to/{province_of(region)}"


def touches(record: RegistryRecord) -> Touches:
    """Return what ``record`` bears on: units by role, and marks (``ManifestDecision.marks``).

    Waste codes only where no unit narrows it down.
    """
    units: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    r: Any = record
    match record.kind:
        case "unit":
            units, marks = (r.uscc,), (filer_mark(r.uscc),)
            limits = (plan_prefix(r.uscc),)
        case "licence":
            units = (r.holder,)
            limits = (years_prefix("licence", r.id),)
        case "carrier_permit" | "crew":
            marks = (carrier_mark(r.carrier),)
        case "vehicle":
            marks = (carrier_mark(r.owner), plate_mark(r.plate))
        case "transfer_approval":
            units = (r.consignor,)
            codes = [line.code for line in r.lines]
            pools = sorted({code for code in codes if codes.count(code) > 1})
            limits = (
                *(limit_key(r.id, line.line) for line in r.lines),
                *(pool_key(r.id, code) for code in pools),
                single_prefix(r.id),
            )
        case "whitelist_entry":
            units = (r.receiver,)
            limits = (years_prefix("whitelist", r.id),)
        case "inbound_ban":
            marks = (*r.codes, *r.categories) or (destination_mark(r.destination),)
        case "exemption":
            named = tuple(unit for unit in (r.consignor, r.receiver) if unit is not None)
            units = named[:1]
            marks = () if named else (*r.codes, *r.categories)
        case "calendar":
            marks = (calendar_mark(r.year),)
        case "management_plan":
            units = (r.uscc,)
            limits = (plan_prefix(r.uscc, r.year),)
        case "insurance":
            units, marks = (r.insured,), (carrier_mark(r.insured),)
        case "institution":
            units = (r.uscc,)
        case "medical_plant":
            marks = (party_mark(r.uscc),)
        case "collection_agreement":
            marks = (party_mark(r.institution),)
        case "emergency_order":
            marks = tuple(dict.fromkeys(area_mark(area) for area in r.areas))
        case "fence":
            marks = tuple(map(cell_mark, cells_around(r.ring, _FENCE_REACH)))
        case "prescribed_route":
            marks = (carrier_mark(r.carrier), *map(plate_mark, r.plates))
        case "rulebook_version":
            last = r.valid_to.year if r.valid_to is not None else _LAST_YEAR
            marks = tuple(map(calendar_mark, range(r.valid_from.year, last + 1)))
            graver = any(each.parameter.startswith("severity.") for each in r.parameters)
            limits = _EVERY_LIMIT if graver else ("licence/", "plan/")
    return Touches(units, marks, limits)


class _Index(Generic[K, R]):
    """Records by what they name, in order of id. Read far more often than written."""

    def __init__(self) -> None:
        self._of: dict[K, tuple[R, ...]] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._of

    def of(self, key: K) -> tuple[R, ...]:
        """Return the records under a key, by id."""
        return self._of.get(key, ())

    def put(self, key: K, record: R) -> None:
        """Add a record, or another version of it."""
        known = self.of(key)
        at = bisect_left(known, record.id, key=_by_id)
        after = at + (known[at : at + 1] != () and known[at].id == record.id)
        self._of[key] = (*known[:at], record, *known[after:])

    def drop(self, key: K, record: R) -> None:
        """Remove a record, if it is there."""
        left = tuple(r for r in self.of(key) if r.id != record.id)
        if left:
            self._of[key] = left
        else:
            self._of.pop(key, None)

    def in_force(self, keys: Iterable[K], at: datetime) -> list[R]:
        """Return what is in force under any of the keys, once each, by id."""
        groups = [records for key in keys if (records := self._of.get(key))]
        if not groups:
            return []
        day = china_day(at)
        found = {r.id: r for records in groups for r in records if on_day(r, day)}
        return list(found.values()) if len(groups) == 1 else [found[i] for i in sorted(found)]


class Remembered(dict[tuple[Any, ...], Any]):
    """Answers that rest on the registry alone, by question; forgotten whenever a record changes."""

    def put(self, question: tuple[Any, ...], answer: T) -> T:
        """Keep an answer and return it."""
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        self[question] = answer
        return answer


_MOST_REMEMBERED = 8_000
_FEW = 4
"""So many records of a unit are looked through for less than their answer of a day is remembered."""


class RegistryView:
    """Indexes over the newest version of every record. Not thread-safe; one per worker."""

    def __init__(self) -> None:
        self.seq = 0
        self.changes = 0
        """Rises whenever anything in the view changes."""
        self._records: dict[tuple[str, str], RegistryRecord] = {}
        self._units: _Index[str, Unit] = _Index()
        self._licences: _Index[str, Licence] = _Index()
        self._approvals: _Index[str, TransferApproval] = _Index()
        self._whitelist: _Index[str, WhitelistEntry] = _Index()
        self._permits: _Index[str, CarrierPermit] = _Index()
        self._vehicles: _Index[str, Vehicle] = _Index()
        self._exempted: _Index[str, Exemption] = _Index()
        """By code or category alone: most are in no exemption."""
        self._exemptions: _Index[tuple[str, str | None, str | None], Exemption] = _Index()
        """By code or category, consignor and receiver if named."""
        self._bans: _Index[tuple[str, str], InboundBan] = _Index()
        """By province, and code or category; no name where the ban is of all waste."""
        self._calendars: _Index[int, Calendar] = _Index()
        self._plans: _Index[tuple[str, int], ManagementPlan] = _Index()
        self._planners: _Index[str, ManagementPlan] = _Index()
        self._policies: _Index[str, Insurance] = _Index()
        self._crew: _Index[tuple[str, str], CrewMember] = _Index()
        self._versions: _Index[str, RulebookVersion] = _Index()
        self._institutions: _Index[str, Institution] = _Index()
        self._plants: _Index[str, MedicalPlant] = _Index()
        self._agreements: _Index[str, CollectionAgreement] = _Index()
        self._orders: _Index[str, EmergencyOrder] = _Index()
        """By area."""
        self._fences: _Index[str, Fence] = _Index()
        self._routes: _Index[str, PrescribedRoute] = _Index()
        self.remembered = Remembered()

    @classmethod
    def known_at(
        cls, records: Iterable[RegistryRecord], known_at: datetime | None = None
    ) -> "RegistryView":
        """Build from a file's records: the last line of an id counts, recorded by ``known_at``."""
        view = cls()
        for record in records:
            recorded = record.recorded_at
            if known_at is None or recorded is None or recorded <= known_at:
                view.apply([RecordVersion(0, record)])
        return view

    def apply(self, changes: Iterable[RecordVersion]) -> None:
        """Take in newer versions, in the order of their sequence."""
        for seq, record in changes:
            self.changes += 1
            self.remembered.clear()
            self.seq = max(self.seq, seq)
            key = record.kind, record.id
            old = self._records.pop(key, None)
            if old is not None:
                for index, name in self._places(old):
                    index.drop(name, old)
            if not record.retracted:
                _share_texts(record)
                self._records[key] = record
                for index, name in self._places(record):
                    index.put(name, record)

    def _places(self, record: RegistryRecord) -> list[tuple[_Index[Any, Any], Any]]:
        r: Any = record
        match record.kind:
            case "unit":
                return [(self._units, r.uscc)]
            case "licence":
                return [(self._licences, r.holder)]
            case "transfer_approval":
                return [(self._approvals, r.consignor)]
            case "whitelist_entry":
                return [(self._whitelist, r.receiver)]
            case "exemption":
                named = (*r.codes, *r.categories)
                pairs = [(self._exemptions, (x, r.consignor, r.receiver)) for x in named]
                return [*((self._exempted, x) for x in named), *pairs]
            case "carrier_permit":
                return [(self._permits, r.carrier)]
            case "vehicle":
                return [(self._vehicles, r.plate)]
            case "inbound_ban":
                province = province_of(r.destination)
                named = (*r.codes, *r.categories) or ("",)
                return [(self._bans, (province, x)) for x in named]
            case "calendar":
                return [(self._calendars, r.year)]
            case "management_plan":
                return [(self._plans, (r.uscc, r.year)), (self._planners, r.uscc)]
            case "crew":
                return [(self._crew, (r.carrier, r.name))]
            case "insurance":
                return [(self._policies, r.insured)]
            case "rulebook_version":
                return [(self._versions, "")]
            case "institution":
                return [(self._institutions, r.uscc)]
            case "medical_plant":
                return [(self._plants, r.uscc)]
            case "collection_agreement":
                return [(self._agreements, r.institution)]
            case "emergency_order":
                return [(self._orders, area) for area in r.areas]
            case "fence":
                return [(self._fences, "")]
            case "prescribed_route":
                return [(self._routes, r.carrier)]
            case _:
                return []

    def unit(self, uscc: str) -> Unit | None:
        """Return the unit's record, by the smallest id if it has several."""
        return next(iter(self._units.of(uscc)), None)

    def is_collector(self, uscc: str, at: datetime) -> bool:
        """Whether the unit is registered as a small-generator collector at that instant."""
        return any(u.small_generator_collector and in_force(u, at) for u in self._units.of(uscc))

    def licences(self, holder: str) -> tuple[Licence, ...]:
        """Return all licences and register entries of a holder, in force or not, by id."""
        return self._licences.of(holder)

    def licences_in_force(self, holder: str, at: datetime) -> tuple[Licence, ...]:
        """Return those of ``licences`` that are in force at an instant."""
        return self._in_force("licence", self._licences, holder, at)

    def approvals(self, consignor: str) -> tuple[TransferApproval, ...]:
        """Return all decisions on a consignor's applications, refusals too, by id."""
        return self._approvals.of(consignor)

    def approval(self, record_id: str) -> TransferApproval | None:
        """Return the approval record of that id."""
        return cast("TransferApproval | None", self._records.get(("transfer_approval", record_id)))

    def whitelist(self, receiver: str) -> tuple[WhitelistEntry, ...]:
        """Return the white-list entries that name a receiver, by id."""
        return self._whitelist.of(receiver)

    def licence(self, record_id: str) -> Licence | None:
        """Return the licence record of that id."""
        return cast("Licence | None", self._records.get(("licence", record_id)))

    def whitelist_entry(self, record_id: str) -> WhitelistEntry | None:
        """Return the white-list entry of that id."""
        return cast("WhitelistEntry | None", self._records.get(("whitelist_entry", record_id)))

    def permits(self, carrier: str) -> tuple[CarrierPermit, ...]:
        """Return all road-transport permits of a carrier, in force or not, by id."""
        return self._permits.of(carrier)

    def vehicles(self, plate: str) -> tuple[Vehicle, ...]:
        """Return the records of a plate, of whatever owner, in force or not, by id."""
        return self._vehicles.of(plate)

    def permits_in_force(self, carrier: str, at: datetime) -> tuple[CarrierPermit, ...]:
        """Return those of ``permits`` that are in force at an instant."""
        return self._in_force("permit", self._permits, carrier, at)

    def _in_force(self, kind: str, index: _Index[str, R], unit: str, at: datetime) -> tuple[R, ...]:
        records = index.of(unit)
        if len(records) <= _FEW:
            day = china_day(at)
            if len(records) == 1:
                return records if on_day(records[0], day) else ()
            return tuple([r for r in records if on_day(r, day)])
        question = (kind, unit, china_day(at))
        found: tuple[R, ...] | None = self.remembered.get(question)
        if found is None:
            day = question[2]
            found = self.remembered.put(question, tuple(r for r in records if on_day(r, day)))
        return found

    def plans(self, uscc: str, year: int) -> tuple[ManagementPlan, ...]:
        """Return the management plans of a unit for a calendar year, by id."""
        return self._plans.of((uscc, year))

    def has_plans(self, uscc: str) -> bool:
        """Whether a unit has a management plan on record for any year."""
        return uscc in self._planners

    def policies(self, insured: str) -> tuple[Insurance, ...]:
        """Return the liability insurance on record of a unit, in force or not, by id."""
        return self._policies.of(insured)

    def crew(self, carrier: str, name: str) -> tuple[CrewMember, ...]:
        """Return the certificates on record of a carrier's people of that name, by id."""
        return self._crew.of((carrier, name))

    def rulebook_version(self, at: datetime) -> RulebookVersion | None:
        """Return the version of the rule book that acts at an instant are judged by, if any."""
        versions = self._versions.of("")
        day = china_day(at) if versions else None
        found = [v for v in versions if day is not None and on_day(v, day)]
        return max(found, key=lambda v: (v.valid_from, v.id), default=None)

    def institution(self, uscc: str, at: datetime) -> Institution | None:
        """Return the record in force of a hospital or clinic, else its newest by id, if any."""
        return _standing(self._institutions.of(uscc), at)

    def medical_plant(self, uscc: str, at: datetime) -> MedicalPlant | None:
        """Return the record in force of a treatment plant, else its newest by id, if any."""
        return _standing(self._plants.of(uscc), at)

    def agreements(self, institution: str) -> tuple[CollectionAgreement, ...]:
        """Return the collection agreements of an institution, in force or not, by id."""
        return self._agreements.of(institution)

    def agreements_in_force(self, institution: str, at: datetime) -> list[CollectionAgreement]:
        """Return the collection agreements of an institution in force at an instant, by id."""
        return [a for a in self._agreements.of(institution) if in_force(a, at)]

    def orders(self, region: str) -> tuple[EmergencyOrder, ...]:
        """Return the emergency orders for a region, its city or its province, by id, in force or not."""
        areas = dict.fromkeys((region, region[:4] + "00", region[:2] + "0000"))
        found = {order.id: order for area in areas for order in self._orders.of(area)}
        return tuple(found[i] for i in sorted(found))

    def fences(self) -> tuple[Fence, ...]:
        """Return all fences, in force or not, by id."""
        return self._fences.of("")

    def routes(self, carrier: str) -> tuple[PrescribedRoute, ...]:
        """Return the routes prescribed for a carrier's vehicles, in force or not, by id."""
        return self._routes.of(carrier)

    def calendar(self, year: int) -> Calendar | None:
        """Return the calendar of a year, of the smallest id if it has several."""
        return next(iter(self._calendars.of(year)), None)

    def bans(self, region: str, code: str, at: datetime) -> list[InboundBan]:
        """Return the bans in force in a region's province on a code, its category or all waste."""
        province = province_of(region)
        keys = ((province, code), (province, category_of(code)), (province, ""))
        return self._bans.in_force(keys, at)

    def exemptions(self, code: str, consignor: str, receiver: str, at: datetime) -> list[Exemption]:
        """Return the exemptions in force for a code between two units, by id."""
        named = self._exempt_as(code)
        if not named:
            return []
        pairs = ((None, None), (consignor, None), (None, receiver), (consignor, receiver))
        return self._exemptions.in_force([(x, *pair) for x in named for pair in pairs], at)

    def _exempt_as(self, code: str) -> tuple[str, ...]:
        """Return under which of its names, code and category, an exemption knows a code."""
        question = ("exempt", code)
        named: tuple[str, ...] | None = self.remembered.get(question)
        if named is None:
            both = code, category_of(code)
            named = self.remembered.put(question, tuple(x for x in both if x in self._exempted))
        return named


def _standing(records: tuple[R, ...], at: datetime) -> R | None:
    """Return the record in force at an instant, of the smallest id; else the last, if any."""
    return next((r for r in records if in_force(r, at)), records[-1] if records else None)


def _by_id(record: Any) -> str:
    identifier: str = record.id
    return identifier
