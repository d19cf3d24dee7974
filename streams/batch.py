"""The batch transaction, as numbered steps in one function (design §7).

Effect: exactly once. Facts, draws, verdicts, alerts, deadlines, quarantine, outbox and the offset
move together or not at all; what Kafka hands out twice is skipped by the stored offset.
"""

import asyncio
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from streams.judging.decision import Held, ManifestDecision, decide_manifest
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.state import Quarantined, StatePort
from streams.judging.statement import Statement

__all__ = ["BatchResult", "Input", "SubjectCache", "commit_batch"]

MOST_REJUDGED = 500
"""Re-judgements taken into one transaction: a licence that bears on 100,000 manifests must not
hold up the events behind it for long."""


MOST_SAID = 500
"""Events of one unit about one manifest that are judged. A manifest has a dozen; a flood would make
every further event on it dearer. Counted by unit, so that nobody can drown another's word."""


GROUP = 500
"""Subjects decided and written together. A batch's verdicts with their texts take several times the
memory of its events, so they are written and let go by the group."""

BREATH = 50
"""Subjects judged at a stretch, some milliseconds: then other partitions' answers are heard."""


T = TypeVar("T")


class Input(NamedTuple, Generic[T]):
    """What one transaction takes in. Without records ``next_offset`` equals ``expected``."""

    expected: int
    next_offset: int
    digest: bytes | None
    clock: datetime | None
    arrivals: Sequence[T] = ()
    quarantined: Sequence[Quarantined] = ()


class BatchResult(NamedTuple):
    """What one transaction did."""

    decisions: tuple[ManifestDecision, ...]
    """Without their outcomes: those are written."""
    quarantined: tuple[Quarantined, ...]
    clock: datetime | None
    seq: int
    rejudged: int
    """Subjects judged again by order of the registry or the clock."""
    more: bool
    """Whether orders or deadlines may be waiting for another transaction."""


class SubjectCache:
    """What the owner of one partition holds in memory, at most ``limit`` subjects, oldest out."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[str, Held] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, subject: str) -> Held | None:
        """Return what is held, and mark it as used."""
        held = self._held.get(subject)
        if held is not None:
            self._held.move_to_end(subject)
        return held

    def put(self, subject: str, held: Held) -> None:
        """Hold the newest committed state of a subject."""
        self._held[subject] = held
        self._held.move_to_end(subject)
        while len(self._held) > self._limit:
            self._held.popitem(last=False)


async def commit_batch(
    state: StatePort,
    partition: int,
    given: Input[Statement],
    view: RegistryView,
    cache: SubjectCache,
    book: RuleBook = RULE_BOOK,
) -> BatchResult:
    """Judge and commit one batch of a partition. Raises FencedError: drop view-independent caches.

    ``cache`` is changed only after the commit, so a failed transaction leaves it true.
    """
    arrivals: dict[str, list[Statement]] = defaultdict(list)
    for statement in given.arrivals:
        arrivals[statement.event.subject].append(statement)

    async with state.batch(partition) as tx:
        # 1. The registry as it stands, held until commit: no verdict at n commits after n + 1.
        seq, changes = await tx.registry_since(view.seq)
        view.apply(changes)
        view.seq = max(view.seq, seq)

        # 2. The offset: exactly the records that nobody has counted yet, by nobody but the owner.
        clock = await tx.advance(given.expected, given.next_offset, given.digest, given.clock)

        # 3. Whom it concerns: arrivals, orders to judge again, deadlines that have come.
        again = await tx.take_rejudge(MOST_REJUDGED)
        due = await tx.take_due(clock, MOST_REJUDGED) if clock is not None else set()
        anew = again | due
        subjects = list({**dict.fromkeys(arrivals), **dict.fromkeys(sorted(anew))})
        decisions: list[ManifestDecision] = []
        quarantined = list(given.quarantined)
        for group in (subjects[n : n + GROUP] for n in range(0, len(subjects), GROUP)):
            held = {s: known for s in group if (known := cache.get(s)) is not None}
            held |= await tx.load([s for s in group if s not in held])

            # 4. Facts, draws and verdicts of each; what contradicts history goes to quarantine.
            decided = []
            for n, subject in enumerate(group, start=1):
                if n % BREATH == 0:
                    await asyncio.sleep(0)  # step 1 holds: nothing that is judged by can change
                before = held.get(subject)
                said, excess = _within_bounds(arrivals.get(subject, []), before)
                quarantined += excess
                if subject not in anew and not (said and _news(said, before)):
                    continue  # too much, or copies of what was counted before
                decision = decide_manifest(subject, before, said, view, clock, book, tx.settle)
                decided.append(decision)
                quarantined += _conflicting(decision, said)
            quarantined += await _under_aliases(tx.owners_of_aliases, decided, arrivals)

            # 5. All of it in a few statements, alerts with their outbox rows.
            await tx.write(decided, (), seq, clock)
            decisions += [d._replace(outcomes=(), changed=()) for d in decided]
        if quarantined:
            await tx.write((), quarantined, seq, clock)
        # 6. Commit, then the caller acknowledges.

    for decision in decisions:
        cache.put(decision.subject, decision.held)
    more = len(again) == MOST_REJUDGED or len(due) == MOST_REJUDGED
    return BatchResult(tuple(decisions), tuple(quarantined), clock, seq, len(again | due), more)


def _within_bounds(
    said: list[Statement], before: Held | None
) -> tuple[list[Statement], list[Quarantined]]:
    """Split arrivals into those to judge and those past ``MOST_SAID`` of their unit."""
    known = before.statements if before is not None else {}
    if len(known) + len(said) <= MOST_SAID:
        return said, []
    counts = Counter(ref.source for ref in known)
    judged, excess = [], []
    for s in said:
        if s.ref in known or counts[s.ref.source] < MOST_SAID:
            counts[s.ref.source] += s.ref not in known
            judged.append(s)
        else:
            excess.append(_quarantined(s, "too_many_events", {"most": MOST_SAID}))
    return judged, excess


def _news(said: Sequence[Statement], before: Held | None) -> bool:
    """Whether a statement is new, or an earlier received copy of a known one."""
    if before is None:
        return True
    known = before.statements
    return any(s.ref not in known or s.received_us < known[s.ref].received_us for s in said)


def _conflicting(decision: ManifestDecision, said: Sequence[Statement]) -> list[Quarantined]:
    """Return arrivals whose id stands with other bytes: both are kept, the earlier counts."""
    conflicts = {(ref.source, ref.id) for ref in decision.facts.conflicts}
    return [
        _quarantined(s, "conflict", {"counts": "earlier (received_at, digest)"})
        for s in said
        if (s.ref.source, s.ref.id) in conflicts
    ]


async def _under_aliases(
    owners_of: Callable[[Collection[str]], Awaitable[dict[str, str]]],
    decisions: Sequence[ManifestDecision],
    arrivals: dict[str, list[Statement]],
) -> list[Quarantined]:
    """Return what was said under a number that is only another manifest's alias.

    Asked when such events arrive, and again when a manifest that claims the number is filed later
    (its owner orders the re-judgement); then everything held under it counts.
    """
    unfiled = {d.subject: d for d in decisions if d.facts.filed is None}
    owners = await owners_of(unfiled) if unfiled else {}
    return [
        _quarantined(statement, "alias_subject", {"subject": right})
        for alias, right in sorted(owners.items())
        for statement in arrivals.get(alias) or unfiled[alias].held.statements.values()
    ]


def _quarantined(s: Statement, reason: str, detail: dict[str, object]) -> Quarantined:
    return Quarantined(
        s.offset, reason, detail, s.raw, s.received_us, s.ref.source, s.ref.id, s.event.subject
    )
