"""What people are told at once, what in the digest, and what never."""

import uuid
from typing import Any

import pytest

from services.courier.channel import Channel
from services.courier.news import Newest, Told, at_once, in_digest

A, B, C, D = (uuid.UUID(int=n) for n in range(1, 5))


def channel(**more: Any) -> Channel:
    return Channel.model_validate({"name": "duty", "url": "json://x", **more})


def newest(alert_id: uuid.UUID = A, **more: Any) -> Newest:
    values: dict[str, Any] = {
        "feed_seq": alert_id.int,
        "alert_id": alert_id,
        "state": "open",
        "severity": "high",
        "finding": "violation",
        "origin_region": "330100",
        "destination_region": "340100",
        "age_s": 1.0,
    }
    return Newest(**{**values, **more})


def changes(items: Any) -> list[tuple[uuid.UUID, str]]:
    return [(item.newest.alert_id, item.change) for item in items]


def test_high_and_critical_violations_and_reviews_are_told_at_once_the_gravest_first() -> None:
    some = [newest(A), newest(B, severity="critical", finding="review"), newest(C, severity="low")]
    assert changes(at_once(channel(), some, {})) == [(B, "opened"), (A, "opened")]
    assert changes(in_digest(channel(), some, {A: Told("open", "high"), B: Told("open", "critical")})) == [
        (C, "opened")
    ]  # fmt: skip


@pytest.mark.parametrize("severity", ["low", "medium", "high", "critical"])
def test_a_notice_is_never_told(severity: str) -> None:
    some = [newest(A, finding="notice", severity=severity)]
    assert not at_once(channel(), some, {})
    assert not in_digest(channel(), some, {})


def test_what_was_told_is_not_told_again() -> None:
    told = {A: Told("open", "high")}
    assert not at_once(channel(), [newest(A)], told)
    assert not in_digest(channel(), [newest(A)], told)


def test_what_became_graver_is_told_again() -> None:
    assert changes(
        at_once(
            channel(),
            [newest(A, severity="critical"), newest(B)],
            {A: Told("open", "high"), B: Told("open", "medium")},
        )
    ) == [(A, "raised"), (B, "raised")]
    assert not at_once(channel(), [newest(A)], {A: Told("open", "critical")})


def test_a_withdrawal_is_told_to_whoever_was_told_however_slight_it_is_by_then() -> None:
    gone = newest(A, state="withdrawn", severity="low")
    assert changes(at_once(channel(), [gone], {A: Told("open", "high")})) == [(A, "withdrawn")]
    assert not at_once(channel(), [gone], {A: Told("open", "medium")})
    assert changes(in_digest(channel(), [gone], {A: Told("open", "medium")})) == [(A, "withdrawn")]


def test_a_withdrawal_reaches_a_channel_that_the_alert_left() -> None:
    gone = newest(A, state="withdrawn", origin_region="110000", destination_region=None)
    told = {A: Told("open", "high")}
    assert changes(at_once(channel(regions=["33"]), [gone], told)) == [(A, "withdrawn")]


def test_what_opened_and_was_withdrawn_before_anyone_heard_is_no_news() -> None:
    gone = newest(A, state="withdrawn")
    assert not at_once(channel(), [gone], {})
    assert not in_digest(channel(), [gone], {})
    assert not in_digest(channel(), [gone], {A: Told("withdrawn", "high")})


def test_what_opens_again_is_told_again() -> None:
    told = {A: Told("withdrawn", "high")}
    assert changes(at_once(channel(), [newest(A)], told)) == [(A, "opened")]


def test_what_was_only_counted_opens_by_name_in_the_digest() -> None:
    assert changes(in_digest(channel(), [newest(A, severity="critical")], {})) == [(A, "opened")]


def test_a_channel_hears_of_its_regions_as_origin_or_destination() -> None:
    some = [newest(A), newest(B, origin_region="110000"), newest(C, destination_region=None)]
    assert changes(at_once(channel(regions=["34"]), some, {})) == [(A, "opened"), (B, "opened")]
    assert changes(at_once(channel(regions=["3301"]), some, {})) == [(A, "opened"), (C, "opened")]
    assert not at_once(channel(regions=["65"]), some, {})


def test_a_channel_hears_of_its_severities_only() -> None:
    some = [newest(A), newest(B, severity="critical"), newest(D, severity="low")]
    only = channel(severities=["critical"])
    assert changes(at_once(only, some, {})) == [(B, "opened")]
    assert changes(in_digest(only, some, {B: Told("open", "critical")})) == []
