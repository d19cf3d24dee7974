"""What a manifest takes from limits: approval lines, white-list entries, licence years, plans.

Reserved on dispatch, settled at the accepted quantity, freed by void or refusal (domain 9). What was
voided, corrected or contradicted once the load was there leaves a range, and so does a load that may
as well draw on another document and does not say on which. A licence's year counts only what was
accepted.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, cast

from schemas.instant import china_day
from schemas.manifest import WasteLine
from streams.judging.facts import Facts
from streams.judging.limit import limit_key, plan_key, pool_key, single_key, year_key
from streams.judging.outcome import Doubt, Draw, DrawState
from streams.judging.registry import RegistryView
from streams.judging.rules.crossing import Candidate, approval_age, crossing_of
from streams.judging.rules.licensing import covering, lines_needing_licence
from streams.judging.rules.plan import exempt_from_plans
from streams.judging.rules.plan_quantity import planned
from streams.judging.rules.transfer import TAKING_OVER, nothing_to_judge

if TYPE_CHECKING:
    from schemas.registry import WhitelistEntry
    from streams.judging.rules.book import RuleBook

__all__ = ["READS", "draws_of"]

READS = (*TAKING_OVER, "received", "voided")
"""What draws are worked out from, beside the readings (``Facts.otherwise``)."""


class _Taken(NamedTuple):
    """What one reading of a manifest takes from one limit; ``grams``: what is known of it."""

    at: datetime
    grams: int
    unweighed: bool
    voided: bool
    received: bool
    several: bool
    """Whether it may as well draw on another document."""


def draws_of(facts: Facts, view: RegistryView, book: "RuleBook") -> tuple[Draw, ...]:
    """Return what a manifest takes from limits; lines on one limit are added up.

    A void on the way or a refusal takes nothing (the caller releases what was reserved). Where an
    officer may have to choose how to read the events, a draw goes from the least to the most that
    any reading takes.
    """
    now = _taken(facts, view, book)
    others = [(reason, _taken(reading, view, book)) for reason, reading in facts.otherwise]
    limits = {*now, *(limit for _, taken in others for limit in taken)} if others else now
    return tuple(
        _draw(limit, facts.subject, now.get(limit), [(r, t.get(limit)) for r, t in others])
        for limit in sorted(limits)
    )


def _draw(
    limit: str, subject: str, now: _Taken | None, others: Sequence[tuple[str, _Taken | None]]
) -> Draw:
    """Return the range of one draw over the readings; one that does not draw takes 0."""
    if now is not None and not (others or now.voided or now.several):
        state: DrawState = "settled" if now.received else "reserved"
        return Draw(limit, subject, now.at, now.grams, state, unweighed=now.unweighed)
    drawing = [taken for taken in (now, *(t for _, t in others)) if taken is not None]
    told = drawing[0]
    least, doubt = told.grams, None
    if told.voided:
        least, doubt = 0, "voided_after_arrival"
    elif told.several:
        least, doubt = 0, "several_limits"
    elif now is None:
        least, doubt = 0, next(reason for reason, taken in others if taken is not None)
    most = told.grams
    for reason, other in others:
        low = _least(other, least, told.unweighed)
        high = most if other is None else max(other.grams, most)
        if low < least or high > most:
            least, most, doubt = low, high, doubt or reason
    return Draw(
        limit,
        subject,
        told.at,
        most,
        "settled" if told.received else "reserved",
        most - least,
        cast("Doubt", doubt) if most > least else None,
        told.unweighed if now is not None else any(taken.unweighed for taken in drawing),
    )


def _least(other: _Taken | None, least: int, unweighed: bool) -> int:
    """Return what is certain once another reading is heard."""
    if other is None or other.voided:
        return 0
    if other.unweighed and not unweighed:
        return least  # a reading without a weight does not say that there was less
    return min(other.grams, least)


def _taken(facts: Facts, view: RegistryView, book: "RuleBook") -> dict[str, _Taken]:
    """Return what one reading takes, by limit."""
    taken: dict[str, _Taken] = {}
    if not facts.refused:
        _from_approvals(facts, view, taken, book)
        _from_licences(facts, view, taken)
        _from_plans(facts, view, taken, book)
    return taken


def _add(
    taken: dict[str, _Taken],
    limit: str,
    at: datetime,
    facts: Facts,
    waste: WasteLine,
    several: bool,
) -> None:
    grams = facts.grams(waste)
    before = taken.get(limit)
    known, unweighed = (grams or 0), grams is None
    if before is not None:
        known, unweighed = known + before.grams, unweighed or before.unweighed
        several = several or before.several
    voided, received = facts.voided is not None, facts.received is not None
    taken[limit] = _Taken(at, known, unweighed, voided, received, several)


def _from_approvals(
    facts: Facts, view: RegistryView, taken: dict[str, _Taken], book: "RuleBook"
) -> None:
    """Draw on approved lines, and on the white-list entries that shortened or replaced them."""
    crossing = crossing_of(facts, view)
    if isinstance(crossing, str):
        return
    at = crossing.moved.at
    listed: list[tuple[WasteLine, Sequence[WhitelistEntry]]] = [
        (waste, (entry,)) for waste, entry in crossing.intra
    ]
    claimed = facts.form.approval_no
    for line in crossing.standing("approved"):
        chosen, several = _approval_drawn_on(line.waste, line.candidates, claimed)
        limit = _approved_limit(line.waste, chosen, line.candidates)
        _add(taken, limit, at, facts, line.waste, several)
        listed.append((line.waste, line.listed))
        once = line.shortening
        if once and all(entry.single_use for entry in once) and book.judges("single"):
            _add(taken, single_key(chosen.approval.id, once[0].id), at, facts, line.waste, several)
    year = china_day(at).year
    for waste, entries in listed:
        if entries and all(entry.annual_cap_t is not None for entry in entries):
            limit = year_key("whitelist", entries[0].id, year)
            _add(taken, limit, at, facts, waste, len(entries) > 1)


def _approval_drawn_on(
    waste: WasteLine, candidates: Sequence[Candidate], claimed: str | None
) -> tuple[Candidate, bool]:
    """Return the approved line that counts, and whether it may as well be another approval's.

    Of several approvals the one that the manifest claims counts: who has used one up applies anew,
    and both are in force. Else one that names the waste, then what ends first (domain 8.2).
    """
    if len(candidates) == 1:
        return candidates[0], False
    candidates = [c for c in candidates if c.approval.document == claimed] or candidates
    chosen = min(candidates, key=lambda c: (c.line.name != waste.name, *approval_age(c)))
    alike = [c for c in candidates if c.line.name == waste.name] or candidates
    return chosen, any(c.approval.id != chosen.approval.id for c in alike)


def _approved_limit(waste: WasteLine, chosen: Candidate, candidates: Sequence[Candidate]) -> str:
    """Return the line that names the waste; the pool where an approval's lines cannot be told apart."""
    lines = [c for c in candidates if c.approval.id == chosen.approval.id]
    named = [c for c in lines if c.line.name == waste.name]
    if len(named or lines) > 1:
        return pool_key(chosen.approval.id, waste.code)
    return limit_key(chosen.approval.id, chosen.line.line)


def _from_licences(facts: Facts, view: RegistryView, taken: dict[str, _Taken]) -> None:
    """Draw accepted waste on a licence in force that covers it, in the year of arrival.

    Of several the one whose number the manifest gives, else the first.
    """
    lines = lines_needing_licence(facts, view)
    if isinstance(lines, str) or facts.received is None or facts.taken_over is None:
        return
    at = facts.taken_over.at
    receiver = facts.form.receiver
    for waste in lines:
        usable = covering(view, receiver.uscc, at, waste)
        if not usable:
            continue
        licence = next((x for x in usable if x.number == receiver.licence_no), usable[0])
        if licence.annual_scale_t is not None:
            limit = year_key("licence", licence.id, china_day(at).year)
            several = len(usable) > 1 and licence.number != receiver.licence_no
            _add(taken, limit, at, facts, waste, several)


def _from_plans(
    facts: Facts, view: RegistryView, taken: dict[str, _Taken], book: "RuleBook"
) -> None:
    """Draw what leaves on the quantity that its consignor planned, in the year of dispatch."""
    if facts.filed is None or not view.has_plans(facts.form.consignor.uscc):
        return  # most, and asked of every load
    moved = facts.moved
    if nothing_to_judge(facts) is not None or moved is None or not book.judges("plan"):
        return
    uscc, year = facts.form.consignor.uscc, china_day(moved.at).year
    for waste in facts.hazardous:
        if planned(view, uscc, year, waste.code) is not None and not exempt_from_plans(
            facts, view, waste.code, moved
        ):
            _add(taken, plan_key(uscc, year, waste.code), moved.at, facts, waste, False)
