"""Facts and verdicts are of a set: no order, no copies, no split of it change them."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stories import NUMBERS, change_sets, said_of, view_records

from streams.judging.decision import (
    Held,
    ManifestDecision,
    decide_manifest,
    unpack_events,
)
from streams.judging.fold import fold
from streams.judging.packing import pack_events
from streams.judging.registry import RegistryView
from streams.judging.statement import union

QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
NUMBER = NUMBERS[0]
sets = st.lists(change_sets(), max_size=3)


@QUICK
@given(st.data(), said_of(NUMBER, 14), sets)
def test_facts_are_the_same_in_any_order_with_any_copies_and_in_any_split(
    data: Any, said: Any, known: Any
) -> None:
    view = RegistryView.known_at(view_records(known))
    facts = fold(NUMBER, union(said), view)
    other = data.draw(st.permutations(said)) + data.draw(
        st.lists(st.sampled_from(said), max_size=4)
    )
    cut = data.draw(st.integers(0, len(other)))
    parts = union(union(other[:cut]).values()), union(other[cut:])
    assert fold(NUMBER, union(*(p.values() for p in parts)), view) == facts


@QUICK
@given(said_of(NUMBER, 14), sets)
def test_every_statement_counts_is_replaced_is_ignored_or_stands_in_conflict(
    said: Any, known: Any
) -> None:
    all_said = union(said)
    facts = fold(NUMBER, all_said, RegistryView.known_at(view_records(known)))
    assert {i.ref for i in facts.ignored} <= set(all_said)
    assert not {i.ref for i in facts.ignored} & set(facts.conflicts)
    assert len(facts.ignored) == len({i.ref for i in facts.ignored})
    used = [facts.filed, facts.dispatched, *facts.legs, facts.arrived, facts.received,
            *facts.treated, facts.voided]  # fmt: skip
    told = {f.ref for f in used if f is not None}
    assert not told & {i.ref for i in facts.ignored}
    for ref, statement in all_said.items():
        if facts.filed is not None and statement.verb != "corrected":
            places = (told, {i.ref for i in facts.ignored}, set(facts.conflicts))
            assert sum(ref in place for place in places) == 1


@QUICK
@given(said_of(NUMBER), st.booleans())
def test_statements_survive_being_packed(said: Any, small: bool) -> None:
    held = union(said)
    packed = unpack_events(pack_events(held.values(), small=small))
    assert {r: (s.received_us, s.raw) for r, s in packed.items()} == {
        r: (s.received_us, s.raw) for r, s in held.items()
    }
    assert fold(NUMBER, packed, RegistryView()) == fold(NUMBER, held, RegistryView())


def at_rest(decision: ManifestDecision) -> dict[str, Any]:
    """What must not depend on the way: verdict, open alerts with their content, live draws."""
    memo = decision.held.memo
    return {
        "facts": decision.facts,
        "outcomes": decision.outcomes,
        "digests": memo.outcomes,
        "open": {key: a.digest for key, a in memo.alerts.items() if a.state == "open"},
        "draws": {k: d for k, d in memo.draws.items() if d.state != "released"},
        "due": memo.due,
    }


def withdrawn_by(step: ManifestDecision, held: Held | None) -> set[str]:
    """Keys that a step withdrew; each change is the next revision, and nothing is forgotten."""
    before = held.memo.alerts if held is not None else {}
    assert set(before) <= set(step.held.memo.alerts)
    found = set()
    for change in step.alerts:
        key = f"{change.alert.rule}|{change.alert.discriminator}"
        assert change.revision == (before[key].revision if key in before else 0) + 1
        assert change.alert.state == "open" or before[key].state == "open"
        if change.alert.state == "withdrawn":
            assert change.alert.withdrawn_reason
            found.add(key)
    return found


@pytest.mark.parametrize("fixed", [True, False], ids=["registry fixed", "registry grows meanwhile"])
def test_judging_bit_by_bit_ends_where_judging_all_at_once_ends(fixed: bool) -> None:
    @QUICK
    @given(st.data(), said_of(NUMBER, 12), sets)
    def holds(data: Any, said: Any, known: Any) -> None:
        final = RegistryView.known_at(view_records(known))
        once = decide_manifest(NUMBER, None, said, final, None)
        rest, held, withdrawn = list(data.draw(st.permutations(said))), None, set()
        while rest:
            cut = data.draw(st.integers(0, len(rest)))
            upto = len(known) if fixed else data.draw(st.integers(0, len(known)))
            view = RegistryView.known_at(view_records(known[:upto]))
            step = decide_manifest(NUMBER, held, rest[:cut], view, None)
            withdrawn |= withdrawn_by(step, held)
            rest, held = rest[cut:], step.held
        last = decide_manifest(NUMBER, held, [], final, None)
        withdrawn |= withdrawn_by(last, held)
        assert at_rest(last) == at_rest(once)
        closed = {k for k, a in last.held.memo.alerts.items() if a.state == "withdrawn"}
        assert closed <= withdrawn
        again = decide_manifest(NUMBER, last.held, said, final, None)
        assert (again.changed, again.alerts, again.draws, again.arm) == ((), (), (), ())

    holds()
