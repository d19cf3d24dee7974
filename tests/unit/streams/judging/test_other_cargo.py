"""专车专用: what a vehicle for medical waste carries, and a draft that means to load it."""

from datetime import timedelta
from typing import Any

import pytest
from manifests import (
    CARRIER,
    CONSIGNOR,
    DAY,
    OTHER_CARGO,
    SECOND_CARRIER,
    STRANGER,
    all_outcomes,
    corrected,
    dispatched,
    filed,
    permit,
    record,
    registry,
    say,
    waste,
)

from streams.judging.decision import decide_manifest
from streams.judging.outcome import Outcome
from streams.judging.preflight import judge_draft
from streams.judging.registry import party_mark, plate_mark, touches

PLATE, OTHER_PLATE = "冀A12345", "冀A54321"
HOUR = timedelta(hours=1)


def van(id: str = "v", plate: str = PLATE, owner: str = CARRIER, **more: Any) -> Any:  # noqa: A002
    return record("vehicle", id, plate=plate, owner=owner, **{"medical": True, **more})


def load(*wastes: dict[str, Any], plate: str | None = PLATE, **form: Any) -> list[Any]:
    told = {"plate": plate} if plate else {}
    return [
        filed(id="f", wastes=wastes or [waste()], destination="130200", **form),
        dispatched(id="d", **told),
    ]


def judged(said: Any, *records: Any) -> dict[str, Outcome]:
    return {o.discriminator: o for o in all_outcomes(said, *records) if o.rule == OTHER_CARGO}


def test_each_loading_on_such_a_vehicle_is_a_finding_about_its_carrier_and_plate() -> None:
    relay = say(
        "handed_over", {"carrier": CARRIER, "to": SECOND_CARRIER, "plate": OTHER_PLATE},
        by=CARRIER, at=DAY + 2 * HOUR, id="h",
    )  # fmt: skip
    both = [van(), van("w", OTHER_PLATE)]
    found = judged([*load(), relay], *both)
    assert {key: (o.state, o.act_at) for key, o in found.items()} == {
        f"{CARRIER}|{PLATE}": ("violated", DAY),
        f"{SECOND_CARRIER}|{OTHER_PLATE}": ("violated", DAY + 2 * HOUR),
    }
    assert {b.article for o in found.values() for b in o.law} == {"第二十六条"}


def test_the_plate_of_the_manifest_counts_where_the_departure_tells_none() -> None:
    form = {"carriers": (), "crew": None}
    said = load(plate=None, **form)
    assert judged(said, van()) == {}
    named = filed(id="f", destination="130200", crew={"plate": PLATE})
    assert [o.state for o in judged([named, said[1]], van()).values()] == ["violated"]


@pytest.mark.parametrize(
    ("codes", "institution", "state", "reason", "tonnes"),
    [
        (("841-001-01",), False, "passed", "medical_waste", 0),
        (("841-001-01", "900-041-49"), False, "violated", "other_cargo", 2),
        (("900-002-03", "900-041-49"), False, "violated", "other_cargo", 2),
        (("900-002-03", "841-001-01"), False, "needs_review", "may_be_medical", 2),
        (("900-002-03", "900-047-49"), True, "passed", "medical_waste", 0),
        (("900-002-03", "900-041-49"), True, "needs_review", "of_an_institution", 2),
        (("900-099-S64", "841-001-01"), True, "needs_review", "general_waste", 2),
    ],
)
def test_only_what_is_surely_no_medical_waste_is_a_violation(
    codes: tuple[str, ...], institution: bool, state: str, reason: str, tonnes: int
) -> None:
    hospital = record("institution", uscc=CONSIGNOR, name="示例医院", region="130100")
    lines = [waste(n, code) for n, code in enumerate(codes, 1)]
    (found,) = judged(load(*lines), van(), *([hospital] if institution else [])).values()
    assert (found.state, found.reason, found.grams) == (state, reason, tonnes * 1_000_000)


@pytest.mark.parametrize(
    "records",
    [
        [],
        [van(medical=False)],
        [van(valid_to="2026-09-09")],
        [van(valid_from="2026-09-11")],
        [van(), van("w", medical=False)],
    ],
)
def test_a_vehicle_that_is_not_one_of_its_own_that_day_may_carry_it(records: list[Any]) -> None:
    assert not any(o.found for o in judged(load(), *records).values())


def test_a_draft_that_means_to_load_such_a_vehicle_is_red_before_it_leaves() -> None:
    view = registry(van(), permit(CARRIER))
    draft = filed(destination="130200", crew={"plate": PLATE}, planned_at=DAY.isoformat())
    (found,) = (o for o in judge_draft(draft, view, DAY).outcomes if o.rule == OTHER_CARGO)
    assert (found.state, found.act_at) == ("violated", DAY)
    other = filed(destination="130200", crew={"plate": OTHER_PLATE}, planned_at=DAY.isoformat())
    assert OTHER_CARGO not in {o.rule for o in judge_draft(other, view, DAY).outcomes}


def test_whose_record_it_is_and_who_the_consignor_is_find_the_manifest_again() -> None:
    """The vehicle may be another firm's, and only another reading may name it."""
    less = {"carrier": CARRIER, "plate": OTHER_PLATE, "wastes": [{"line": 1, "quantity_t": 1}]}
    moved = corrected("d", "dispatched", less, DAY + 40 * HOUR, CARRIER)
    said = [*load(), say("arrived", {"carrier": CARRIER}, by=CARRIER, at=DAY + HOUR), moved]
    decision = decide_manifest(said[0].event.subject, None, said, registry(van()), None)
    (found,) = (o for o in decision.outcomes if o.rule == OTHER_CARGO and o.found)
    assert found.reason == "corrected_after_arrival"
    assert [leg.plate for leg in decision.legs or ()] == [OTHER_PLATE]
    assert plate_mark(PLATE) in decision.marks
    assert plate_mark(PLATE) in touches(van(owner=STRANGER)).marks
    hospital = record("institution", uscc=CONSIGNOR, name="示例医院", region="130100")
    assert touches(hospital).units == (CONSIGNOR,)
    assert party_mark(CONSIGNOR) not in decision.marks
