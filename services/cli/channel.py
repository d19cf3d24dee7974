"""``liandan channel``: people's channels, from the secret setting ``courier_channels``."""

import asyncio
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from infra.runtime.settings import Settings
from services.cli.console import Failure, out, say
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.webhook_table import moment
from services.courier.channel import Channel, ChannelsInvalid, read_channels
from services.courier.messenger import Messenger, Sent
from services.courier.wording import test_text

__all__ = ["channel_app"]

channel_app = typer.Typer(
    name="channel",
    help="人员通知渠道：企业微信、钉钉、飞书、邮件 / channels to people",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="渠道名 / name of the channel")]

_STATES = """
SELECT c.name, c.failures, c.paused_at, c.digest_at, m.at, m.kind, m.outcome, m.error
FROM courier_channel c LEFT JOIN LATERAL (
    SELECT at, kind, outcome, error FROM courier_message
    WHERE channel = c.name ORDER BY id DESC LIMIT 1
) m ON true
WHERE c.name = ANY ($1::text[])
"""
_PAUSE = "UPDATE courier_channel SET paused_at = clock_timestamp() WHERE name = $1"
_RESUME = """
UPDATE courier_channel SET paused_at = NULL, due_at = clock_timestamp() WHERE name = $1
"""


@channel_app.command("list")
def show() -> None:
    """列出渠道与最近一条消息；不显示密钥 / List channels and their last message, no secrets."""
    with served():
        quiet_logs()
        settings = Settings()
        channels, messenger = _channels(settings)
        if not channels:
            say(
                "没有设置渠道（LIANDAN_COURIER_CHANNELS_FILE）。",
                "No channel is set (LIANDAN_COURIER_CHANNELS_FILE).",
            )
            return
        states = asyncio.run(_states(settings, [channel.name for channel in channels]))
        table = Table(
            "渠道 name", "服务 service", "语言", "筛选 filters", "状态 state", "最近消息 last message",
            "下次汇总 digest",
        )  # fmt: skip
        for channel in channels:
            state = states.get(channel.name)
            table.add_row(
                channel.name,
                messenger.service(channel),
                channel.language,
                " ".join([*channel.regions, *channel.severities]) or "全部 all",
                _state(state),
                _last(state),
                moment(state["digest_at"]) if state else "",
            )
        out.print(table)


@channel_app.command()
def test(name: Name) -> None:
    """从本机发一条测试消息 / Send a test message from this machine."""
    with served():
        quiet_logs()
        channels, messenger = _channels(Settings())
        channel = _named(channels, name)
        sent: Sent = asyncio.run(messenger.send(channel, test_text(channel.language)))
        if sent.outcome != "sent":
            raise Failure(
                f"测试消息未发出（{sent.error}）。",
                f"The test was not sent ({sent.error}).",
                code=1,
            )
        say("✓ 测试消息已发出", "test message sent", "green")


@channel_app.command()
def pause(name: Name) -> None:
    """暂停；恢复后补发期间的告警 / Tell it nothing for now; all is told when it is resumed."""
    _set(name, _PAUSE)
    say(f"✓ 已暂停 {name}", "paused", "green")


@channel_app.command()
def resume(name: Name) -> None:
    """恢复，立即重试 / Tell it again, at once."""
    _set(name, _RESUME)
    say(f"✓ 已恢复 {name}", "resumed", "green")


def _channels(settings: Settings) -> tuple[tuple[Channel, ...], Messenger]:
    try:
        channels = read_channels(settings.courier_channels)
        return channels, Messenger(channels, settings.courier_message_timeout_s)
    except ChannelsInvalid as invalid:
        raise Failure(
            f"渠道设置有误（{invalid}）。", f"The channels' setting is wrong ({invalid}).", code=2
        ) from None


def _named(channels: tuple[Channel, ...], name: str) -> Channel:
    for channel in channels:
        if channel.name == name:
            return channel
    raise Failure(f"没有渠道 {name}。", f"There is no channel {name}.", code=1)


def _set(name: str, statement: str) -> None:
    async def go(settings: Settings) -> bool:
        async with connected(settings.database_registry) as connection:
            with reaching("Postgres"):
                return bool(await connection.execute(statement, name) == "UPDATE 1")

    with served():
        quiet_logs()
        if not asyncio.run(go(Settings())):
            raise Failure(
                f"没有渠道 {name}，或信使尚未见到它。",
                f"There is no channel {name}, or the courier has not seen it yet.",
                code=1,
            )


async def _states(settings: Settings, names: list[str]) -> dict[str, Any]:
    async with connected(settings.database_reader) as connection:
        with reaching("Postgres"):
            return {row["name"]: row for row in await connection.fetch(_STATES, names)}


def _state(state: Any) -> Text:
    if state is None:
        return Text("信使尚未见到 not seen yet", "dim")
    if state["paused_at"] is not None:
        return Text(f"已暂停 paused {moment(state['paused_at'])}", "yellow")
    if state["failures"]:
        return Text(f"失败 {state['failures']} 次 failing", "red")
    return Text("正常 ok", "green")


def _last(state: Any) -> Text:
    if state is None or state["at"] is None:
        return Text("")
    return Text(" ".join(filter(None, [
        moment(state["at"]), state["kind"], state["outcome"], state["error"],
    ])))  # fmt: skip
