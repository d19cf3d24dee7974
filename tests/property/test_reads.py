"""What a rule says it reads is all it reads, and asking only what changed changes no verdict."""

from datetime import UTC, datetime, timedelta
from types import FunctionType, MethodType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from manifests import DAY, NUMBER
from stories import change_sets, said_of, said_twice, view_records

from schemas.decode import decode_registry_record
from services.simulator import build_world
from streams.judging.decision import Held, decide_manifest
from streams.judging.facts import Facts
from streams.judging.fold import fold
from streams.judging.judge import _SHARED
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, ManifestRule
from streams.judging.rules.draws import READS, draws_of
from streams.judging.rules.transfer import TRANSFER
from streams.judging.statement import read_statement, union

QUICK = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
THRIFTY = [rule for rule in RULE_BOOK.manifest if rule.reads is not None]
told = said_of(NUMBER, 14) | said_twice(NUMBER)
sets = st.lists(change_sets(), max_size=3)


class Watched:
    """Facts that note which members are read; what is derived is read through its parts."""

    def __init__(self, facts: Facts, derived: tuple[str, ...]) -> None:
        self._facts, self._derived = facts, derived
        self.seen: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        made = vars(Facts).get(name)
        if isinstance(made, FunctionType):
            return MethodType(made, self)
        if isinstance(made, property) and name not in self._derived:
            assert made.fget is not None
            return made.fget(self)
        self.seen.add(name)
        return getattr(self._facts, name)


class Clock:
    """A clock that no thrifty rule may look at, but those that have a deadline."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the clock was read: {name}")


def unlisted(rule: ManifestRule, facts: Facts, view: RegistryView) -> set[str]:
    reads = rule.reads or ()
    watched: Any = Watched(facts, reads)
    clocks = (Clock(),) if rule.due is None else (None, datetime.max.replace(tzinfo=UTC))
    for clock in clocks:
        rule.judge(rule, watched, view, clock)  # type: ignore[arg-type]
    if rule.due is not None:
        rule.due(rule, watched, view)
    return watched.seen - set(reads) - {"subject"}


def test_the_costly_rules_say_what_they_read() -> None:
    assert {rule.id for rule in RULE_BOOK.manifest if rule.reads is None} == {
        "form.not_entitled",
        "form.conflicting_reports",
    }


@pytest.mark.parametrize("rule", THRIFTY, ids=lambda rule: rule.id)
@QUICK
@given(said=told, known=sets)
def test_a_rule_reads_no_member_of_the_facts_that_it_does_not_name(
    rule: ManifestRule, said: Any, known: Any
) -> None:
    view = RegistryView.known_at(view_records(known))
    assert unlisted(rule, fold(NUMBER, union(said), view), view) == set()


@QUICK
@given(said=told, known=sets)
def test_draws_read_no_member_of_the_facts_that_they_do_not_name(said: Any, known: Any) -> None:
    view = RegistryView.known_at(view_records(known))
    watched: Any = Watched(fold(NUMBER, union(said), view), READS)
    draws_of(watched, view, RULE_BOOK)
    assert watched.seen <= {*READS, "subject", "otherwise"}


@pytest.mark.parametrize("question", _SHARED, ids=lambda q: q._read.__name__)
@QUICK
@given(said=told, known=sets)
def test_what_several_rules_ask_reads_only_the_load_that_leaves(
    question: Any, said: Any, known: Any
) -> None:
    view = RegistryView.known_at(view_records(known))
    watched: Any = Watched(fold(NUMBER, union(said), view), TRANSFER)
    question(watched, view)
    assert watched.seen <= {*TRANSFER, "subject"}


def step(held: Held | None, said: Any, view: RegistryView, clock: datetime) -> Any:
    return decide_manifest(NUMBER, held, said, view, clock, settle=timedelta(hours=1))


def written(decision: Any) -> tuple[Any, ...]:
    return decision.outcomes, decision.changed, decision.alerts, decision.draws, decision.held.memo


@QUICK
@given(said=told, known=sets, data=st.data())
def test_a_verdict_built_on_the_last_one_is_the_verdict_from_nothing(
    said: Any, known: Any, data: Any
) -> None:
    records = view_records(known)
    view = RegistryView()
    kept: Held | None = None
    bare: Held | None = None
    clock = DAY
    while said or records:
        clock += timedelta(minutes=data.draw(st.sampled_from((0, 1, 59, 60, 1500, 9000))))
        if records and (not said or data.draw(st.booleans())):
            cut = data.draw(st.integers(1, len(records)))
            for record in records[:cut]:
                view.apply([(1, record)])  # type: ignore[list-item]
            records, now = records[cut:], []
        else:
            cut = data.draw(st.integers(1, len(said)))
            said, now = said[cut:], said[:cut]
        thrifty, full = step(kept, now, view, clock), step(bare, now, view, clock)
        assert written(thrifty) == written(full)
        kept = thrifty.held
        bare = full.held._replace(basis=None, told=())


def test_the_demo_world_step_by_step_is_the_demo_world_from_nothing() -> None:
    world = build_world("demo", 7, 300, medical=False, trucks=False)
    view = RegistryView.known_at(decoded(world.registry))
    kept: dict[str, Held] = {}
    bare: dict[str, Held] = {}
    reused = 0
    for n, raw in enumerate(world.events):
        statement = read_statement(raw, 1_760_000_000_000_000 + n)
        subject = statement.event.subject
        before = kept.get(subject)
        thrifty = decide_manifest(subject, before, [statement], view, None)
        full = decide_manifest(subject, bare.get(subject), [statement], view, None)
        assert written(thrifty) == written(full)
        if before is not None and before.basis is not None and thrifty.held.basis is not None:
            pairs = zip(before.basis.said, thrifty.held.basis.said, strict=True)
            reused += sum(now is then and now != () for then, now in pairs)
        kept[subject] = thrifty.held
        bare[subject] = full.held._replace(basis=None, told=())
    assert reused > len(world.events) / 2  # or else it would be tested that nothing is nothing


def decoded(lines: Any) -> list[Any]:
    return [decode_registry_record(line) for line in lines]
