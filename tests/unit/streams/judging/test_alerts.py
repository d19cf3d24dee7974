"""Alerts: one id for one finding, revised only when it says something else, never deleted."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import msgspec
from manifests import (
    CONSIGNOR,
    DAY,
    HEBEI,
    NO_APPROVAL,
    NUMBER,
    OTHER_RECEIVER,
    RECEIVER,
    SHANDONG,
    UNLICENSED,
    approval,
    arrived,
    corrected,
    dispatched,
    filed,
    form,
    licence,
    permit,
    registry,
    voided,
    waste,
)

from schemas.alert import Alert, alert_digest, alert_id
from streams.judging.alerts import AlertChange
from streams.judging.decision import Held, decide_manifest
from streams.judging.rules import RULE_BOOK, RuleBook

FILED, GONE = filed(id="f"), dispatched(id="d")
THERE = arrived(id="a")
KEY = f"{NO_APPROVAL}|{RECEIVER}"


class Story:
    """One manifest over time, as its owner holds it."""

    def __init__(self, *records: Any, book: RuleBook = RULE_BOOK) -> None:
        self.held: Held | None = None
        self.knows(*records)
        self.book = book

    def knows(self, *records: Any) -> None:
        self.view = registry(licence(), permit(), *records)

    def hears(self, *said: Any) -> list[AlertChange]:
        decision = decide_manifest(NUMBER, self.held, said, self.view, None, self.book)
        self.held = decision.held
        return list(decision.alerts)

    @property
    def alert(self) -> Alert:
        assert self.held is not None
        return msgspec.json.decode(self.held.memo.alerts[KEY].body, type=Alert)


def test_the_id_is_that_of_rule_subject_and_discriminator_in_any_order_and_version() -> None:
    newer = RuleBook(tuple(r._replace(version=9) for r in RULE_BOOK.manifest), RULE_BOOK.limit)
    found = set()
    for book in (RULE_BOOK, newer):
        for order in permutations([FILED, GONE, THERE]):
            story = Story(book=book)
            for one in order:
                story.hears(one)
            found.add((story.alert.id, story.alert.rule_version == (9 if book is newer else 1)))
    assert found == {(alert_id(NO_APPROVAL, NUMBER, RECEIVER), True)}


def test_another_rule_subject_or_discriminator_is_another_alert() -> None:
    ids = {
        alert_id(*parts)
        for parts in ((NO_APPROVAL, NUMBER, RECEIVER), (UNLICENSED, NUMBER, RECEIVER),
                      (NO_APPROVAL, "20261301000002", RECEIVER), (NO_APPROVAL, NUMBER, "x"))
    }  # fmt: skip
    assert len(ids) == 4


def test_an_alert_says_who_where_what_how_heavy_and_by_which_law() -> None:
    story = Story()
    (change,) = story.hears(FILED, GONE)
    alert = change.alert
    assert (change.revision, change.opened) == (1, True)
    assert (alert.rule, alert.subject, alert.discriminator) == (NO_APPROVAL, NUMBER, RECEIVER)
    assert (alert.finding, alert.state, alert.severity) == ("violation", "open", "medium")
    assert (alert.consignor, alert.receiver) == (CONSIGNOR, RECEIVER)
    assert (alert.origin_region, alert.destination_region) == (HEBEI, SHANDONG)
    assert (alert.grams, alert.act_at) == (2_000_000, "2026-09-10T00:00:00+00:00")
    assert alert.title_zh == "跨省转移未经批准"
    assert alert.law
    assert alert.evidence
    assert (alert.withdrawn_reason, alert.withdrawn_zh) == (None, None)


def test_saying_the_same_again_revises_nothing() -> None:
    story = Story()
    story.hears(FILED, GONE)
    assert story.hears() == []
    assert story.hears(FILED, GONE) == []
    assert story.hears(dispatched(DAY + timedelta(hours=1), id="later")) == []


def test_a_revision_rises_with_the_content_and_keeps_the_id() -> None:
    story = Story()
    (first,) = story.hears(FILED, GONE)
    more = form(wastes=[waste(tonnes=4)])
    (second,) = story.hears(corrected(FILED, "filed", more, DAY - timedelta(hours=1), CONSIGNOR))
    assert (second.alert.id, second.revision, second.opened) == (first.alert.id, 2, False)
    assert (first.alert.severity, second.alert.severity) == ("medium", "high")
    assert first.digest != second.digest == alert_digest(second.alert)


def test_an_approval_found_later_withdraws_the_alert_with_the_reason_and_keeps_its_text() -> None:
    story = Story()
    (first,) = story.hears(FILED, GONE)
    story.knows(approval())
    (change,) = story.hears()
    gone = change.alert
    assert (gone.id, change.revision, change.opened) == (first.alert.id, 2, False)
    assert (gone.state, gone.withdrawn_reason) == ("withdrawn", "approved")
    assert "冀环危转〔2026〕1号" in (gone.withdrawn_zh or "")
    assert gone.withdrawn_en
    unchanged = msgspec.structs.replace(
        gone, state="open", withdrawn_reason=None, withdrawn_zh=None, withdrawn_en=None
    )
    assert unchanged == first.alert


def test_a_withdrawn_alert_stays_as_it_is_whatever_else_comes() -> None:
    story = Story()
    story.hears(FILED, GONE)
    story.knows(approval())
    story.hears()
    story.knows(approval(document="另一号"))
    assert story.hears(THERE) == []
    assert story.alert.state == "withdrawn"


def test_a_withdrawn_alert_opens_again_under_its_id_with_a_higher_revision() -> None:
    story = Story()
    (first,) = story.hears(FILED, GONE)
    for turn in range(3):
        story.knows(approval())
        (gone,) = story.hears()
        story.knows(approval(retracted=True))
        (again,) = story.hears()
        assert (gone.revision, again.revision) == (2 * turn + 2, 2 * turn + 3)
        assert (again.alert, again.opened) == (first.alert, True)
    assert again.digest == first.digest


def test_voiding_on_the_way_withdraws_with_the_word_voided() -> None:
    story = Story()
    story.hears(FILED, GONE)
    (change,) = story.hears(voided(DAY + timedelta(hours=1)))
    assert (change.alert.state, change.alert.withdrawn_reason) == ("withdrawn", "voided")
    assert change.alert.withdrawn_zh == "联单已作废"


def test_voiding_after_arrival_turns_the_violation_into_a_review() -> None:
    story = Story()
    story.hears(FILED, GONE, THERE)
    (change,) = story.hears(voided(DAY + timedelta(days=2)))
    assert (change.alert.state, change.alert.finding) == ("open", "review")
    assert change.alert.reason == "voided_after_arrival"


def test_an_alert_about_a_receiver_that_is_no_longer_named_is_withdrawn_for_changed_facts() -> None:
    story = Story()
    story.hears(FILED, GONE)
    other = corrected(
        FILED, "filed", form(receiver=OTHER_RECEIVER), DAY - timedelta(hours=1), CONSIGNOR
    )
    changes = {
        c.alert.discriminator: c.alert for c in story.hears(other) if c.alert.rule == NO_APPROVAL
    }
    assert changes[OTHER_RECEIVER].state == "open"
    gone = changes[RECEIVER]
    assert (gone.state, gone.withdrawn_reason) == ("withdrawn", "no_longer_stands")
    assert "查无" not in (gone.withdrawn_zh or "")


def test_no_alert_is_ever_forgotten() -> None:
    story = Story()
    seen: set[str] = set()
    for said in ([FILED, GONE], [voided(DAY + timedelta(hours=1))], [THERE]):
        story.hears(*said)
        assert story.held is not None
        assert seen <= set(story.held.memo.alerts)
        seen |= set(story.held.memo.alerts)
    assert KEY in seen


def test_an_alert_survives_json_with_the_same_digest() -> None:
    story = Story()
    for said in ([FILED, GONE], [voided(DAY + timedelta(hours=1))]):
        (change,) = story.hears(*said)
        read = msgspec.json.decode(msgspec.json.encode(change.alert), type=Alert)
        assert read == change.alert
        assert alert_digest(read) == change.digest
