import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from world_oracle import violations

from schemas.decode import decode_manifest_event, decode_registry_record
from schemas.manifest_number import number_parts
from services.simulator import LEAST, RULES, Label, World, build_world, write_world

SEEDS = (1, 7, 2026)
LIKENESSES = {
    "same_province", "other_site", "xpcc", "approval_last_minute", "approval_first_minute",
    "licence_ends_day_after_receipt", "licence_ends_before_confirmation", "exempted_register",
    "virtual_register", "exemption_whole_process", "exemption_transfer", "exemption_utilisation",
    "point_to_point", "whitelist_as_intra", "category_wide_licence", "collection_licence",
    "corrected_before_dispatch", "corrected_in_transit", "voided_before_dispatch",
    "voided_after_dispatch", "filed_only", "general_waste", "unapproved_but_never_moved",
    "two_receivers_one_letter", "same_code_two_lines", "city_decider", "approval_renewed",
    "several_licences", "stranger_speaks", "own_waste", "limit_exactly_used",
    "limit_freed_by_refusal", "limit_freed_by_void", "limit_settled_at_accepted",
}  # fmt: skip


@pytest.fixture(scope="module")
def demo() -> World:
    return build_world()


def planted(world: World) -> set[tuple[str | None, str]]:
    return {(label.rule, label.subject) for label in world.labels if label.label == "violation"}


def test_every_line_is_understood_by_the_contract(demo: World) -> None:
    records = [decode_registry_record(line) for line in demo.registry]
    events = [decode_manifest_event(line) for line in demo.events]
    first = min(event.time for event in events)
    assert all(record.recorded_at and record.recorded_at < first for record in records)
    assert first >= datetime(2026, 6, 30, 16, tzinfo=UTC)
    assert max(event.time for event in events) < datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert b"\n" not in b"".join(demo.registry + demo.events)


def test_same_seed_same_bytes_and_another_seed_another_world(demo: World) -> None:
    again, other = build_world(seed=7), build_world(seed=8)
    assert (again.registry, again.events, again.labels) == (
        demo.registry,
        demo.events,
        demo.labels,
    )
    assert not set(other.events) & set(demo.events)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_rule_and_every_likeness_is_in_a_default_world(seed: int) -> None:
    world = build_world(seed=seed)
    assert world.manifests == 300
    rules = Counter(label.rule for label in world.labels if label.rule)
    assert set(rules) == set(RULES)
    assert all(n >= (2 if r == "cross_province.quantity_exceeded" else 4) for r, n in rules.items())
    likenesses = Counter(label.likeness for label in world.labels if label.likeness)
    assert set(likenesses) == LIKENESSES | {"ordinary", "draws_on_limit"}
    assert all(n >= 2 for n in likenesses.values())
    alike = sum(n for name, n in likenesses.items() if name in LIKENESSES)
    assert alike >= sum(rules.values())
    twice = Counter(subject for _, subject in planted(world))
    assert max(twice.values()) == 2


@pytest.mark.parametrize(
    ("seed", "manifests"),
    [(seed, 300) for seed in range(12)]
    + [(1, LEAST), (2, LEAST), (3, 199), (4, 1_500), (5, 4_000)],
)
def test_labels_are_what_the_definitions_say_of_the_bytes(seed: int, manifests: int) -> None:
    world = build_world(seed=seed, manifests=manifests)
    assert violations(world.registry, world.events) == planted(world)
    subjects = {label.subject for label in world.labels if "/" not in label.subject}
    assert len(subjects) == manifests
    assert subjects == {json.loads(line)["subject"] for line in world.events}


def test_a_quiet_world_breaks_no_rule() -> None:
    world = build_world("quiet", manifests=200)
    assert planted(world) == set() == violations(world.registry, world.events)


def test_violations_lie_on_both_sides_of_the_law_change_and_of_the_weight_cuts(
    demo: World,
) -> None:
    dispatched: dict[str, datetime] = {}
    tonnes: dict[str, float] = {}
    for event in map(decode_manifest_event, demo.events):
        if event.type.endswith("dispatched.v1"):
            dispatched[event.subject] = event.time
        elif event.type.endswith("filed.v1"):
            tonnes[event.subject] = sum(w.quantity_t for w in event.data.wastes) / 1_000_000
    law = datetime(2026, 8, 14, 16, tzinfo=UTC)
    for rule in RULES:
        subjects = [s for r, s in planted(demo) if r == rule and s in dispatched]
        if subjects:
            assert {dispatched[s] < law for s in subjects} == {True, False}, rule
            assert {sum(tonnes[s] >= cut for cut in (1, 3, 10)) for s in subjects} == {0, 1, 2, 3}


def test_numbers_come_in_three_grammars_with_the_city_of_the_origin(demo: World) -> None:
    grammars = Counter()
    for event in map(decode_manifest_event, demo.events):
        if event.type.endswith("filed.v1"):
            parts = number_parts(event.subject)
            grammars[parts.grammar] += 1
            assert parts.city == event.data.consignor.site_region[:4]
            assert parts.grammar != "national_cross" or event.data.aliases
    assert set(grammars) == {"order23", "national_inside", "national_cross"}
    assert grammars.most_common(1)[0][0] == "order23"


def test_some_events_come_twice_some_late_and_none_contradicts_another() -> None:
    world = build_world(manifests=2_000)
    lines = Counter(world.events)
    assert 0.02 < (len(world.events) - len(lines)) / len(lines) < 0.04
    events = [decode_manifest_event(line) for line in dict.fromkeys(world.events)]
    assert len({(e.source, e.id) for e in events}) == len(events)
    newest: dict[str, datetime] = {}
    late = 0
    for event in events:
        late += event.time < newest.get(event.subject, event.time)
        newest[event.subject] = max(event.time, newest.get(event.subject, event.time))
    assert 0.03 < late / len(events) < 0.07


def test_every_firm_says_in_its_name_that_it_is_an_example(demo: World) -> None:
    assert all("示例" in firm.name for firm in demo.firms)
    assert len({firm.name for firm in demo.firms}) == len(demo.firms)


def test_a_written_world_reads_back_byte_for_byte(demo: World, tmp_path) -> None:
    write_world(demo, tmp_path)
    assert (tmp_path / "registry.ndjson").read_bytes().splitlines() == demo.registry
    assert (tmp_path / "events.ndjson").read_bytes().splitlines() == demo.events
    labels = (tmp_path / "labels.ndjson").read_bytes().splitlines()
    assert [Label.read(line) for line in labels] == demo.labels


@pytest.mark.parametrize(("name", "size"), [("nowhere", 300), ("demo", 59), ("demo", 100_001)])
def test_a_world_that_cannot_be_is_refused(name: str, size: int) -> None:
    with pytest.raises(ValueError, match="world"):
        build_world(name, manifests=size)
