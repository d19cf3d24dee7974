"""The truth about a wide world, worked out anew from its bytes and the definitions of the rules.

Written for this test only, plainly; shares nothing with the generator or the rules.
"""

import csv
import math
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from wide_oracle_facts import Facts, Records, covers, in_force

import schemas
from schemas.decode import decode_manifest_event, decode_registry_record
from schemas.instant import CHINA, china_day
from schemas.region import province_of
from schemas.waste_code import is_general_waste

with (Path(schemas.__file__).parent / "data" / "hazardous_waste_catalogue_2021.csv").open() as rows:
    CATALOGUE = {row["code"] for row in csv.DictReader(rows)}
WORLDS_END = datetime(2026, 11, 21, tzinfo=CHINA)
Found = set[tuple[str, str, str]]
Draws = dict[str, float]
"""Grams; not a number where something drawn has no weight."""
_LIMIT_RULES = {
    "approval": "cross_province.quantity_exceeded",
    "whitelist": "whitelist.cap_exceeded",
    "licence": "licence.scale_exceeded",
    "plan": "plan.exceeded",
}


def findings(registry: list[bytes], events: list[bytes]) -> Found:
    """Return every (finding, rule, subject)."""
    records = Records(map(decode_registry_record, registry))
    by_subject: dict[str, dict[tuple[str, str], dict[bytes, Any]]] = {}
    for line in events:
        event = decode_manifest_event(line)
        said = by_subject.setdefault(event.subject, {})
        said.setdefault((event.source, event.id), {}).setdefault(line, event)
    found: Found = set()
    drawn: Draws = defaultdict(int)
    driven: dict[str, list[Facts]] = defaultdict(list)
    for subject, said in by_subject.items():
        versions = [list(each.values()) for each in said.values()]
        facts = Facts([each[0] for each in versions], records)
        broken = _about(facts, records, drawn)
        for _, plate, _ in facts.legs if facts.moved else ():
            driven[plate].append(facts)
        if any(len(each) > 1 for each in versions):
            last = Facts([each[-1] for each in versions], records)
            other = _about(last, records, defaultdict(int))
            broken = {("review", rule) for _, rule in broken ^ other} | (broken & other)
            broken.add(("review", "form.conflicting_reports"))
        broken |= (
            _terms(facts)
            | _journey(facts)
            | _stored(facts, records)
            | _paper_and_weight(subject, facts, records)
        )
        if facts.strangers:
            broken.add(("review", "form.not_entitled"))
        found |= {(finding, rule, subject) for finding, rule in broken}
    return found | set(_limits(records, drawn)) | _vehicles(driven)


def _vehicles(driven: dict[str, list[Facts]]) -> Found:
    """Whose vehicle was loaded, or was there, in two far provinces of this world within two hours."""
    found: Found = set()
    for plate, journeys in driven.items():
        places = [
            (f.happened[verb].time, getattr(f.form, who).site_region[:2], n)
            for n, f in enumerate(journeys)
            for verb, who in (("dispatched", "consignor"), ("arrived", "receiver"))
            if verb in f.happened and len(journeys) > 1 and len(f.legs) == 1
        ]
        for n, (at, here, one) in enumerate(sorted(places)):
            for then, there, other in sorted(places)[:n]:
                far = one != other and {here, there} in ({"22", "14"}, {"22", "63"})
                if far and at - then < timedelta(hours=2):
                    found.add(("review", "carrier.two_places", f"plate/{plate}/{china_day(at)}"))
    return found


def _terms(facts: Facts) -> set[tuple[str, str]]:
    """What was late, or had not come when the world ended, by days counted on the fingers."""
    said, form = facts.happened, facts.form
    if all(is_general_waste(w.code) for w in form.wastes):
        return set()
    when = {verb: event.time for verb, event in said.items()}
    found = set()
    ended = when.get("voided", WORLDS_END)
    start, end = form.consignor.site_region, form.receiver.site_region
    hours = 120 if start[:2] != end[:2] else 48 if start[:4] != end[:4] else 24
    there = when.get("arrived") or when.get("received")
    if "dispatched" in when and (there is not None or "voided" not in when):
        over = when["dispatched"] + timedelta(hours=hours)
        if over < WORLDS_END and (there or WORLDS_END) >= over:
            found.add(("review", "time.transit_overdue"))
    if "arrived" in when:
        over = _midnight_after(when["arrived"], 5)
        if over < WORLDS_END and when.get("received", ended) >= over:
            found.add(("violation", "time.receipt_overdue"))
    if form.back_entry and there is not None and when["filed"] >= _midnight_after(there, 10):
        found.add(("violation", "time.back_entry_overdue"))
    return found


def _journey(facts: Facts) -> set[tuple[str, str]]:
    """Who was there before leaving, or crossed two provinces of this world in three hours."""
    said, form = facts.happened, facts.form
    if not {"dispatched", "arrived"} <= said.keys() or not facts.moved:
        return set()
    if all(is_general_waste(w.code) for w in form.wastes):
        return set()
    took = said["arrived"].time - said["dispatched"].time
    ends = {form.consignor.site_region[:2], form.receiver.site_region[:2]}
    far = ends in ({"22", "14"}, {"22", "63"})
    fast = took < timedelta(minutes=-15) or (far and took < timedelta(hours=2, minutes=45))
    return {("review", "time.journey_too_fast")} if fast else set()


def _stored(facts: Facts, records: Records) -> set[tuple[str, str]]:
    """What was treated after a year, to the day, unless the authority consented to longer."""
    form, treated = facts.form, facts.happened.get("treated")
    wastes = [w for w in form.wastes if not is_general_waste(w.code)]
    if (
        facts.taken is None
        or treated is None
        or not wastes
        or form.consignor.uscc == form.receiver.uscc
    ):
        return set()
    there = china_day(facts.taken)
    last = there.replace(year=there.year + 1)
    for licence in records.of("licence", form.receiver.uscc):
        last = max([last, *(e.until for e in licence.storage_extensions)])
    return {("review", "time.stored_too_long")} if china_day(treated.time) > last else set()


def _paper_and_weight(subject: str, facts: Facts, records: Records) -> set[tuple[str, str]]:
    """A number of another city; a waste not planned; a line accepted whole that changed too much."""
    form, found = facts.form, set()
    wastes = [w for w in form.wastes if not is_general_waste(w.code)]
    if not facts.moved or not wastes:
        return found
    if subject.removeprefix("G")[4:8] != form.consignor.site_region[:4]:
        found.add(("review", "form.number_region"))
    if any(w.code not in CATALOGUE for w in wastes):
        found.add(("review", "form.unknown_code"))
    plans = records.of("management_plan", form.consignor.uscc)
    for waste in wastes:
        lines = [x for p in plans for x in p.lines if x.code == waste.code]
        if plans and not any(x.since is None or x.since <= china_day(facts.left) for x in lines):
            found.add(("review", "plan.no_line"))
    acts = [(carrier, at) for carrier, _, at in facts.legs]
    if facts.taken and form.receiver.uscc != form.consignor.uscc:
        acts.append((form.receiver.uscc, facts.taken))
    for unit, at in acts:
        policies = records.of("insurance", unit)
        if china_day(at) >= date(2026, 8, 15) and policies and not in_force(policies, at):
            found.add(("review", "insurance.lapsed"))
    if "received" in facts.happened:
        loaded = (
            facts.happened["dispatched"].data.wastes if "dispatched" in facts.happened else None
        )
        left = {w.line: w.quantity_t for w in form.wastes}
        left |= {row.line: row.quantity_t for row in loaded or ()}
        for row in facts.happened["received"].data.wastes:
            if row.opinion == "accepted" and row.accepted_t is not None and row.line in left:
                off = abs(row.accepted_t - left[row.line])
                if off > 100_000 and off * 20 > left[row.line]:
                    found.add(("review", "quantity.received_differs"))
    return found


def _midnight_after(start: datetime, days: int) -> datetime:
    day = china_day(start)
    while days:
        day += timedelta(days=1)
        off = date(2026, 9, 25) <= day <= date(2026, 9, 27) or date(2026, 10, 1) <= day <= date(
            2026, 10, 7
        )
        if day in (date(2026, 9, 20), date(2026, 10, 10)) or (day.weekday() < 5 and not off):
            days -= 1
    return datetime.combine(day + timedelta(days=1), time(), CHINA)


def _about(facts: Facts, records: Records, drawn: Draws) -> set[tuple[str, str]]:
    if not facts.moved:
        return set()
    broken = set(_carriers(facts, records))
    for waste in facts.form.wastes:
        if not is_general_waste(waste.code):
            broken |= set(_broken(facts, waste, records, drawn))
    return broken


def _carriers(facts: Facts, records: Records) -> list[tuple[str, str]]:
    broken = []
    for carrier, plate, at in facts.legs:
        permits = in_force(records.of("carrier_permit", carrier), at)
        if not permits:
            broken.append(("violation", "carrier.no_permit"))
        elif not any(not p.plates or plate in p.plates for p in permits):
            broken.append(("violation", "carrier.plate_not_on_permit"))
        own = [v for v in records.of("vehicle", carrier) if v.plate == plate]
        if own and not in_force(own, at):
            broken.append(("violation", "carrier.vehicle_certificate"))
        broken += _on_a_van(facts, plate, at, records)
        driver = next((c.driver for c in facts.form.carriers if c.uscc == carrier), None)
        crew = [m for m in records.of("crew", carrier) if m.name == driver]
        if crew and not in_force(crew, at):
            broken.append(("review", "carrier.crew_certificate"))
    return broken


def _on_a_van(facts: Facts, plate: str, at: datetime, records: Records) -> list[tuple[str, str]]:
    """What a vehicle carried that was for medical waste, and for nothing else, on that day."""
    held = in_force([v for v in records.all["vehicle"] if v.plate == plate], at)
    if {v.medical for v in held} != {True}:
        return []
    hospitals = {r.uscc for r in records.all["institution"]}
    known = facts.form.consignor.uscc in hospitals
    found = set()
    for waste in facts.form.wastes:
        if waste.code.startswith("841-") or (known and waste.code in ("900-002-03", "900-047-49")):
            continue
        found.add("review" if known or waste.code == "900-002-03" else "violation")
    return [(finding, "medical.other_cargo") for finding in sorted(found)[-1:]]


def _broken(facts: Facts, waste: Any, records: Records, drawn: Draws) -> list[tuple[str, str]]:
    form, at = facts.form, facts.left
    stages = {
        stage
        for e in in_force(records.all["exemption"], at)
        if waste.code in e.codes
        and e.consignor in (None, form.consignor.uscc)
        and e.receiver in (None, form.receiver.uscc)
        for stage in e.stages
    }
    if "whole_process" in stages:
        return []
    broken = []
    year = china_day(at).year
    for plan in records.of("management_plan", form.consignor.uscc):
        if plan.year == year and any(x.code == waste.code for x in plan.lines):
            drawn[f"plan/{plan.uscc}/{year}/{waste.code}"] += facts.drawn(waste)
    across = province_of(form.consignor.site_region) != province_of(form.receiver.site_region)
    if across and "transfer" not in stages:
        broken += _crossing(facts, waste, records, drawn)
    own = form.consignor.uscc == form.receiver.uscc
    if not own and waste.method not in stages:
        broken += [("violation", f"licence.{x}") for x in _licence(facts, waste, records, drawn)]
    return broken


def _crossing(facts: Facts, waste: Any, records: Records, drawn: Draws) -> list[tuple[str, str]]:
    form, at = facts.form, facts.left
    entries = [
        w
        for w in in_force(records.of("whitelist_entry", form.receiver.uscc), at)
        if waste.code in w.codes and form.consignor.site_region[:2] in {o[:2] for o in w.origins}
    ]
    intra = [w for w in entries if w.simplification == "as_intra"]
    if intra:
        _draw_entries(intra, facts, waste, drawn)
        return []
    letters = [
        (a, line)
        for a in records.of("transfer_approval", form.consignor.uscc)
        if a.decision == "approved"
        for line in a.lines
    ]
    wanted = (form.receiver.uscc, waste.code)
    named = [(a, line) for a, line in letters if (line.receiver, line.code) == wanted]
    now = [(a, line) for a, line in letters if covers(a, at)]
    valid = [(a, line) for a, line in now if (line.receiver, line.code) == wanted]
    good = [(a, line) for a, line in valid if line.purpose == waste.method]
    if not good:
        if valid:
            rule = "wrong_method"
        elif named:
            rule = "approval_not_in_force"
        else:
            receiver = [line for _, line in now if line.code == waste.code]
            code = [line for _, line in now if line.receiver == form.receiver.uscc]
            assert not (receiver and code), "the world may not be ambiguous"
            rule = "wrong_receiver" if receiver else "wrong_code" if code else "no_approval"
            if rule == "no_approval" and entries:
                assert not now, "an approval of another consignor's kind"
                rule = "whitelist_not_approval"
        return [("violation", f"cross_province.{rule}")]
    (approval,) = {a.id: a for a, _ in good}.values()
    listed = [w for w in entries if w.simplification != "as_intra"]
    _draw_entries(listed, facts, waste, drawn)
    if listed and all(w.single_use for w in listed) and not facts.refused:
        drawn[f"single/{approval.id}/{listed[0].id}/{china_day(at)}"] += 1
    late = [("review", "whitelist.finished_late")] if _too_late(facts, approval, listed) else []
    named = [(a, line) for a, line in good if line.name == waste.name] or good
    pool = f"approval/{approval.id}/pool/{waste.code}"
    subject = f"approval/{approval.id}/{named[0][1].line}" if len(named) == 1 else pool
    drawn[subject] += facts.drawn(waste)
    return late + _banned(facts, waste, approval, records)


def _too_late(facts: Facts, approval: Any, listed: list[Any]) -> bool:
    """Whether the load was there, or the world ended, after the days that the lists give."""
    days = [w.finish_within_days for w in listed]
    if not days or None in days:
        return False
    there = facts.happened.get("arrived") or facts.happened.get("received")
    end = china_day(there.time if there else WORLDS_END)
    return end > approval.decided_on + timedelta(days=max(days))


def _draw_entries(entries: list[Any], facts: Facts, waste: Any, drawn: Draws) -> None:
    for entry in entries:
        drawn[f"whitelist/{entry.id}/{china_day(facts.left).year}"] += facts.drawn(waste)


def _banned(facts: Facts, waste: Any, approval: Any, records: Records) -> list[tuple[str, str]]:
    bans = [
        b
        for b in in_force(records.all["inbound_ban"], facts.left)
        if province_of(b.destination) == province_of(facts.form.receiver.site_region)
        and (waste.code in b.codes or f"HW{waste.code[8:]}" in b.categories)
        and (not b.forms or waste.form in b.forms)
        and (not b.purposes or waste.method in b.purposes)
    ]
    findings = {
        "violation" if b.valid_from < approval.decided_on and b.least_content is None else "review"
        for b in bans
    }
    return [(finding, "inbound.banned") for finding in findings]


def _licence(facts: Facts, waste: Any, records: Records, drawn: Draws) -> list[str]:
    held = records.of("licence", facts.form.receiver.uscc)
    if facts.taken and "received" in facts.happened:  # a year's scale counts what was accepted
        for licence in held:
            drawn[f"licence/{licence.id}/{china_day(facts.taken).year}"] += facts.drawn(waste)
    broken = []
    for instant in filter(None, (facts.left, facts.taken)):
        valid = in_force(held, instant)
        usable = [v for v in valid if not in_force(v.suspensions, instant)]
        lines = [
            s
            for v in usable
            for s in v.scope
            if waste.code in s.codes or f"HW{waste.code[8:]}" in s.categories
        ]
        modes = {waste.method, "collection"} if waste.method == "storage" else {waste.method}
        if not valid:
            broken.append("receiver_unlicensed")
        elif not usable:
            broken.append("suspended")
        elif not lines:
            broken.append("code_out_of_scope")
        elif not any(modes & set(s.modes) for s in lines):
            broken.append("mode_out_of_scope")
    return broken


def _days_of(licence: Any, year: int) -> int:
    first = max(licence.valid_from, date(year, 1, 1))
    return (min(licence.valid_to, date(year, 12, 31)) - first).days + 1


def _limits(records: Records, drawn: Draws) -> list[tuple[str, str, str]]:
    found = []
    by_id = {(kind, r.id): r for kind, held in records.all.items() for r in held}
    uses = Counter(subject.rpartition("/")[0] for subject in drawn if subject[:6] == "single")
    found += [("review", "whitelist.used_again", s) for s, days in uses.items() if days > 1]
    for subject, grams in drawn.items():
        kind, record_id, *rest = subject.split("/")
        if kind == "single":
            continue
        if math.isnan(grams):
            found.append(("review", _LIMIT_RULES[kind], subject))
            continue
        if kind == "approval":
            approval = by_id["transfer_approval", record_id]
            pool = rest[0] == "pool"
            cap = sum(
                line.quantity_t
                for line in approval.lines
                if (line.code == rest[1] if pool else line.line == int(rest[0]))
            )
            if grams > cap:
                finding = "review" if pool else "violation"
                found.append((finding, "cross_province.quantity_exceeded", subject))
        elif kind == "whitelist":
            entry = by_id["whitelist_entry", record_id]
            if entry.annual_cap_t is not None and grams > entry.annual_cap_t:
                found.append(("violation", "whitelist.cap_exceeded", subject))
        elif kind == "plan":
            lines = [x for p in records.of("management_plan", record_id) for x in p.lines]
            if grams > sum(x.quantity_t for x in lines if x.code == rest[1]):
                found.append(("review", "plan.exceeded", subject))
        else:
            licence = by_id["licence", record_id]
            scale = licence.annual_scale_t * _days_of(licence, int(rest[0])) // 365
            if grams > scale:
                finding = "violation" if grams * 100 > scale * 120 else "notice"
                found.append((finding, "licence.scale_exceeded", subject))
    return found
