"""The text of messages to people."""

import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from services.courier import wording
from services.courier.channel import Channel
from services.courier.news import Item, Newest
from services.courier.wording import Kind, Message, compose
from tests.outbox_rows import alert

CONSOLE = "https://console.example.cn/"


def item(number: int, change: Any = "opened", **more: Any) -> Item:
    values: dict[str, Any] = {
        "feed_seq": number,
        "alert_id": uuid.UUID(int=number),
        "state": "open",
        "severity": "critical",
        "finding": "violation",
        "origin_region": "330100",
        "destination_region": "340100",
        "age_s": 1.0,
    }
    return Item(Newest(**{**values, **more}), change)


def say(
    items: list[Item],
    kind: Kind = "urgent",
    *,
    language: str = "zh",
    most_bytes: int = 19_985,
    alerts: Mapping[uuid.UUID, Any] | None = None,
    console_url: str = CONSOLE,
) -> Message:
    channel = Channel.model_validate({"name": "duty", "url": "json://x", "language": language})
    payloads = {each.newest.alert_id: alert(each.newest.alert_id) for each in items}
    return compose(
        kind,
        channel,
        items,
        {**payloads, **(alerts or {})},
        most_bytes=most_bytes,
        console_url=console_url,
    )


def test_a_message_says_severity_sentence_firms_manifest_and_where_to_look() -> None:
    said = say([item(1)])
    assert said.title == "联单：1 条告警"
    assert said.body.splitlines() == [
        "【特高】无批准跨省转移",
        "没有转移批准。",
        "联单 33010020260001 · 示例化工 → 示例环保 · 11-20 08:00",
        f"https://console.example.cn/alerts/{uuid.UUID(int=1)}",
    ]


def test_a_withdrawal_says_why() -> None:
    told = alert(uuid.UUID(int=1), state="withdrawn", withdrawn_zh="补录了批准。")
    said = say([item(1, "withdrawn", state="withdrawn")], alerts={uuid.UUID(int=1): told})
    assert said.title == "联单：撤回 1 条"
    assert said.body.startswith("【撤回 · 特高】无批准跨省转移\n补录了批准。\n")


def test_a_review_and_a_rise_are_marked() -> None:
    said = say([item(1, "raised", finding="review")])
    assert said.body.startswith("【程度上升 · 特高 · 待核】")


def test_chinese_comes_first_where_both_are_asked_for() -> None:
    said = say([item(1), item(2, "withdrawn")], language="both")
    assert said.title == "联单：1 条告警，撤回 1 条 / Liandan: 1 alert, 1 withdrawn"
    assert said.body.index("【特高】") < said.body.index("【critical】")
    assert "There is no approval." in said.body
    assert "特高" not in say([item(1)], language="en").body


def test_a_burst_names_ten_and_counts_the_rest() -> None:
    said = say([item(n) for n in range(1, 48)])
    assert said.named == 10
    assert said.body.endswith("另有 37 条: https://console.example.cn/")
    assert said.title == "联单：47 条告警"
    assert say([item(n) for n in range(1, 48)], language="en").body.endswith(
        "and 37 more: https://console.example.cn/"
    )


@pytest.mark.parametrize("most_bytes", [600, 1500])
@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_no_message_is_longer_than_the_service_takes(language: str, most_bytes: int) -> None:
    said = say([item(n) for n in range(1, 48)], language=language, most_bytes=most_bytes)
    assert 0 < said.named < 10
    assert len(f"{said.title}\n{said.body}".encode()) <= most_bytes
    assert str(47 - said.named) in said.body


def test_what_facilities_wrote_cannot_call_everybody_nor_break_lines() -> None:
    hostile = alert(
        uuid.UUID(int=1),
        consignor_name='<at user_id="all"></at>\n@all\x07 化工',
        text_zh="长" * 900,
    )
    said = say([item(1)], alerts={uuid.UUID(int=1): hostile})
    assert "<" not in said.body
    assert "@" not in said.body
    assert "\x07" not in said.body
    assert len(said.body.splitlines()) == 4
    assert len(said.body) < 500


def test_the_limit_of_one_party_reads_well() -> None:
    limit = alert(
        uuid.UUID(int=1), subject="licence/A-1/2026", consignor_name=None, receiver_name="示例环保"
    )
    said = say([item(1)], alerts={uuid.UUID(int=1): limit})
    assert "限额 A-1/2026 · 示例环保 · 11-20 08:00" in said.body


@pytest.mark.parametrize("sparse", [{}, {"act_at": "never", "title_zh": 7}, {"act_at": None}])
def test_an_alert_that_says_little_is_told_all_the_same(sparse: dict[str, Any]) -> None:
    said = say([item(1)], alerts={uuid.UUID(int=1): sparse}, language="both")
    assert said.named == 1
    assert "【特高】" in said.body


def test_without_a_console_there_is_no_link() -> None:
    said = say([item(n) for n in range(1, 13)], console_url="")
    assert "/alerts/" not in said.body
    assert said.body.endswith("另有 2 条")


def test_a_digest_says_so_and_names_thirty() -> None:
    said = say([item(n, severity="low") for n in range(1, 41)], "digest")
    assert said.title == "联单每日汇总：40 条告警"
    assert said.named == 30


def test_a_test_tells_of_no_alert() -> None:
    assert wording.test_text("zh").title == "联单：测试"
    assert wording.test_text("both").body.startswith("这是")
