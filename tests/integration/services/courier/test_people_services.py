"""The messengers of apprise, each against a receiver on loopback."""

from typing import Any

import pytest
from apprise.plugins import dingtalk, feishu, lark, wecombot

from services.courier.channel import Channel
from services.courier.messenger import Messenger
from services.courier.wording import Message
from tests.http_sink import Reply, Sink, sink
from tests.smtp_sink import mail_sink

SAID = Message("联单：1 条告警", "【特高】无批准跨省转移\nhttps://console.example.cn/alerts/1", 1)
SECRET = "s3cretK3y0123456789"
OK = {"wecombot": b'{"errcode":0,"errmsg":"ok"}', "dingtalk": b'{"errcode":0,"errmsg":"ok"}',
      "feishu": b'{"code":0,"msg":"success"}', "lark": b'{"code":0}'}  # fmt: skip
REFUSED = {"wecombot": b'{"errcode":93000,"errmsg":"invalid webhook url"}',
           "dingtalk": b'{"errcode":310000,"errmsg":"keywords not in content"}',
           "feishu": b'{"code":19024,"msg":"Key Words Not Found"}', "lark": b'{"code":19024}'}  # fmt: skip
PLUGINS: dict[str, Any] = {
    "wecombot": wecombot.NotifyWeComBot,
    "dingtalk": dingtalk.NotifyDingTalk,
    "feishu": feishu.NotifyFeishu,
    "lark": lark.NotifyLark,
}


def channel(url: str) -> Channel:
    return Channel.model_validate({"name": "duty", "url": url})


def at(monkeypatch: pytest.MonkeyPatch, name: str, to: Sink) -> None:
    """Let a plugin's address be the sink's: path and query stay as they are."""
    plugin = PLUGINS[name]
    rest = plugin.notify_url.split("/", 3)[3]
    monkeypatch.setattr(plugin, "notify_url", to.url("/" + rest))


def text_of(name: str, body: Any) -> str:
    if name in ("wecombot", "dingtalk"):
        assert body["msgtype"] == "text"
        return str(body["text"]["content"])
    assert body["msg_type"] == "text"
    return str(body["content"]["text"])


@pytest.mark.parametrize("name", PLUGINS)
async def test_a_message_reaches_the_group_as_plain_text(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sink(lambda _: Reply(200, {}, OK[name])) as receiver:
        at(monkeypatch, name, receiver)
        one = channel(f"{name}://{SECRET}")
        sent = await Messenger((one,), 10).send(one, SAID)
        (request,) = receiver.requests
    assert sent.outcome == "sent"
    assert SECRET in request.path
    text = text_of(name, request.json)
    assert SAID.title in text
    assert SAID.body in text.replace("\r\n", "\n")


@pytest.mark.parametrize("name", PLUGINS)
async def test_a_refusal_said_with_http_200_is_a_refusal(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sink(lambda _: Reply(200, {}, REFUSED[name])) as receiver:
        at(monkeypatch, name, receiver)
        one = channel(f"{name}://{SECRET}")
        sent = await Messenger((one,), 10).send(one, SAID)
    assert sent.outcome == "refused"
    assert sent.error
    assert SECRET not in sent.error


@pytest.mark.parametrize("name", PLUGINS)
@pytest.mark.parametrize("reply", [Reply(500), Reply(404, {}, SECRET.encode())])
async def test_an_error_of_the_service_is_a_refusal_and_tells_no_secret(
    name: str,
    reply: Reply,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with sink(lambda _: reply) as receiver:
        at(monkeypatch, name, receiver)
        one = channel(f"{name}://{SECRET}")
        sent = await Messenger((one,), 10).send(one, SAID)
    assert sent.outcome == "refused"
    printed = capsys.readouterr()
    assert SECRET not in f"{sent.error}{caplog.text}{printed.out}{printed.err}"


async def test_a_mail_goes_out_with_subject_and_text() -> None:
    async with mail_sink() as server:
        one = channel(server.url())
        sent = await Messenger((one,), 10).send(one, SAID)
        (mail,) = server.mails
    assert sent.outcome == "sent"
    assert mail["subject"] == SAID.title
    assert "duty@example.cn" in mail["to"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == SAID.body.splitlines()


async def test_a_mail_server_that_refuses_is_told_without_the_password() -> None:
    async with mail_sink() as server:
        server.refuse = True
        one = channel(server.url("&name=" + SECRET))
        sent = await Messenger((one,), 10).send(one, SAID)
    assert sent.outcome == "refused"
    assert SECRET not in sent.error


async def test_one_that_never_answers_is_left_after_the_timeout() -> None:
    async with mail_sink() as server:
        server.silent = True
        one = channel(server.url())
        sent = await Messenger((one,), 0.5).send(one, SAID)
        assert server.connections == 1
    assert sent.outcome == "timeout"


async def test_one_that_is_not_there_is_a_refusal() -> None:
    async with mail_sink() as server:
        one = channel(server.url())
    assert (await Messenger((one,), 10).send(one, SAID)).outcome == "refused"


def test_apprise_is_as_we_know_it() -> None:
    """A canary for what is touched of apprise's insides, and for the limits that are relied on."""
    for module in (wecombot, dingtalk):
        assert hasattr(module, "requests")
    assert PLUGINS["wecombot"].body_maxlen == 2048
    assert all(PLUGINS[name].body_maxlen == 19_985 for name in ("dingtalk", "feishu", "lark"))
