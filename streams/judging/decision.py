"""One subject's step: what new statements, or new knowledge, change. Pure.

The owner of a partition holds each subject's statements and a memo of what it wrote before; a
decision compares what follows now with the memo and lists only the differences.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from schemas.waste_code import category_of
from streams.judging.alerts import (
    AlertChange,
    AlertMemo,
    Parties,
    alert_changes,
    limit_parties,
    manifest_parties,
)
from streams.judging.facts import Facts
from streams.judging.fold import fold
from streams.judging.judge import Basis, judge_limit, judge_manifest
from streams.judging.outcome import Draw, Outcome, outcome_digest
from streams.judging.packing import read_events
from streams.judging.registry import (
    RegistryView,
    calendar_mark,
    carrier_mark,
    destination_mark,
    filer_mark,
    party_mark,
    plate_mark,
)
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.rules.loading import loadings
from streams.judging.rules.term import term_years
from streams.judging.rules.transfer import crosses
from streams.judging.statement import (
    Identity,
    Statement,
    from_micros,
    read_statement,
    to_micros,
    union,
)
from streams.judging.tracks.leg import Leg, packed
from streams.judging.tracks.loading import legs_of

_NEXT = "next"
"""Key of a manifest's only armed deadline: of those not yet fired the first."""

__all__ = [
    "Held",
    "LimitDecision",
    "ManifestDecision",
    "Memo",
    "decide_limit",
    "decide_manifest",
    "decide_outcomes",
    "unpack_events",
]


class DrawMemo(msgspec.Struct, array_like=True, frozen=True):
    """What was written of one draw; rows of earlier versions have the first three members only."""

    at: int
    """Microseconds since 1970."""
    grams: int
    state: str
    uncertain: int = 0
    doubt: str | None = None
    unweighed: bool = False


class Memo(msgspec.Struct, array_like=True):
    """What was written of a subject: digests of its outcomes, alerts, draws, deadlines."""

    outcomes: frozenset[bytes] | dict[str, bytes] = frozenset()
    """A dict in rows of earlier versions, of other digests: all is written anew, once."""
    alerts: dict[str, AlertMemo] = {}
    draws: dict[str, DrawMemo] = {}
    """By limit."""
    due: dict[str, int] = {}
    """The deadline that is armed, under ``_NEXT``: when it fires, microseconds since 1970."""
    fires: dict[str, tuple[int, int]] = {}
    """By rule: when it is due, and from when that deadline has fired; microseconds.

    Of a day or week of medical waste by what it waits for (``medical.waiting``)."""
    legs: bytes = b""
    """Of its vehicles, a digest."""


class Held(NamedTuple):
    """A subject as its owner holds it."""

    statements: dict[Identity, Statement]
    memo: Memo
    basis: Basis | None = None
    """What the last verdict rests on; not stored, so none for what was loaded."""
    told: tuple[tuple[Outcome, bytes], ...] = ()
    """The last verdict's outcomes with their digests; not stored either."""


class ManifestDecision(NamedTuple):
    """What to write for one manifest."""

    subject: str
    held: Held
    facts: Facts
    parties: Parties
    outcomes: tuple[Outcome, ...]
    changed: tuple[Outcome, ...]
    """Outcomes that differ from what was written before."""
    alerts: tuple[AlertChange, ...]
    draws: tuple[Draw, ...]
    """Draws that differ; a draw that is gone comes as released."""
    arm: tuple[tuple[str, datetime, datetime], ...]
    """(key, when it is due, from when it fires), of those that changed."""
    disarm: tuple[str, ...]
    legs: tuple[Leg, ...] | None
    """The vehicles that it names, by plate; None where that is what was written before."""
    received_us: int | None
    """When the newest statement behind this decision was received; None for a re-judgement."""

    @property
    def marks(self) -> tuple[str, ...]:
        """What registry changes look for in this manifest, beside its consignor and receiver.

        Waste codes, their categories, its carriers, the province that it is sent into, the years in
        which its terms of working days may run, and who spoke for the consignor (a collector may,
        as long as it is registered, so its registration bears on this manifest). Readings
        that an officer may choose count as well, with the consignors, receivers and vehicles that only
        they name: the vehicles of the current one are kept by plate (``legs``).
        """
        found: set[str] = set()
        for facts in (self.facts, *(reading for _, reading in self.facts.otherwise)):
            if facts.filed is None:
                continue
            form = facts.form
            found.update(map(calendar_mark, term_years(facts)))
            for waste in form.wastes:
                found.add(waste.code)
                found.add(category_of(waste.code))
            if crosses(form.consignor.site_region, form.receiver.site_region):
                found.add(destination_mark(form.receiver.site_region))
            found.update(map(carrier_mark, facts.all_carriers))
            for named in (form.consignor.uscc, form.receiver.uscc):
                if named not in (self.parties.consignor, self.parties.receiver):
                    found.add(party_mark(named))
            if facts is not self.facts:
                found.update(plate_mark(x.plate) for x in loadings(facts) if x.plate is not None)
        for s in self.held.statements.values():
            if s.verb in ("filed", "voided", "corrected") and s.unit != self.parties.consignor:
                found.add(filer_mark(s.unit))
        return tuple(sorted(found))

    @property
    def claimed_aliases(self) -> tuple[str, ...]:
        """Other numbers of a manifest about which something was just said."""
        if self.received_us is None or self.facts.filed is None:
            return ()
        return tuple(self.facts.form.aliases)


class LimitDecision(NamedTuple):
    """What to write for one limit."""

    subject: str
    memo: Memo
    parties: Parties
    outcomes: tuple[Outcome, ...]
    changed: tuple[Outcome, ...]
    alerts: tuple[AlertChange, ...]


def unpack_events(packed: bytes) -> dict[Identity, Statement]:
    """Return what ``pack_events`` packed; a contract change that no longer reads it raises."""
    return union(
        read_statement(raw, received, offset=offset)
        for received, raw, offset in read_events(packed)
    )


def decide_manifest(
    subject: str,
    held: Held | None,
    arrivals: Sequence[Statement],
    view: RegistryView,
    clock: datetime | None,
    book: RuleBook = RULE_BOOK,
    settle: timedelta = timedelta(0),
) -> ManifestDecision:
    """Judge a manifest after ``arrivals`` (none: after new knowledge, or when a deadline fired).

    A deadline that is past already when it is first known fires ``settle`` later: what would show
    that it was kept may be on its way.
    """
    memo = held.memo if held is not None else Memo()
    statements = union(held.statements.values() if held is not None else (), arrivals)
    facts = fold(subject, statements, view)
    before = held.basis if held is not None else None
    fires: dict[str, tuple[int, int]] = {}

    def fires_at(rule: str, due: datetime) -> datetime:
        at = to_micros(due)
        known = memo.fires.get(rule)
        if known is None or known[0] != at:
            settled = due if clock is None else max(due, clock + settle)
            known = at, to_micros(settled)
        fires[rule] = known
        return from_micros(known[1])

    judgement = judge_manifest(facts, view, clock, book, before, fires_at)
    parties = manifest_parties(facts)
    known = {id(outcome): digest for outcome, digest in held.told} if held is not None else {}
    told = tuple((o, known.get(id(o)) or outcome_digest(o)) for o in judgement.outcomes)
    digests, changed = _changed(told, memo)
    alerts, alert_list = alert_changes(
        subject, parties, judgement.outcomes, memo.alerts, book, facts
    )
    now = {d.limit: d for d in judgement.draws}
    for limit, was in memo.draws.items():
        if limit not in now:
            now[limit] = Draw(limit, subject, from_micros(was.at), 0, "released")
    draws = {limit: DrawMemo(to_micros(d.at), *d[3:]) for limit, d in now.items()}
    if clock is None:
        for rule, moment in judgement.due:
            fires_at(rule, moment)
    waiting = [moments for rule, moments in fires.items() if rule not in judgement.basis.fired]
    first = min(waiting, key=lambda moments: moments[1], default=None)
    due: dict[str, int] = {}
    arm: tuple[tuple[str, datetime, datetime], ...] = ()
    if first is not None:
        due[_NEXT] = first[1]
        if memo.due != due:
            arm = ((_NEXT, from_micros(first[0]), from_micros(first[1])),)
    legs = tuple(legs_of(facts, view))
    legs_digest = _digest_of(legs)
    new = Memo(digests, alerts, draws, due, fires, legs_digest)
    # Little is said of a load that has been received: its basis is not worth the memory.
    under_way = facts.received is None
    return ManifestDecision(
        subject,
        Held(statements, new, judgement.basis, told) if under_way else Held(statements, new),
        facts,
        parties,
        judgement.outcomes,
        changed,
        tuple(alert_list),
        tuple(
            d._replace(at=from_micros(draws[limit].at))
            for limit, d in now.items()
            if memo.draws.get(limit) != draws[limit]
        ),
        arm,
        tuple(k for k in memo.due if k not in due),
        legs if legs_digest != memo.legs else None,
        max((s.received_us for s in arrivals), default=None),
    )


def decide_outcomes(
    subject: str,
    parties: Parties,
    outcomes: Sequence[Outcome],
    before: Memo,
    book: RuleBook = RULE_BOOK,
) -> LimitDecision:
    """Compare what was judged of a shared subject that draws on nothing with what stands of it."""
    digests, changed = _changed([(o, outcome_digest(o)) for o in outcomes], before)
    alerts, changes = alert_changes(subject, parties, outcomes, before.alerts, book)
    memo = Memo(digests, alerts)
    return LimitDecision(subject, memo, parties, tuple(outcomes), changed, tuple(changes))


def decide_limit(
    subject: str,
    memo: Memo | None,
    draws: Sequence[Draw],
    view: RegistryView,
    clock: datetime | None,
    book: RuleBook = RULE_BOOK,
) -> LimitDecision:
    """Judge a limit over all its draws."""
    outcomes = judge_limit(subject, draws, view, clock, book)
    return decide_outcomes(subject, limit_parties(subject, view), outcomes, memo or Memo(), book)


def _digest_of(legs: Sequence[Leg]) -> bytes:
    return blake2b(b"".join(map(packed, legs)), digest_size=8).digest() if legs else b""


def _changed(
    told: Sequence[tuple[Outcome, bytes]], memo: Memo
) -> tuple[frozenset[bytes], tuple[Outcome, ...]]:
    """Return the digests of outcomes, and the outcomes not among those written before."""
    changed = tuple(outcome for outcome, digest in told if digest not in memo.outcomes)
    return frozenset(digest for _, digest in told), changed
