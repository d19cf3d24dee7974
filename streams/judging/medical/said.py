"""What was said of medical waste: events with their identity, and what counts of them once corrected."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from schemas.decode import decode_medical_event
from schemas.envelope import unit_of
from schemas.medical import MEDICAL_VERBS, MedicalEvent
from schemas.receipt import event_digest
from streams.judging.statement import Ref

__all__ = ["Counted", "MedicalStatement", "counted", "read_medical", "told"]


class MedicalStatement(NamedTuple):
    """One event, decoded. ``received_us`` is the gateway's time, microseconds since 1970."""

    ref: Ref
    received_us: int
    raw: bytes
    event: MedicalEvent
    verb: str
    unit: str
    """Credit code of the unit that said it."""
    offset: int = -1


class Counted(NamedTuple):
    """One thing said, as it counts: the first event's place with its last correction's data."""

    ref: Ref
    """Of the first event."""
    corrected: Ref | None
    verb: str
    unit: str
    subject: str
    at: datetime
    data: Any


def read_medical(
    raw: bytes, received_us: int, digest: str | None = None, offset: int = -1
) -> MedicalStatement:
    """Decode ``raw``; raises ``schemas.fast.NotUnderstood``."""
    event = decode_medical_event(raw)
    ref = Ref(event.source, event.id, digest or event_digest(raw))
    verb = MEDICAL_VERBS[event.type]
    return MedicalStatement(ref, received_us, raw, event, verb, unit_of(event.source), offset)


def counted(statements: Iterable[MedicalStatement]) -> tuple[list[Counted], list[Ref]]:
    """Return what counts of a set of events, in order of (time, identity), and what contradicts.

    Copies count once. Of one id with two digests the earlier (received, digest) counts, the other is
    returned as a contradiction. A correction replaces its author's event of the same verb; chains are
    followed, of rivals the greater (time, id) wins; one that corrects nothing changes nothing.
    """
    earliest: dict[tuple[str, str], MedicalStatement] = {}
    others: set[Ref] = set()
    for one in statements:
        key = one.ref.source, one.ref.id
        known = earliest.get(key)
        if known is None or (one.received_us, one.ref.digest) < (
            known.received_us,
            known.ref.digest,
        ):
            earliest[key] = one
        if known is not None and known.ref.digest != one.ref.digest:
            others |= {known.ref, one.ref}
    contradictions = sorted(ref for ref in others if earliest[ref.source, ref.id].ref != ref)
    newest: dict[tuple[str, str], MedicalStatement] = {}
    """By the first event of a chain: the correction that counts."""
    for one in earliest.values():
        root = _root(one, earliest) if one.verb == "corrected" else None
        if root is not None:
            rival = newest.get(root)
            if rival is None or _later(one) > _later(rival):
                newest[root] = one
    found = []
    for key, one in earliest.items():
        if one.verb != "corrected":
            found.append(_as_it_counts(one, newest.get(key)))
    found.sort(key=lambda each: (each.at, each.ref))
    return found, contradictions


def _later(one: MedicalStatement) -> tuple[datetime, str]:
    return one.event.time, one.event.id


def _root(
    correction: MedicalStatement, known: dict[tuple[str, str], MedicalStatement]
) -> tuple[str, str] | None:
    """Return the first event of a correction's chain; None where there is none, or it runs in a ring."""
    passed: set[str] = set()
    one: Any = correction
    while one.verb == "corrected":
        if one.ref.id in passed:
            return None
        passed.add(one.ref.id)
        one = known.get((one.ref.source, one.event.data.corrects))
        if one is None:
            return None
    if getattr(correction.event.data, one.verb) is None:
        return None  # the data of another kind of event
    return one.ref.source, one.ref.id


def _as_it_counts(one: MedicalStatement, correction: MedicalStatement | None) -> Counted:
    event: Any = one.event
    if correction is None:
        return Counted(one.ref, None, one.verb, one.unit, event.subject, event.time, event.data)
    by: Any = correction.event.data
    return Counted(
        one.ref,
        correction.ref,
        one.verb,
        one.unit,
        event.subject,
        by.happened_at or event.time,
        getattr(by, one.verb),
    )


def told(one: MedicalStatement) -> tuple[str, Any]:
    """Return the verb and data of an event; of a correction those that it puts in their place."""
    data: Any = one.event.data
    if one.verb != "corrected":
        return one.verb, data
    return next(
        (verb, its)
        for verb in MEDICAL_VERBS.values()
        if (its := getattr(data, verb, None)) is not None
    )
