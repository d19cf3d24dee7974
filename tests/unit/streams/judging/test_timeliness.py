"""Receipts, back-entries and loads on their way: in time to the last second, late, and silent."""

from datetime import timedelta

import pytest

from streams.judging.decision import decide_manifest
from streams.judging.outcome import Outcome
from tests.manifests import (
    BACK_ENTRY_OVERDUE,
    CARRIER,
    CODE,
    CONSIGNOR,
    HEBEI,
    NUMBER,
    RECEIPT_OVERDUE,
    RECEIVER,
    TRANSIT_OVERDUE,
    approval,
    arrived,
    china,
    corrected,
    dispatched,
    exemption,
    filed,
    licence,
    outcomes,
    permit,
    received,
    record,
    registry,
    treated,
    voided,
)

LAWFUL = [approval(), licence(), permit(CARRIER)]
GONE = [filed(id="f"), dispatched(id="d")]
THERE = [*GONE, arrived(china("2026-09-10 14:00"), id="a")]
"""Thursday: the fifth working day is Thursday the 17th."""
OVER = china("2026-09-18 00:00")
SECOND = timedelta(seconds=1)
LONG_AFTER = china("2026-12-01 00:00")
YEAR_OVER = china("2027-09-11 00:00")


def receipt(*said: object, now: object = None, more: tuple[object, ...] = ()) -> Outcome:
    return outcomes([*THERE, *said], *LAWFUL, *more, now=now)[RECEIPT_OVERDUE]  # type: ignore[arg-type,list-item]


def test_a_receipt_in_the_last_second_of_the_fifth_working_day_is_in_time() -> None:
    found = receipt(received(OVER - SECOND), now=LONG_AFTER)
    assert (found.state, found.reason, found.margin) == ("passed", "in_time", "0 d")
    assert "2026-09-17 24:00" in found.zh


def test_a_receipt_a_second_later_is_late_and_dated_by_the_end_of_the_term() -> None:
    found = receipt(received(OVER))
    assert (found.state, found.reason, found.margin) == ("violated", "late", "-1 d")
    assert found.act_at == OVER
    (code, order) = found.law
    assert "第一千一百七十五条第一款第（七）项" in code.article
    assert order.article == "第十八条"
    assert {e.kind for e in found.evidence} == {"event"}


def test_silence_is_found_once_the_term_is_over_and_not_before() -> None:
    assert receipt(now=None).reason == "term_runs"
    assert receipt(now=OVER - SECOND).reason == "term_runs"
    silent = receipt(now=OVER)
    assert (silent.state, silent.reason, silent.act_at) == ("violated", "silent", OVER)
    assert receipt(now=LONG_AFTER) == silent, "silence says the same on every day"


def test_a_late_report_of_a_receipt_in_time_withdraws_the_alert_with_the_reason() -> None:
    view = registry(*LAWFUL)
    first = decide_manifest(NUMBER, None, THERE, view, OVER)
    (alert,) = [c.alert for c in first.alerts]
    assert (alert.rule, alert.state, alert.severity) == (RECEIPT_OVERDUE, "open", "medium")
    late = received(OVER - timedelta(days=2), received=OVER + timedelta(days=3))
    second = decide_manifest(NUMBER, first.held, [late], view, OVER + timedelta(days=3))
    (withdrawn,) = [c.alert for c in second.alerts]
    assert (withdrawn.id, withdrawn.state) == (alert.id, "withdrawn")
    assert withdrawn.withdrawn_reason == "in_time"
    assert withdrawn.withdrawn_zh is not None
    assert "在系统中确认接受" in withdrawn.withdrawn_zh
    assert second.held.memo.due == {}


def test_what_comes_too_late_keeps_the_alert_and_says_when_it_came() -> None:
    view = registry(*LAWFUL)
    first = decide_manifest(NUMBER, None, THERE, view, OVER)
    second = decide_manifest(NUMBER, first.held, [received(OVER + 9 * SECOND)], view, OVER)
    (change,) = second.alerts
    assert (change.alert.id, change.alert.state) == (first.alerts[0].alert.id, "open")
    assert (change.revision, change.alert.reason) == (2, "late")


def test_what_is_past_when_it_becomes_known_waits_for_things_to_settle() -> None:
    view, settle = registry(*LAWFUL), timedelta(minutes=15)
    first = decide_manifest(NUMBER, None, THERE, view, LONG_AFTER, settle=settle)
    assert first.alerts == ()
    assert first.arm == (("next", china("2026-09-18 00:00"), LONG_AFTER + settle),)
    soon = LONG_AFTER + settle - SECOND
    again = decide_manifest(NUMBER, first.held, [], view, soon, settle=settle)
    assert (again.alerts, again.arm) == ((), ())
    kept = decide_manifest(NUMBER, first.held, [received(OVER - SECOND)], view, soon, settle=settle)
    assert (kept.alerts, kept.disarm) == ((), ("next",))
    fired = decide_manifest(NUMBER, first.held, [], view, LONG_AFTER + settle, settle=settle)
    assert [c.alert.reason for c in fired.alerts] == ["silent"]


def test_holidays_and_days_worked_instead_count() -> None:
    golden = [*GONE, arrived(china("2026-09-30 10:00"), id="a")]
    inside, outside = china("2026-10-13 23:59"), china("2026-10-14 00:00")
    for at, state in ((inside, "passed"), (outside, "violated")):
        assert outcomes([*golden, received(at)], *LAWFUL)[RECEIPT_OVERDUE].state == state


def test_a_calendar_recorded_later_judges_anew() -> None:
    on_time = received(OVER - SECOND)
    worked = record("calendar", "c", year=2026, workdays=["2026-09-12"])
    free = record("calendar", "c", year=2026, holidays=["2026-09-11"])
    assert receipt(on_time, more=(worked,)).state == "violated"
    assert receipt(received(OVER + SECOND), more=(free,)).state == "passed"
    assert receipt(now=OVER, more=(free,)).reason == "term_runs"


@pytest.mark.parametrize(
    ("said", "more", "reason"),
    [
        ([voided(china("2026-09-16 09:00"))], (), "voided"),
        ([], (exemption("whole_process"),), "exempt"),
        ([], (exemption("transfer"),), "exempt"),
    ],
)
def test_lawful_silence_is_silent(
    said: list[object], more: tuple[object, ...], reason: str
) -> None:
    found = receipt(*said, now=LONG_AFTER, more=more)
    assert (found.state, found.reason) == ("not_applicable", reason)


def test_a_refused_load_is_confirmed_as_well() -> None:
    assert receipt(received(OVER - SECOND, opinion="refused"), now=LONG_AFTER).state == "passed"
    assert receipt(received(OVER + SECOND, opinion="refused")).state == "violated"


def test_nothing_is_said_before_an_arrival_is_told() -> None:
    for said in (GONE, [*GONE, received(OVER + SECOND)], [filed()], []):
        found = outcomes(said, *LAWFUL, now=LONG_AFTER)[RECEIPT_OVERDUE]
        assert found.state == "not_applicable"


def test_an_arrival_corrected_to_a_later_day_is_for_review() -> None:
    moved = corrected(
        "a", "arrived", {"carrier": CARRIER}, OVER, CARRIER, id="c",
        happened_at="2026-09-14T14:00:00+08:00",
    )  # fmt: skip
    late = [*THERE, received(OVER + SECOND), moved]
    found = outcomes(late, *LAWFUL)[RECEIPT_OVERDUE]
    assert (found.state, found.reason) == ("needs_review", "corrected_after_arrival")


# Back-entry ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entered", "paper", "state"),
    [
        ("2026-09-24 23:59:59", True, "passed"),  # Sunday the 20th is worked: the tenth day
        ("2026-09-25 00:00", True, "violated"),
        ("2026-09-25 00:00", False, "not_applicable"),
        ("2026-09-08 10:00", True, "passed"),
    ],
)
def test_a_paper_manifest_is_entered_within_ten_working_days(
    entered: str, paper: bool, state: str
) -> None:
    said = [
        filed(china(entered), id="f", back_entry=paper),
        dispatched(id="d"),
        arrived(china("2026-09-11 09:00"), id="a"),
        received(china("2026-09-11 12:00"), id="r"),
    ]
    assert outcomes(said, *LAWFUL)[BACK_ENTRY_OVERDUE].state == state


def test_the_term_of_a_back_entry_runs_from_the_end_of_the_transfer() -> None:
    said = [filed(china("2026-12-01 00:00"), id="f", back_entry=True), dispatched(id="d")]
    found = outcomes(said, *LAWFUL, now=LONG_AFTER)[BACK_ENTRY_OVERDUE]
    assert (found.state, found.reason) == ("not_applicable", "not_arrived")


# On the way ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("destination", "hours"), [("130100", 24), ("130199", 24), ("130200", 48), ("370100", 120)]
)
def test_a_load_may_be_on_its_way_as_long_as_its_distance_allows(
    destination: str, hours: int
) -> None:
    left = china("2026-09-10 08:00")
    over = left + timedelta(hours=hours)
    said = [filed(origin=HEBEI, destination=destination, id="f"), dispatched(left, id="d")]

    def told(*more: object, now: object = None) -> Outcome:
        return outcomes([*said, *more], *LAWFUL, now=now)[TRANSIT_OVERDUE]  # type: ignore[list-item,arg-type]

    assert told(now=over - SECOND).reason == "term_runs"
    silent = told(now=over)
    assert (silent.state, silent.reason, silent.act_at) == ("needs_review", "silent", over)
    assert told(arrived(over - SECOND), now=LONG_AFTER).state == "passed"
    late = told(arrived(over + SECOND))
    assert (late.state, late.reason) == ("needs_review", "late")
    assert told(voided(over - SECOND), now=LONG_AFTER).reason == "voided"
    assert told(received(over - SECOND, by=RECEIVER), now=LONG_AFTER).state == "passed"


def test_only_the_next_deadline_is_armed_and_the_others_follow() -> None:
    asked = [{"parameter": "time.stored_too_long.silence", "value": 1}]
    view = registry(*LAWFUL, record("rulebook_version", valid_from="2026-01-01", parameters=asked))
    step = decide_manifest(NUMBER, None, GONE, view, china("2026-09-10 09:00"))
    assert [(key, fires) for key, _, fires in step.arm] == [("next", china("2026-09-15 08:00"))]
    there = THERE[2]
    step = decide_manifest(NUMBER, step.held, [there], view, china("2026-09-10 15:00"))
    assert [(key, fires) for key, _, fires in step.arm] == [("next", OVER)]
    step = decide_manifest(NUMBER, step.held, [received()], view, china("2026-09-11 15:00"))
    assert [(key, fires) for key, _, fires in step.arm] == [("next", YEAR_OVER)]
    done = china("2026-10-10 09:00")
    step = decide_manifest(NUMBER, step.held, [treated(done, id="t")], view, done)
    assert (step.arm, step.disarm) == ((), ("next",))


def test_each_manifest_says_in_which_years_its_terms_run() -> None:
    late = [filed(china("2026-12-20 08:00")), dispatched(china("2026-12-21 08:00"))]
    decision = decide_manifest(NUMBER, None, late, registry(*LAWFUL), None)
    assert {m for m in decision.marks if m.startswith("calendar/")} == {
        "calendar/2026",
        "calendar/2027",
    }
    assert CODE in decision.marks
    assert CONSIGNOR not in decision.marks
