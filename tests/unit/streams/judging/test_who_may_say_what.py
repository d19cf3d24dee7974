"""Design §4, one sentence each: who may say what, and what it changes."""

from datetime import timedelta
from typing import Any

import pytest
from manifests import (
    CARRIER,
    CODE,
    COLLECTOR,
    CONSIGNOR,
    DAY,
    NO_APPROVAL,
    RECEIVER,
    SECOND_CARRIER,
    STRANGER,
    approval,
    arrived,
    collector,
    corrected,
    dispatched,
    facts,
    filed,
    form,
    ignored,
    licence,
    outcomes,
    received,
    registry,
    say,
    voided,
    waste,
)

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FILED = filed(id="f")
GONE = [FILED, dispatched(id="d")]
THERE = [*GONE, arrived(id="a")]


def relay(by: str, to: str, at: Any, **more: Any) -> Any:
    return say("handed_over", {"carrier": by, "to": to}, by=by, at=at, **more)


@pytest.mark.parametrize(
    ("said", "verb"),
    [
        (dispatched(by=STRANGER, id="x"), "dispatched"),
        (dispatched(by=CONSIGNOR, id="x"), "dispatched"),
        (relay(STRANGER, SECOND_CARRIER, DAY, id="x"), "handed_over"),
        (arrived(by=RECEIVER, id="x"), "arrived"),
        (received(by=STRANGER, id="x"), "received"),
        (received(by=CARRIER, id="x"), "received"),
        (
            say("treated", {"wastes": [{"line": 1, "method": "disposal", "quantity_t": 1}]},
                by=CONSIGNOR, id="x"),
            "treated",
        ),
        (voided(DAY, by=STRANGER, id="x"), "voided"),
        (voided(DAY, by=RECEIVER, id="x"), "voided"),
        (voided(DAY, by=COLLECTOR, id="x"), "voided"),
    ],
)  # fmt: skip
def test_what_another_party_says_changes_nothing_and_is_listed(said: Any, verb: str) -> None:
    without, with_it = facts(FILED), facts(FILED, said)
    assert with_it._replace(ignored=()) == without
    assert [(i.ref, i.verb, i.reason) for i in with_it.ignored] == [
        (said.ref, verb, "not_entitled")
    ]


def test_a_stranger_cannot_correct_what_another_unit_said() -> None:
    wrong = corrected(FILED, "filed", form(destination="130100"), DAY - HOUR, STRANGER, id="x")
    found = facts(FILED, wrong)
    assert found.form.receiver.site_region == "370100"
    assert ignored(found) == {("x", "corrects_nothing_known")}


def test_a_number_filed_by_another_unit_cannot_be_taken_over() -> None:
    later = filed(by=STRANGER, consignor=STRANGER, id="x", received=DAY + HOUR)
    for said in ([FILED, later], [later, FILED]):
        found = facts(*said)
        assert found.form.consignor.uscc == CONSIGNOR
        assert ignored(found) == {("x", "number_taken")}


def test_who_was_received_first_owns_the_number_whatever_time_the_other_claims() -> None:
    backdated = filed(
        DAY - timedelta(days=90), by=STRANGER, consignor=STRANGER, id="x", received=DAY + HOUR
    )
    assert facts(backdated, FILED).form.consignor.uscc == CONSIGNOR


def test_a_second_filing_by_the_same_unit_is_no_correction() -> None:
    again = filed(DAY, id="f2", destination="130100")
    found = facts(FILED, again)
    assert found.form.receiver.site_region == "370100"
    assert ignored(found) == {("f2", "said_before")}


def test_nobody_files_for_another_unit() -> None:
    found = facts(filed(by=STRANGER, id="x"))
    assert found.filed is None
    assert ignored(found) == {("x", "not_entitled")}


def test_a_registered_collector_may_file_and_void_for_a_small_generator() -> None:
    view = registry(collector())
    said = [filed(by=COLLECTOR, id="f"), voided(DAY, by=COLLECTOR, id="v")]
    found = facts(*said, view=view)
    assert found.form.consignor.uscc == CONSIGNOR
    assert found.voided is not None
    assert not found.ignored


def test_the_consignor_may_void_what_its_collector_filed() -> None:
    said = [filed(by=COLLECTOR, id="f"), voided(DAY, by=CONSIGNOR, id="v")]
    assert facts(*said, view=registry(collector())).voided is not None


@pytest.mark.parametrize(
    ("days", "entitled"),
    [
        ({"valid_from": "2026-09-09"}, True),
        ({"valid_from": "2026-09-10"}, False),
        ({"valid_to": "2026-09-09"}, True),
        ({"valid_to": "2026-09-08"}, False),
        ({"small_generator_collector": False}, False),
        ({"retracted": True}, False),
    ],
)
def test_a_collector_files_only_while_it_is_registered(days: Any, entitled: bool) -> None:
    said = filed(DAY - timedelta(days=1), by=COLLECTOR)
    assert (facts(said, view=registry(collector(**days))).filed is not None) is entitled


def test_another_collector_cannot_void_what_this_one_filed() -> None:
    view = registry(collector(), collector(STRANGER))
    found = facts(filed(by=COLLECTOR), voided(DAY, by=STRANGER, id="x"), view=view)
    assert found.voided is None
    assert ignored(found) == {("x", "not_entitled")}


def test_a_correction_replaces_the_whole_data_and_names_itself() -> None:
    by = corrected(FILED, "filed", form(wastes=[waste(tonnes=5)]), DAY - HOUR, CONSIGNOR, id="c")
    found = facts(FILED, by)
    assert [w.quantity_t for w in found.form.wastes] == [5_000_000]
    assert found.filed is not None
    assert (found.filed.ref, found.filed.corrected) == (FILED.ref, by.ref)


def test_a_chain_of_corrections_leads_to_the_first_event_in_any_order() -> None:
    links = [
        corrected(what, "filed", form(wastes=[waste(tonnes=n)]), DAY - n * MINUTE, CONSIGNOR, id=i)
        for n, what, i in ((9, "f", "c1"), (8, "c1", "c2"), (7, "c2", "c3"))
    ]
    for said in ([FILED, *links], [*reversed(links), FILED]):
        assert facts(*said).form.wastes[0].quantity_t == 7_000_000


def test_of_rival_corrections_the_later_time_wins_then_the_greater_id() -> None:
    def rival(tonnes: int, minutes: int, name: str) -> Any:
        data = form(wastes=[waste(tonnes=tonnes)])
        return corrected(FILED, "filed", data, DAY - HOUR + minutes * MINUTE, CONSIGNOR, id=name)

    early, late = rival(3, 1, "z"), rival(4, 2, "a")
    assert facts(FILED, early, late).form.wastes[0].quantity_t == 4_000_000
    same_a, same_b = rival(5, 3, "a2"), rival(6, 3, "b2")
    for order in ((same_a, same_b), (same_b, same_a)):
        assert facts(FILED, early, late, *order).form.wastes[0].quantity_t == 6_000_000


@pytest.mark.parametrize(
    ("corrects", "by", "reason"),
    [
        ("nothing", CARRIER, "corrects_nothing_known"),
        ("x", CARRIER, "corrects_nothing_known"),
        ("v", CONSIGNOR, "corrects_nothing_known"),
        ("d", CARRIER, "corrects_another_kind"),
    ],
    ids=["an unknown event", "itself", "a void", "another kind"],
)
def test_a_correction_that_leads_nowhere_changes_nothing(
    corrects: str, by: str, reason: str
) -> None:
    said = [*GONE, voided(DAY, by=CONSIGNOR, id="v")]
    wrong = corrected(corrects, "arrived", {"carrier": CARRIER}, DAY + HOUR, by, id="x")
    found = facts(*said, wrong)
    assert found._replace(ignored=()) == facts(*said)._replace(ignored=())
    assert ignored(found) == {("x", reason)}


def test_two_corrections_of_each_other_lead_nowhere() -> None:
    pair = [
        corrected(what, "arrived", {"carrier": CARRIER}, DAY, CARRIER, id=i)
        for what, i in (("x", "y"), ("y", "x"))
    ]
    found = facts(*GONE, *pair)
    assert found.arrived is None
    assert {reason for _, reason in ignored(found)} == {"corrects_nothing_known"}


def test_a_consignor_cannot_hand_its_manifest_to_another_consignor() -> None:
    wrong = corrected(FILED, "filed", form(consignor=STRANGER), DAY - HOUR, CONSIGNOR, id="x")
    found = facts(FILED, wrong)
    assert found.form.consignor.uscc == CONSIGNOR
    assert ignored(found) == {("x", "not_entitled")}


def test_nor_can_a_collector_pass_a_manifest_from_one_generator_to_another() -> None:
    mine = filed(by=COLLECTOR, id="f")
    wrong = corrected(mine, "filed", form(consignor=STRANGER), DAY - HOUR, COLLECTOR, id="x")
    found = facts(mine, wrong, view=registry(collector()))
    assert found.form.consignor.uscc == CONSIGNOR
    assert ignored(found) == {("x", "not_entitled")}


def test_a_unit_that_mistyped_its_own_code_may_put_it_right() -> None:
    mistyped = filed(by=CONSIGNOR, consignor=STRANGER, id="f")
    assert facts(mistyped).filed is None
    right = corrected(mistyped, "filed", form(), DAY - HOUR, CONSIGNOR, id="c")
    assert facts(mistyped, right).form.consignor.uscc == CONSIGNOR


def test_leaving_the_carrier_out_of_a_correction_does_not_unsay_its_departure() -> None:
    without = corrected(FILED, "filed", form(carriers=[]), DAY - HOUR, CONSIGNOR, id="c")
    found = facts(*GONE, without)
    assert found.dispatched is not None
    assert not found.ignored


def test_a_carrier_named_by_a_correction_may_speak_also_of_the_past() -> None:
    bare = filed(carriers=[], id="f")
    named = corrected(bare, "filed", form(), DAY - HOUR, CONSIGNOR, id="c")
    assert facts(bare, dispatched()).dispatched is None
    assert facts(bare, dispatched(), named).dispatched is not None


def test_each_carrier_of_a_relay_may_hand_over_and_only_then_speak() -> None:
    first = relay(CARRIER, SECOND_CARRIER, DAY + HOUR, id="h1")
    second = relay(SECOND_CARRIER, STRANGER, DAY + 2 * HOUR, id="h2")
    end = arrived(by=STRANGER, id="a")
    found = facts(end, second, first, *GONE)
    assert [leg.ref.id for leg in found.legs] == ["h1", "h2"]
    assert found.arrived is not None
    broken = facts(end, second, *GONE)
    assert broken.arrived is None
    assert ignored(broken) == {("h2", "not_entitled"), ("a", "not_entitled")}


def test_of_two_departures_the_earlier_counts() -> None:
    found = facts(*GONE, dispatched(DAY - MINUTE, id="d0"))
    assert found.dispatched is not None
    assert found.dispatched.ref.id == "d0"
    assert ignored(found) == {("d", "said_before")}


def test_the_same_id_with_other_bytes_is_kept_and_the_first_received_counts() -> None:
    other = filed(id="f", destination="130100", received=DAY + HOUR)
    for said in ([FILED, other], [other, FILED]):
        found = facts(*said)
        assert found.form.receiver.site_region == "370100"
        assert found.conflicts == (other.ref,)


LAWFUL = [approval(), licence()]
LATE = DAY + 30 * HOUR


def after(data: Any, at: Any = LATE) -> Any:
    return corrected(FILED, "filed", data, at, CONSIGNOR, id="c")


# Void -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [[FILED], GONE], ids=["before departure", "on the way"])
def test_a_manifest_voided_before_arrival_is_not_judged(said: Any) -> None:
    found = outcomes([*said, voided(DAY + HOUR)])
    assert {(o.state, o.reason) for o in found.values()} == {("not_applicable", "voided")}


def test_a_manifest_voided_after_arrival_is_for_review_where_something_was_wrong() -> None:
    said = [*THERE, voided(LATE)]
    found = outcomes(said)
    assert (found[NO_APPROVAL].state, found[NO_APPROVAL].reason) == (
        "needs_review",
        "voided_after_arrival",
    )
    assert outcomes(said, *LAWFUL)[NO_APPROVAL].state == "passed"


def test_a_receipt_shows_arrival_too_when_it_comes_to_voiding() -> None:
    found = outcomes([*GONE, received(), voided(LATE)])
    assert found[NO_APPROVAL].reason == "voided_after_arrival"


def test_code_used_in_these_tests_is_the_approved_one() -> None:
    assert outcomes(THERE, *LAWFUL)[NO_APPROVAL].state == "passed"
    assert waste()["code"] == CODE
