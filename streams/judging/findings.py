"""只问有无发现: loads judged for what is found of them alone, as files are; nothing is said of what passed.

The rules are those of the judge and so are the findings and draws (``tests/property/test_findings.py``):
a rule that is sure to find nothing (``ManifestRule.quiet``) is not asked.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from streams.judging.facts import Facts
from streams.judging.judge import judge_manifest
from streams.judging.last import last_of
from streams.judging.outcome import Draw, Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, ManifestRule, RuleBook
from streams.judging.rules.draws import draws_of

if TYPE_CHECKING:
    from streams.judging.rules.rule import Quiet

__all__ = ["Found", "find_in", "is_plain"]


class Found(NamedTuple):
    """What is found of one load, in the order of the book, and what it draws on."""

    outcomes: tuple[Outcome, ...]
    draws: tuple[Draw, ...]


def is_plain(facts: Facts) -> bool:
    """Whether a load was filed and moved, was not voided, and can be read in one way only."""
    return (
        facts.filed is not None
        and facts.voided is None
        and not facts.otherwise
        and facts.moved is not None
        and bool(facts.hazardous)
    )


def find_in(
    facts: Facts, view: RegistryView, now: datetime | None, book: RuleBook = RULE_BOOK
) -> Found:
    """Return what ``judge_manifest`` finds of a load, and its draws."""
    moved = facts.moved
    if moved is None or not is_plain(facts):
        judged = judge_manifest(facts, view, now, book)
        return Found(tuple(o for o in judged.outcomes if o.found), judged.draws)
    book = book.in_force(view, moved.at)
    found: list[tuple[int, Outcome]] = []
    for quiet, rules in _by_question(book):
        if quiet is None or not quiet(rules[0][1], facts, view, now):
            for place, rule in rules:
                found += [(place, o) for o in _asked(rule, facts, view, now) if o.found]
    found.sort(key=itemgetter(0))
    return Found(tuple([outcome for _, outcome in found]), draws_of(facts, view, book))


@last_of
def _by_question(
    book: RuleBook,
) -> "tuple[tuple[Quiet | None, tuple[tuple[int, ManifestRule], ...]], ...]":
    """Return the rules with their places in the book, by the question that may keep them quiet."""
    asked: dict[Quiet | None, list[tuple[int, ManifestRule]]] = {}
    for place, rule in enumerate(book.manifest):
        asked.setdefault(rule.quiet, []).append((place, rule))
    return tuple((quiet, tuple(rules)) for quiet, rules in asked.items())


def _asked(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    """Ask a rule, as the judge does: with the clock only once its deadline has fired."""
    if rule.due is not None:
        due = rule.due(rule, facts, view)
        if due is None or now is None or now < due:
            now = None
    return rule.judge(rule, facts, view, now)
