"""跨省转移: no approval, an approval not in force, more than approved."""

from datetime import timedelta
from typing import Any

import pytest
from manifests import (
    CARRIER,
    CODE,
    CONSIGNOR,
    DAY,
    EXCEEDED,
    HEBEI,
    NO_APPROVAL,
    NOT_IN_FORCE,
    OTHER_RECEIVER,
    RECEIVER,
    SECOND_CARRIER,
    STRANGER,
    XINJIANG,
    XPCC,
    approval,
    approval_line,
    arrived,
    china,
    dispatched,
    exemption,
    filed,
    limit_outcome,
    outcomes,
    received,
    record,
    registry,
    resent,
    voided,
    waste,
    whitelisted,
)

from schemas.alert import Evidence
from streams.judging.decision import decide_limit
from streams.judging.outcome import Draw


def transfer(at: Any = DAY, **form: Any) -> list[Any]:
    return [filed(at - timedelta(days=1), id="f", **form), dispatched(at, id="d")]


def no_approval(*records: Any, at: Any = DAY, **form: Any) -> tuple[str, str]:
    found = outcomes(transfer(at, **form), *records)[NO_APPROVAL]
    return found.state, found.reason


VIOLATED = ("violated", "no_approval")

# Without approval -------------------------------------------------------------------------------


def test_a_load_sent_into_another_province_without_approval_is_a_violation() -> None:
    found = outcomes(transfer())[NO_APPROVAL]
    assert (found.state, found.reason, found.discriminator) == (*VIOLATED, RECEIVER)
    assert (found.grams, found.act_at) == (2_000_000, DAY)
    for text in ("示例产废单位", "2 吨", "河北省", "山东省", CODE, "2026-09-10 08:00"):
        assert text in found.zh
    assert "2 t" in found.en


def test_an_approval_of_consignor_receiver_and_code_is_enough() -> None:
    found = outcomes(transfer(), approval())[NO_APPROVAL]
    assert (found.state, found.reason) == ("passed", "approved")


@pytest.mark.parametrize(
    "members",
    [
        {"consignor": STRANGER},
        {"decision": "refused"},
        {"retracted": True},
        {"origin": "140000"},
        {"lines": [approval_line(destination="410100")]},
    ],
    ids=[
        "another consignor",
        "a refusal",
        "retracted",
        "a site in another province",
        "a receiver's site in another province",
    ],
)
def test_an_approval_of_something_else_is_none(members: Any) -> None:
    assert no_approval(approval(**members)) == VIOLATED


def test_an_approval_by_a_city_covers_its_province_and_its_neighbour_city() -> None:
    by_city = approval(origin="130200", lines=[approval_line(destination="370200")])
    assert no_approval(by_city) == ("passed", "approved")


def test_a_registered_pair_needs_no_approval_whatever_stage_is_named() -> None:
    pair = {"consignor": CONSIGNOR, "receiver": RECEIVER, "codes": [CODE]}
    point_to_point = record("exemption", stages=["utilisation"], **pair)
    assert no_approval(point_to_point) == ("not_applicable", "exempt")
    half = record("exemption", stages=["utilisation"], codes=[CODE], receiver=RECEIVER)
    assert no_approval(half) == VIOLATED


def test_of_two_reports_under_one_id_the_earlier_counts_and_an_officer_looks_at_the_rest() -> None:
    here = filed(id="twice", destination="130100")
    there = resent(filed(id="twice"), 1)
    found = outcomes([here, there, dispatched()])[NO_APPROVAL]
    assert (found.state, found.reason) == ("needs_review", "conflicting_reports")
    same = resent(filed(id="twice", destination="130100", remark="示例"), 1)
    assert outcomes([here, same, dispatched()])[NO_APPROVAL].state == "not_applicable"


def test_loads_of_one_minute_are_ordered_by_their_number() -> None:
    cap = approval(lines=[approval_line(quantity_t=3)])

    def load(n: int, second: int) -> list[Any]:
        number = f"2026130100000{n}"
        return [
            filed(subject=number, id=f"f{n}"),
            dispatched(DAY + timedelta(seconds=second), subject=number, id=f"d{n}"),
        ]

    found = limit_outcome([load(1, 50), load(2, 10)], cap)
    assert [e.ref for e in found.evidence if e.kind == "manifest"] == ["20261301000002"]


def test_a_refusal_beside_an_approval_takes_nothing_away() -> None:
    refused = approval("appr-0", decision="refused")
    assert no_approval(refused, approval()) == ("passed", "approved")


def test_an_approval_fixes_no_carrier() -> None:
    said = [filed(carriers=[SECOND_CARRIER]), dispatched(by=SECOND_CARRIER)]
    assert outcomes(said, approval())[NO_APPROVAL].state == "passed"


def test_only_the_lines_without_approval_are_weighed_as_they_were_loaded() -> None:
    lines = [waste(1), waste(2, "900-039-49", 3)]
    said = [
        filed(wastes=lines),
        dispatched(wastes=[{"line": 1, "quantity_t": 7}, {"line": 2, "quantity_t": "3.25"}]),
    ]
    found = outcomes(said, exemption("transfer"))[NO_APPROVAL]
    assert (found.state, found.grams) == ("violated", 3_250_000)
    assert "900-039-49" in found.zh
    assert CODE not in found.zh


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"destination": "130200"}, "same_province"),
        ({"origin": XPCC, "destination": XINJIANG}, "same_province"),
        ({"origin": XINJIANG, "destination": XPCC}, "same_province"),
        ({"wastes": [waste(code="900-007-S59")]}, "not_hazardous"),
    ],
)
def test_what_needs_no_approval_by_itself_is_not_judged(form: Any, reason: str) -> None:
    assert no_approval(**form) == ("not_applicable", reason)


def test_xpcc_and_another_province_are_two() -> None:
    assert no_approval(origin=XPCC, destination="620100") == VIOLATED


def test_general_waste_beside_hazardous_waste_needs_nothing_of_its_own() -> None:
    found = outcomes(transfer(wastes=[waste(1, "900-007-S59", 9), waste(2)]))[NO_APPROVAL]
    assert (found.state, found.grams) == ("violated", 2_000_000)


@pytest.mark.parametrize("stage", ["transfer", "whole_process"])
def test_an_exemption_of_transfer_or_of_the_whole_process_lifts_the_approval(stage: str) -> None:
    assert no_approval(exemption(stage)) == ("not_applicable", "exempt")


@pytest.mark.parametrize("stage", ["collection", "transport", "storage", "utilisation", "disposal"])
def test_an_exemption_of_another_stage_lifts_no_approval(stage: str) -> None:
    assert no_approval(exemption(stage)) == VIOLATED


@pytest.mark.parametrize(
    ("more", "lifted"),
    [
        ({"consignor": CONSIGNOR, "receiver": RECEIVER}, True),
        ({"consignor": CONSIGNOR, "receiver": OTHER_RECEIVER}, False),
        ({"consignor": STRANGER, "receiver": RECEIVER}, False),
        ({"receiver": RECEIVER}, True),
        ({"codes": [], "categories": ["HW49"]}, True),
        ({"codes": [], "categories": ["HW08"]}, False),
        ({"codes": ["900-039-49"]}, False),
        ({"valid_from": "2026-09-10", "valid_to": "2026-09-10"}, True),
        ({"valid_to": "2026-09-09"}, False),
        ({"valid_from": "2026-09-11"}, False),
        ({"retracted": True}, False),
    ],
)
def test_an_exemption_holds_for_its_pair_its_codes_and_its_days(more: Any, lifted: bool) -> None:
    expected = ("not_applicable", "exempt") if lifted else VIOLATED
    assert no_approval(exemption("transfer", **more)) == expected


@pytest.mark.parametrize(
    ("more", "intra"),
    [
        ({}, True),
        ({"origins": ["130000"]}, True),
        ({"origins": ["140000", "130500"]}, True),
        ({"origins": ["140000"]}, False),
        ({"codes": [], "categories": ["HW49"]}, True),
        ({"codes": [], "categories": ["HW49"], "except_codes": ["900-041-49"]}, False),
        ({"codes": [], "categories": ["HW49"], "except_codes": ["900-039-49"]}, True),
        ({"codes": ["900-039-49"]}, False),
        ({"purposes": ["disposal"]}, True),
        ({"purposes": ["utilisation"]}, False),
        ({"destination": "410000"}, False),
        ({"receiver": OTHER_RECEIVER}, False),
        ({"valid_from": "2026-09-10", "valid_to": "2026-09-10"}, True),
        ({"valid_to": "2026-09-09"}, False),
        ({"valid_from": "2026-09-11"}, False),
        ({"retracted": True}, False),
    ],
)
def test_a_listed_move_counts_as_inside_the_province_within_what_the_entry_says(
    more: Any, intra: bool
) -> None:
    expected = ("not_applicable", "as_intra") if intra else VIOLATED
    assert no_approval(whitelisted(**more)) == expected


def test_a_load_of_which_only_one_line_is_exempt_still_needs_approval_for_the_other() -> None:
    lines = [waste(1), waste(2, "900-039-49", 3)]
    found = outcomes(transfer(wastes=lines), exemption("transfer"))[NO_APPROVAL]
    assert (found.state, found.grams) == ("violated", 3_000_000)


def test_a_manifest_that_only_was_filed_has_moved_nothing() -> None:
    assert outcomes([filed()])[NO_APPROVAL].reason == "not_moved"
    assert outcomes([dispatched()])[NO_APPROVAL].reason == "not_filed"


@pytest.mark.parametrize("sign", [arrived(), received()], ids=["arrival", "receipt"])
def test_a_load_that_arrived_did_move_whether_its_departure_was_told_or_not(sign: Any) -> None:
    found = outcomes([filed(), sign])[NO_APPROVAL]
    assert (found.state, found.act_at) == ("violated", sign.event.time)


def test_the_claimed_document_is_quoted_where_no_record_matches_it() -> None:
    found = outcomes(transfer(approval_no="冀环危转〔2026〕9号"))[NO_APPROVAL]
    assert "冀环危转〔2026〕9号" in found.zh
    assert "claims document" in found.en


def test_the_evidence_names_both_events_by_source_id_and_digest() -> None:
    said = transfer()
    found = outcomes(said)[NO_APPROVAL]
    assert [(e.kind, e.ref, e.digest) for e in found.evidence] == [
        ("event", f"urn:uscc:{CARRIER}#d", said[1].ref.digest),
        ("event", f"urn:uscc:{CONSIGNOR}#f", said[0].ref.digest),
    ]
    assert all(isinstance(e, Evidence) and e.zh and e.en for e in found.evidence)


@pytest.mark.parametrize(
    ("at", "law"),
    [("2026-08-14 23:59", "固体废物污染环境防治法"), ("2026-08-15 00:00", "生态环境法典")],
)
def test_the_law_is_that_of_the_minute_of_departure(at: str, law: str) -> None:
    found = outcomes(transfer(china(at)))[NO_APPROVAL]
    assert law in found.law[0].law
    assert found.law[-1].law == "危险废物转移管理办法"


# An approval that is not in force -----------------------------------------------------------------

SPAN = {"valid_from": "2026-09-01", "valid_to": "2026-09-30"}


@pytest.mark.parametrize(
    ("at", "state", "reason", "margin"),
    [
        ("2026-08-31 23:59:59", "violated", "not_yet_valid", "-1 d"),
        ("2026-09-01 00:00:00", "passed", "in_force", "29 d"),
        ("2026-09-30 00:00:00", "passed", "in_force", "0 d"),
        ("2026-09-30 23:59:59", "passed", "in_force", "0 d"),
        ("2026-10-01 00:00:00", "violated", "expired", "-1 d"),
        ("2026-11-09 12:00:00", "violated", "expired", "-40 d"),
    ],
)
def test_an_approval_holds_from_the_first_to_the_last_instant_of_its_china_days(
    at: str, state: str, reason: str, margin: str
) -> None:
    found = outcomes(transfer(china(at)), approval(**SPAN))[NOT_IN_FORCE]
    assert (found.state, found.reason, found.margin) == (state, reason, margin)


def test_sixteen_hours_utc_is_the_next_day() -> None:
    from datetime import UTC, datetime

    def state(hour: int, minute: int, second: int) -> str:
        at = datetime(2026, 9, 30, hour, minute, second, tzinfo=UTC)
        return outcomes(transfer(at), approval(**SPAN))[NOT_IN_FORCE].state

    assert state(15, 59, 59) == "passed"
    assert state(16, 0, 0) == "violated"


def test_without_any_approval_there_is_no_validity_to_judge() -> None:
    found = outcomes(transfer())[NOT_IN_FORCE]
    assert (found.state, found.reason) == ("not_applicable", "no_approval")


def test_of_several_approvals_one_in_force_is_enough_and_the_longest_gives_the_margin() -> None:
    given = [
        approval("a1", valid_to="2026-09-09"),
        approval("a2", **SPAN),
        approval("a3", valid_from="2026-09-11"),
        approval("a4", valid_from="2026-09-10", valid_to="2026-09-12"),
    ]
    found = outcomes(transfer(), *given)[NOT_IN_FORCE]
    assert (found.state, found.margin) == ("passed", "20 d")


def test_of_several_not_in_force_the_nearest_is_shown() -> None:
    given = [
        approval("a1", valid_to="2026-01-31"),
        approval("a2", valid_to="2026-09-08", document="近的"),
        approval("a3", valid_from="2026-12-01"),
    ]
    found = outcomes(transfer(), *given)[NOT_IN_FORCE]
    assert (found.state, found.margin) == ("violated", "-2 d")
    assert "近的" in found.zh
    assert [e.ref for e in found.evidence if e.kind == "record"] == ["transfer_approval/a2"]
    assert [e.kind for e in found.evidence] == ["event", "event", "record"]


def test_a_line_with_and_a_line_without_any_approval_are_two_findings() -> None:
    lines = [waste(1), waste(2, "900-039-49", 3)]
    found = outcomes(transfer(wastes=lines), approval(valid_to="2026-09-09"))
    assert (found[NOT_IN_FORCE].state, found[NOT_IN_FORCE].grams) == ("violated", 2_000_000)
    assert (found[NO_APPROVAL].state, found[NO_APPROVAL].grams) == ("violated", 3_000_000)


@pytest.mark.parametrize(
    "lawful", [exemption("transfer"), whitelisted()], ids=["exemption", "as intra"]
)
def test_what_needs_no_approval_needs_none_in_force_either(lawful: Any) -> None:
    found = outcomes(transfer(), approval(valid_to="2026-09-09"), lawful)[NOT_IN_FORCE]
    assert found.state == "not_applicable"


# More than approved -------------------------------------------------------------------------------


def load(n: int, tonnes: Any, at: Any = None, *more: Any, **form: Any) -> list[Any]:
    subject, at = f"202613010000{n:02d}", at or DAY + timedelta(hours=n)
    return [
        filed(at - timedelta(days=1), subject=subject, wastes=[waste(tonnes=tonnes)], **form),
        dispatched(at, subject=subject),
        *more,
    ]


TEN = approval(lines=[approval_line(quantity_t=10)])


@pytest.mark.parametrize(
    ("tonnes", "state", "margin"),
    [
        (["4", "5.999999"], "passed", "0.000001 t"),
        (["4", "6"], "passed", "0 t"),
        (["4", "6.000001"], "violated", "-0.000001 t"),
        (["4", "5", "13"], "violated", "-12 t"),
    ],
)
def test_the_cap_may_be_used_up_to_the_last_gram(
    tonnes: list[str], state: str, margin: str
) -> None:
    found = limit_outcome([load(n, t) for n, t in enumerate(tonnes)], TEN)
    assert (found.state, found.margin, found.discriminator) == (state, margin, "total")


def test_the_finding_names_the_loads_past_the_cap_in_order_of_departure_then_number() -> None:
    loads = [load(3, 6), load(1, 5, DAY), load(2, 4, DAY), load(4, 1)]
    for order in (loads, loads[::-1]):
        found = limit_outcome(order, TEN)
        assert (found.state, found.grams) == ("violated", 6_000_000)
        assert [e.ref for e in found.evidence if e.kind == "manifest"] == [
            "20261301000003",
            "20261301000004",
        ]
        assert found.evidence[0].ref == "transfer_approval/appr-1"
        assert found.act_at == DAY + timedelta(hours=3)


def test_a_receipt_settles_what_the_departure_reserved() -> None:
    subject = {"subject": "20261301000000"}
    more = received(DAY + timedelta(days=1), tonnes="9.5", **subject)
    assert limit_outcome([load(0, 12)], TEN).state == "violated"
    found = limit_outcome([load(0, 12, None, more)], TEN)
    assert (found.state, found.margin) == ("passed", "0.5 t")


@pytest.mark.parametrize(
    "freeing",
    [
        voided(DAY + timedelta(hours=3), subject="20261301000000"),
        received(DAY + timedelta(hours=9), opinion="refused", subject="20261301000000"),
    ],
    ids=["void", "refusal"],
)
def test_a_void_on_the_way_or_a_refusal_frees_what_was_drawn(freeing: Any) -> None:
    found = limit_outcome([load(0, 12, None, freeing), load(1, 10)], TEN)
    assert (found.state, found.margin) == ("passed", "0 t")


def test_lines_of_one_code_draw_together_and_names_choose_among_lines_of_an_approval() -> None:
    two = approval(
        lines=[
            approval_line(1, quantity_t=5, name="废滤芯"),
            approval_line(2, quantity_t=5, name="废包装桶"),
        ]
    )
    lines = [waste(1, tonnes=3, name="废包装桶"), waste(2, tonnes=4, name="废包装桶")]
    said = [filed(wastes=lines), dispatched()]
    assert limit_outcome([said], two, limit="approval/appr-1/2").margin == "-2 t"
    assert limit_outcome([said], two, limit="approval/appr-1/1").reason == "nothing_drawn"


def test_a_limit_whose_approval_was_retracted_is_no_limit() -> None:
    draw = Draw("approval/appr-1/1", "20261301000001", DAY, 99_000_000, "reserved")
    for view in (registry(), registry(approval(retracted=True)), registry(TEN)):
        (found,) = decide_limit(draw.limit, None, [draw], view, None).outcomes
        assert (found.state == "violated") is (view.approval("appr-1") is not None)
    (found,) = decide_limit("approval/appr-1/9", None, [draw], registry(TEN), None).outcomes
    assert found.reason == "no_limit"


def test_nothing_is_drawn_from_an_approval_that_was_not_in_force_or_not_needed() -> None:
    for given in (
        [approval(valid_to="2026-09-09", lines=[approval_line(quantity_t=1)])],
        [approval(lines=[approval_line(quantity_t=1)]), exemption("transfer")],
        [approval(lines=[approval_line(quantity_t=1)], decision="refused")],
    ):
        assert limit_outcome([load(0, 12)], *given).reason == "nothing_drawn"


@pytest.mark.parametrize(
    ("at", "law"),
    [("2026-08-14 23:59", "固体废物污染环境防治法"), ("2026-08-15 00:00", "生态环境法典")],
)
def test_exceeding_falls_under_the_law_of_the_first_load_past_the_cap(at: str, law: str) -> None:
    loads = [load(1, 10, china("2026-07-01 08:00")), load(2, 1, china(at)), load(3, 1)]
    found = limit_outcome(loads, TEN)
    assert found.rule == EXCEEDED
    assert law in found.law[0].law


def test_origin_is_where_the_site_is_not_who_the_firm_is() -> None:
    assert no_approval(origin=HEBEI, destination=HEBEI) == ("not_applicable", "same_province")
