"""Channels to people: read from the secret setting ``courier_channels``, TOML.

::

    [[channel]]
    name = "duty-33"                    # letters, digits, - and _
    url = "wecombot://KEY"              # an apprise URL: wecombot, dingtalk, feishu, lark, mailto(s) …
    language = "zh"                     # zh | en | both; zh if left out
    regions = ["33"]                    # beginnings of region codes; all if left out
    severities = ["high", "critical"]   # all if left out
"""

import tomllib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from schemas.alert import Severity

__all__ = ["Channel", "ChannelsInvalid", "Language", "read_channels"]

Language = Literal["zh", "en", "both"]
_Region = Annotated[str, Field(pattern=r"^(\d\d|\d{4}|\d{6})$")]


class ChannelsInvalid(ValueError):
    """The setting cannot be read; the message tells where, and nothing of what it holds."""


class Channel(BaseModel):
    """One channel. ``url`` holds secrets: it is never shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^[\w-]{1,40}$")]
    url: SecretStr
    language: Language = "zh"
    regions: tuple[_Region, ...] = ()
    severities: tuple[Severity, ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    channel: tuple[Channel, ...] = ()


def read_channels(text: str) -> tuple[Channel, ...]:
    """Return the channels. Raises ChannelsInvalid."""
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ChannelsInvalid(f"courier_channels: {error}") from None
    try:
        channels = _File.model_validate(content).channel
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ChannelsInvalid(f"courier_channels: {place}: {first['msg']}") from None
    names = [channel.name for channel in channels]
    if len(set(names)) < len(names):
        raise ChannelsInvalid("courier_channels: two channels have the same name")
    return channels
