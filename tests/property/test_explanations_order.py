"""Explanations are of a set too: no order of events changes them, and no finding is without one."""

from typing import Any

from explanations import assert_explained
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stories import NUMBERS, change_sets, said_of, view_records
from test_limits_interleaved import CAPPED, LOADS, load

from streams.judging.decision import decide_limit, decide_manifest
from streams.judging.outcome import Draw, Outcome
from streams.judging.registry import RegistryView

QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
NUMBER = NUMBERS[0]
sets = st.lists(change_sets(), max_size=3)


def explained(outcomes: tuple[Outcome, ...]) -> dict[str, Any]:
    """Explanations by outcome; fails where one is missing or stands where it should not."""
    for outcome in outcomes:
        assert_explained(outcome)
    return {o.key: (o.conditions, o.cures) for o in outcomes if o.found}


@QUICK
@given(st.data(), said_of(NUMBER, 14), sets)
def test_an_explanation_is_the_same_in_any_order_of_events_and_records(
    data: Any, said: Any, known: Any
) -> None:
    records = view_records(known)
    view = RegistryView.known_at(records)
    once = explained(decide_manifest(NUMBER, None, said, view, None).outcomes)
    newest = list({(r.kind, r.id): r for r in records}.values())
    learned = RegistryView.known_at(data.draw(st.permutations(newest)))
    other = decide_manifest(NUMBER, None, data.draw(st.permutations(said)), learned, None)
    assert explained(other.outcomes) == once


@QUICK
@given(st.data(), LOADS, st.lists(CAPPED, max_size=3))
def test_a_limit_is_explained_the_same_in_any_order_of_draws(
    data: Any, loads: Any, records: Any
) -> None:
    view = RegistryView.known_at(records)
    draws: dict[str, list[Draw]] = {}
    for n, (tonnes, name, fate) in enumerate(loads):
        said = load(n, tonnes, name, fate)
        for draw in decide_manifest(said[0].event.subject, None, said, view, None).draws:
            draws.setdefault(draw.limit, []).append(draw)
    for limit, drawn in draws.items():
        once = explained(decide_limit(limit, None, drawn, view, None).outcomes)
        again = decide_limit(limit, None, data.draw(st.permutations(drawn)), view, None)
        assert explained(again.outcomes) == once
