"""The truth about a world, worked out anew from its bytes and from the definitions of the rules.

Written for this test only, slowly and plainly; shares nothing with the generator or the rules.
"""

from collections import defaultdict
from typing import Any

from schemas.decode import decode_manifest_event, decode_registry_record
from schemas.instant import china_day
from schemas.region import province_of
from schemas.waste_code import is_general_waste

Found = set[tuple[str, str]]


class Facts:
    """What the entitled parties said of one manifest; ``happened`` maps verbs to events."""

    def __init__(self, events: list[Any]) -> None:
        said = sorted({(e.source, e.id): e for e in events}.values(), key=lambda e: e.time)
        first = next(e for e in said if _verb(e) == "filed")
        author, form = first.source, first.data
        for e in said:
            if _verb(e) == "corrected" and e.source == author and e.data.corrects == first.id:
                form = e.data.filed
        self.form = form
        carriers = {f"urn:uscc:{c.uscc}" for c in form.carriers}
        speakers = {
            "dispatched": carriers,
            "arrived": carriers,
            "received": {f"urn:uscc:{form.receiver.uscc}"},
            "voided": {author},
        }
        assert author == f"urn:uscc:{form.consignor.uscc}"
        self.happened = {
            _verb(e): e for e in said if e.source in speakers.get(_verb(e), frozenset())
        }
        moved = [self.happened[v] for v in ("dispatched", "arrived", "received") if v in self]
        self.moved = bool(moved) and "voided" not in self
        self.instants = [e.time for e in moved[:2] if _verb(e) != "received" or len(moved) == 1]

    def __contains__(self, verb: str) -> bool:
        return verb in self.happened


def _verb(event: Any) -> str:
    return str(event.type.split(".")[2])


def violations(registry: list[bytes], events: list[bytes]) -> Found:
    """Return every (rule, subject) that is broken."""
    records: dict[str, list[Any]] = defaultdict(list)
    for line in registry:
        record = decode_registry_record(line)
        records[record.kind].append(record)
    by_subject: dict[str, list[Any]] = defaultdict(list)
    for line in events:
        event = decode_manifest_event(line)
        by_subject[event.subject].append(event)
    found: Found = set()
    drawn: dict[tuple[str, int], int] = defaultdict(int)
    for subject, said in by_subject.items():
        facts = Facts(said)
        if facts.moved:
            for waste in facts.form.wastes:
                if not is_general_waste(waste.code):
                    for rule in _broken(facts, waste, records, drawn):
                        found.add((rule, subject))
    for approval in records["transfer_approval"]:
        for line in approval.lines:
            if drawn[approval.id, line.line] > line.quantity_t:
                subject = f"approval/{approval.id}/{line.line}"
                found.add(("cross_province.quantity_exceeded", subject))
    return found


def _broken(
    facts: Facts, waste: Any, records: dict[str, list[Any]], drawn: dict[tuple[str, int], int]
) -> list[str]:
    form, day = facts.form, china_day(facts.instants[0])
    stages = {
        stage
        for e in records["exemption"]
        if waste.code in e.codes
        and e.consignor in (None, form.consignor.uscc)
        and e.receiver in (None, form.receiver.uscc)
        and _covers(e, day)
        for stage in e.stages
    }
    if "whole_process" in stages:
        return []
    broken = []
    across = province_of(form.consignor.site_region) != province_of(form.receiver.site_region)
    if across and "transfer" not in stages and not _as_intra(form, waste, day, records):
        lines = [
            (approval, line)
            for approval in records["transfer_approval"]
            if approval.decision == "approved" and approval.consignor == form.consignor.uscc
            for line in approval.lines
            if (line.receiver, line.code) == (form.receiver.uscc, waste.code)
        ]
        valid = [(a, line) for a, line in lines if _covers(a, day)]
        if len(valid) > 1:
            valid = [(a, line) for a, line in valid if line.name == waste.name]
        if not lines:
            broken.append("cross_province.no_approval")
        elif not valid:
            broken.append("cross_province.approval_not_in_force")
        else:
            ((approval, line),) = valid
            drawn[approval.id, line.line] += _grams(facts, waste)
    own = form.consignor.uscc == form.receiver.uscc
    if not own and waste.method not in stages:
        held = [v for v in records["licence"] if v.holder == form.receiver.uscc]
        modes = {waste.method, "collection"} if waste.method == "storage" else {waste.method}
        for instant in facts.instants:
            in_force = [v for v in held if _covers(v, china_day(instant))]
            scopes = [
                s
                for v in in_force
                for s in v.scope
                if modes & set(s.modes)
                and (waste.code in s.codes or f"HW{waste.code[8:]}" in s.categories)
            ]
            if not in_force:
                broken.append("licence.receiver_unlicensed")
            elif not scopes:
                broken.append("licence.code_out_of_scope")
    return broken


def _as_intra(form: Any, waste: Any, day: Any, records: dict[str, list[Any]]) -> bool:
    return any(
        w.simplification == "as_intra"
        and w.receiver == form.receiver.uscc
        and waste.code in w.codes
        and form.consignor.site_region[:2] in {o[:2] for o in w.origins}
        and _covers(w, day)
        for w in records["whitelist_entry"]
    )


def _covers(record: Any, day: Any) -> bool:
    return record.valid_from <= day and (record.valid_to is None or day <= record.valid_to)


def _grams(facts: Facts, waste: Any) -> int:
    if "received" in facts:
        rows = facts.happened["received"].data.wastes
        return next(int(r.accepted_t) for r in rows if r.line == waste.line)
    if "dispatched" in facts:
        for row in facts.happened["dispatched"].data.wastes or ():
            if row.line == waste.line:
                return int(row.quantity_t)
    return int(waste.quantity_t)
