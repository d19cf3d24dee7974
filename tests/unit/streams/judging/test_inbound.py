"""限入: bans of the receiving province by class, form, purpose and time."""

from datetime import timedelta
from typing import Any

import pytest
from manifests import (
    BANNED,
    DAY,
    NO_APPROVAL,
    NUMBER,
    RECEIVER,
    approval,
    ban,
    china,
    dispatched,
    exemption,
    filed,
    outcomes,
    registry,
    voided,
    waste,
    whitelisted,
)

from streams.judging.decision import decide_manifest


def transfer(at: Any = DAY, **form: Any) -> list[Any]:
    return [filed(at - timedelta(days=1), id="f", **form), dispatched(at, id="d")]


def verdict(*records: Any, said: Any = None, **form: Any) -> tuple[str, str] | None:
    judged = outcomes(said or transfer(**form), *records).get(BANNED)
    return (judged.state, judged.reason) if judged is not None else None


VIOLATED, PASSED = ("violated", "banned"), ("passed", "not_banned")
NEW = approval(decided_on="2026-09-01")
"""An approval decided under the ban."""
SINCE = {"valid_from": "2026-08-01"}


@pytest.mark.parametrize("letters", [[], [NEW]], ids=["no approval", "an approval under the ban"])
def test_what_a_province_bans_may_not_be_sent_there(letters: Any) -> None:
    assert verdict(ban(**SINCE), *letters) == VIOLATED
    found = outcomes(transfer(), ban(source_doc="鲁环发〔2026〕1号", **SINCE), *letters)[BANNED]
    assert (found.discriminator, found.grams, found.act_at) == (RECEIVER, 2_000_000, DAY)
    assert "鲁环发〔2026〕1号" in found.zh
    assert "lets no such waste in" in found.en
    assert [e.ref for e in found.evidence if e.kind == "record"] == ["inbound_ban/ban-1"]
    assert found.law[0].law == "鲁环发〔2026〕1号"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-07-31 23:59:59", None),
        ("2026-08-01 00:00:00", VIOLATED),
        ("2026-09-30 23:59:59", VIOLATED),
        ("2026-10-01 00:00:00", None),
    ],
)
def test_a_ban_holds_on_its_china_days(at: str, expected: Any) -> None:
    given = ban(valid_to="2026-09-30", **SINCE)
    assert verdict(given, said=transfer(china(at))) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"codes": ["900-041-49"]}, VIOLATED),
        ({"categories": ["HW49"]}, VIOLATED),
        ({"codes": ["900-039-49"], "categories": ["HW49"]}, VIOLATED),
        ({"codes": ["900-039-49"]}, None),
        ({"categories": ["HW08"]}, None),
        ({"purposes": ["disposal", "storage"]}, VIOLATED),
        ({"purposes": ["utilisation"]}, PASSED),
        ({"forms": ["solid"]}, ("needs_review", "form_unknown")),
        ({"destination": "370100"}, VIOLATED),
        ({"destination": "370102"}, PASSED),
        ({"destination": "370200"}, PASSED),
        ({"destination": "410000"}, None),
        ({"retracted": True}, None),
    ],
)
def test_a_ban_is_of_its_classes_purposes_and_place(more: Any, expected: Any) -> None:
    assert verdict(ban(**more)) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [("liquid", VIOLATED), ("solid", PASSED), (None, ("needs_review", "form_unknown"))],
)
def test_a_ban_of_liquids_is_one_of_liquids(form: str | None, expected: Any) -> None:
    wastes = [waste(form=form) if form else waste()]
    assert verdict(ban(forms=["liquid"]), wastes=wastes) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ("needs_review", "content_unknown")),
        ({"forms": ["liquid"]}, ("needs_review", "form_unknown")),
        ({"purposes": ["utilisation"]}, PASSED),
        ({"codes": ["900-039-49"]}, None),
    ],
)
def test_a_ban_of_what_has_too_little_of_something_accuses_nobody(more: Any, expected: Any) -> None:
    given = ban(least_content="铜 5%", **more)
    assert verdict(given) == expected
    assert verdict(given, ban("plain")) == VIOLATED
    if expected == ("needs_review", "content_unknown"):
        found = outcomes(transfer(), given)[BANNED]
        (asked,) = [c for c in found.conditions if "铜 5%" in c.threshold_zh]
        assert (asked.holds, asked.value_zh) == (None, "联单不填含量")
        assert any("铜 5%" in cure.zh and cure.party == "authority" for cure in found.cures)


@pytest.mark.parametrize(
    ("decided", "expected"),
    [("2026-07-31", ("needs_review", "approved_before_ban")), ("2026-08-01", VIOLATED)],
)
def test_a_ban_younger_than_a_valid_approval_is_for_review_and_both_are_shown(
    decided: str, expected: Any
) -> None:
    letter = approval(decided_on=decided)
    assert verdict(ban(**SINCE), letter) == expected
    refs = {e.ref for e in outcomes(transfer(), ban(**SINCE), letter)[BANNED].evidence}
    assert "inbound_ban/ban-1" in refs
    assert ("transfer_approval/appr-1" in refs) is (expected[0] == "needs_review")


def test_an_approval_that_was_not_in_force_protects_nobody() -> None:
    letter = approval(decided_on="2026-01-01", valid_to="2026-09-09")
    assert verdict(ban(**SINCE), letter) == VIOLATED


def test_a_plain_ban_is_not_hidden_behind_a_doubtful_one_nor_a_line_behind_another() -> None:
    both = [ban("a", forms=["liquid"]), ban("b")]
    assert verdict(*both) == VIOLATED
    lines = [waste(1), waste(2, form="liquid", tonnes=5)]
    found = outcomes(transfer(wastes=lines), ban(forms=["liquid"]))[BANNED]
    assert (found.state, found.grams) == ("violated", 5_000_000)


@pytest.mark.parametrize(
    ("lawful", "form"),
    [
        ([exemption("transfer")], {}),
        ([whitelisted()], {}),
        ([], {"origin": "370200"}),
        ([], {"wastes": [waste(code="900-007-S59")]}),
    ],
    ids=["exempt in transfer", "as intra", "same province", "general waste"],
)
def test_what_does_not_cross_by_approval_is_not_banned(lawful: Any, form: Any) -> None:
    assert verdict(ban(), *lawful, **form) is None


def test_xinjiang_and_xpcc_ban_as_one() -> None:
    assert verdict(ban(destination="650000"), destination="660000") == VIOLATED


def test_a_void_on_the_road_and_a_ban_lifted_withdraw() -> None:
    said = transfer()
    first = decide_manifest(NUMBER, None, said, registry(ban(), NEW), None)
    (opened,) = [c.alert for c in first.alerts if c.alert.rule == BANNED]
    void = voided(DAY + timedelta(hours=1))
    for arrivals, records in (
        ([void], [ban(), NEW]),
        ([], [ban(valid_to="2026-09-01"), NEW]),
        ([], [NEW]),
    ):
        again = decide_manifest(NUMBER, first.held, arrivals, registry(*records), None)
        (gone,) = [c.alert for c in again.alerts if c.alert.rule == BANNED]
        assert (gone.id, gone.state) == (opened.id, "withdrawn")
        assert gone.withdrawn_zh


def test_a_ban_and_a_missing_approval_are_two_findings() -> None:
    found = outcomes(transfer(), ban())
    assert {found[rule].state for rule in (NO_APPROVAL, BANNED)} == {"violated"}


def test_a_ban_without_classes_is_looked_up_by_the_province_that_loads_are_sent_into() -> None:
    marks = decide_manifest(NUMBER, None, transfer(), registry(), None).marks
    assert "to/37" in marks
    inside = decide_manifest(NUMBER, None, transfer(destination="130200"), registry(), None).marks
    assert not [mark for mark in inside if mark.startswith("to/")]
