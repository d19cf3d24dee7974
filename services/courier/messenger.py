"""Hands a message to a person's channel by apprise: in a thread, in bounded time, without secrets."""

import asyncio
import logging
import threading
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import apprise

from services.courier.channel import Channel, ChannelsInvalid
from services.courier.strict_bots import make_strict
from services.courier.threads import Busy, Threads
from services.courier.wording import Message

__all__ = ["Messenger", "Sent"]

_ERROR_CHARACTERS = 300
_SHORTEST_SECRET = 4
# In our own thread, without apprise's executor: the process would wait for that at its end.
_ASSET = apprise.AppriseAsset(async_mode=False, service_timeout=0)


@dataclass(frozen=True)
class Sent:
    """What came of a message. ``error``: one line for operators, without the URL's secrets."""

    outcome: Literal["sent", "refused", "timeout"]
    error: str = ""


class Messenger:
    """Sends to the channels it was made with. Raises ChannelsInvalid if apprise knows no such URL."""

    def __init__(self, channels: tuple[Channel, ...], timeout_s: float) -> None:
        _silence()
        make_strict()
        self._timeout_s = timeout_s
        self._threads = Threads(4 * max(1, len(channels)))
        for channel in channels:
            _plugin(channel)

    def service(self, channel: Channel) -> str:
        """Return the name of the service behind a channel."""
        return str(_plugin(channel).service_name)

    def most_bytes(self, channel: Channel) -> int:
        """Return the bytes of a message at most; apprise tells characters, the services bytes."""
        return int(_plugin(channel).body_maxlen)

    async def send(self, channel: Channel, message: Message) -> Sent:
        """Send once; failures are answers too. After a timeout it may arrive all the same."""

        def notify() -> Sent:
            _heard.lines = []
            sender = apprise.Apprise(asset=_ASSET)
            # A new one for each message: apprise's own throttle would sleep between two.
            sender.add(_plugin(channel))
            done = sender.notify(
                body=message.body, title=message.title, body_format=apprise.NotifyFormat.TEXT
            )
            return Sent("sent") if done else Sent("refused", _redacted(channel, _heard.lines))

        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._threads.call(notify)
        except (TimeoutError, Busy) as error:
            return Sent("timeout", str(error) or f"no answer in {self._timeout_s:g} s")
        except Exception as error:  # noqa: BLE001 - a plugin's fault must not end the courier
            return Sent("refused", _redacted(channel, [repr(error)]))


class _Heard(threading.local):
    lines: list[str]

    def __init__(self) -> None:
        self.lines = []


_heard = _Heard()


class _Listen(logging.Handler):
    """Keeps what apprise warns of for the thread that sends; it goes nowhere else."""

    def emit(self, record: logging.LogRecord) -> None:
        _heard.lines.append(record.getMessage())


def _silence() -> None:
    """Keep apprise's log lines, URLs and texts among them, out of the log."""
    logger = logging.getLogger("apprise")
    logger.handlers = [_Listen()]
    logger.propagate = False
    logger.setLevel(logging.WARNING)


def _plugin(channel: Channel) -> Any:
    plugin = apprise.Apprise.instantiate(channel.url.get_secret_value(), asset=_ASSET)
    if plugin is None:
        raise ChannelsInvalid(f"courier_channels: {channel.name}: apprise knows no such URL")
    return plugin


def _redacted(channel: Channel, lines: list[str]) -> str:
    """Return what was heard without any part of the channel's URL that could be a secret."""
    text = " ".join(" ".join(lines).split())
    url = channel.url.get_secret_value()
    parts = urlsplit(url)
    pieces = [parts.netloc, parts.username, parts.password, parts.hostname, parts.query]
    pieces += [*parts.path.split("/"), *(each.partition("=")[2] for each in parts.query.split("&"))]
    secrets = {url, *(p for p in pieces if p), *(unquote(p) for p in pieces if p)}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "…")
    return text[:_ERROR_CHARACTERS]
