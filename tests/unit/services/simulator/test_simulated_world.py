import json
from collections import Counter
from datetime import UTC, datetime

import msgspec
import pytest
from wide_oracle import WORLDS_END, findings

from schemas.decode import decode_manifest_event, decode_registry_record
from schemas.manifest_number import number_parts
from services.simulator import RULES, Label, World, build_world, grade, write_world
from services.simulator.scene import START
from streams.judging.on_files import judge_lines
from streams.judging.rules import RULE_BOOK

BESIDE = {rule.id for rule in RULE_BOOK.medical} | {x for x in RULES if x.startswith("track.")}
"""Rules of what is beside the manifests, which ``test_medical_world.py`` and ``test_trucks.py`` judge."""
OF_MANIFESTS = {*RULES} - BESIDE
LAW = datetime(2026, 8, 14, 16, tzinfo=UTC)
LIMITS = {
    "cross_province.quantity_exceeded",
    "whitelist.cap_exceeded",
    "licence.scale_exceeded",
    "plan.exceeded",
    "whitelist.finished_late",
    "whitelist.used_again",
    "time.stored_too_long",
}
OF_VEHICLES = {rule.id for rule in RULE_BOOK.track}
REPORTS = {"form.not_entitled", "form.conflicting_reports"}
"""What only goes to an officer."""
LOOK_ALIKES = (
    "same_province", "exemption_whole_process", "exemption_transfer", "exemption_utilisation",
    "corrected_before_dispatch", "voided_before_dispatch", "refused_load_returned",
    "approval_last_minute", "licence_ends_day_after_receipt", "two_receivers_one_letter",
    "city_decider", "battery_pilot_in_time", "xpcc", "other_site",
)  # fmt: skip
"""Those that the rules are most easily wrong about; each has a test of its own in
``tests/unit/streams/judging/test_look_alikes.py``."""
FOR_REVIEW = (
    "time.transit_overdue",
    "form.number_region",
    "quantity.received_differs",
    "plan.no_line",
    "plan.exceeded",
    "whitelist.finished_late",
    "whitelist.used_again",
    "time.stored_too_long",
    "insurance.lapsed",
    "time.journey_too_fast",
    "carrier.crew_certificate",
    "form.unknown_code",
    "carrier.two_places",
)
"""Rules that accuse nobody: no text sets their figure, or an officer must look first."""
LIKENESSES = {
    "same_province", "other_site", "xpcc", "approval_last_minute", "approval_first_minute",
    "licence_ends_day_after_receipt", "licence_ends_before_confirmation", "exempted_register",
    "virtual_register", "exemption_whole_process", "exemption_transfer", "exemption_utilisation",
    "point_to_point", "whitelist_as_intra", "category_wide_licence", "collection_licence",
    "corrected_before_dispatch", "corrected_in_transit", "voided_before_dispatch",
    "voided_after_dispatch", "filed_only", "general_waste", "unapproved_but_never_moved",
    "two_receivers_one_letter", "same_code_two_lines", "city_decider", "approval_renewed",
    "several_licences", "own_waste", "limit_exactly_used", "limit_freed_by_refusal",
    "limit_freed_by_void", "limit_settled_at_accepted", "refused_load_returned",
    "battery_pilot_in_time", "collector_files", "collector_voids", "listed_and_approved",
    "ban_on_liquid", "ban_for_disposal", "ban_ended_day_before", "ban_of_another_province",
    "ban_not_begun", "suspension_ended_day_before", "suspended_before_confirmation",
    "another_licence_not_suspended", "permit_without_plates", "permit_ends_on_loading_day",
    "permit_ends_before_handover", "plate_on_permit", "suspended_only_afterwards",
    "suspension_lifted_before", "approval_recorded_late", "limit_counted_in_packages",
    "licence_scale_under_way", "receipt_last_minute", "receipt_over_holidays",
    "back_entry_tenth_day", "journey_just_in_time", "weight_just_agrees", "weighed_at_the_gate",
    "partly_accepted", "certificate_ends_on_loading_day", "anothers_vehicle", "planned",
    "plan_line_added_in_time", "insurance_ends_on_loading_day", "uninsured_before_the_code",
    "insured_receiver", "whitelist_finished_last_day", "single_use_by_two_vehicles",
    "driver_certificate_ends_on_loading_day", "driver_of_the_same_name",
    "fast_but_possible", "clocks_apart", "treated_last_day", "storage_extended", "treatment_not_told",
    "single_use_after_a_refusal", "single_use_after_a_void", "names_a_vehicle_twice", "milk_run",
    "two_manifests_both_possible", "medical_waste_on_its_own_vehicle", "expired_drugs_of_a_hospital",
    "vehicle_no_longer_medical", "vehicle_not_yet_medical", "vehicle_of_both_uses",
} | {
    f"{limit}_{why}"
    for limit in ("pool", "whitelist_cap", "licence_scale", "plan_quantity")
    for why in ("exactly_used", "freed_by_refusal", "freed_by_void", "settled_at_accepted")
}  # fmt: skip


@pytest.fixture(scope="module")
def demo() -> World:
    return build_world()


def planted(world: World) -> set[tuple[str, str, str]]:
    return {(x.label, x.rule, x.subject) for x in world.labels if x.rule is not None}


def time_of(line: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(line)["time"])


def of_manifests(events: list[bytes]) -> list[bytes]:
    return [line for line in events if b'"type":"liandan.manifest.' in line]


def about_manifests(world: World) -> set[tuple[str, str, str]]:
    """What is planted in the world of manifests."""
    return {each for each in planted(world) if each[1] not in BESIDE}


@pytest.mark.parametrize(
    ("seed", "manifests"),
    [(seed, 300) for seed in range(10)]
    + [(seed, 2_000) for seed in range(1, 4)]
    + [(1, 999), (2, 1_000), (3, 6_000)],
)
def test_labels_are_what_the_definitions_say_of_the_bytes(seed: int, manifests: int) -> None:
    world = build_world("demo", seed, manifests, medical=False, trucks=manifests == 999)
    events = of_manifests(world.events)
    assert findings(world.registry, events) == about_manifests(world)
    subjects = {label.subject for label in world.labels if "/" not in label.subject}
    assert len(subjects) == manifests == world.manifests
    assert subjects == {json.loads(line)["subject"] for line in events}


@pytest.mark.parametrize("seed", [1, 7, 2026])
def test_every_rule_and_every_likeness_is_there_from_2000_manifests_up(seed: int) -> None:
    world = build_world("demo", seed, 2_000, medical=False, trucks=False)
    labels = [label for label in world.labels if label.rule]
    rules = Counter(label.rule for label in labels)
    assert set(rules) == OF_MANIFESTS
    kinds = Counter((label.label, label.rule) for label in labels)
    assert all(n >= (2 if rule in LIMITS else 4) for (_, rule), n in kinds.items())
    assert {rule for finding, rule in kinds if finding == "review"} == REPORTS | {
        "inbound.banned", "cross_province.quantity_exceeded", "licence.code_out_of_scope",
        "licence.scale_exceeded", "medical.other_cargo", *FOR_REVIEW,
    }  # fmt: skip
    assert kinds["notice", "licence.scale_exceeded"] >= 2
    assert OF_MANIFESTS - {r for f, r in kinds if f == "violation"} == {
        *REPORTS,
        *FOR_REVIEW,
    }
    likenesses = Counter(label.likeness for label in world.labels if label.likeness)
    assert set(likenesses) == LIKENESSES | {"ordinary", "draws_on_limit"}
    assert sum(n for name, n in likenesses.items() if name in LIKENESSES) >= len(labels)
    violations = sum(label.label == "violation" for label in labels)
    assert 0.03 < violations / world.manifests < 0.07
    assert 55 <= len(world.firms) <= 110


def test_no_rule_of_the_book_is_without_a_story(demo: World) -> None:
    book = {rule.id for rule in (*RULE_BOOK.manifest, *RULE_BOOK.limit, *RULE_BOOK.medical)}
    assert {rule for _, rule, _ in planted(demo)} == book | OF_VEHICLES == set(RULES)


@pytest.mark.parametrize("likeness", LOOK_ALIKES)
def test_every_lawful_look_alike_is_played_also_in_the_least_and_the_quiet_world(
    demo: World, likeness: str
) -> None:
    for world in (demo, build_world("demo", 7, 300), build_world("quiet", 7, 300)):
        assert likeness in {label.likeness for label in world.labels}


def test_violations_lie_on_both_sides_of_the_law_change(demo: World) -> None:
    left = {
        event.subject: event.time
        for event in map(decode_manifest_event, of_manifests(demo.events))
        if event.type.endswith(("dispatched.v1", "arrived.v1"))
    }
    for rule in (
        OF_MANIFESTS - LIMITS - OF_VEHICLES - {"insurance.lapsed"}
    ):  # nothing before the Code
        sides = {left[s] < LAW for _, r, s in planted(demo) if r == rule and s in left}
        assert sides == {True, False}, rule


def test_the_registry_is_known_before_the_first_event_but_for_what_is_recorded_late(
    demo: World,
) -> None:
    times = map(time_of, demo.events)
    first = min(time for time in times if time >= START)  # without the loads of the year before
    records = [decode_registry_record(line) for line in demo.early]
    assert all(record.recorded_at and record.recorded_at < first for record in records)
    assert [*demo.early, *(line for _, line in demo.late)] == demo.registry
    late = [(n, decode_registry_record(line)) for n, line in demo.late]
    assert {r.kind for _, r in late} == {"licence", "transfer_approval", "emergency_order"}
    assert any(r.retracted for _, r in late)
    for posted, record in late:
        assert 0 < posted < len(demo.events)
        before, after = (
            [time_of(line) for line in side]
            for side in (demo.events[:posted], demo.events[posted:])
        )
        assert record.recorded_at and max(before) <= record.recorded_at
        assert sum(at < record.recorded_at for at in after) < 0.03 * len(demo.events)
    assert late == sorted(late, key=lambda each: each[0])


@pytest.mark.parametrize("seed", [7, 3])
def test_a_world_is_judged_alike_on_whatever_day(seed: int) -> None:
    world = build_world("demo", seed, medical=False, trucks=False)
    first, later = (
        judge_lines(world.registry, world.events, now=now, vehicles=True).alerts
        for now in (WORLDS_END, WORLDS_END.replace(year=2028))
    )
    assert {(a.rule, a.subject) for a in first} == {(a.rule, a.subject) for a in later}


def test_every_late_record_decides_something() -> None:
    world = build_world("demo", 7, 300, medical=False, trucks=False)
    assert len(world.late) >= 4
    everything = judge_lines(world.registry, world.events, vehicles=True).alerts
    assert grade(world.labels, [msgspec.structs.asdict(a) for a in everything]).perfect
    for _, line in world.late:
        registry = [each for each in world.registry if each != line]
        verdict = judge_lines(registry, world.events, vehicles=True)
        result = grade(world.labels, [msgspec.structs.asdict(a) for a in verdict.alerts])
        assert not result.perfect


def test_some_events_come_twice_and_late_and_none_contradicts_another_but_for_those_to_review(
    demo: World,
) -> None:
    lines = Counter(demo.events)
    assert 0.02 < (len(demo.events) - len(lines)) / len(lines) < 0.04
    events = map(decode_manifest_event, of_manifests(list(lines)))
    said = Counter((e.subject, e.source, e.id) for e in events)
    assert {subject for (subject, _, _), n in said.items() if n > 1} == {
        subject for _, rule, subject in planted(demo) if rule == "form.conflicting_reports"
    }


def test_same_seed_same_bytes_and_another_seed_another_world(demo: World) -> None:
    assert build_world(manifests=2_000) == demo
    assert not set(build_world("demo", 8, 300).events) & set(demo.events)


def test_a_quiet_world_breaks_no_rule() -> None:
    world = build_world("quiet", manifests=400)
    assert {finding for finding, _, _ in planted(world)} <= {"review"}
    assert findings(world.registry, of_manifests(world.events)) == about_manifests(world)


def test_the_manifests_are_the_same_with_and_without_what_is_beside_them(demo: World) -> None:
    alone = build_world(medical=False, trucks=False)
    assert of_manifests(demo.events) == alone.events
    assert [line for line in demo.registry if line in set(alone.registry)] == alone.registry
    assert demo.labels[: len(alone.labels)] == alone.labels
    assert demo.firms[: len(alone.firms)] == alone.firms
    assert demo.manifests == alone.manifests
    assert len(demo.events) > len(alone.events)


def test_numbers_come_in_three_grammars_with_the_city_of_the_origin(demo: World) -> None:
    grammars = Counter()
    filed: dict[str, str] = {}
    elsewhere = {x.subject for x in demo.labels if x.rule == "form.number_region"}
    for event in map(decode_manifest_event, of_manifests(demo.events)):
        if (
            event.type.endswith("filed.v1")
            and filed.setdefault(event.subject, event.id) == event.id
        ):
            parts = number_parts(event.subject)
            grammars[parts.grammar] += 1
            fits = parts.city == event.data.consignor.site_region[:4]
            assert fits is (event.subject not in elsewhere)
            assert parts.grammar != "national_cross" or event.data.aliases
    assert set(grammars) == {"order23", "national_inside", "national_cross"}
    assert grammars.most_common(1)[0][0] == "order23"


def test_every_firm_says_in_its_name_that_it_is_an_example(demo: World) -> None:
    assert all("示例" in firm.name for firm in demo.firms)
    assert len({firm.name for firm in demo.firms}) == len(demo.firms)


def test_a_written_world_reads_back_byte_for_byte(demo: World, tmp_path) -> None:
    write_world(demo, tmp_path)
    assert (tmp_path / "registry.ndjson").read_bytes().splitlines() == demo.registry
    assert (tmp_path / "events.ndjson").read_bytes().splitlines() == demo.events
    labels = (tmp_path / "labels.ndjson").read_bytes().splitlines()
    assert [Label.read(line) for line in labels] == demo.labels


@pytest.mark.parametrize(("name", "size"), [("nowhere", 300), ("demo", 299), ("demo", 100_001)])
def test_a_world_that_cannot_be_is_refused(name: str, size: int) -> None:
    with pytest.raises(ValueError, match="world"):
        build_world(name, manifests=size)
