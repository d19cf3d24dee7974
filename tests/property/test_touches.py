"""Whoever a record bears on is found: no judgement changes that ``touches`` does not name."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from line import bears_on
from manifests import DAY, NUMBER
from stories import RECORDS, change_sets, said_of, said_twice, view_records
from test_limits_interleaved import CAPPED, KNOWN, LOADS, load

from schemas.registry import REGISTRY_KINDS, RegistryRecord
from streams.judging.decision import decide_limit, decide_manifest
from streams.judging.registry import RegistryView
from streams.judging.statement import Statement

if TYPE_CHECKING:
    from streams.judging.outcome import Draw

QUICK = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
FAR = DAY + timedelta(days=60)


def judgement(of: Any) -> tuple[Any, ...]:
    """Return all of a decision that others see."""
    return of.outcomes, getattr(of, "draws", ()), of.parties, of.alerts, getattr(of, "arm", ())


def change(
    known: list[RegistryRecord], record: RegistryRecord
) -> tuple[list[RegistryRecord], RegistryView, RegistryView]:
    """Return all versions of what changes, and what is known before and after."""
    versions = [r for r in known if (r.kind, r.id) == (record.kind, record.id)]
    after = RegistryView.known_at([*known, record])
    return [*versions, record], RegistryView.known_at(known), after


def test_every_kind_that_rules_read_is_told_of() -> None:
    assert set(RECORDS) == set(REGISTRY_KINDS)


@pytest.mark.parametrize("kind", RECORDS)
@QUICK
@given(
    said=said_of(NUMBER) | said_twice(NUMBER) | said_twice(NUMBER),
    known=st.lists(change_sets(), max_size=3).map(view_records),
    data=st.data(),
)
def test_every_manifest_that_a_record_judges_anew_is_touched_by_it(
    kind: str, said: Sequence[Statement], known: list[RegistryRecord], data: Any
) -> None:
    versions, before, after = change(known, data.draw(RECORDS[kind]))
    clock = data.draw(st.none() | st.just(DAY + timedelta(days=6)) | st.just(FAR))
    was, now = (decide_manifest(NUMBER, None, said, view, clock) for view in (before, after))
    if judgement(was) != judgement(now):
        event(f"{kind} judges a manifest anew")
        touched, _ = bears_on(versions)
        assert touched(was)


@QUICK
@given(LOADS, st.lists(CAPPED, max_size=2), CAPPED)
def test_every_limit_that_a_record_judges_anew_is_touched_by_it(
    loads: list[Any], learned: list[RegistryRecord], record: RegistryRecord
) -> None:
    """The draws stay: where they change, the manifest's own batch makes the limit dirty."""
    versions, before, after = change([*KNOWN, *learned], record)
    drawn: dict[str, list[Draw]] = defaultdict(list)
    for n, one in enumerate(loads):
        said = load(n, *one)
        for draw in decide_manifest(said[0].event.subject, None, said, before, None).draws:
            drawn[draw.limit].append(draw)
    _, touched = bears_on(versions)
    for limit, draws in drawn.items():
        was, now = (decide_limit(limit, None, draws, view, None) for view in (before, after))
        if judgement(was) != judgement(now):
            event(f"{record.kind} judges {limit} anew")
            assert touched(limit)
