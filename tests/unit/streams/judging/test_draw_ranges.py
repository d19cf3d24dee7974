"""A draw is a range over the readings of a manifest; a cap is exceeded for certain, at most, or unknown."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from manifests import (
    CAP_EXCEEDED,
    CARRIER,
    CONSIGNOR,
    DAY,
    EXCEEDED,
    OTHER_RECEIVER,
    RECEIVER,
    SCALE_EXCEEDED,
    approval,
    approval_line,
    arrived,
    corrected,
    dispatched,
    facts,
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

from streams.judging.decision import Memo, decide_limit, decide_manifest
from streams.judging.outcome import Draw
from streams.judging.rules import RULE_BOOK
from streams.judging.rules.draws import draws_of

T = 1_000_000
HOUR = timedelta(hours=1)
LATE = DAY + 40 * HOUR
LINE, LISTED, SCALE = "approval/appr-1/1", "whitelist/r1/2026", "licence/lic-1/2026"
TEN = approval(lines=[approval_line(quantity_t=10)])
AFTER, TWICE, VOID = "corrected_after_arrival", "conflicting_reports", "voided_after_arrival"


def number(n: int) -> str:
    return f"2026130100{n:04d}"


def load(n: int = 1, tonnes: Any = 4, **line: Any) -> list[Any]:
    """A load that left; ``tonnes=None`` with ``packages``: in pieces."""
    at, subject = DAY + n * HOUR, number(n)
    return [
        filed(id=f"f{n}", subject=subject, wastes=[waste(tonnes=tonnes, **line)]),
        dispatched(at, id=f"d{n}", subject=subject),
    ]


def there(n: int = 1, tonnes: Any = 4, **line: Any) -> list[Any]:
    at = DAY + (n + 6) * HOUR
    return [*load(n, tonnes, **line), arrived(at, id=f"a{n}", subject=number(n))]


def receipt(n: int = 1, tonnes: Any = None, count: int | None = None, **more: Any) -> Any:
    line = {"line": 1, "opinion": "accepted", "accepted_t": tonnes, "accepted_packages": count}
    told = [] if tonnes is None and count is None else [line]
    data = {"opinion": "accepted", "wastes": told}
    at = DAY + (n + 8) * HOUR
    return say("received", data, by=RECEIVER, at=at, id=f"r{n}", subject=number(n), **more)


def mended(n: int = 1, at: Any = LATE, **said: Any) -> Any:
    return corrected(f"f{n}", "filed", form(**said), at, CONSIGNOR, id=f"c{n}", subject=number(n))


def amended(n: int, tonnes: Any, at: Any = LATE) -> Any:
    """The receiver's correction of what it accepted."""
    line = {"line": 1, "opinion": "accepted", "accepted_t": tonnes}
    data = {"opinion": "accepted", "wastes": [line]}
    return corrected(f"r{n}", "received", data, at, RECEIVER, id=f"cr{n}", subject=number(n))


def ranges(said: list[Any], *records: Any) -> dict[str, tuple[float, float, str | None]]:
    found = decide_manifest(said[0].event.subject, None, said, registry(*records), None).draws
    assert all(0 <= d.least <= d.grams and (d.doubt is None) is (d.uncertain == 0) for d in found)
    return {d.limit: (d.least / T, d.grams / T, d.doubt) for d in found}


def sized(tonnes: Any, **more: Any) -> dict[str, Any]:
    return {"wastes": [waste(tonnes=tonnes, **more)]}


READINGS = [
    # what was said; what is drawn on the line
    ([*there(), mended(**sized(6))], (4, 6, AFTER)),
    ([*there(), mended(**sized(1))], (1, 4, AFTER)),
    ([*there(), mended(at=DAY, **sized(6))], (6, 6, None)),
    ([*load(), mended(**sized(6))], (6, 6, None)),
    ([*there(), mended(**sized(4))], (4, 4, None)),
    ([*there(), mended(receiver=OTHER_RECEIVER, **sized(4))], (0, 4, AFTER)),
    ([*there(), mended(**sized(4, code="900-039-49"))], (0, 4, AFTER)),
    ([*there(), mended(**sized(4, method="storage"))], (0, 4, AFTER)),
    ([*there(), mended(**sized(6)), voided(LATE, subject=number(1))], (0, 6, VOID)),
    ([*there(), receipt(tonnes=3), amended(1, 5)], (3, 5, AFTER)),
    ([*there(), receipt(tonnes=5), amended(1, 3)], (3, 5, AFTER)),
    ([*there(), receipt(tonnes=5), amended(1, 3), mended(**sized(9))], (3, 5, AFTER)),
    ([*there(), received(DAY + 9 * HOUR, id="r1", subject=number(1), opinion="refused"),
      amended(1, 3)], (0, 3, AFTER)),
    ([*there(), receipt(tonnes=3), corrected(
        "r1", "received", {"opinion": "refused"}, LATE, RECEIVER, id="c", subject=number(1)
    )], (0, 3, AFTER)),
    ([*load(), filed(id="f1", subject=number(1), received=DAY, **sized(6))], (4, 6, TWICE)),
    ([*load(), filed(id="f1", subject=number(1), received=DAY, **sized(1))], (1, 4, TWICE)),
    ([*load(), filed(id="f1", subject=number(1), received=DAY, destination="130200", **sized(4))],
     (0, 4, TWICE)),
    ([*there(), receipt(tonnes=3), receipt(tonnes=5, received=LATE)], (3, 5, TWICE)),
    ([*there(), mended(**sized(6)), filed(id="f1", subject=number(1), received=LATE, **sized(1)),
      receipt()], (4, 6, AFTER)),
    # a weight that was missing says nothing of less; one that is taken away does
    ([*there(tonnes=None, packages=20), mended(**sized(3, packages=20))], (3, 3, None)),
    ([*there(), mended(**sized(None, packages=20))], (0, 4, AFTER)),
]  # fmt: skip


@pytest.mark.parametrize(("said", "drawn"), READINGS)
def test_a_draw_goes_from_the_least_to_the_most_of_its_readings(said: Any, drawn: Any) -> None:
    assert ranges(said, TEN)[LINE] == drawn
    assert ranges(said[::-1], TEN)[LINE] == drawn


def test_a_receiver_exchanged_after_arrival_leaves_both_approvals_in_doubt() -> None:
    other = approval("appr-2", lines=[approval_line(receiver=OTHER_RECEIVER)])
    said = [*there(), mended(receiver=OTHER_RECEIVER, **sized(5))]
    assert ranges(said, TEN, other) == {LINE: (0, 4, AFTER), "approval/appr-2/1": (0, 5, AFTER)}


def test_a_year_that_depends_on_the_reading_is_in_doubt_in_both_years() -> None:
    said = [*there(), corrected("d1", "dispatched", {"carrier": CARRIER}, LATE, CARRIER, id="c",
                                subject=number(1), happened_at="2025-12-31T08:00:00+08:00")]  # fmt: skip
    found = ranges(said, whitelisted("as_intra", annual_cap_t=10))
    assert found == {LISTED: (0, 4, AFTER), "whitelist/r1/2025": (0, 4, AFTER)}


@pytest.mark.parametrize(
    ("first", "then", "state", "reason", "margin"),
    [
        ([*there(1), mended(1, **sized(6))], 6, "needs_review", AFTER, "-2 t"),
        ([*there(1), mended(1, **sized(6))], 4, "passed", "within", "0 t"),
        ([*there(1), mended(1, **sized(6))], 7, "violated", "exceeded", "-1 t"),
        ([*there(1), mended(1, **sized(1))], 7, "needs_review", AFTER, "-1 t"),
        ([*load(1), filed(id="f1", subject=number(1), received=DAY, **sized(1))], 7,
         "needs_review", TWICE, "-1 t"),
    ],
)  # fmt: skip
def test_certain_excess_is_a_violation_and_possible_excess_for_review(
    first: Any, then: Any, state: str, reason: str, margin: str
) -> None:
    found = limit_outcome([first, load(2, then)], TEN)
    assert (found.rule, found.state, found.reason, found.margin) == (
        EXCEEDED,
        state,
        reason,
        margin,
    )
    refs = {e.ref for e in found.evidence[1:]}
    if state == "needs_review":
        assert refs == {number(1), number(2)}
        assert (
            f"联单 {number(1)} {'在运抵后被更正' if reason == AFTER else '有内容不同的上报'}"
            in found.zh
        )
        assert "最多累计" in found.zh
        assert " t at most, " in found.en
    elif state == "violated":
        assert "最多" not in found.zh
        assert refs == {number(2)}


def test_several_doubts_are_all_told_and_the_first_gives_the_reason() -> None:
    loads = [[*there(1), mended(1, **sized(6))], [*there(2), voided(LATE, subject=number(2))]]
    found = limit_outcome([*loads, load(3, 3)], TEN)
    assert (found.state, found.reason, found.grams) == ("needs_review", VOID, 3 * T)
    assert f"联单 {number(2)} 在运抵后作废；联单 {number(1)} 在运抵后被更正" in found.zh
    assert "4 至 6 吨" in found.evidence[-1].zh + found.evidence[-2].zh


def test_the_pool_and_the_notice_keep_their_words_and_tell_the_doubt() -> None:
    two = approval(lines=[approval_line(n, quantity_t=5) for n in (1, 2)])
    loads = [[*there(1), mended(1, **sized(6))], load(2, 6)]
    pool = limit_outcome(loads, two, limit="approval/appr-1/pool/900-041-49")
    assert (pool.state, pool.reason) == ("needs_review", "pooled")
    assert "在运抵后被更正" in pool.zh
    scaled = licence(annual_scale_t=10)
    drawn = [[*there(n, 6), receipt(n, t), *more] for n, t, more in
             ((1, 4, [amended(1, 6)]), (2, 6, []))]  # fmt: skip
    notice = limit_outcome(drawn, scaled, limit=SCALE)
    assert (notice.rule, notice.state, notice.reason) == (SCALE_EXCEEDED, "notice", "above_scale")
    assert "在运抵后被更正" in notice.zh
    breach = limit_outcome([*drawn, [*there(3), receipt(3, 1)]], scaled, limit=SCALE)
    assert (breach.state, breach.reason) == ("needs_review", AFTER)


# Without a weight ---------------------------------------------------------------------------------


def pieces(n: int, *then: Any, **line: Any) -> list[Any]:
    return [*there(n, **{"tonnes": None, "packages": 20, **line}), *then]


def test_pieces_on_their_way_are_silent_and_once_received_for_review() -> None:
    going = limit_outcome([load(1, 9), pieces(2)], TEN)
    assert (going.state, going.margin) == ("passed", "1 t")
    assert f"联单 {number(2)} 只填件数" in going.zh
    found = limit_outcome([load(1, 9), pieces(2, receipt(2)), pieces(3)], TEN)
    assert (found.state, found.reason, found.margin) == ("needs_review", "weight_unknown", None)
    assert (found.discriminator, found.unweighed, found.grams) == ("total", True, 0)
    assert [e.ref for e in found.evidence] == ["transfer_approval/appr-1", number(2)]
    assert f"联单 {number(2)} 已接收" in found.zh
    assert number(3) not in found.zh
    assert f"manifest {number(2)} received in pieces" in found.en
    assert found.law


@pytest.mark.parametrize(
    "known", [{"tonnes": 1}, {"package_t": "0.05"}], ids=["weight", "weight of one"]
)
def test_pieces_with_a_weight_are_drawn_and_judged_as_any_load(known: Any) -> None:
    loads = [load(1, 9), pieces(2, receipt(2), **known)]
    assert limit_outcome(loads, TEN).state == "passed"
    assert ranges(loads[1], TEN) == {LINE: (1, 1, None)}
    assert limit_outcome([*loads, load(3, "0.000001")], TEN).margin == "-0.000001 t"


def test_a_receipt_that_weighs_them_ends_the_question() -> None:
    for told in (receipt(2, 1), receipt(2, 1, 20)):
        assert limit_outcome([load(1, 9), pieces(2, told)], TEN).state == "passed"
    unknown = limit_outcome([load(1, 9), pieces(2, receipt(2, None, 20))], TEN)
    assert unknown.reason == "weight_unknown"
    refused = received(DAY + 10 * HOUR, opinion="refused", subject=number(2))
    assert limit_outcome([load(1, 9), pieces(2, refused)], TEN).state == "passed"


def test_what_is_exceeded_without_the_pieces_is_a_violation_and_what_may_be_a_doubt() -> None:
    sure = limit_outcome([load(1, 9), load(2, 2), pieces(3, receipt(3))], TEN)
    assert (sure.state, sure.margin, sure.unweighed) == ("violated", "-1 t", True)
    assert f"联单 {number(3)} 只填件数、未填重量，未计入" in sure.zh
    doubt = limit_outcome(
        [[*there(1), mended(1, **sized(9))], load(2, 2), pieces(3, receipt(3))], TEN
    )
    assert (doubt.state, doubt.reason) == ("needs_review", AFTER)


@pytest.mark.parametrize(
    ("limit", "rule", "given"),
    [
        (LISTED, CAP_EXCEEDED, [whitelisted("as_intra", annual_cap_t=10)]),
        (SCALE, SCALE_EXCEEDED, [licence(annual_scale_t=10)]),
        ("approval/appr-1/pool/900-041-49", EXCEEDED,
         [approval(lines=[approval_line(n, quantity_t=5) for n in (1, 2)])]),
    ],
)  # fmt: skip
def test_every_limit_asks_for_the_weight(limit: str, rule: str, given: Any) -> None:
    loads = [[*there(1, 9), receipt(1)], pieces(2, receipt(2))]
    found = limit_outcome(loads, *given, limit=limit)
    assert (found.rule, found.state, found.reason) == (rule, "needs_review", "weight_unknown")
    decided = decide_limit(limit, None, [], registry(*given), None)
    assert decided.outcomes[0].reason == "nothing_drawn"


def test_a_missing_weight_outranks_the_notice_but_no_breach() -> None:
    scaled = licence(annual_scale_t=10)
    missing = pieces(2, receipt(2))
    notice = limit_outcome([[*there(1), receipt(1, 11)], missing], scaled, limit=SCALE)
    assert (notice.state, notice.reason) == ("needs_review", "weight_unknown")
    breach = limit_outcome([[*there(1), receipt(1, 13)], missing], scaled, limit=SCALE)
    assert breach.state == "violated"


def test_many_manifests_are_counted_not_listed_in_a_sentence() -> None:
    drawn = [Draw(LINE, number(n), DAY, 0, "settled", unweighed=True) for n in range(9)]
    (found,) = decide_limit(LINE, None, drawn, registry(TEN), None).outcomes
    assert f"{number(4)} 等 9 份" in found.zh
    assert f"manifests {number(0)}" in found.en
    assert "and 4 more" in found.en
    assert len(found.evidence) == 10


def test_one_id_from_doubt_to_violation() -> None:
    view = registry(TEN)
    doubted = Draw(LINE, number(1), DAY, 12 * T, "settled", 12 * T, "voided_after_arrival")
    first = decide_limit(LINE, None, [doubted], view, None)
    sure = Draw(LINE, number(1), DAY, 12 * T, "settled")
    then = decide_limit(LINE, first.memo, [sure], view, None)
    (review,), (violation,) = ([c.alert for c in d.alerts] for d in (first, then))
    assert (review.finding, violation.finding) == ("review", "violation")
    assert review.id == violation.id


def test_invented_quantities_stay_within_what_an_alert_can_hold() -> None:
    drawn = [Draw(LINE, number(n), DAY, 2**62, "settled") for n in range(3)]
    (found,) = decide_limit(LINE, None, drawn, registry(TEN), None).outcomes
    assert (found.state, found.grams) == ("violated", 2**63 - 1)


def test_one_line_without_a_weight_leaves_the_whole_draw_without_one() -> None:
    bare, known = waste(1, tonnes=None, packages=20), waste(2, tonnes=3)
    for wastes in ([bare, known], [known, bare]):
        said = [filed(subject=number(1), wastes=wastes), *there()[1:], receipt()]
        (draw,) = decide_manifest(number(1), None, said, registry(TEN), None).draws
        assert (draw.grams, draw.unweighed) == (3 * T, True)


def test_pieces_voided_after_arrival_are_no_range_and_still_have_no_weight() -> None:
    said = [*pieces(1, receipt()), voided(LATE, subject=number(1))]
    assert ranges(said, TEN) == {LINE: (0, 0, None)}
    assert limit_outcome([said], TEN).reason == "weight_unknown"


def test_of_readings_that_draw_where_none_counts_one_without_a_weight_is_enough() -> None:
    known, bare = facts(*there()), facts(*pieces(1))
    refused = facts(*there(), received(DAY + 9 * HOUR, opinion="refused", subject=number(1)))
    both = refused._replace(otherwise=((AFTER, known), (TWICE, bare)))
    (draw,) = draws_of(both, registry(TEN), RULE_BOOK)
    assert (draw.least, draw.grams, draw.doubt, draw.unweighed) == (0, 4 * T, AFTER, True)


def test_rows_of_before_ranges_are_read_and_only_what_was_in_doubt_is_written_anew() -> None:
    for said, state, written in (
        (load(), "reserved", 0), ([*there(), voided(LATE, subject=number(1))], "doubtful", 1),
    ):  # fmt: skip
        held = decide_manifest(number(1), None, said, registry(TEN), None).held
        members = msgspec.msgpack.decode(msgspec.msgpack.encode(held.memo))
        members[2] = {limit: [row[0], row[1], state] for limit, row in members[2].items()}
        memo = msgspec.msgpack.decode(msgspec.msgpack.encode(members), type=Memo)
        again = decide_manifest(number(1), held._replace(memo=memo), [], registry(TEN), None)
        assert len(again.draws) == written
