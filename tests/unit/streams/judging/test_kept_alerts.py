"""Alerts kept packed are the alerts that were put in, in the order of time, rule and subject."""

from uuid import UUID

import msgspec

from schemas.alert import Alert
from streams.judging.kept_alerts import KeptAlerts


def alert(at: str, rule: str, subject: str, discriminator: str = "-") -> Alert:
    return Alert(
        id=UUID(int=1),
        rule=rule,
        rule_version=1,
        subject=subject,
        discriminator=discriminator,
        finding="violation",
        state="open",
        severity="low",
        grams=5,
        title_zh="题",
        title_en="title",
        reason="why",
        text_zh="文",
        text_en="text",
        act_at=at,
    )


def test_what_is_kept_comes_back_in_order_and_whole() -> None:
    told = [
        alert("2026-02-02T00:00:00+00:00", "a.b", "2"),
        alert("2026-02-01T00:00:00+00:00", "a.b_c", "1"),
        alert("2026-02-01T00:00:00+00:00", "a.b", "2", "second"),
        alert("2026-02-01T00:00:00+00:00", "a.b", "2", "first"),
        alert("2026-02-01T00:00:00+00:00", "a.b", "1"),
    ]
    kept = KeptAlerts()
    for one in told:
        kept.put(one)
    kept.sort()
    in_order = sorted(told, key=lambda one: (one.act_at, one.rule, one.subject))
    assert list(kept) == in_order
    assert [one.discriminator for one in kept[1:3]] == ["second", "first"]
    assert kept[-1] == told[0]
    assert kept == in_order
    assert kept == tuple(in_order)
    assert kept != in_order[:-1]
    assert len(kept) == 5


def test_the_order_is_that_of_time_in_whatever_zone_it_is_told() -> None:
    told = [
        alert("2026-02-02T00:00:00+08:00", "a.b", "1"),
        alert("2026-02-01T15:59:59.5+00:00", "a.b", "2"),
        alert("2026-02-01T16:00:01+00:00", "a.b", "3"),
        alert("", "a.b", "4"),
    ]
    kept = KeptAlerts()
    for one in told:
        kept.put(one)
    kept.sort()
    assert [one.subject for one in kept] == ["4", "2", "1", "3"]


def test_an_alert_takes_a_fraction_of_its_text() -> None:
    kept = KeptAlerts()
    one = msgspec.structs.replace(
        alert("2026-02-02T00:00:00+00:00", "licence.receiver_unlicensed", "2"),
        title_zh="接受人无危险废物经营许可证" * 10,
    )
    kept.put(one)
    assert len(kept._rows[0][1]) < len(msgspec.json.encode(one)) / 2


def test_nothing_is_kept_of_nothing() -> None:
    assert KeptAlerts() == ()
    assert KeptAlerts() != "x"
