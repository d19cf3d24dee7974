import json
from collections import Counter
from datetime import datetime

import pytest

from schemas.decode import decode_medical_event, decode_registry_record
from schemas.instant import CHINA
from services.simulator.medical import MedicalWorld, medical_world
from services.simulator.scene import END
from streams.judging.medical.judge import judge_medical
from streams.judging.medical.said import read_medical
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK

MEDICAL = {rule.id for rule in RULE_BOOK.medical}
FOR_REVIEW = {
    "unaccounted",
    "never_sealed",
    "other_area",
    "not_washed",
    "over_capacity",
    "silent_week",
    "box_not_washed",
}
LIKENESSES = {
    "collected_just_in_time", "handed_on_in_time", "returned_and_collected_again",
    "remote_treats_on_the_spot", "order_lengthens_store", "order_ended_first",
    "order_lengthens_plant_store", "order_lets_facility_and_truck", "order_lets_plant_elsewhere",
    "lost_and_found", "received_after_30_hours", "number_used_again", "collection_posted_late",
    "register_posted_twice", "register_of_total_weight", "weight_corrected",
    "weight_just_agrees_at_plant", "pharmaceutical_as_hw03", "agreement_with_another_city",
    "chemical_kept_five_days", "cold_store_70_hours", "remote_store_160_hours",
    "washed_just_in_time", "washing_not_reported", "figures_just_reached", "capacity_exactly_used",
    "low_occupancy", "closed_in_the_week", "began_in_the_week", "batch_just_agrees",
    "register_of_two_days", "box_washed_just_in_time", "box_on_two_registers",
}  # fmt: skip
FINDINGS = {"violated": "violation", "needs_review": "review", "notice": "notice"}
Found = set[tuple[str, str, str]]


@pytest.fixture(scope="module")
def world() -> MedicalWorld:
    return medical_world(1, 2_000)


def planted(world: MedicalWorld) -> Found:
    return {(x.rule, x.subject, x.label) for x in world.labels if x.rule is not None}


def judged(world: MedicalWorld, now: datetime | None = None) -> Found:
    """Return what the true judge finds, by the latest event's time if by no other clock."""
    view = RegistryView.known_at(map(decode_registry_record, world.registry))
    said = [read_medical(raw, n) for n, raw in enumerate(world.events)]
    clock = now or max(one.event.time for one in said)
    return {
        (outcome.rule, day.subject, FINDINGS[outcome.state])
        for day in judge_medical(said, view, now=clock)
        for outcome in day.outcomes
        if outcome.state in FINDINGS
    }


@pytest.mark.parametrize(
    ("seed", "packages", "name"),
    [(seed, 2_000, "demo") for seed in (1, 2, 3)]
    + [(4, 400, "demo"), (5, 1_000, "demo"), (1, 20_000, "demo")]
    + [(1, 400, "quiet"), (2, 2_000, "quiet")],
)
def test_the_judge_finds_what_is_planted_and_nothing_else(
    seed: int, packages: int, name: str
) -> None:
    world = medical_world(seed, packages, name)
    found, known = judged(world), planted(world)
    assert found - known == set()
    assert known - found == set()
    assert (name == "quiet") is (not known)


def test_a_world_is_judged_alike_on_whatever_day(world: MedicalWorld) -> None:
    later = END.replace(year=2028)
    assert judged(world, END) == judged(world, later) == planted(world)


@pytest.mark.parametrize("seed", [1, 7, 2026])
@pytest.mark.parametrize("packages", [400, 1_000, 2_000])
def test_every_rule_is_planted_twice_and_every_look_alike_played(seed: int, packages: int) -> None:
    world = medical_world(seed, packages)
    kinds = Counter((rule, finding) for rule, _, finding in planted(world))
    assert {rule for rule, _ in kinds} == MEDICAL
    assert min(kinds.values()) >= 2
    reviewed = {rule.removeprefix("medical.") for rule, finding in kinds if finding == "review"}
    assert reviewed == FOR_REVIEW | {"weight_differs", "vehicle", "wrong_process"}
    assert {rule for rule, finding in kinds if finding == "notice"} == {"medical.weight_differs"}
    likenesses = Counter(label.likeness for label in world.labels if label.likeness)
    assert {*likenesses, "capacity_exactly_used"} == LIKENESSES | {"ordinary"}
    assert all(n >= 3 for like, n in likenesses.items() if like != "capacity_exactly_used")


def test_a_large_world_breaks_few_of_its_days() -> None:
    world = medical_world(1, 20_000)
    broken = {subject for _, subject, _ in planted(world)}
    assert 0.02 < len(broken) / len({label.subject for label in world.labels}) < 0.05
    assert min(Counter(rule for rule, _, _ in planted(world)).values()) >= 4


def test_a_quiet_world_has_every_look_alike() -> None:
    quiet = medical_world(3, 400, "quiet")
    played = {label.likeness for label in quiet.labels} | {"capacity_exactly_used"}
    assert played == LIKENESSES | {"ordinary"}


def test_every_label_is_lawful_or_names_rules(world: MedicalWorld) -> None:
    lawful = {label.subject for label in world.labels if label.likeness}
    assert not lawful & {subject for _, subject, _ in planted(world)}


def test_same_seed_same_bytes_and_another_seed_another_world(world: MedicalWorld) -> None:
    assert medical_world(1, 2_000) == world
    assert not set(medical_world(2, 2_000).events) & set(world.events)


def test_everything_decodes_and_lies_before_the_worlds_end(world: MedicalWorld) -> None:
    events = [decode_medical_event(line) for line in world.events]
    assert max(event.time for event in events) < END
    assert min(event.time for event in events).astimezone(CHINA).month < 5  # a number's first life
    verbs = Counter(event.type.split(".")[2] for event in events)
    assert set(verbs) == {
        "sealed", "transferred", "collected", "received", "treated", "returned", "lost", "found",
        "washed", "corrected",
    }  # fmt: skip
    assert 1_900 < len({e.subject for e in events if e.type.endswith("sealed.v1")}) < 2_100
    for line in world.registry:
        decode_registry_record(line)


def test_some_events_come_twice_and_late_and_none_contradicts_another(world: MedicalWorld) -> None:
    lines = Counter(world.events)
    assert 0.02 < (len(world.events) - len(lines)) / len(lines) < 0.05
    said = Counter((json.loads(line)["source"], json.loads(line)["id"]) for line in lines)
    assert set(said.values()) == {1}
    moments = [when for when, _ in world.posts]
    assert moments == sorted(moments)
    late = sum(decode_medical_event(line).time < when for when, line in world.posts)
    assert 0.03 < late / len(world.posts) < 0.15


def test_both_orders_are_recorded_while_events_come_in(world: MedicalWorld) -> None:
    orders = [(n, decode_registry_record(line)) for n, line in world.late]
    assert [record.kind for _, record in orders] == ["emergency_order"] * 2
    (_, first), (_, second) = orders
    assert first.recorded_at < first.from_at
    assert second.recorded_at > second.from_at
    for posted, order in orders:
        before = [decode_medical_event(line).time for line in world.events[:posted]]
        assert 0 < posted < len(world.events)
        assert max(before) <= order.recorded_at


@pytest.mark.parametrize("left_out", [0, 1])
def test_without_an_order_the_judge_would_be_wrong(world: MedicalWorld, left_out: int) -> None:
    changes = [each for n, each in enumerate(world.changes) if n != left_out]
    other = MedicalWorld(world.early, changes, world.posts, world.labels, world.firms)
    assert judged(other) - planted(world)


def test_every_name_says_that_it_is_an_example(world: MedicalWorld) -> None:
    assert all("示例" in firm.name for firm in world.firms)
    assert len({firm.uscc for firm in world.firms}) == len(world.firms)
