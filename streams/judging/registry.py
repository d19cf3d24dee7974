"""The registry as rules see it: the newest knowledge of each record, indexed for their questions.

``apply`` takes changes in the order of their sequence; ``RegistryView.known_at`` builds an earlier
state of knowledge. Validity ("in force at …") is asked per question, by China dates.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar, cast

from schemas.instant import china_day
from schemas.region import province_of
from schemas.registry import (
    CarrierPermit,
    Exemption,
    InboundBan,
    Licence,
    RegistryRecord,
    TransferApproval,
    Unit,
    WhitelistEntry,
)
from schemas.waste_code import category_of
from streams.judging.limit import limit_key, pool_key, years_prefix

__all__ = [
    "RecordVersion",
    "RegistryView",
    "Touches",
    "carrier_mark",
    "destination_mark",
    "filer_mark",
    "in_force",
    "limit_key",
    "touches",
]


K = TypeVar("K")
T = TypeVar("T", bound=RegistryRecord)

_Exempted = tuple[str, str | None, str | None]
"""Code or category, consignor and receiver if the exemption names them."""
_Banned = tuple[str, str]
"""Province, and code or category; no name where the ban is of all waste."""


class RecordVersion(NamedTuple):
    """One version of one record, as recorded by change set ``seq``."""

    seq: int
    record: RegistryRecord


class Touches(NamedTuple):
    """What a record bears on: which manifests and limits must be judged again when it changes.

    A limit that ends in ``/`` stands for all that begin so and are drawn on.
    """

    units: tuple[str, ...]
    marks: tuple[str, ...]
    limits: tuple[str, ...]


def in_force(record: Any, at: datetime) -> bool:
    """Whether an instant lies on a China date within the record's validity (ends included)."""
    return _on(record, china_day(at))


def _on(record: Any, day: date) -> bool:
    return record.valid_from <= day and (record.valid_to is None or day <= record.valid_to)


def filer_mark(uscc: str) -> str:
    """Return what marks a manifest as filed by a unit for somebody else."""
    return f"unit/{uscc}"


def carrier_mark(uscc: str) -> str:
    """Return what marks a manifest as carried by a unit."""
    return f"carrier/{uscc}"


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
        case "licence":
            units = (r.holder,)
            limits = (years_prefix("licence", r.id),)
        case "carrier_permit":
            marks = (carrier_mark(r.carrier),)
        case "vehicle":
            units = (r.owner,)
        case "transfer_approval":
            units = (r.consignor,)
            codes = [line.code for line in r.lines]
            pools = sorted({code for code in codes if codes.count(code) > 1})
            limits = (
                *(limit_key(r.id, line.line) for line in r.lines),
                *(pool_key(r.id, code) for code in pools),
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
    return Touches(units, marks, limits)


class RegistryView:
    """Indexes over the newest version of every record. Not thread-safe; one per worker."""

    def __init__(self) -> None:
        self.seq = 0
        self.changes = 0
        """Rises whenever anything in the view changes."""
        self._records: dict[tuple[str, str], RegistryRecord] = {}
        self._units: dict[str, dict[str, Unit]] = defaultdict(dict)
        self._licences: dict[str, dict[str, Licence]] = defaultdict(dict)
        self._approvals: dict[str, dict[str, TransferApproval]] = defaultdict(dict)
        self._whitelist: dict[str, dict[str, WhitelistEntry]] = defaultdict(dict)
        self._exemptions: dict[_Exempted, dict[str, Exemption]] = defaultdict(dict)
        self._permits: dict[str, dict[str, CarrierPermit]] = defaultdict(dict)
        self._bans: dict[_Banned, dict[str, InboundBan]] = defaultdict(dict)
        self._banning: Counter[str] = Counter()

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
            self.seq = max(self.seq, seq)
            key = record.kind, record.id
            old = self._records.pop(key, None)
            if old is not None:
                self._count_bans(old, -1)
                for index, name in self._places(old):
                    index[name].pop(old.id, None)
                    if not index[name]:
                        del index[name]
            if not record.retracted:
                self._records[key] = record
                self._count_bans(record, 1)
                for index, name in self._places(record):
                    index[name][record.id] = record

    def _count_bans(self, record: RegistryRecord, by: int) -> None:
        if record.kind == "inbound_ban":
            self._banning[province_of(record.destination)] += by

    def _places(self, record: RegistryRecord) -> list[tuple[dict[Any, dict[str, Any]], Any]]:
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
                return [
                    (self._exemptions, (code, r.consignor, r.receiver))
                    for code in (*r.codes, *r.categories)
                ]
            case "carrier_permit":
                return [(self._permits, r.carrier)]
            case "inbound_ban":
                province = province_of(r.destination)
                return [
                    (self._bans, (province, code)) for code in (*r.codes, *r.categories) or ("",)
                ]
            case _:
                return []

    def unit(self, uscc: str) -> Unit | None:
        """Return the unit's record, by the smallest id if it has several."""
        return min(self._units.get(uscc, {}).values(), key=_by_id, default=None)

    def is_collector(self, uscc: str, at: datetime) -> bool:
        """Whether the unit is registered as a small-generator collector at that instant."""
        units = self._units.get(uscc, {}).values()
        return any(u.small_generator_collector and in_force(u, at) for u in units)

    def licences(self, holder: str) -> list[Licence]:
        """Return all licences and register entries of a holder, in force or not, by id."""
        return sorted(self._licences.get(holder, {}).values(), key=_by_id)

    def approvals(self, consignor: str) -> list[TransferApproval]:
        """Return all decisions on a consignor's applications, refusals too, by id."""
        return sorted(self._approvals.get(consignor, {}).values(), key=_by_id)

    def approval(self, record_id: str) -> TransferApproval | None:
        """Return the approval record of that id."""
        return cast("TransferApproval | None", self._records.get(("transfer_approval", record_id)))

    def whitelist(self, receiver: str) -> list[WhitelistEntry]:
        """Return the white-list entries that name a receiver, by id."""
        return sorted(self._whitelist.get(receiver, {}).values(), key=_by_id)

    def licence(self, record_id: str) -> Licence | None:
        """Return the licence record of that id."""
        return cast("Licence | None", self._records.get(("licence", record_id)))

    def whitelist_entry(self, record_id: str) -> WhitelistEntry | None:
        """Return the white-list entry of that id."""
        return cast("WhitelistEntry | None", self._records.get(("whitelist_entry", record_id)))

    def permits(self, carrier: str) -> list[CarrierPermit]:
        """Return all road-transport permits of a carrier, in force or not, by id."""
        return sorted(self._permits.get(carrier, {}).values(), key=_by_id)

    def has_bans(self, region: str) -> bool:
        """Whether any inbound ban of anywhere in a region's province is on record."""
        return self._banning[province_of(region)] > 0

    def bans(self, region: str, code: str, at: datetime) -> list[InboundBan]:
        """Return the bans in force in a region's province on a code, its category or all waste."""
        province = province_of(region)
        keys = ((province, code), (province, category_of(code)), (province, ""))
        return _found(self._bans, keys, at)

    def exemptions(self, code: str, consignor: str, receiver: str, at: datetime) -> list[Exemption]:
        """Return the exemptions in force for a code between two units, by id."""
        keys = (
            (named, giver, taker)
            for named in (code, category_of(code))
            for giver in (None, consignor)
            for taker in (None, receiver)
        )
        return _found(self._exemptions, keys, at)


def _found(index: "dict[K, dict[str, T]]", keys: "Iterable[K]", at: datetime) -> "list[T]":
    """Return what is in force under any of some keys, once each, by id."""
    named = [records for key in keys if (records := index.get(key))]
    if not named:
        return []
    day = china_day(at)
    found = {r.id: r for records in named for r in records.values() if _on(r, day)}
    return [found[name] for name in sorted(found)]


def _by_id(record: Any) -> str:
    identifier: str = record.id
    return identifier
