"""The judge: all rules of one scope over one subject. The same function everywhere.

In the stream, on files (``liandan judge``) and wherever a verdict is asked for: same events, same
registry and clock, same outcomes.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from streams.judging.facts import Fact, Facts
from streams.judging.outcome import Draw, Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, ManifestRule, RuleBook
from streams.judging.rules.crossing import crossing_of
from streams.judging.rules.draws import READS, draws_of
from streams.judging.rules.explained.readings import (
    explained_by_both,
    explained_by_void,
    explained_by_weight,
)
from streams.judging.rules.licensing import lines_needing_licence
from streams.judging.rules.once import Once
from streams.judging.rules.transfer import TRANSFER

__all__ = ["Basis", "Judgement", "judge_limit", "judge_manifest"]


class Basis(NamedTuple):
    """What a judgement rests on, so that the next one asks only the rules that it bears on."""

    facts: Facts
    view: RegistryView
    changes: int
    """``view.changes`` then."""
    book: RuleBook
    said: tuple[Sequence[Outcome], ...]
    """Each rule's outcomes by the current reading, in the order of the book."""
    draws: tuple[Draw, ...]
    answers: tuple[Any, ...]
    """To the questions that several rules ask of a load that leaves (``_SHARED``)."""
    due: dict[str, datetime]
    """When each rule wanted to be asked again."""
    fired: Collection[str]
    """Rules whose deadline had fired."""


_SHARED: tuple[Once[Any], ...] = (crossing_of, lines_needing_licence)
"""They read ``TRANSFER`` and nothing else."""


class Judgement(NamedTuple):
    """All that one manifest's facts amount to.

    ``due``: rule id and the instant at which it wants to be asked again though nothing new is said,
    also where that is past.
    """

    outcomes: tuple[Outcome, ...]
    draws: tuple[Draw, ...]
    due: tuple[tuple[str, datetime], ...]
    basis: Basis


def judge_manifest(
    facts: Facts,
    view: RegistryView,
    now: datetime | None,
    book: RuleBook = RULE_BOOK,
    before: Basis | None = None,
    fires_at: Callable[[str, datetime], datetime] | None = None,
) -> Judgement:
    """Judge one manifest. ``now`` is the partition's clock (files: ``--now``).

    ``before``: the basis of an earlier judgement of the same manifest; it changes nothing but the
    work that it takes. ``fires_at``: from when a rule's deadline, due at an instant, has fired; at
    that instant if not given. The book is the version in force when the load left.
    """
    book = book.in_force(view, _act_of(facts) or now)
    if before is not None and (
        before.view is not view or before.changes != view.changes or before.book is not book
    ):
        before = None
    same = _Same(facts, before)
    if before is not None and same.in_(TRANSFER):
        for question, answer in zip(_SHARED, before.answers, strict=True):
            question.answered(facts, view, answer)
    judged: list[Sequence[Outcome]] = []
    due: list[tuple[str, datetime]] = []
    fired: set[str] = set()
    for n, rule in enumerate(book.manifest):
        reads = rule.reads
        known = before if before is not None and reads is not None and same.in_(reads) else None
        if rule.due is not None:
            moment = known.due.get(rule.id) if known is not None else rule.due(rule, facts, view)
            if moment is not None:
                due.append((rule.id, moment))
                if now is not None and now >= (fires_at(rule.id, moment) if fires_at else moment):
                    fired.add(rule.id)
            if known is not None and (rule.id in fired) != (rule.id in known.fired):
                known = None
        judged.append(
            rule.judge(rule, facts, view, _clock_of(rule, fired, now))
            if known is None
            else known.said[n]
        )
    said = tuple(judged)
    if before is not None and not (facts.otherwise or before.facts.otherwise) and same.in_(READS):
        draws = before.draws
    else:
        draws = draws_of(facts, view, book)
    for reason, reading in facts.otherwise:
        judged = [
            found
            if rule.on_reports
            else _reconciled(
                found, rule.judge(rule, reading, view, _clock_of(rule, fired, now)), reason
            )
            for rule, found in zip(book.manifest, judged, strict=True)
        ]
    if facts.voided is not None and facts.reached is not None:
        judged = [
            found
            if rule.on_reports
            else [_void(o, facts.voided, facts.reached) if o.found else o for o in found]
            for rule, found in zip(book.manifest, judged, strict=True)
        ]
    outcomes = [outcome for found in judged for outcome in found]
    answers = tuple(question(facts, view) for question in _SHARED)
    basis = Basis(facts, view, view.changes, book, said, draws, answers, dict(due), fired)
    return Judgement(tuple(outcomes), draws, tuple(due), basis)


def _act_of(facts: Facts) -> datetime | None:
    act = facts.moved or facts.filed
    return act.at if act is not None else None


def _clock_of(rule: ManifestRule, fired: Collection[str], now: datetime | None) -> datetime | None:
    return now if rule.due is None or rule.id in fired else None


class _Same:
    """Which members of the facts are as they were; each set of members is compared once."""

    def __init__(self, facts: Facts, before: Basis | None) -> None:
        self._now, self._then = facts, before.facts if before is not None else None
        self._known: dict[int, bool] = {}
        """By the identity of the names: they are the rules' own, and asked for of every event."""

    def in_(self, names: tuple[str, ...]) -> bool:
        same = self._known.get(id(names))
        if same is None:
            members = _members(names)
            same = self._then is not None and members(self._now) == members(self._then)
            self._known[id(names)] = same
        return same


@cache
def _members(names: tuple[str, ...]) -> Callable[[Facts], Any]:
    return attrgetter(*names)


def judge_limit(
    subject: str,
    draws: Sequence[Draw],
    view: RegistryView,
    now: datetime | None,
    book: RuleBook = RULE_BOOK,
) -> tuple[Outcome, ...]:
    """Judge one limit over the set of its draws; their order does not matter.

    The book is the version in force at the last of them.
    """
    book = book.in_force(view, max((d.at for d in draws if d.state != "released"), default=now))
    return tuple(o for rule in book.limit for o in rule.judge(rule, subject, draws, view, now))


def _reconciled(current: Sequence[Outcome], other: Sequence[Outcome], reason: str) -> list[Outcome]:
    """Send to review what depends on which of two readings is right.

    The same finding about the same party stands, at the greater of the two quantities. Readings
    that break different rules give a review under each: it is certain that something was unlawful,
    but not what, by whom and under which article, and nobody is accused of what one reading denies
    (domain 9: code, quantity and receiver changed after arrival are *needs review*).
    """
    now = {o.discriminator: o for o in current if o.found}
    then = {o.discriminator: o for o in other if o.found}
    heavier = {
        key: max((o for o in (now.get(key), then.get(key)) if o is not None), key=lambda o: o.grams)
        for key in (*now, *(key for key in then if key not in now))
    }
    if now.keys() != then.keys() or any(now[key].state != then[key].state for key in now):
        return [
            _reviewed(explained_by_both(o, now.get(key), then.get(key), reason), reason)
            for key, o in heavier.items()
        ]
    return [
        o
        if not o.found or o.grams == then[o.discriminator].grams
        else _weighed(o, then[o.discriminator], reason)
        for o in current
    ]


_QUANTITY = {
    "corrected_after_arrival": (
        "数量在运抵后被更正，按更正前后较大者计。",
        "The quantity was corrected after arrival; the greater one is shown.",
    ),
    "conflicting_reports": (
        "同一事件编号有内容不同的上报，数量按较大者计。",
        "One event was reported with different contents; the greater quantity is shown.",
    ),
}
_REVIEW = {
    "corrected_after_arrival": (
        "联单的接受人、代码、数量或起运时间在运抵后被更正，更正前后结论不同，须人工核查。",
        "Receiver, code, quantity or departure were corrected after arrival, and the conclusion "
        "differs: to be checked.",
    ),
    "conflicting_reports": (
        "同一事件编号有内容不同的上报，按不同内容结论不同，须人工核查。",
        "One event was reported with different contents, and the conclusion depends on which is "
        "right: to be checked.",
    ),
    "voided_after_arrival": (
        "货物运抵后联单被作废，须人工核查。",
        "The manifest was voided after the load had arrived: to be checked.",
    ),
}


def _void(outcome: Outcome, voided: Fact, reached: Fact) -> Outcome:
    return _reviewed(explained_by_void(outcome, voided, reached), "voided_after_arrival")


def _weighed(one: Outcome, other: Outcome, reason: str) -> Outcome:
    """Return the heavier of two readings that agree but for the quantity; the first of equals."""
    heavier, lighter = (one, other) if one.grams >= other.grams else (other, one)
    return _noted(explained_by_weight(heavier, lighter, reason), *_QUANTITY[reason])


def _reviewed(outcome: Outcome, reason: str) -> Outcome:
    return msgspec.structs.replace(
        _noted(outcome, *_REVIEW[reason]), state="needs_review", reason=reason
    )


def _noted(outcome: Outcome, zh: str, en: str) -> Outcome:
    return msgspec.structs.replace(outcome, zh=outcome.zh + zh, en=f"{outcome.en} {en}")
