"""What was said of one manifest, and by whom; the records of a world by who holds them."""

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from schemas.instant import china_day

_HOLDER = {
    "licence": "holder",
    "carrier_permit": "carrier",
    "vehicle": "owner",
    "management_plan": "uscc",
    "transfer_approval": "consignor",
    "whitelist_entry": "receiver",
    "unit": "uscc",
    "insurance": "insured",
    "crew": "carrier",
}


def verb_of(event: Any) -> str:
    return str(event.type.split(".")[2])


def covers(record: Any, at: datetime) -> bool:
    day = china_day(at)
    return record.valid_from <= day and (record.valid_to is None or day <= record.valid_to)


def in_force(records: Iterable[Any], at: datetime) -> list[Any]:
    return [r for r in records if covers(r, at)]


class Records:
    """The newest version of every record by kind, and by kind and holder."""

    def __init__(self, records: Iterable[Any]) -> None:
        self.all: dict[str, list[Any]] = defaultdict(list)
        self._of: dict[tuple[str, str], list[Any]] = defaultdict(list)
        newest = {(record.kind, record.id): record for record in records}
        for record in newest.values():
            if record.retracted:
                continue
            self.all[record.kind].append(record)
            if record.kind in _HOLDER:
                self._of[record.kind, getattr(record, _HOLDER[record.kind])].append(record)

    def of(self, kind: str, holder: str) -> list[Any]:
        return self._of.get((kind, holder), [])


class Facts:
    """What the entitled parties said of one manifest; ``strangers`` said the rest.

    ``events`` in the order of posting, one of each id.
    """

    def __init__(self, events: list[Any], records: Records) -> None:
        said = sorted(events, key=lambda e: e.time)
        first = next(e for e in events if verb_of(e) == "filed")
        versions = [first.data] + [e.data.filed for e in said if verb_of(e) == "corrected"]
        self.form = versions[-1]
        consignor, author = self.form.consignor.uscc, first.source.removeprefix("urn:uscc:")
        if author != consignor:
            assert any(u.small_generator_collector for u in records.of("unit", author))
        corrections = {e.source for e in said if verb_of(e) == "corrected"}
        assert corrections <= {first.source}
        carriers = {c.uscc for version in versions for c in version.carriers}
        speakers = {
            "filed": {author},
            "corrected": {author},
            "received": {self.form.receiver.uscc},
            "treated": {self.form.receiver.uscc},
            "voided": {author, consignor},
        }
        happened: dict[str, Any] = {}
        self.strangers = []
        for event in said:
            entitled = speakers.get(verb_of(event), carriers)
            if event.source.removeprefix("urn:uscc:") in entitled:
                assert verb_of(event) not in happened or verb_of(event) == "corrected"
                happened[verb_of(event)] = event
            else:
                self.strangers.append(event)
        self.happened = happened
        moves = [happened[v].time for v in ("dispatched", "arrived", "received") if v in happened]
        self.moved = bool(moves) and "voided" not in happened
        self.left = moves[0] if moves else None
        over = happened.get("arrived") or happened.get("received")
        self.refused = "received" in happened and happened["received"].data.opinion == "refused"
        self.taken = over.time if over and not self.refused else None
        self.legs = self._legs()

    def _legs(self) -> list[tuple[str, str, datetime]]:
        legs = []
        for verb, who in (("dispatched", "carrier"), ("handed_over", "to")):
            event = self.happened.get(verb)
            if event is not None:
                legs.append((getattr(event.data, who), event.data.plate, event.time))
        return legs

    def drawn(self, waste: Any) -> float:
        """Grams that a line draws: accepted, else loaded, else filed; none when refused.

        Packages weigh what the filing says of one; not a number where it does not.
        """
        if self.refused:
            return 0
        for verb, weight, count in (
            ("received", "accepted_t", "accepted_packages"),
            ("dispatched", "quantity_t", "packages"),
        ):
            event = self.happened.get(verb)
            for row in (event.data.wastes or ()) if event is not None else ():
                if row.line == waste.line:
                    return _grams(getattr(row, weight), getattr(row, count), waste.package_t)
        return _grams(waste.quantity_t, waste.packages, waste.package_t)


def _grams(weight: int | None, count: int | None, package: int | None) -> float:
    if weight is not None:
        return weight
    assert count
    return count * package if package is not None else math.nan
