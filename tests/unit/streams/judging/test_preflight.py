"""A draft is judged as what it becomes once it is filed and has left."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from schemas.decode import decode_registry_record
from services.simulator import World, build_world
from streams.judging.decision import decide_manifest
from streams.judging.on_files import judge_statements
from streams.judging.outcome import Draw, Outcome
from streams.judging.preflight import NotEntitled, judge_draft
from streams.judging.registry import RegistryView
from streams.judging.statement import Statement, read_statement
from tests.manifests import (
    CARRIER,
    DAY,
    NUMBER,
    STRANGER,
    approval,
    approval_line,
    collector,
    dispatched,
    filed,
    licence,
    permit,
    registry,
    waste,
)

LIMIT = "approval/appr-1/1"
LAWFUL = [approval(), licence(), permit(CARRIER)]


@pytest.fixture(scope="module")
def world() -> World:
    return build_world("demo", 7, 300, medical=False, trucks=False)


def said_first(world: World) -> Iterator[tuple[Statement, Statement]]:
    """Each manifest's filing, planned for when it left, and its departure where that adds nothing."""
    found: dict[str, dict[str, Statement]] = {}
    for n, line in enumerate(world.events):
        statement = read_statement(line, n)
        found.setdefault(statement.event.subject, {}).setdefault(statement.verb, statement)
    for said in found.values():
        if {"filed", "dispatched"} <= said.keys():
            departure, form = said["dispatched"].event, said["filed"].event.data
            left: Any = departure.data
            first = form.carriers[0] if form.carriers else None
            if (
                left.wastes
                or first is None
                or left.carrier != first.uscc
                or left.plate != first.plate
            ):
                continue
            event = msgspec.json.decode(said["filed"].raw)
            event["data"]["planned_at"] = departure.time.isoformat()
            yield (
                read_statement(msgspec.json.encode(event), said["filed"].received_us),
                said["dispatched"],
            )


def word(outcome: Outcome) -> tuple[Any, ...]:
    return (
        outcome.rule, outcome.discriminator, outcome.state, outcome.reason, outcome.zh, outcome.en,
        outcome.margin, outcome.grams, outcome.act_at, outcome.law, outcome.conditions, outcome.cures,
    )  # fmt: skip


def test_what_a_check_says_is_what_is_said_once_the_load_has_left(world: World) -> None:
    view = RegistryView.known_at(map(decode_registry_record, world.registry))
    compared = found = 0
    for filing, departure in said_first(world):
        try:
            draft = judge_draft(filing, view, DAY)
        except NotEntitled:
            continue
        decision = decide_manifest(filing.event.subject, None, [filing, departure], view, None)
        assert list(map(word, draft.outcomes)) == list(map(word, decision.outcomes))
        assert draft.draws == decision.draws
        compared += 1
        found += any(o.found for o in draft.outcomes)
    assert compared > 100
    assert found > 10


def test_a_lawful_draft_is_green_and_draws_on_its_limit() -> None:
    view = registry(*LAWFUL)
    draft = judge_draft(filed(planned_at=DAY.isoformat()), view, DAY - timedelta(days=3))
    checked = draft.with_limits({}, view)
    assert checked.light == "green"
    (limit,) = checked.limits
    assert (limit.limit, limit.draw.grams, limit.draw.state) == (LIMIT, 2_000_000, "reserved")
    assert limit.outcomes[0].state == "passed"


def test_without_a_planned_departure_it_is_judged_as_leaving_now() -> None:
    view = registry(approval(valid_to="2026-09-10"), licence(), permit(CARRIER))
    assert judge_draft(filed(), view, DAY).with_limits({}, view).light == "green"
    late = judge_draft(filed(), view, DAY + timedelta(days=1)).with_limits({}, view)
    assert late.light == "red"
    expired = next(o for o in late.outcomes if o.state == "violated")
    assert expired.reason == "expired"
    assert expired.cures


def test_a_limit_that_others_have_used_up_makes_the_draft_red() -> None:
    view = registry(approval(lines=[approval_line(quantity_t="10")]), licence(), permit(CARRIER))
    draft = judge_draft(filed(planned_at=DAY.isoformat()), view, DAY)
    others = [Draw(LIMIT, "20261301000099", DAY - timedelta(days=1), 8_000_000, "settled")]
    assert draft.with_limits({LIMIT: others}, view).light == "green"
    more = [*others, Draw(LIMIT, "20261301000098", DAY - timedelta(days=1), 1, "settled")]
    checked = draft.with_limits({LIMIT: more}, view)
    assert checked.light == "red"
    assert checked.limits[0].outcomes[0].state == "violated"


def test_what_the_manifest_drew_before_makes_way_for_the_draft() -> None:
    view = registry(approval(lines=[approval_line(quantity_t="3")]), licence(), permit(CARRIER))
    draft = judge_draft(filed(planned_at=DAY.isoformat()), view, DAY)
    own = [Draw(LIMIT, NUMBER, DAY, 2_000_000, "reserved")]
    assert draft.with_limits({LIMIT: own}, view).light == "green"


def test_the_limits_are_judged_as_files_judge_them() -> None:
    view = registry(approval(lines=[approval_line(quantity_t="3")]), licence(), permit(CARRIER))
    first, second = "20261301000001", "20261301000002"
    posted = [filed(subject=first), dispatched(subject=first)]
    others = decide_manifest(first, None, posted, view, None).draws
    later = filed(subject=second, planned_at=(DAY + timedelta(hours=1)).isoformat())
    checked = judge_draft(later, view, DAY).with_limits({LIMIT: others}, view)
    left = dispatched(DAY + timedelta(hours=1), subject=second)
    verdict = judge_statements(view, [*posted, later, left])
    assert list(map(word, checked.limits[0].outcomes)) == list(map(word, verdict.outcomes[LIMIT]))
    assert checked.light == "red"


def test_who_may_not_file_is_not_answered() -> None:
    with pytest.raises(NotEntitled):
        judge_draft(filed(by=STRANGER), registry(), DAY)
    draft = judge_draft(filed(by=STRANGER), registry(collector(STRANGER)), DAY)
    assert draft.facts.filed is not None


def test_a_draft_without_a_carrier_says_that_nothing_moved() -> None:
    draft = judge_draft(filed(carriers=()), registry(), DAY)
    assert draft.carrier is None
    assert {o.reason for o in draft.outcomes if o.rule == "cross_province.no_approval"} == {
        "not_moved"
    }


def test_something_for_an_officer_is_yellow() -> None:
    view = registry(approval(lines=[approval_line(edition=2016)]), licence(), permit(CARRIER))
    said = filed(planned_at=DAY.isoformat(), wastes=[waste(name="另一名称")])
    lights = judge_draft(said, view, DAY).with_limits({}, view)
    states = {o.state for o in lights.outcomes}
    assert lights.light == ("red" if "violated" in states else "review")
