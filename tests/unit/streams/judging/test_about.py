"""What is told of a rule is what it does: over the demo's world, its law, and whom it asks."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from schemas.decode import decode_registry_record
from schemas.instant import china_day
from schemas.registry import REGISTRY_KINDS
from services.simulator import World, build_world
from streams.judging.decision import decide_manifest
from streams.judging.fold import fold
from streams.judging.law import CODE_IN_FORCE
from streams.judging.on_files import judge_lines
from streams.judging.registry import RegistryView, Remembered
from streams.judging.rules import RULE_BOOK
from streams.judging.rules.about import ABOUT, EVERY_RULE, law_of
from streams.judging.statement import Statement, read_statement, union

if TYPE_CHECKING:
    from streams.judging.outcome import Draw

KINDS = {
    "unit": "unit", "is_collector": "unit",
    "licences": "licence", "licence": "licence", "licences_in_force": "licence",
    "approvals": "transfer_approval", "approval": "transfer_approval",
    "whitelist": "whitelist_entry", "whitelist_entry": "whitelist_entry",
    "permits": "carrier_permit", "permits_in_force": "carrier_permit", "vehicles": "vehicle",
    "bans": "inbound_ban", "exemptions": "exemption",
    "calendar": "calendar", "plans": "management_plan",
    "institution": "institution", "rulebook_version": "rulebook_version", "policies": "insurance", "crew": "crew",
}  # fmt: skip
"""By the view's question."""
FAR = datetime.fromisoformat("2027-06-01T00:00:00+08:00")


class Watched:
    """A view that notes what it is asked for, and remembers no answer."""

    def __init__(self, view: RegistryView) -> None:
        self._view = view
        self.asked: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name == "remembered":
            return Remembered()
        if name in KINDS:
            self.asked.add(KINDS[name])
        return getattr(self._view, name)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world("demo", 7, 300, medical=False, trucks=False)


@pytest.fixture(scope="module")
def view(world: World) -> RegistryView:
    return RegistryView.known_at(map(decode_registry_record, world.registry))


@pytest.fixture(scope="module")
def said(world: World) -> dict[str, list[Statement]]:
    told: dict[str, list[Statement]] = defaultdict(list)
    for n, raw in enumerate(world.events):
        statement = read_statement(raw, n)
        told[statement.event.subject].append(statement)
    return told


def rules() -> Iterator[Any]:
    yield from (*RULE_BOOK.manifest, *RULE_BOOK.limit)


def test_every_rule_of_the_book_is_told_of_and_no_other() -> None:
    assert set(ABOUT) == {rule.id for rule in RULE_BOOK.rules}
    for about in ABOUT.values():
        assert set(about.asks) <= set(REGISTRY_KINDS)
    for rule in rules():
        names = [*(p.name for p in rule.parameters.declared), *(f.name for f in EVERY_RULE)]
        assert len(set(names)) == len(names)


def test_what_a_finding_cites_was_told_before(world: World) -> None:
    found = [
        outcome
        for outcomes in judge_lines(world.registry, world.events, now=FAR).outcomes.values()
        for outcome in outcomes
        if outcome.found and outcome.law
    ]
    assert {o.rule for o in found} >= {"time.receipt_overdue", "cross_province.no_approval"}
    for outcome in found:
        assert outcome.act_at is not None
        if ABOUT[outcome.rule].own_law:
            continue
        when = "before" if china_day(outcome.act_at) < CODE_IN_FORCE else "since"
        told = {(b.law, b.article, b.party) for b in law_of(outcome.rule)[when]}
        assert {(b.law, b.article, b.party) for b in outcome.law} <= told, outcome.rule


@pytest.mark.parametrize("rule", RULE_BOOK.manifest, ids=lambda rule: rule.id)
def test_a_rule_of_a_manifest_asks_for_the_kinds_that_are_told_and_no_others(
    rule: Any, said: dict[str, list[Statement]], view: RegistryView
) -> None:
    asked: set[str] = set()
    for subject, statements in said.items():
        watched: Any = Watched(view)
        rule.judge(rule, fold(subject, union(statements), view), watched, FAR)
        asked |= watched.asked
    assert asked == set(ABOUT[rule.id].asks)


@pytest.mark.parametrize("rule", RULE_BOOK.limit, ids=lambda rule: rule.id)
def test_a_rule_of_a_limit_asks_for_the_kinds_that_are_told_and_no_others(
    rule: Any, said: dict[str, list[Statement]], view: RegistryView
) -> None:
    drawn: dict[str, list[Draw]] = defaultdict(list)
    for subject, statements in said.items():
        for draw in decide_manifest(subject, None, statements, view, None).draws:
            drawn[draw.limit].append(draw)
    watched: Any = Watched(view)
    for limit, draws in drawn.items():
        rule.judge(rule, limit, draws, watched, FAR)
    assert watched.asked == set(ABOUT[rule.id].asks)
