"""承运人: permits and vehicles at the loading of each leg."""

import json
from datetime import timedelta
from typing import Any

import pytest
from manifests import (
    CARRIER,
    CODE,
    CONSIGNOR,
    DAY,
    NO_PERMIT,
    NUMBER,
    OTHER_RECEIVER,
    SECOND_CARRIER,
    WRONG_PLATE,
    all_outcomes,
    arrived,
    china,
    corrected,
    dispatched,
    exemption,
    filed,
    permit,
    registry,
    say,
    voided,
    waste,
)

from streams.judging.decision import decide_manifest
from streams.judging.outcome import Outcome
from streams.judging.statement import read_statement

HOUR = timedelta(hours=1)
PLATE, OTHER_PLATE = "冀A12345", "冀A54321"
OTHER_CODE = "900-039-49"


def load(at: Any = DAY, plate: str | None = None, **form: Any) -> list[Any]:
    told = {"plate": plate} if plate else {}
    return [
        filed(at - timedelta(days=1), id="f", **{"destination": "130200", **form}),
        dispatched(at, id="d", **told),
    ]


def relay(at: Any, to: str = SECOND_CARRIER, **more: Any) -> Any:
    data = {"carrier": CARRIER, "to": to, "to_name": "示例接力单位", **more}
    return say("handed_over", data, by=CARRIER, at=at, id="h")


def judged(said: Any, *records: Any) -> dict[tuple[str, str], Outcome]:
    found = {(o.rule, o.discriminator): o for o in all_outcomes(said, *records)}
    return {key: o for key, o in found.items() if key[0] in (NO_PERMIT, WRONG_PLATE)}


def alarms(said: Any, *records: Any) -> dict[tuple[str, str], str]:
    return {key: o.reason for key, o in judged(said, *records).items() if o.found}


SPAN = {"valid_from": "2026-09-01", "valid_to": "2026-09-30"}

# Permits ------------------------------------------------------------------------------------------


def test_a_carrier_of_whom_the_registry_knows_no_permit_is_a_violation() -> None:
    found = judged(load())[NO_PERMIT, CARRIER]
    assert (found.state, found.reason, found.margin) == ("violated", "none", None)
    assert (found.grams, found.act_at) == (2_000_000, DAY)
    assert "示例运输单位" in found.zh
    assert "2026-09-10 08:00" in found.en
    assert [e.ref for e in found.evidence] == [f"urn:uscc:{CARRIER}#d", f"urn:uscc:{CONSIGNOR}#f"]
    assert [x.law for x in found.law] == ["危险废物转移管理办法"]


@pytest.mark.parametrize(
    ("at", "state", "reason", "margin"),
    [
        ("2026-08-31 23:59:59", "violated", "not_yet_valid", None),
        ("2026-09-01 00:00:00", "passed", "permitted", "29 d"),
        ("2026-09-30 23:59:59", "passed", "permitted", "0 d"),
        ("2026-10-01 00:00:00", "violated", "expired", "-1 d"),
    ],
)
def test_a_permit_holds_from_the_first_to_the_last_instant_of_its_china_days(
    at: str, state: str, reason: str, margin: str | None
) -> None:
    found = judged(load(china(at)), permit(**SPAN))[NO_PERMIT, CARRIER]
    assert (found.state, found.reason, found.margin) == (state, reason, margin)


def test_a_permit_that_ends_on_the_road_was_in_force_at_loading() -> None:
    said = [*load(china("2026-09-30 20:00")), arrived(china("2026-10-01 06:00"))]
    assert alarms(said, permit(**SPAN)) == {}


def test_of_several_permits_one_in_force_is_enough_and_the_longest_gives_the_margin() -> None:
    given = [
        permit(id="a", **SPAN),
        permit(id="b", valid_to="2026-09-12"),
        permit(id="c", valid_to="2026-09-01"),
    ]
    assert judged(load(), *given)[NO_PERMIT, CARRIER].margin == "20 d"
    assert judged(load(), *given, permit(id="d"))[NO_PERMIT, CARRIER].margin is None


@pytest.mark.parametrize("other", [permit(SECOND_CARRIER), permit(retracted=True)])
def test_anothers_permit_or_a_retracted_one_does_not_help(other: Any) -> None:
    assert alarms(load(), other) == {(NO_PERMIT, CARRIER): "none"}


def test_each_leg_is_judged_for_its_own_carrier_at_its_own_loading() -> None:
    said = [*load(china("2026-09-30 20:00")), relay(china("2026-10-01 00:00"))]
    given = [permit(**SPAN), permit(SECOND_CARRIER, **SPAN)]
    assert alarms(said, *given) == {(NO_PERMIT, SECOND_CARRIER): "expired"}
    found = judged(said, *given)[NO_PERMIT, SECOND_CARRIER]
    assert found.act_at == china("2026-10-01 00:00")
    assert "示例接力单位" in found.zh
    assert alarms(said) == {(NO_PERMIT, CARRIER): "none", (NO_PERMIT, SECOND_CARRIER): "none"}
    assert alarms(said, given[0], permit(SECOND_CARRIER)) == {}


def test_a_carrier_that_loads_twice_is_one_finding_about_the_first_wrong_loading() -> None:
    said = [*load(china("2026-09-30 20:00")), relay(china("2026-10-01 00:00"), CARRIER)]
    assert alarms(said, permit(**SPAN)) == {(NO_PERMIT, CARRIER): "expired"}


def test_a_load_whose_loading_nobody_told_is_not_judged() -> None:
    said = [filed(), arrived()]
    found = judged(said)[NO_PERMIT, "-"]
    assert (found.state, found.reason) == ("not_applicable", "loading_not_told")
    assert judged([filed()])[NO_PERMIT, "-"].reason == "not_moved"


@pytest.mark.parametrize("stage", ["transport", "whole_process"])
def test_waste_whose_transport_is_exempt_needs_no_permit(stage: str) -> None:
    lines = [waste(1), waste(2, OTHER_CODE, 3)]
    assert alarms(load(), exemption(stage)) == {}
    assert judged(load(wastes=lines), exemption(stage))[NO_PERMIT, CARRIER].grams == 3_000_000
    both = exemption(stage, codes=[CODE, OTHER_CODE])
    assert alarms(load(wastes=lines), both) == {}


@pytest.mark.parametrize("stage", ["transfer", "collection", "storage", "disposal"])
def test_an_exemption_of_another_stage_lifts_no_permit(stage: str) -> None:
    assert alarms(load(), exemption(stage)) == {(NO_PERMIT, CARRIER): "none"}


def test_a_pair_that_is_exempt_in_transport_is_that_pair_only() -> None:
    pair = exemption("transport", consignor=CONSIGNOR, receiver=OTHER_RECEIVER)
    assert alarms(load(), pair) == {(NO_PERMIT, CARRIER): "none"}
    assert alarms(load(receiver=OTHER_RECEIVER), pair) == {}


@pytest.mark.parametrize(
    "said",
    [
        load(wastes=[waste(code="900-007-S59")]),
        [*load(), voided(DAY + HOUR)],
        [filed(), dispatched(by=SECOND_CARRIER)],
    ],
    ids=["general waste", "voided", "only a stranger says that it left"],
)
def test_no_carrier_is_accused_of_what_was_no_carriage_of_hazardous_waste(said: Any) -> None:
    assert alarms(said) == {}


# Vehicles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plates", "found"),
    [([OTHER_PLATE], True), ([OTHER_PLATE, PLATE], False), ([], False)],
)
def test_a_vehicle_must_stand_on_a_permit_that_lists_vehicles(
    plates: list[str], found: bool
) -> None:
    key = (WRONG_PLATE, f"{CARRIER}|{PLATE}")
    assert (key in alarms(load(plate=PLATE), permit(plates=plates))) is found
    if found:
        outcome = judged(load(plate=PLATE), permit(plates=plates))[key]
        assert (outcome.state, outcome.grams, outcome.act_at) == ("violated", 2_000_000, DAY)
        assert PLATE in outcome.zh
        assert PLATE in outcome.en
        assert [e.ref for e in outcome.evidence if e.kind == "record"] == [
            f"carrier_permit/permit-{CARRIER[-4:]}"
        ]


def test_another_permit_in_force_may_list_the_vehicle_one_that_ended_may_not() -> None:
    one = permit(id="a", plates=[OTHER_PLATE])
    assert alarms(load(plate=PLATE), one, permit(id="b", plates=[PLATE])) == {}
    assert alarms(load(plate=PLATE), one, permit(id="b")) == {}
    ended = permit(id="b", plates=[PLATE], valid_to="2026-09-09")
    assert set(alarms(load(plate=PLATE), one, ended)) == {(WRONG_PLATE, f"{CARRIER}|{PLATE}")}


def test_without_a_permit_or_a_plate_no_vehicle_is_judged() -> None:
    assert alarms(load(plate=PLATE)) == {(NO_PERMIT, CARRIER): "none"}
    assert alarms(load(), permit(plates=[OTHER_PLATE])) == {}


def test_the_plate_of_a_hand_over_is_the_next_carriers() -> None:
    said = [*load(plate=PLATE), relay(DAY + HOUR, plate=OTHER_PLATE)]
    given = [permit(plates=[PLATE]), permit(SECOND_CARRIER, plates=[OTHER_PLATE])]
    assert alarms(said, *given) == {}
    wrong = [*load(plate=PLATE), relay(DAY + HOUR, plate=PLATE)]
    assert set(alarms(wrong, *given)) == {(WRONG_PLATE, f"{SECOND_CARRIER}|{PLATE}")}


def test_where_the_departure_names_no_vehicle_the_manifest_does() -> None:
    def with_plate(plate: str) -> Any:
        raw = json.loads(filed(id="f", destination="130200").raw)
        raw["data"]["carriers"][0]["plate"] = plate
        return read_statement(json.dumps(raw).encode(), 1)

    given = permit(plates=[PLATE])
    assert set(alarms([with_plate(OTHER_PLATE), dispatched()], given)) == {
        (WRONG_PLATE, f"{CARRIER}|{OTHER_PLATE}")
    }
    assert alarms([with_plate(OTHER_PLATE), dispatched(plate=PLATE)], given) == {}


# Later knowledge ----------------------------------------------------------------------------------


def test_a_permit_or_a_plate_learned_later_or_a_corrected_plate_withdraws() -> None:
    first = decide_manifest(NUMBER, None, load(plate=PLATE), registry(), None)
    (opened,) = [c.alert for c in first.alerts if c.alert.rule == NO_PERMIT]
    second = decide_manifest(NUMBER, first.held, [], registry(permit(plates=[OTHER_PLATE])), None)
    told = {c.alert.rule: c.alert for c in second.alerts if c.alert.rule.startswith("carrier.")}
    assert told[NO_PERMIT].id == opened.id
    assert {rule: a.state for rule, a in told.items()} == {
        NO_PERMIT: "withdrawn", WRONG_PLATE: "open",
    }  # fmt: skip
    right = corrected(
        "d", "dispatched", {"carrier": CARRIER, "plate": OTHER_PLATE}, DAY + HOUR, CARRIER,
        happened_at=DAY.isoformat(),
    )  # fmt: skip
    for arrivals, plates in (([], [PLATE]), ([right], [OTHER_PLATE])):
        view = registry(permit(plates=plates))
        third = decide_manifest(NUMBER, second.held, arrivals, view, None)
        (gone,) = [c.alert for c in third.alerts if c.alert.rule == WRONG_PLATE]
        assert (gone.state, gone.withdrawn_reason) == ("withdrawn", "permitted")


def test_a_manifest_is_marked_by_all_who_carry_it() -> None:
    said = [*load(), relay(DAY + HOUR)]
    marks = decide_manifest(NUMBER, None, said, registry(), None).marks
    assert {f"carrier/{CARRIER}", f"carrier/{SECOND_CARRIER}"} <= set(marks)
