"""What files are judged for is what the judge finds: a rule that is passed over would have found nothing."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from manifests import DAY, NUMBER
from stories import change_sets, said_of, said_twice, view_records

from services.simulator import build_world
from streams.judging.findings import find_in, is_plain
from streams.judging.fold import fold
from streams.judging.judge import judge_manifest
from streams.judging.on_files import judge_lines
from streams.judging.registry import RecordVersion, RegistryView
from streams.judging.rules import RULE_BOOK, ManifestRule
from streams.judging.statement import union

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
told = said_of(NUMBER, 14) | said_twice(NUMBER)
sets = st.lists(change_sets(), max_size=4)
clocks = st.none() | st.integers(-2, 500).map(lambda days: DAY + timedelta(days=days))
STRICT = RULE_BOOK.with_parameters(
    {
        "time.receipt_overdue.days": 1,
        "time.transit_overdue.nation": 1,
        "time.stored_too_long.silence": 1,
        "quantity.received_differs.percent": 1,
        "time.journey_too_fast.speed": 60,
    }
)
books = st.sampled_from((RULE_BOOK, STRICT))


@pytest.mark.parametrize(
    "at", range(len(RULE_BOOK.manifest)), ids=lambda n: RULE_BOOK.manifest[n].id
)
@settings(QUICK, max_examples=60)
@given(said=told, known=sets, now=clocks, book=books)
def test_a_quiet_rule_finds_nothing(at: int, said: Any, known: Any, now: Any, book: Any) -> None:
    rule: ManifestRule = book.manifest[at]
    view = RegistryView.known_at(view_records(known))
    facts = fold(NUMBER, union(said), view)
    if is_plain(facts) and rule.quiet is not None and rule.quiet(rule, facts, view, now):
        assert not any(outcome.found for outcome in rule.judge(rule, facts, view, now))


@QUICK
@given(said=told, known=sets, book=books, data=st.data())
def test_what_is_found_is_what_the_judge_finds_whatever_comes_late(
    said: Any, known: Any, book: Any, data: Any
) -> None:
    """One view all along, as records and reports come in, corrections and late ones among them."""
    heard: list[Any] = []
    records, view = view_records(known), RegistryView()
    while said or records:
        now: datetime | None = data.draw(clocks)
        if records and (not said or data.draw(st.booleans())):
            cut = data.draw(st.integers(1, len(records)))
            view.apply(RecordVersion(1, record) for record in records[:cut])
            records = records[cut:]
        else:
            cut = data.draw(st.integers(1, len(said)))
            said, heard = said[cut:], [*heard, *said[:cut]]
        facts = fold(NUMBER, union(heard), view)
        judged, found = judge_manifest(facts, view, now, book), find_in(facts, view, now, book)
        assert found.outcomes == tuple(o for o in judged.outcomes if o.found)
        assert found.draws == judged.draws
        event(f"plain: {is_plain(facts)}, found: {bool(found.outcomes)}")


@pytest.mark.parametrize("seed", [7, 8])
def test_a_world_gives_the_same_alerts_with_and_without_the_rules_words(seed: int) -> None:
    world = build_world("demo", seed, 600, medical=False, trucks=False)
    told = list(world.events)
    random.Random(seed).shuffle(told)
    full = judge_lines(world.registry, told, keep_outcomes=True)
    bare = judge_lines(world.registry, told, keep_outcomes=False)
    assert bare.alerts == full.alerts
    assert bare.alerts
    assert not bare.outcomes


def test_most_rules_are_passed_over_in_a_world() -> None:
    """Or else it would be tested that asking every rule is asking every rule."""
    world = build_world("demo", 7, 600, medical=False, trucks=False)
    asked: list[str] = []

    def noting(rule: ManifestRule) -> ManifestRule:
        def judge(said: ManifestRule, *rest: Any) -> Any:
            asked.append(said.id)
            return rule.judge(said, *rest)

        return rule._replace(judge=judge)

    book = RULE_BOOK._replace(manifest=tuple(map(noting, RULE_BOOK.manifest)))
    verdict = judge_lines(world.registry, world.events, book=book, keep_outcomes=False)
    assert {alert.rule for alert in verdict.alerts} & {rule.id for rule in RULE_BOOK.manifest}
    assert len(asked) < 600 * len(RULE_BOOK.manifest) / 4
