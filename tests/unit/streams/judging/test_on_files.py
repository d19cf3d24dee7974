"""Judging lines of files: what cannot be read is listed, the rest goes on."""

import json
from datetime import timedelta
from typing import Any

import pytest
from manifests import (
    CARRIER,
    CONSIGNOR,
    DAY,
    NO_APPROVAL,
    NUMBER,
    approval_members,
    china,
    dispatched,
    filed,
    licence_members,
    record_line,
)

from schemas.fast import NotUnderstood
from streams.judging.on_files import judge_lines

LICENCE = record_line("licence", **licence_members())
PERMIT = record_line("carrier_permit", number="1", carrier=CARRIER)
EVENTS = [filed(id="f").raw, dispatched(id="d").raw]


def received_at(raw: bytes, when: Any) -> bytes:
    return json.dumps({**json.loads(raw), "liandanreceivedat": when}).encode()


def test_events_and_registry_from_lines_give_alerts_and_outcomes() -> None:
    verdict = judge_lines([LICENCE, PERMIT, b"", b"  \n"], [*EVENTS, b"\r\n"])
    assert [(a.rule, a.subject) for a in verdict.alerts] == [(NO_APPROVAL, NUMBER)]
    assert set(verdict.outcomes) == {NUMBER}
    assert (verdict.events, verdict.refused, verdict.now) == (2, (), DAY)


def test_lines_may_end_as_windows_ends_them_without_becoming_other_events() -> None:
    plain = judge_lines([LICENCE, PERMIT], EVENTS)
    assert judge_lines([LICENCE, PERMIT], [raw + b"\r\n" for raw in EVENTS]).alerts == plain.alerts


@pytest.mark.parametrize(
    "bad",
    [
        b"{", b"\xff", b"[]", b'{"liandanreceivedat":"2026"', b'"liandanreceivedat"',
        received_at(EVENTS[0], 5), received_at(EVENTS[0], "yesterday"),
        received_at(EVENTS[0], "2026-09-10T08:00:00"), received_at(EVENTS[0], {}),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_listed_with_its_number_and_the_rest_judged(
    bad: bytes,
) -> None:
    verdict = judge_lines([LICENCE, PERMIT], [EVENTS[0], bad, EVENTS[1]])
    assert [r.line for r in verdict.refused] == [2]
    assert all(p.code and p.zh and p.en for r in verdict.refused for p in r.problems)
    assert [a.rule for a in verdict.alerts] == [NO_APPROVAL]


def test_a_registry_line_that_cannot_be_read_stops_everything() -> None:
    with pytest.raises(NotUnderstood):
        judge_lines([LICENCE, PERMIT, b"{"], EVENTS)


def test_who_was_received_first_is_told_by_the_extension_else_by_the_order_of_lines() -> None:
    ours = filed(id="f").raw
    other = filed(id="g", by=CARRIER, consignor=CARRIER).raw

    def owner(*lines: bytes) -> str | None:
        return judge_lines([], [*lines, dispatched().raw]).alerts[0].consignor

    assert owner(ours, other) == CONSIGNOR
    assert owner(other, ours) == CARRIER
    early, late = "2026-09-09T08:00:00+08:00", "2026-09-09T00:00:01.5Z"
    assert owner(received_at(other, late), received_at(ours, early)) == CONSIGNOR


def test_knowledge_and_events_of_later_are_left_out() -> None:
    recorded = (DAY + timedelta(days=5)).isoformat()
    late = record_line("transfer_approval", **approval_members(recorded_at=recorded))
    assert judge_lines([LICENCE, PERMIT, late], EVENTS).alerts == ()
    before = judge_lines([LICENCE, PERMIT, late], EVENTS, known_at=DAY + timedelta(days=4))
    assert [a.rule for a in before.alerts] == [NO_APPROVAL]
    assert judge_lines([LICENCE, PERMIT], EVENTS, known_at=DAY - timedelta(hours=1)).events == 1


def test_now_is_the_latest_time_in_the_events_unless_it_is_given() -> None:
    assert judge_lines([], EVENTS, now=china("2027-01-01 00:00")).now == china("2027-01-01 00:00")
    assert judge_lines([], []).now is None
