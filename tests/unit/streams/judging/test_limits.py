"""Limits beside the single approved line: pools, white lists' yearly caps, licences' yearly scales."""

from datetime import timedelta
from typing import Any

import pytest
from manifests import (
    CAP_EXCEEDED,
    CONSIGNOR,
    DAY,
    EXCEEDED,
    RECEIVER,
    SCALE_EXCEEDED,
    approval,
    approval_line,
    arrived,
    china,
    dispatched,
    exemption,
    filed,
    form,
    licence,
    limit_outcome,
    received,
    registry,
    say,
    voided,
    waste,
    whitelisted,
)

from schemas.alert import Alert
from streams.judging.decision import decide_limit, decide_manifest
from streams.judging.outcome import Draw, Outcome

HOUR = timedelta(hours=1)


def load(
    n: int, tonnes: Any, *then: str, at: Any = None, line: Any = None, **form: Any
) -> list[Any]:
    """A load on its way; ``then``: what else became of it, in order."""
    subject, at = f"202613010000{n:02d}", at or DAY + timedelta(hours=n)
    wastes = [waste(tonnes=tonnes, **(line or {}))]
    said = [
        filed(at - timedelta(days=1), subject=subject, wastes=wastes, **form),
        dispatched(at, subject=subject),
    ]
    for word in then:
        match word:
            case "arrived":
                said.append(arrived(at + 6 * HOUR, subject=subject))
            case "received":
                said.append(received(at + 8 * HOUR, subject=subject))
            case "refused":
                said.append(received(at + 8 * HOUR, opinion="refused", subject=subject))
            case "voided":
                said.append(voided(at + 9 * HOUR, subject=subject))
            case less:
                said.append(received(at + 8 * HOUR, tonnes=less, subject=subject))
    return said


def draws(said: list[Any], *records: Any) -> dict[str, tuple[int, str]]:
    found = decide_manifest(said[0].event.subject, None, said, registry(*records), None).draws
    return {d.limit: (d.grams // 1_000_000, d.state) for d in found}


def ranges(said: list[Any], *records: Any) -> dict[str, tuple[Any, Any, str | None]]:
    found = decide_manifest(said[0].event.subject, None, said, registry(*records), None).draws
    return {d.limit: (d.least / 1_000_000, d.grams / 1_000_000, d.doubt) for d in found}


# Lines of one code --------------------------------------------------------------------------------

TWO = approval(
    lines=[
        approval_line(1, quantity_t=5, name="废滤芯"),
        approval_line(2, quantity_t=5, name="废包装桶"),
    ]
)
POOL = "approval/appr-1/pool/900-041-49"


def test_a_name_chooses_its_line_and_another_name_draws_on_the_pool() -> None:
    assert draws(load(1, 4, line={"name": "废包装桶"}), TWO) == {
        "approval/appr-1/2": (4, "reserved")
    }
    assert draws(load(1, 4), TWO) == {POOL: (4, "reserved")}
    one = approval(lines=[approval_line(name="废滤芯")])
    assert draws(load(1, 4), one) == {"approval/appr-1/1": (4, "reserved")}


def test_of_several_approvals_in_force_the_one_that_the_manifest_names_is_drawn_on() -> None:
    """Who has used up what was approved applies anew; then both letters are in force."""
    two = [approval(), approval("appr-2", document="冀环危转〔2026〕2号", valid_to="2026-12-31")]
    for claimed, drawn in (
        (None, 2),
        ("冀环危转〔2026〕1号", 1),
        ("冀环危转〔2026〕2号", 2),
        ("x", 2),
    ):
        limit, said = f"approval/appr-{drawn}/1", load(1, 4, approval_no=claimed)
        assert draws(said, *two) == {limit: (4, "reserved")}
        sure = claimed not in (None, "x")
        assert ranges(said, *two)[limit] == ((4, 4, None) if sure else (0, 4, "several_limits"))


def test_a_name_that_only_one_approval_has_leaves_no_doubt() -> None:
    other = approval(
        "appr-2", document="冀环危转〔2026〕2号", lines=[approval_line(name="另一废物")]
    )
    assert ranges(load(1, 4), approval(), other) == {"approval/appr-1/1": (4, 4, None)}


def test_what_several_letters_may_bear_exceeds_none_for_certain() -> None:
    line = [approval_line(quantity_t=5)]
    two = [approval(lines=line), approval("appr-2", document="冀环危转〔2026〕2号", lines=line)]
    loads = [load(n, 4) for n in (1, 2)]
    found = limit_outcome(loads, *two)
    assert (found.state, found.reason) == ("needs_review", "several_limits")
    named = [load(n, 4, approval_no="冀环危转〔2026〕1号") for n in (1, 2)]
    assert limit_outcome(named, *two).state == "violated"
    assert limit_outcome(loads, two[0]).state == "violated"
    assert limit_outcome(loads[:1], *two).state == "passed"


def test_of_several_licences_in_force_the_one_that_the_manifest_names_is_drawn_on() -> None:
    two = [licence(f"lic-{n}", number=f"370100000{n}", annual_scale_t=10) for n in (1, 2)]
    for claimed, drawn in ((None, 1), ("3701000001", 1), ("3701000002", 2), ("x", 1)):
        named = form(wastes=[waste(tonnes=4)])
        named["receiver"]["licence_no"] = claimed
        said = [
            say("filed", named, by=CONSIGNOR, at=DAY - HOUR),
            dispatched(),
            received(),
        ]
        assert f"licence/lic-{drawn}/2026" in draws(said, *two)
        sure = (4, 4, None) if claimed not in (None, "x") else (0, 4, "several_limits")
        assert ranges(said, *two)[f"licence/lic-{drawn}/2026"] == sure
        assert f"licence/lic-{3 - drawn}/2026" not in draws(said, *two)


def test_lines_that_share_even_the_name_are_a_pool() -> None:
    same = approval(lines=[approval_line(1), approval_line(2)])
    assert draws(load(1, 4), same) == {POOL: (4, "reserved")}


def test_lines_that_receiver_or_method_tell_apart_are_no_pool() -> None:
    told = approval(
        lines=[approval_line(1, receiver=CONSIGNOR), approval_line(2, purpose="storage"),
               approval_line(3, name="废滤芯")]
    )  # fmt: skip
    assert draws(load(1, 4), told) == {"approval/appr-1/3": (4, "reserved")}


@pytest.mark.parametrize(
    ("tonnes", "expected"),
    [
        (["4", "6"], ("passed", "within", "0 t")),
        (["4", "6.000001"], ("needs_review", "pooled", "-0.000001 t")),
    ],
)
def test_a_pool_is_held_to_the_sum_of_its_lines_and_only_an_officer_can_tell(
    tonnes: list[str], expected: Any
) -> None:
    found = limit_outcome([load(n, t) for n, t in enumerate(tonnes)], TWO, limit=POOL)
    assert (found.rule, found.discriminator) == (EXCEEDED, "total")
    assert (found.state, found.reason, found.margin) == expected


# Void after arrival -------------------------------------------------------------------------------

TEN = approval(lines=[approval_line(quantity_t=10)])


def test_a_draw_follows_its_manifest() -> None:
    key = "approval/appr-1/1"
    assert draws(load(1, 4), TEN) == {key: (4, "reserved")}
    assert draws(load(1, 4, "arrived"), TEN) == {key: (4, "reserved")}
    assert draws(load(1, 4, "3"), TEN) == {key: (3, "settled")}
    assert draws(load(1, 4, "voided"), TEN) == {}
    assert draws(load(1, 4, "refused"), TEN) == {}
    assert ranges(load(1, 4, "arrived", "voided"), TEN) == {key: (0, 4, "voided_after_arrival")}
    assert ranges(load(1, 4, "3", "voided"), TEN) == {key: (0, 3, "voided_after_arrival")}


def test_what_is_exceeded_only_with_loads_voided_after_arrival_is_for_review() -> None:
    doubtful = load(1, 6, "arrived", "voided")
    found = limit_outcome([doubtful, load(2, 6)], TEN)
    assert (found.state, found.reason, found.margin) == (
        "needs_review",
        "voided_after_arrival",
        "-2 t",
    )
    assert "最多累计 12 吨，超出 2 吨" in found.zh
    assert "联单 20261301000001 在运抵后作废" in found.zh
    assert "manifest 20261301000001 voided after arrival" in found.en.lower()
    assert {e.ref for e in found.evidence[1:]} == {"20261301000001", "20261301000002"}
    sure = limit_outcome([doubtful, load(2, 6), load(3, 6)], TEN)
    assert (sure.state, sure.margin) == ("violated", "-2 t")
    assert "2 份联单累计 12 吨" in sure.zh
    assert limit_outcome([doubtful, load(2, 4)], TEN).state == "passed"


def test_a_void_that_comes_after_arrival_makes_what_was_reserved_a_range_once() -> None:
    said = load(1, 4, "arrived", "voided")
    first = decide_manifest(said[0].event.subject, None, said[:3], registry(TEN), None)
    then = decide_manifest(said[0].event.subject, first.held, said[3:], registry(TEN), None)
    assert [(d.least, d.grams) for d in (*first.draws, *then.draws)] == [
        (4_000_000, 4_000_000), (0, 4_000_000),
    ]  # fmt: skip
    again = decide_manifest(said[0].event.subject, then.held, [], registry(TEN), None)
    assert again.draws == ()


# White lists --------------------------------------------------------------------------------------

LISTED = "whitelist/r1/2026"


def listed(kind: str = "as_intra", **more: Any) -> Any:
    return whitelisted(kind, **{"annual_cap_t": 10, **more})


@pytest.mark.parametrize(
    ("tonnes", "state", "margin"),
    [(["4", "6"], "passed", "0 t"), (["4", "6.000001"], "violated", "-0.000001 t")],
)
@pytest.mark.parametrize("kind", ["as_intra", "direct", "short_consult"])
def test_a_lists_cap_may_be_used_up_to_the_last_gram(
    kind: str, tonnes: list[str], state: str, margin: str
) -> None:
    loads = [load(n, t) for n, t in enumerate(tonnes)]
    found = limit_outcome(loads, listed(kind), approval(), limit=LISTED)
    assert (found.rule, found.state, found.margin) == (CAP_EXCEEDED, state, margin)
    assert found.discriminator == "total"
    if state == "violated":
        assert [e.ref for e in found.evidence] == ["whitelist_entry/r1", "20261301000001"]
        assert "2026 年上限 10 吨" in found.zh
        assert "caps 2026 at 10 t" in found.en


def test_a_listed_move_without_the_approval_it_needs_draws_nothing_and_is_told_otherwise() -> None:
    assert draws(load(1, 4), listed("direct")) == {}
    assert draws(load(1, 4), listed()) == {LISTED: (4, "reserved")}
    both = draws(load(1, 4), listed("direct"), approval())
    assert both == {LISTED: (4, "reserved"), "approval/appr-1/1": (4, "reserved")}


@pytest.mark.parametrize(
    "given",
    [
        [listed(annual_cap_t=None)], [listed(codes=["900-039-49"])], [listed(), whitelisted(id="r2")],
    ],
)  # fmt: skip
def test_without_a_cap_nothing_is_drawn(given: Any) -> None:
    assert draws(load(1, 4), *given) == {}


def test_the_year_of_departure_in_china_is_drawn_on() -> None:
    for at, year in (("2026-12-31 23:59:59", 2026), ("2027-01-01 00:00:00", 2027)):
        assert list(draws(load(1, 4, at=china(at)), listed())) == [f"whitelist/r1/{year}"]


def test_a_cap_raised_or_struck_out_later_withdraws() -> None:
    drawn = [Draw(LISTED, f"2026130100000{n}", DAY, 6_000_000, "settled") for n in range(2)]
    first = decide_limit(LISTED, None, drawn, registry(listed()), None)
    assert [(c.alert.state, c.alert.receiver) for c in first.alerts] == [("open", RECEIVER)]
    for known, reason in (
        (listed(annual_cap_t=12), "within"),
        (listed(annual_cap_t=None), "no_limit"),
        (listed(retracted=True), "no_limit"),
    ):
        again = decide_limit(LISTED, first.memo, drawn, registry(known), None)
        assert [c.alert.withdrawn_reason for c in again.alerts] == [reason]


# Licence scale ------------------------------------------------------------------------------------

SCALE = "licence/lic-1/2026"


def scaled(**more: Any) -> Any:
    return licence(**{"annual_scale_t": 10, **more})


def scale(tonnes: list[str], *records: Any, **more: Any) -> Outcome:
    loads = [load(n, 9, t, destination="130200", **more) for n, t in enumerate(tonnes)]
    return limit_outcome(loads, *records, limit=SCALE)


@pytest.mark.parametrize(
    ("tonnes", "state", "reason", "margin"),
    [
        (["4", "6"], "passed", "within", "0 t"),
        (["4", "6.000001"], "notice", "above_scale", "-0.000001 t"),
        (["6", "6"], "notice", "above_scale", "-2 t"),
        (["6", "6.000001"], "violated", "exceeded", "-2.000001 t"),
    ],
)
def test_above_the_scale_is_a_notice_above_a_fifth_more_a_violation(
    tonnes: list[str], state: str, reason: str, margin: str
) -> None:
    found = scale(tonnes, scaled())
    assert (found.rule, found.state, found.reason, found.margin) == (
        SCALE_EXCEEDED, state, reason, margin,
    )  # fmt: skip
    assert bool(found.law) is (state == "violated")


def test_a_notice_becomes_an_alert_of_its_own_kind_and_then_a_violation_under_its_id() -> None:
    def drawn(n: int) -> list[Draw]:
        return [Draw(SCALE, f"2026130100000{i}", DAY, 6_000_000, "settled") for i in range(n)]

    view = registry(scaled())
    first = decide_limit(SCALE, None, drawn(2), view, None)
    then = decide_limit(SCALE, first.memo, drawn(3), view, None)
    (notice,), (breach,) = ([c.alert for c in d.alerts] for d in (first, then))
    assert isinstance(notice, Alert)
    assert (notice.finding, breach.finding) == ("notice", "violation")
    assert (notice.id, notice.receiver) == (breach.id, RECEIVER)


@pytest.mark.parametrize(
    ("days", "tonnes"),
    [
        ({"valid_from": "2026-07-02"}, "5.013698"),
        ({"valid_to": "2026-12-31"}, "10"),
        ({"valid_from": "2025-07-01", "valid_to": "2028-06-30"}, "10"),
        ({"valid_from": "2026-09-01", "valid_to": "2026-09-30"}, "0.821917"),
    ],
)
def test_the_scale_is_prorated_only_where_the_licence_covers_part_of_the_year(
    days: Any, tonnes: str
) -> None:
    assert scale([tonnes], scaled(**days)).state == "passed"
    assert scale([tonnes, "0.000001"], scaled(**days)).state == "notice"


def test_only_what_was_accepted_is_drawn_in_the_year_of_taking_over() -> None:
    inside = {"destination": "130200"}
    assert draws(load(1, 4, **inside), scaled()) == {}
    assert draws(load(1, 4, "arrived", **inside), scaled()) == {}
    assert draws(load(1, 4, "refused", **inside), scaled()) == {}
    assert draws(load(1, 4, "3", **inside), scaled()) == {SCALE: (3, "settled")}
    late = load(1, 4, "arrived", "3", at=china("2026-12-31 20:00"), **inside)
    assert list(draws(late, scaled())) == ["licence/lic-1/2027"]


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ([licence()], {}),
        ([scaled(scope=[{"codes": ["900-039-49"], "modes": ["disposal"]}])], {}),
        ([scaled(scope=[{"codes": ["900-041-49"], "modes": ["storage"]}])], {}),
        ([scaled(valid_to="2026-09-09")], {}),
        ([scaled(), exemption("disposal")], {}),
        ([scaled(holder=CONSIGNOR)], {"receiver": CONSIGNOR}),
        ([licence("a"), scaled()], {}),
    ],
    ids=["no scale", "another code", "another method", "ended", "exempt", "own waste",
         "another licence first"],
)  # fmt: skip
def test_nothing_is_drawn_on_a_licence_that_does_not_bear_the_load(given: Any, form: Any) -> None:
    assert draws(load(1, 4, "3", **{"destination": "130200", **form}), *given) == {}


def test_the_first_of_several_licences_bears_it_and_a_suspended_one_is_still_held() -> None:
    given = [scaled(id="a"), scaled(suspensions=[{"valid_from": "2026-01-01"}])]
    assert list(draws(load(1, 4, "3", destination="130200"), *given)) == ["licence/a/2026"]
    assert list(draws(load(1, 4, "3", destination="130200"), given[1])) == [SCALE]
