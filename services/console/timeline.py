"""What was said of one manifest, event by event: when it happened, when it reached us, and what counts."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from streams.judging.facts import Fact, Facts
from streams.judging.statement import Ref, Statement, from_micros

__all__ = ["LATE", "Told", "timeline"]

LATE = timedelta(hours=24)
"""An event that reaches us this long after it happened is marked as late."""


class Told(NamedTuple):
    """One event. ``at``: as its author says; ``received``: by the gateway's clock."""

    ref: Ref
    verb: str
    unit: str
    name: str | None
    at: datetime
    received: datetime
    anchor: str
    late: bool
    ignored: str | None
    """Why it changes nothing, None if it counts."""
    conflicting: bool
    """The same id stands with other contents, which were received earlier."""
    corrected_by: str | None
    """Id of the correction that counts instead of its data."""
    corrects: str | None
    data: dict[str, Any]
    raw: str

    @property
    def delay(self) -> timedelta:
        """How long it took to reach us."""
        return self.received - self.at

    @property
    def counts(self) -> bool:
        """Whether it is among the facts as it was said."""
        return self.ignored is None and not self.conflicting and self.corrected_by is None


def timeline(statements: Sequence[Statement], facts: Facts) -> list[Told]:
    """Return all events in the order in which they happened."""
    ignored = {each.ref: each.reason or "not_applied" for each in facts.ignored}
    corrected = {f.ref: f.corrected.id for f in _facts(facts) if f.corrected is not None}
    counting = {f.corrected for f in _facts(facts) if f.corrected is not None}
    conflicting = set(facts.conflicts)
    names = _names(facts)
    told = []
    for s in sorted(statements, key=lambda s: (s.event.time, s.received_us, s.ref)):
        received = from_micros(s.received_us)
        why = ignored.get(s.ref)
        if s.verb == "corrected" and why is None and s.ref not in counting:
            why = "outdone"  # a later correction of the same event counts
        data: Any = s.event.data
        told.append(
            Told(
                s.ref,
                s.verb,
                s.unit,
                names.get(s.unit),
                s.event.time,
                received,
                f"e-{s.ref.digest[:16]}",
                received - s.event.time > LATE,
                None if s.ref in conflicting else why,
                s.ref in conflicting,
                corrected.get(s.ref),
                data.corrects if s.verb == "corrected" else None,
                _details(s),
                s.raw.decode("utf-8", "replace"),
            )
        )
    return told


def _facts(facts: Facts) -> Iterable[Fact]:
    single = (facts.filed, facts.dispatched, facts.arrived, facts.received, facts.voided)
    return [f for f in (*single, *facts.legs, *facts.treated) if f is not None]


def _names(facts: Facts) -> dict[str, str]:
    if facts.filed is None:
        return {}
    form = facts.form
    named: dict[str, str] = {carrier.uscc: carrier.name for carrier in form.carriers}
    for leg in facts.legs:
        if leg.data.to_name:
            named.setdefault(leg.data.to, leg.data.to_name)
    return named | {p.uscc: p.name for p in (form.consignor, form.receiver)}


def _details(s: Statement) -> dict[str, Any]:
    """Return the few members worth a line; the whole is in the bytes."""
    data: Any = s.event.data
    wanted = ("plate", "driver", "place", "to_name", "opinion", "reason", "note", "remark")
    found = {name: getattr(data, name, None) for name in wanted}
    return {name: value for name, value in found.items() if value}
