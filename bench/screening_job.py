"""The fixed job of ``bench.screening``: decode a manifest fully, look five things up, say how it is.

No cumulative rule, no texts. Own look-ups on purpose: the job stays the same while rules change.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from schemas.decode import decode_manifest_event, decode_registry_record
from schemas.instant import china_day
from schemas.region import province_of
from schemas.waste_code import category_of

__all__ = ["Screen", "prepared"]

Screen = Callable[[bytes], int]
"""From an event's bytes to the number of things wrong with it."""


def prepared(registry: Iterable[bytes]) -> Screen:
    """Return the job over a registry's records."""
    index: dict[str, dict[Any, list[Any]]] = {
        kind: defaultdict(list) for kind in ("approval", "licence", "permit", "ban", "whitelist")
    }
    for line in registry:
        r: Any = decode_registry_record(line)
        match r.kind:
            case "transfer_approval" if r.decision == "approved":
                for wanted in r.lines:
                    index["approval"][r.consignor, wanted.receiver, wanted.code].append(r)
            case "licence":
                index["licence"][r.holder].append(r)
            case "carrier_permit":
                index["permit"][r.carrier].append(r)
            case "inbound_ban":
                for named in (*r.codes, *r.categories):
                    index["ban"][province_of(r.destination), named].append(r)
            case "whitelist_entry":
                for named in (*r.codes, *r.categories):
                    index["whitelist"][r.receiver, named].append(r)
    approvals, licences, permits, bans, whitelist = (dict(each) for each in index.values())
    none: list[Any] = []

    def screen(raw: bytes) -> int:
        event: Any = decode_manifest_event(raw)
        form = event.data
        day = china_day(event.time)
        found = 0

        def valid(records: list[Any]) -> bool:
            return any(
                r.valid_from <= day and (r.valid_to is None or day <= r.valid_to) for r in records
            )

        receiver = form.receiver.uscc
        destination = province_of(form.receiver.site_region)
        crosses = province_of(form.consignor.site_region) != destination
        found += not valid(licences.get(receiver, none))
        for carrier in form.carriers:
            found += not valid(permits.get(carrier.uscc, none))
        for waste in form.wastes:
            category = category_of(waste.code)
            if crosses:
                listed = whitelist.get((receiver, waste.code), none) or whitelist.get(
                    (receiver, category), none
                )
                named = approvals.get((form.consignor.uscc, receiver, waste.code), none)
                found += not valid(named) and not valid(listed)
                found += valid(bans.get((destination, waste.code), none))
                found += valid(bans.get((destination, category), none))
        return found

    return screen
