"""What a manifest takes from limits: approval lines, white-list entries, licence years.

Reserved on dispatch, settled at the accepted quantity, freed by void or refusal (domain 9); a void
after arrival leaves it in doubt. A licence's year counts only what was accepted.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from schemas.instant import CHINA
from schemas.manifest import WasteLine
from streams.judging.facts import Facts
from streams.judging.limit import limit_key, pool_key, year_key
from streams.judging.outcome import Draw, DrawState
from streams.judging.registry import RegistryView
from streams.judging.rules.crossing import Candidate, approval_age, crossing_of
from streams.judging.rules.licensing import covers, in_force_at, lines_needing_licence

if TYPE_CHECKING:
    from schemas.registry import WhitelistEntry

__all__ = ["draws_of"]


def draws_of(facts: Facts, view: RegistryView) -> tuple[Draw, ...]:
    """Return what a manifest takes from limits; lines on one limit are added up.

    A void on the way or a refusal takes nothing (the caller releases what was reserved).
    """
    if facts.refused:
        return ()
    taken: dict[str, tuple[datetime, int]] = {}
    _from_approvals(facts, view, taken)
    _from_licences(facts, view, taken)
    state: DrawState = "settled" if facts.received is not None else "reserved"
    if facts.voided is not None:
        state = "doubtful"
    return tuple(
        Draw(limit, facts.subject, at, grams, state) for limit, (at, grams) in sorted(taken.items())
    )


def _add(taken: dict[str, tuple[datetime, int]], limit: str, at: datetime, grams: int) -> None:
    taken[limit] = at, grams + taken.get(limit, (at, 0))[1]


def _from_approvals(
    facts: Facts, view: RegistryView, taken: dict[str, tuple[datetime, int]]
) -> None:
    """Draw on approved lines, and on the white-list entries that shortened or replaced them."""
    crossing = crossing_of(facts, view)
    if isinstance(crossing, str):
        return
    at = crossing.moved.at
    listed: list[tuple[WasteLine, Sequence[WhitelistEntry]]] = [
        (waste, (entry,)) for waste, entry in crossing.intra
    ]
    for line in crossing.standing("approved"):
        _add(taken, _approved_limit(line.waste, line.candidates), at, facts.grams(line.waste))
        listed.append((line.waste, line.listed))
    year = at.astimezone(CHINA).year
    for waste, entries in listed:
        if entries and all(entry.annual_cap_t is not None for entry in entries):
            _add(taken, year_key("whitelist", entries[0].id, year), at, facts.grams(waste))


def _approved_limit(waste: WasteLine, candidates: Sequence[Candidate]) -> str:
    """Return the line that names the waste; the pool where an approval's lines cannot be told apart.

    Of several approvals one that names the waste comes first, then what ends first (domain 8.2).
    """
    chosen = min(candidates, key=lambda c: (c.line.name != waste.name, *approval_age(c)))
    lines = [c for c in candidates if c.approval.id == chosen.approval.id]
    named = [c for c in lines if c.line.name == waste.name]
    if len(named or lines) > 1:
        return pool_key(chosen.approval.id, waste.code)
    return limit_key(chosen.approval.id, chosen.line.line)


def _from_licences(
    facts: Facts, view: RegistryView, taken: dict[str, tuple[datetime, int]]
) -> None:
    """Draw accepted waste on the first licence in force that covers it, in the year of arrival."""
    lines = lines_needing_licence(facts, view)
    if isinstance(lines, str) or facts.received is None or facts.taken_over is None:
        return
    at = facts.taken_over.at
    valid = in_force_at(view.licences(facts.form.receiver.uscc), at)
    for waste in lines:
        licence = next((x for x in valid if covers(x, waste)), None)
        if licence is not None and licence.annual_scale_t is not None:
            limit = year_key("licence", licence.id, at.astimezone(CHINA).year)
            _add(taken, limit, at, facts.grams(waste))
