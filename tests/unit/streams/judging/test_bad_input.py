"""What nobody should send: each is refused with its place or found, and the line goes on."""

from typing import Any

import pytest

from schemas.fast import NotUnderstood
from streams.judging.decision import decide_manifest
from tests.manifests import (
    CODE,
    DAY,
    DIFFERS,
    NOT_IN_FORCE,
    NUMBER,
    OTHER_RECEIVER,
    PERMITS,
    UNLISTED,
    WRONG_RECEIVER,
    approval,
    approval_line,
    arrived,
    ban,
    china,
    dispatched,
    filed,
    licence,
    outcomes,
    received,
    registry,
    waste,
)

LAWFUL = [approval(), licence(), *PERMITS]
THERE = [dispatched(), arrived(), received()]


def found(said: list[Any], *records: Any) -> dict[str, tuple[str, str]]:
    return {r: (o.state, o.reason) for r, o in outcomes(said, *records).items() if o.found}


@pytest.mark.parametrize(
    ("form", "code", "pointer"),
    [
        ({"wastes": [waste(tonnes=-1)]}, "quantity_form", "/data/wastes/0/quantity_t"),
        ({"wastes": [waste(tonnes="1e400")]}, "quantity_form", "/data/wastes/0/quantity_t"),
        ({"wastes": [waste(n + 1) for n in range(10_000)]}, "too_many", "/data/wastes"),
        ({"at": china("2200-01-02 00:00")}, "time_form", "/time"),
        ({"subject": "21001301000001"}, "manifest_number_year", "/subject"),
    ],
    ids=["negative weight", "endless weight", "10,000 lines", "a year 2200", "a number of 2100"],
)
def test_it_is_refused_with_its_place(form: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        filed(**form)
    assert (code, pointer) in {(p.code, p.pointer) for p in refused.value.problems}


@pytest.mark.parametrize(
    "line", [{"quantity_t": -1}, {"code": "900-04-49"}, {"edition": 1999}, {"line": 0}], ids=str
)
def test_an_approval_that_cannot_be_is_refused(line: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood) as refused:
        approval(lines=[approval_line(**line)])
    assert refused.value.problems[0].pointer == f"/lines/0/{next(iter(line))}"


def test_nothing_weighed_and_two_tonnes_received_is_to_be_checked() -> None:
    said = [filed(wastes=[waste(tonnes=0)]), dispatched(), arrived(), received(tonnes=2)]
    assert found(said, *LAWFUL) == {DIFFERS: ("needs_review", "more")}


def test_a_load_of_2099_is_judged_by_what_holds_then() -> None:
    subject, then = "20991301000001", china("2099-03-01 08:00")
    said = [filed(then, subject=subject), dispatched(then, subject=subject)]
    ended = approval(valid_to="2026-12-31")
    decision = decide_manifest(subject, None, said, registry(ended, licence(), *PERMITS), DAY)
    assert {(o.rule, o.reason) for o in decision.outcomes if o.found} == {(NOT_IN_FORCE, "expired")}
    (deadline,) = decision.arm
    assert deadline[1].year == 2099


def test_an_approval_of_2099_is_not_yet_valid() -> None:
    later = approval(valid_from="2099-01-01", valid_to="2099-12-31")
    assert found([filed(), *THERE], later, licence(), *PERMITS) == {
        NOT_IN_FORCE: ("violated", "not_yet_valid")
    }


def test_an_approval_for_a_code_that_there_is_not_makes_no_load_of_it_lawful_unseen() -> None:
    code = "900-998-49"
    letter = approval(lines=[approval_line(code=code)])
    wide = licence(scope=[{"categories": ["HW49"], "modes": ["disposal"]}])
    assert found([filed(wastes=[waste(code=code)]), *THERE], letter, wide, *PERMITS) == {
        UNLISTED: ("needs_review", "not_listed")
    }


def test_of_overlapping_licences_one_that_stands_is_enough() -> None:
    stopped = licence("lic-2", number="x", suspensions=[{"valid_from": "2026-01-01"}])
    ended = licence("lic-3", number="y", valid_to="2026-01-01")
    for order in ([licence(), stopped, ended], [ended, stopped, licence()]):
        assert found([filed(), *THERE], *order, approval(), *PERMITS) == {}


def test_records_that_contradict_each_other_are_both_shown() -> None:
    """One letter names the receiver and another, of the same day, somebody else; and a ban."""
    other = approval("appr-2", lines=[approval_line(receiver=OTHER_RECEIVER)])
    assert found([filed(), *THERE], approval(), other, licence(), *PERMITS) == {}
    assert WRONG_RECEIVER in found([filed(), *THERE], other, licence(), *PERMITS)
    banned = ban(codes=[CODE], valid_from="2026-09-01")
    (both,) = found([filed(), *THERE], *LAWFUL, banned).items()
    assert both == ("inbound.banned", ("needs_review", "approved_before_ban"))


def test_a_manifest_that_names_itself_among_its_other_numbers_is_only_itself() -> None:
    said = [filed(aliases=[NUMBER]), *THERE]
    assert found(said, *LAWFUL) == {}
    decision = decide_manifest(NUMBER, None, said, registry(*LAWFUL), None)
    assert decision.facts.state == "received"
    assert not decision.facts.conflicts
