"""The fold: from the *set* of a manifest's events to its facts.

Any order, any duplication and any split of the same events give the same facts. Who may say what
(design §4) is decided here: another party's statement is kept, changes nothing and is listed in
``ignored`` with the reason.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from streams.judging.facts import Fact, Facts, Ignored, earliest
from streams.judging.statement import Identity, Ref, Statement

if TYPE_CHECKING:
    from schemas.manifest import FiledData

__all__ = ["Speakers", "fold"]

BACKDATING_TOLERANCE_US = int(timedelta(hours=24) / timedelta(microseconds=1))
"""A correction received this much after the arrival was, counts as made after it whatever it says
of its own time: otherwise a receiver could be exchanged on paper once the load is gone. [D]"""

_Version = tuple[datetime, str, Any]
"""When a filing's data were said, under which id, and what they are."""
_VERBS = ("filed", "dispatched", "handed_over", "arrived", "received", "treated", "voided")
_RECEIVERS_WORD = ("received", "treated")


class Speakers(Protocol):
    """What the fold must ask the registry: who may file for somebody else."""

    def is_collector(self, uscc: str, at: datetime) -> bool:
        """Whether the unit is a licensed small-generator collector at that instant."""
        ...


def fold(subject: str, statements: Mapping[Identity, Statement], speakers: Speakers) -> Facts:
    """Return the facts that a set of statements about ``subject`` amounts to."""
    counted, conflicts = _one_per_id(statements.values())
    facts = _fold(subject, counted, conflicts, speakers, None)
    readings = []
    over = facts.reached
    if over is not None and any(
        s.verb == "corrected" and _after(s, over) for s in counted.values()
    ):
        settled = _fold(subject, counted, conflicts, speakers, over)
        readings.append(("corrected_after_arrival", settled))
    if conflicts:
        last = {(s.ref.source, s.ref.id): s for s in sorted(statements.values(), key=_receipt)}
        readings.append(("conflicting_reports", _fold(subject, last, conflicts, speakers, None)))
    if not readings:
        return facts
    what = _what_counts(facts)
    return facts._replace(otherwise=tuple(r for r in readings if _what_counts(r[1]) != what))


def _what_counts(facts: Facts) -> tuple[Any, ...]:
    """Return what may not change silently."""
    if facts.filed is None:
        return ()
    form = facts.form
    return (
        facts.moved.at if facts.moved is not None else None,
        facts.taken_over.at if facts.taken_over is not None else None,
        facts.refused,
        facts.voided is not None,
        form.consignor.uscc,
        form.receiver.uscc,
        form.receiver.site_region,
        form.consignor.site_region,
        tuple(
            (w.line, w.code, facts.shipped_grams(w), facts.grams(w), w.method) for w in form.wastes
        ),
    )


def _one_per_id(
    statements: Iterable[Statement],
) -> tuple[dict[tuple[str, str], Statement], tuple[Ref, ...]]:
    """Of one id with several digests the earlier (received, digest) counts; name the others."""
    every = tuple(statements)
    counted = {s.ref[:2]: s for s in every}
    if len(counted) == len(every):
        return counted, ()
    counted = {}
    in_order = sorted(every, key=_receipt)
    others = [s.ref for s in in_order if counted.setdefault((s.ref.source, s.ref.id), s) is not s]
    return counted, tuple(sorted(others))


def _receipt(s: Statement) -> tuple[int, str]:
    return s.received_us, s.ref.digest


def _fold(
    subject: str,
    counted: Mapping[tuple[str, str], Statement],
    conflicts: tuple[Ref, ...],
    speakers: Speakers,
    settled_at: Fact | None,
) -> Facts:
    ignored: list[Ignored] = []
    facts_of, versions = _corrected(counted, ignored, speakers, settled_at)
    filed, filer = _filing(facts_of, speakers, ignored)
    if filed is None:
        return Facts(subject, ignored=tuple(sorted(ignored)), conflicts=conflicts)
    form: FiledData = filed.data
    # Once named, a carrier may speak: a later version without it cannot unsay its departure.
    said = versions[filed.ref]
    carriers = {c.uscc for version in said for c in version[2].carriers}
    legs = _relays(facts_of["handed_over"], carriers, ignored)

    def by(verb: str, units: Collection[str]) -> Sequence[Fact]:
        told = facts_of[verb]
        if not told:
            return ()
        counted: list[Fact] = []
        for unit, fact in told:
            if unit in units:
                counted.append(fact)
            else:
                was = verb in _RECEIVERS_WORD and _receiver_at(said, fact.at) == unit
                reason = "former_receiver" if was else "not_entitled"
                ignored.append(Ignored(fact.ref, verb, reason, fact.at))
        return sorted(counted, key=earliest) if len(counted) > 1 else counted

    def first(facts: Sequence[Fact], verb: str) -> Fact | None:
        if not facts:
            return None
        if len(facts) > 1:
            ignored.extend([Ignored(f.ref, verb, "said_before", f.at) for f in facts[1:]])
        return facts[0]

    arrivals = by("arrived", carriers)
    receiver = (form.receiver.uscc,)
    receivers = {version[2].receiver.uscc for version in said}
    receipts = [fact for unit, fact in facts_of["received"] if unit in receivers]
    return Facts(
        subject,
        filed=filed,
        dispatched=first(by("dispatched", carriers), "dispatched"),
        legs=legs,
        arrived=first(arrivals, "arrived"),
        received=first(by("received", receiver), "received"),
        treated=tuple(by("treated", receiver)),
        voided=first(by("voided", (form.consignor.uscc, filer)), "voided"),
        ignored=tuple(sorted(ignored)) if ignored else (),
        conflicts=conflicts,
        carriers=frozenset(carriers),
        reached=min([*arrivals, *receipts], key=lambda f: (f.earliest, f.ref), default=None),
    )


def _receiver_at(versions: list[_Version], at: datetime) -> str:
    """Return who was the receiver at an instant: its word was its own to give, though it changed since.

    A load that was refused may go on to another receiver on the same manifest.
    """
    in_order = sorted(versions, key=lambda v: v[:2])
    then = [data for time, _, data in in_order if time <= at] or [in_order[0][2]]
    receiver: str = then[-1].receiver.uscc
    return receiver


def _corrected(
    counted: Mapping[tuple[str, str], Statement],
    ignored: list[Ignored],
    speakers: Speakers,
    settled_at: Fact | None,
) -> tuple[dict[str, list[tuple[str, Fact]]], dict[Ref, list[_Version]]]:
    """Return (unit, fact) by verb, each event replaced by the correction that counts for it.

    Only the author corrects; chains lead to the first event; of rivals the greater (time, id) wins.
    Second: every version of each filing's data with when it was made, by the event's ref.
    """
    best: dict[tuple[str, str], Statement] = {}
    versions: dict[Ref, list[_Version]] = {}
    corrections: list[tuple[tuple[str, str], Statement]] = []
    for key, s in counted.items():
        if s.verb == "filed":
            versions[s.ref] = [(s.event.time, s.event.id, s.event.data)]
        elif s.verb == "corrected":
            corrections.append((key, s))
    for (source, event_id), s in corrections:
        root = _root(counted, source, event_id)
        reason = _why_not(s, counted[root] if root is not None else None, speakers)
        if root is None or reason is not None:
            ignored.append(Ignored(s.ref, "corrected", reason or "", s.event.time))
            continue
        if settled_at is not None and _after(s, settled_at):
            continue
        if counted[root].verb == "filed":
            data: Any = s.event.data
            versions[counted[root].ref].append((s.event.time, s.event.id, data.filed))
        rival = best.get(root)
        if rival is None or (s.event.time, s.event.id) > (rival.event.time, rival.event.id):
            best[root] = s
    facts: dict[str, list[tuple[str, Fact]]] = {verb: [] for verb in _VERBS}
    for key, s in counted.items():
        if s.verb == "corrected":
            continue
        by = best.get(key)
        if by is None:
            fact = Fact(s.event.time, s.event.data, s.ref, s.received_us)
        else:
            correction: Any = by.event.data
            at = correction.happened_at or s.event.time
            fact = Fact(at, getattr(correction, s.verb), s.ref, s.received_us, by.ref, s.event.time)
        facts[s.verb].append((s.unit, fact))
    return facts, versions


def _why_not(correction: Statement, root: Statement | None, speakers: Speakers) -> str | None:
    """Return why a correction changes nothing, None if it counts."""
    if root is None:
        return "corrects_nothing_known"
    data: Any = getattr(correction.event.data, root.verb, None)
    if data is None:
        return "corrects_another_kind"
    if root.verb != "filed":
        return None
    unit, named = correction.unit, data.consignor.uscc
    before: Any = root.event.data
    if named not in (unit, before.consignor.uscc) or (
        unit != named and not speakers.is_collector(unit, root.event.time)
    ):
        return "not_entitled"  # nobody hands a manifest to another consignor, no collector either
    return None


def _root(
    counted: Mapping[tuple[str, str], Statement], source: str, event_id: str
) -> tuple[str, str] | None:
    """Follow a chain of corrections to the event that it is about; None if broken or circular."""
    seen = set()
    while True:
        s = counted.get((source, event_id))
        if s is None or event_id in seen:
            return None
        if s.verb == "voided":
            return None
        if s.verb != "corrected":
            return source, event_id
        seen.add(event_id)
        data: Any = s.event.data
        event_id = data.corrects


def _after(correction: Statement, arrival: Fact) -> bool:
    return (
        correction.event.time > arrival.earliest
        or correction.received_us > arrival.received_us + BACKDATING_TOLERANCE_US
    )


def _filing(
    facts_of: Mapping[str, list[tuple[str, Fact]]], speakers: Speakers, ignored: list[Ignored]
) -> tuple[Fact | None, str]:
    """Return the filing that owns the number (the first received and entitled) and its author."""
    filings = facts_of["filed"]
    if len(filings) > 1:
        filings = sorted(filings, key=lambda uf: (uf[1].received_us, uf[1].ref))
    owner: tuple[str, Fact] | None = None
    for unit, fact in filings:
        if unit != fact.data.consignor.uscc and not speakers.is_collector(unit, fact.at):
            ignored.append(Ignored(fact.ref, "filed", "not_entitled", fact.at))
        elif owner is None:
            owner = unit, fact
        else:
            reason = "said_before" if unit == owner[0] else "number_taken"
            ignored.append(Ignored(fact.ref, "filed", reason, fact.at))
    if owner is None:
        return None, ""
    return owner[1], owner[0]


def _relays(
    handovers: list[tuple[str, Fact]], carriers: set[str], ignored: list[Ignored]
) -> tuple[Fact, ...]:
    """Accept hand-overs by carriers of the manifest; each adds the next carrier (``carriers``)."""
    if not handovers:
        return ()
    waiting = sorted(handovers, key=lambda uf: earliest(uf[1]))
    accepted: list[Fact] = []
    while True:
        entitled = [fact for unit, fact in waiting if unit in carriers]
        if not entitled:
            break
        accepted += entitled
        waiting = [uf for uf in waiting if uf[0] not in carriers]
        carriers.update(fact.data.to for fact in entitled)
    ignored.extend(Ignored(fact.ref, "handed_over", "not_entitled", fact.at) for _, fact in waiting)
    return tuple(sorted(accepted, key=earliest))
