"""What a correction after arrival can and cannot do (domain 9): an officer decides, not paper."""

from datetime import timedelta
from typing import Any

import pytest
from manifests import (
    CARRIER,
    CONSIGNOR,
    DAY,
    NO_APPROVAL,
    NOT_IN_FORCE,
    OTHER_RECEIVER,
    RECEIVER,
    UNLICENSED,
    WRONG_CODE,
    WRONG_METHOD,
    WRONG_MODE,
    WRONG_RECEIVER,
    all_outcomes,
    approval,
    approval_line,
    arrived,
    corrected,
    dispatched,
    filed,
    form,
    licence,
    outcomes,
    permit,
    received,
    resent,
    voided,
    waste,
)

HOUR = timedelta(hours=1)
FILED = filed(id="f")
GONE = [FILED, dispatched(id="d")]
THERE = [*GONE, arrived(id="a")]
LAWFUL = [approval(), licence(), permit()]
LATE = DAY + 30 * HOUR


def after(data: Any, at: Any = LATE, received: Any = None) -> Any:
    more = {} if received is None else {"received": received}
    return corrected(FILED, "filed", data, at, CONSIGNOR, id="c", **more)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (form(receiver=OTHER_RECEIVER), WRONG_RECEIVER),
        (form(wastes=[waste(code="900-039-49")]), WRONG_CODE),
        (form(destination="410100", receiver=OTHER_RECEIVER), UNLICENSED),
        (form(wastes=[waste(method="storage")]), WRONG_MODE),
    ],
    ids=["receiver", "code", "destination", "method"],
)
def test_what_a_correction_after_arrival_makes_wrong_is_for_review(data: Any, rule: str) -> None:
    found = outcomes([*THERE, after(data)], *LAWFUL)[rule]
    assert (found.state, found.reason) == ("needs_review", "corrected_after_arrival")
    before = outcomes([*GONE, after(data, DAY - HOUR)], *LAWFUL)[rule]
    assert before.state == "violated"


@pytest.mark.parametrize(
    ("given", "suspected"),
    [
        ([approval(), licence(), licence("l2", holder=OTHER_RECEIVER)], {OTHER_RECEIVER}),
        ([approval(lines=[approval_line(receiver=OTHER_RECEIVER)])], {RECEIVER}),
        ([], {RECEIVER, OTHER_RECEIVER}),
    ],
    ids=["now wrong", "wrong before", "wrong with both"],
)
@pytest.mark.parametrize("sign", [arrived(id="a"), received(id="r")], ids=["arrival", "receipt"])
def test_no_accusation_moves_to_another_receiver_by_a_late_correction(
    given: Any, suspected: set[str], sign: Any
) -> None:
    found = all_outcomes([*GONE, sign, after(form(receiver=OTHER_RECEIVER))], *given)
    suspicions = [o for o in found if o.rule in (NO_APPROVAL, WRONG_RECEIVER) and o.found]
    assert {(o.discriminator, o.state, o.reason) for o in suspicions} == {
        (unit, "needs_review", "corrected_after_arrival") for unit in suspected
    }


def test_two_readings_that_break_different_rules_are_for_review_under_each() -> None:
    stored = filed(id="f", wastes=[waste(method="storage")])
    said = [stored, *THERE[1:]]
    assert outcomes(said, *LAWFUL)[WRONG_METHOD].state == "violated"
    recoded = form(wastes=[waste(code="900-039-49", tonnes=9)])
    found = all_outcomes([*said, after(recoded)], *LAWFUL)
    crossing = {o.rule: o for o in found if o.rule.startswith("cross_province.") and o.found}
    assert set(crossing) == {WRONG_METHOD, WRONG_CODE}
    for one in crossing.values():
        assert (one.state, one.reason) == ("needs_review", "corrected_after_arrival")
    assert [crossing[rule].grams for rule in (WRONG_METHOD, WRONG_CODE)] == [2_000_000, 9_000_000]


def test_an_exchanged_receiver_does_not_make_a_void_after_its_receipt_an_early_one() -> None:
    said = [*GONE, received(id="r"), after(form(receiver=OTHER_RECEIVER)), voided(LATE)]
    assert {o.state for o in all_outcomes(said) if o.rule == NO_APPROVAL} == {"needs_review"}


def test_a_code_corrected_after_arrival_to_a_covered_one_is_for_review() -> None:
    bad = filed(id="f", wastes=[waste(code="900-039-49")])
    said = [bad, *THERE[1:]]
    assert outcomes(said, *LAWFUL)[WRONG_CODE].state == "violated"
    for received_at in (None, DAY + 40 * HOUR):
        late = corrected(
            bad, "filed", form(), LATE if received_at is None else DAY - HOUR, CONSIGNOR, id="c",
            **({} if received_at is None else {"received": received_at}),
        )  # fmt: skip
        found = outcomes([*said, late], *LAWFUL)[WRONG_CODE]
        assert (found.state, found.reason) == ("needs_review", "corrected_after_arrival")
        assert found.grams == 2_000_000


def test_a_correction_of_before_that_came_a_little_late_is_no_backdating() -> None:
    bad = filed(id="f", wastes=[waste(code="900-039-49")])
    late = corrected(bad, "filed", form(), DAY - HOUR, CONSIGNOR, id="c", received=DAY + 20 * HOUR)
    assert outcomes([bad, *THERE[1:], late], *LAWFUL)[NO_APPROVAL].state == "passed"


def test_a_quantity_made_small_after_arrival_makes_no_violation_smaller() -> None:
    heavy = filed(id="f", wastes=[waste(tonnes=12)])
    light = corrected(heavy, "filed", form(wastes=[waste(tonnes="0.5")]), LATE, CONSIGNOR, id="c")
    found = outcomes([heavy, *THERE[1:], light], licence())[NO_APPROVAL]
    assert (found.state, found.grams) == ("violated", 12_000_000)
    assert "更正" in found.zh
    assert "corrected after arrival" in found.en


def test_a_departure_moved_after_arrival_into_the_approvals_days_is_for_review() -> None:
    given = [approval(valid_to="2026-09-09"), licence()]
    earlier = corrected(
        "d", "dispatched", {"carrier": CARRIER}, LATE, CARRIER, id="c",
        happened_at=(DAY - timedelta(days=1)).isoformat(),
    )  # fmt: skip
    found = outcomes([*THERE, earlier], *given)[NOT_IN_FORCE]
    assert (found.state, found.reason) == ("needs_review", "corrected_after_arrival")


@pytest.mark.parametrize("moved", [-48, 48], ids=["before it ended", "once it began"])
def test_an_arrival_moved_afterwards_into_the_licences_days_is_for_review(moved: int) -> None:
    days = {"valid_to": "2026-09-09"} if moved < 0 else {"valid_from": "2026-09-12"}
    other = corrected(
        "a", "arrived", {"carrier": CARRIER}, DAY + 7 * HOUR, CARRIER, id="c",
        happened_at=(DAY + moved * HOUR).isoformat(),
    )  # fmt: skip
    departure = DAY + moved * HOUR - HOUR
    said = [FILED, dispatched(departure, id="d"), arrived(id="a")]
    given = [approval(), licence(**days)]
    assert outcomes(said, *given)[UNLICENSED].state == "violated"
    found = outcomes([*said, other], *given)[UNLICENSED]
    assert (found.state, found.reason) == ("needs_review", "corrected_after_arrival")


def test_a_correction_after_arrival_that_changes_no_conclusion_raises_nothing() -> None:
    found = outcomes([*THERE, after(form(wastes=[waste(tonnes=3)]))], *LAWFUL)
    assert {
        o.state
        for o in found.values()
        if not o.rule.startswith(("time.", "quantity.", "plan.", "insurance.", "whitelist."))
    } == {"passed"}
    assert not any(o.found for o in found.values())


def test_of_copies_the_first_received_counts_so_a_resend_makes_nothing_late() -> None:
    bad = filed(id="f", wastes=[waste(code="900-039-49")])
    right = corrected(bad, "filed", form(), DAY - HOUR, CONSIGNOR, id="c")
    again = resent(right, 90 * 3_600_000_000)
    for order in ([right, again], [again, right]):
        assert outcomes([bad, *THERE[1:], *order], *LAWFUL)[NO_APPROVAL].state == "passed"
    assert outcomes([bad, *THERE[1:], again], *LAWFUL)[WRONG_CODE].state == "needs_review"
