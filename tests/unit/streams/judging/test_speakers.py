"""上报主体: strangers who speak, and parties who say one thing two ways, go to an officer."""

from datetime import timedelta
from typing import Any

import pytest
from manifests import (
    CARRIER,
    COLLECTOR,
    CONFLICTING,
    CONSIGNOR,
    DAY,
    NOT_ENTITLED,
    NUMBER,
    OTHER_RECEIVER,
    RECEIVER,
    SECOND_CARRIER,
    STRANGER,
    all_outcomes,
    approval,
    approval_line,
    arrived,
    collector,
    corrected,
    dispatched,
    filed,
    form,
    licence,
    permit,
    received,
    registry,
    resent,
    say,
    voided,
)

from streams.judging.decision import decide_manifest
from streams.judging.outcome import Outcome

HOUR = timedelta(hours=1)
FILED = filed(id="f")
LOAD = [FILED, dispatched(id="d"), arrived(id="a"), received(id="r")]
LAWFUL = [approval(), licence(), permit()]


def found(said: Any, *records: Any) -> dict[tuple[str, str], Outcome]:
    judged = all_outcomes(said, *(records or LAWFUL))
    return {(o.rule, o.discriminator): o for o in judged if o.found}


@pytest.mark.parametrize(
    ("word", "unit"),
    [
        (dispatched(by=SECOND_CARRIER, id="x"), SECOND_CARRIER),
        (arrived(by=CONSIGNOR, id="x"), CONSIGNOR),
        (received(by=CARRIER, id="x"), CARRIER),
        (say("treated", {"wastes": [{"line": 1, "method": "disposal", "quantity_t": 1}]},
             by=OTHER_RECEIVER, id="x"), OTHER_RECEIVER),
        (voided(DAY + HOUR, by=STRANGER, id="x"), STRANGER),
        (say("handed_over", {"carrier": STRANGER, "to": STRANGER}, by=STRANGER, id="x"), STRANGER),
        (filed(by=STRANGER, consignor=STRANGER, id="x"), STRANGER),
        (filed(by=COLLECTOR, id="x"), COLLECTOR),
        (corrected("f", "filed", form(consignor=STRANGER), DAY, CONSIGNOR, id="x"), CONSIGNOR),
        (corrected("f", "filed", form(), DAY, STRANGER, id="x"), STRANGER),
    ],
)  # fmt: skip
def test_whoever_may_not_say_it_is_shown_to_an_officer_and_changes_nothing(
    word: Any, unit: str
) -> None:
    judged = found([*LOAD, word])
    assert set(judged) == {(NOT_ENTITLED, unit)}
    outcome = judged[NOT_ENTITLED, unit]
    assert (outcome.state, outcome.grams) == ("needs_review", 0)
    assert outcome.act_at == word.event.time
    assert [(e.ref, e.digest) for e in outcome.evidence] == [
        (f"{word.ref.source}#x", word.ref.digest)
    ]
    assert unit in outcome.zh
    assert unit in outcome.en
    assert outcome.law


def test_a_party_whose_own_event_is_still_to_come_is_no_stranger() -> None:
    early = corrected("late", "arrived", {"carrier": CARRIER}, DAY + HOUR, CARRIER, id="c")
    assert found([FILED, dispatched(id="d"), early]) == {}


def test_who_was_the_receiver_then_gave_its_own_word() -> None:
    """A load that was refused goes on to another receiver on the same manifest."""
    two = approval(lines=[approval_line(1), approval_line(2, receiver=OTHER_RECEIVER)])
    known = [two, licence(), licence("lic-2", holder=OTHER_RECEIVER), permit()]
    refusal = received(opinion="refused", id="r")
    anew = form(receiver=OTHER_RECEIVER)
    for minutes, entitled in ((1, True), (0, False), (-1, False)):
        at = refusal.event.time + timedelta(minutes=minutes)
        by = corrected("f", "filed", anew, at, CONSIGNOR, id="c")
        for said in ([*LOAD[:3], refusal, by], [by, refusal, *LOAD[:3]]):
            judged = found(said, *known)
            assert ((NOT_ENTITLED, RECEIVER) not in judged) is entitled


def test_the_parties_collectors_and_relays_may_speak() -> None:
    relay = say("handed_over", {"carrier": CARRIER, "to": SECOND_CARRIER}, by=CARRIER, id="h")
    said = [filed(id="f", by=COLLECTOR), *LOAD[1:], relay,
            arrived(by=SECOND_CARRIER, id="a2"), voided(DAY - HOUR, by=COLLECTOR)]  # fmt: skip
    assert found(said, collector(), *LAWFUL, permit(SECOND_CARRIER)) == {}
    assert found([*LOAD, voided(DAY + HOUR)]) == {}
    twice = dispatched(DAY + HOUR, id="again")
    assert found([*LOAD, twice]) == {}, "said twice is not said by a stranger"


def test_nobody_is_a_stranger_before_the_manifest_is_filed() -> None:
    said = [dispatched(by=STRANGER), voided(DAY, by=STRANGER), filed(by=STRANGER)]
    assert found(said) == {}


def test_one_unit_is_one_finding_however_much_it_says() -> None:
    flood = [voided(DAY, by=STRANGER, id=f"x{n:03d}") for n in range(30)]
    judged = found([*LOAD, *flood, received(by=STRANGER, id="y")])
    assert set(judged) == {(NOT_ENTITLED, STRANGER)}
    assert len(judged[NOT_ENTITLED, STRANGER].evidence) == 20
    assert "作废" in judged[NOT_ENTITLED, STRANGER].zh
    assert "接收" in judged[NOT_ENTITLED, STRANGER].zh


def test_a_carrier_named_later_was_no_stranger() -> None:
    speech = dispatched(by=SECOND_CARRIER, id="y")
    first = decide_manifest(NUMBER, None, [*LOAD, speech], registry(*LAWFUL), None)
    (opened,) = [c.alert for c in first.alerts]
    assert (opened.rule, opened.finding, opened.severity) == (NOT_ENTITLED, "review", "low")
    named = corrected(
        FILED, "filed", form(carriers=[CARRIER, SECOND_CARRIER]), DAY - HOUR, CONSIGNOR, id="c"
    )
    again = decide_manifest(NUMBER, first.held, [named], registry(*LAWFUL), None)
    (gone,) = [c.alert for c in again.alerts]
    assert (gone.id, gone.state) == (opened.id, "withdrawn")
    assert (gone.withdrawn_reason, bool(gone.withdrawn_zh)) == ("no_longer_stands", True)


def test_no_other_reading_and_no_void_after_arrival_changes_who_spoke() -> None:
    late = corrected(
        FILED, "filed", form(receiver=OTHER_RECEIVER), DAY + 40 * HOUR, CONSIGNOR, id="c"
    )
    stranger = voided(DAY, by=STRANGER, id="x")
    for more in ([late], [voided(DAY + 90 * HOUR)]):
        outcome = found([*LOAD, stranger, *more])[NOT_ENTITLED, STRANGER]
        assert outcome.reason == "not_entitled"


# One id, different contents -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "unit"),
    [
        (filed(id="f", remark="改"), CONSIGNOR),
        (dispatched(DAY + HOUR, id="d"), CARRIER),
        (received(DAY + 9 * HOUR, id="r"), RECEIVER),
    ],
)
def test_a_party_that_says_one_thing_two_ways_is_shown_to_an_officer(word: Any, unit: str) -> None:
    judged = found([*LOAD, word])
    assert set(judged) == {(CONFLICTING, unit)}
    outcome = judged[CONFLICTING, unit]
    assert (outcome.state, outcome.reason, outcome.grams) == (
        "needs_review",
        "conflicting_reports",
        0,
    )
    (shown,) = outcome.evidence
    assert (shown.ref, shown.digest) == (str(word.ref), word.ref.digest)


def test_a_copy_is_no_conflict_and_a_strangers_conflict_is_only_a_strangers_word() -> None:
    assert found([*LOAD, resent(LOAD[1], 9)]) == {}
    words = [voided(DAY, by=STRANGER, id="x"), voided(DAY + HOUR, by=STRANGER, id="x")]
    assert set(found([*LOAD, *words])) == {(NOT_ENTITLED, STRANGER)}
    assert found([dispatched(id="d"), dispatched(DAY + HOUR, id="d")]) == {}
