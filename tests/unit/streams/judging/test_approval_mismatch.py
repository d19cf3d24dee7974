"""审批不符: approvals in force for another method, receiver or waste; white lists taken for one."""

from datetime import timedelta
from typing import Any

import pytest
from manifests import (
    CODE,
    DAY,
    NO_APPROVAL,
    NOT_IN_FORCE,
    NUMBER,
    OTHER_RECEIVER,
    RECEIVER,
    WHITELIST,
    WRONG_CODE,
    WRONG_METHOD,
    WRONG_RECEIVER,
    approval,
    approval_line,
    china,
    corrected,
    dispatched,
    exemption,
    filed,
    form,
    outcomes,
    registry,
    voided,
    waste,
    whitelisted,
)

from streams.judging.decision import decide_manifest

OTHER_CODE = "900-039-49"
FAMILY = (NO_APPROVAL, NOT_IN_FORCE, WRONG_METHOD, WRONG_RECEIVER, WRONG_CODE, WHITELIST)


def transfer(at: Any = DAY, **form: Any) -> list[Any]:
    return [filed(at - timedelta(days=1), id="f", **form), dispatched(at, id="d")]


def found(*records: Any, said: Any = None, **form: Any) -> dict[str, str]:
    """Rule to state, for what was found by the cross-province family."""
    judged = outcomes(said or transfer(**form), *records)
    return {rule: judged[rule].state for rule in FAMILY if rule in judged and judged[rule].found}


def letter(*lines: Any, **more: Any) -> Any:
    return approval(lines=list(lines), **more)


METHOD = approval_line(purpose="utilisation")
ELSEWHERE = approval_line(receiver=OTHER_RECEIVER, receiver_name="另一处置单位")
ANOTHER = approval_line(code=OTHER_CODE, name="另一废物")


@pytest.mark.parametrize(
    ("line", "rule", "told"),
    [
        (METHOD, WRONG_METHOD, ("批准的方式为利用", "approves utilisation")),
        (ELSEWHERE, WRONG_RECEIVER, ("批准的接受人为另一处置单位", "另一处置单位")),
        (ANOTHER, WRONG_CODE, (f"另一废物（{OTHER_CODE}）", f"approves {OTHER_CODE}")),
    ],
)
def test_an_approval_for_something_else_is_told_as_what_differs(
    line: Any, rule: str, told: tuple[str, str]
) -> None:
    assert found(letter(line)) == {rule: "violated"}
    outcome = outcomes(transfer(), letter(line))[rule]
    assert (outcome.discriminator, outcome.grams, outcome.act_at) == (RECEIVER, 2_000_000, DAY)
    assert "冀环危转〔2026〕1号" in outcome.zh
    assert told[0] in outcome.zh
    assert told[1] in outcome.en
    assert [e.ref for e in outcome.evidence if e.kind == "record"] == ["transfer_approval/appr-1"]
    assert "第一千一百七十五条" in outcome.law[0].article


@pytest.mark.parametrize("line", [METHOD, ELSEWHERE, ANOTHER])
@pytest.mark.parametrize(
    "more",
    [
        {"decision": "refused"}, {"retracted": True}, {"origin": "140000"},
        {"valid_to": "2026-09-09"}, {"valid_from": "2026-09-11"},
    ],
)  # fmt: skip
def test_only_an_approval_in_force_from_this_province_can_be_mistaken(line: Any, more: Any) -> None:
    assert found(letter(line, **more)) == {NO_APPROVAL: "violated"}


@pytest.mark.parametrize("line", [METHOD, ANOTHER])
def test_an_approval_for_the_receivers_site_in_a_third_province_is_none(line: Any) -> None:
    assert found(letter({**line, "destination": "410100"})) == {NO_APPROVAL: "violated"}


@pytest.mark.parametrize(
    ("days", "state"),
    [
        ({"valid_from": "2026-09-10", "valid_to": "2026-09-10"}, WRONG_METHOD),
        ({"valid_to": "2026-09-09"}, NO_APPROVAL),
        ({"valid_from": "2026-09-11"}, NO_APPROVAL),
    ],
)
@pytest.mark.parametrize("at", ["2026-09-10 00:00:00", "2026-09-10 23:59:59"])
def test_the_china_day_of_departure_decides(days: Any, state: str, at: str) -> None:
    assert found(letter(METHOD, **days), said=transfer(china(at))) == {state: "violated"}


def test_one_line_is_one_finding_and_the_strictest_match_names_it() -> None:
    every = [METHOD, ELSEWHERE, ANOTHER]
    exact = approval_line()
    expected = [
        ([*every, exact], {}),
        (every, {WRONG_METHOD: "violated"}),
        (every[1:], {WRONG_RECEIVER: "violated"}),
        (every[2:], {WRONG_CODE: "violated"}),
        ([], {WHITELIST: "violated"}),
    ]
    for lines, wanted in expected:
        given = [approval(f"a{n}", lines=[line]) for n, line in enumerate(lines)]
        assert found(*given, whitelisted("direct")) == wanted
    ended = approval("ended", valid_to="2026-09-09")
    assert found(ended, letter(*({**x, "line": n} for n, x in enumerate(every, 1)))) == {
        NOT_IN_FORCE: "violated"
    }


def test_each_waste_line_stands_for_itself() -> None:
    lines = [waste(1), waste(2, OTHER_CODE, 3), waste(3, "900-249-08", 4)]
    given = letter(approval_line(1), approval_line(2, code=OTHER_CODE, purpose="utilisation"))
    judged = outcomes(transfer(wastes=lines), given)
    assert judged[WRONG_METHOD].grams == 3_000_000
    assert judged[WRONG_CODE].grams == 4_000_000
    assert not judged[NO_APPROVAL].found
    assert judged[NOT_IN_FORCE].state == "passed"


def test_each_of_two_receivers_in_one_letter_is_approved_for_itself() -> None:
    given = letter(
        approval_line(1),
        approval_line(2, receiver=OTHER_RECEIVER, destination="410100", code=OTHER_CODE),
    )
    other = {"receiver": OTHER_RECEIVER, "destination": "410100"}
    assert found(given) == {}
    assert found(given, wastes=[waste(code=OTHER_CODE)], **other) == {}
    assert found(given, **other) == {WRONG_RECEIVER: "violated"}
    assert found(given, wastes=[waste(code=OTHER_CODE)]) == {WRONG_RECEIVER: "violated"}


@pytest.mark.parametrize("line", [METHOD, ELSEWHERE, ANOTHER])
@pytest.mark.parametrize(
    ("lawful", "form"),
    [
        ([exemption("transfer")], {}),
        ([exemption("whole_process")], {}),
        ([whitelisted()], {}),
        ([approval("right", origin="130200")], {}),
        ([], {"destination": "130200"}),
        ([], {"origin": "660000", "destination": "650100"}),
        ([], {"wastes": [waste(code="900-007-S59")]}),
    ],
    ids=["exempt in transfer", "exempt", "as intra", "another letter by a city",
         "same province", "XPCC", "general waste"],
)  # fmt: skip
def test_lawful_moves_stay_silent_whatever_else_was_approved(
    line: Any, lawful: Any, form: Any
) -> None:
    assert found(letter(line), *lawful, **form) == {}


def test_another_site_of_the_consignor_needs_an_approval_of_its_own_province() -> None:
    assert found(approval(origin="140000"), origin="140100") == {}
    assert found(approval(origin="130000"), origin="140100") == {NO_APPROVAL: "violated"}


def test_what_was_corrected_or_voided_before_arrival_stands_no_longer() -> None:
    wrong = filed(id="f", receiver=OTHER_RECEIVER)
    said = [wrong, dispatched(id="d")]
    hour = timedelta(hours=1)
    assert found(approval(), said=said) == {WRONG_RECEIVER: "violated"}
    right = corrected(wrong, "filed", form(), DAY - hour, wrong.unit, id="c")
    assert found(approval(), said=[*said, right]) == {}
    assert found(approval(), said=[*said, voided(DAY + hour)]) == {}


def test_a_letter_learned_later_withdraws_and_tells_why() -> None:
    first = decide_manifest(NUMBER, None, transfer(), registry(letter(METHOD)), None)
    (alert,) = [c.alert for c in first.alerts if c.alert.rule == WRONG_METHOD]
    assert alert.state == "open"
    known = registry(letter(METHOD), approval("later"))
    again = decide_manifest(NUMBER, first.held, [], known, None)
    (gone,) = [c.alert for c in again.alerts if c.alert.rule == WRONG_METHOD]
    assert (gone.id, gone.state, gone.withdrawn_reason) == (alert.id, "withdrawn", "approved")


# An older catalogue -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"code": "900-044-49", "edition": 2008}, {WRONG_CODE: "needs_review"}),
        ({"code": "900-044-49", "edition": 2021}, {WRONG_CODE: "violated"}),
        ({"edition": 2016, "name": "另一废物"}, {WRONG_CODE: "needs_review"}),
        ({"edition": 2016}, {}),
    ],
    ids=["old number", "same catalogue", "same number of another waste", "same name and number"],
)
def test_a_code_of_an_older_catalogue_is_for_an_officer_to_compare(
    line: Any, expected: Any
) -> None:
    assert found(letter(approval_line(**line))) == expected


# White lists --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["direct", "short_consult"])
def test_a_white_list_that_only_shortens_the_approval_is_none(kind: str) -> None:
    assert found(whitelisted(kind)) == {WHITELIST: "violated"}
    outcome = outcomes(transfer(), whitelisted(kind))[WHITELIST]
    assert "白名单不等于批准" in outcome.zh
    assert "no approval" in outcome.en
    assert [e.ref for e in outcome.evidence if e.kind == "record"] == ["whitelist_entry/r1"]
    assert found(whitelisted(kind), approval()) == {}


@pytest.mark.parametrize(
    "more",
    [
        {"codes": [OTHER_CODE]}, {"origins": ["140000"]}, {"purposes": ["utilisation"]},
        {"destination": "410000"}, {"receiver": OTHER_RECEIVER}, {"valid_to": "2026-09-09"},
        {"valid_from": "2026-09-11"}, {"retracted": True},
    ],
)  # fmt: skip
def test_an_entry_for_something_else_is_not_what_was_mistaken(more: Any) -> None:
    assert found(whitelisted("direct", **more)) == {NO_APPROVAL: "violated"}


def test_a_category_an_origin_and_the_last_day_are_enough_for_an_entry() -> None:
    entry = whitelisted(
        "direct", codes=[], categories=["HW49"], origins=["130500"], purposes=["disposal"],
        valid_from="2026-09-10", valid_to="2026-09-10",
    )  # fmt: skip
    assert CODE.endswith("49")
    assert found(entry) == {WHITELIST: "violated"}
