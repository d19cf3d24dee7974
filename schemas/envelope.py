"""The CloudEvents 1.0 envelope of every event, in JSON (structured mode)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.checks import Checked, Refusal, text
from schemas.credit_code import read_credit_code
from schemas.instant import Instant
from schemas.record import Open

__all__ = ["MAX_EVENT_BYTES", "SOURCE_PREFIX", "Envelope", "EventId", "Source", "unit_of"]

MAX_EVENT_BYTES = 256 * 1024
SOURCE_PREFIX = "urn:uscc:"


def read_source(value: Any) -> str:
    """Return ``urn:uscc:<credit code>`` of the posting unit, else raise ``Refusal``."""
    if type(value) is not str or not value.startswith(SOURCE_PREFIX):
        raise Refusal(
            "source_form",
            "source 应为 urn:uscc: 加上报单位的 18 位统一社会信用代码",
            "source is urn:uscc: and the 18-character credit code of the posting unit",
        )
    read_credit_code(value[len(SOURCE_PREFIX) :])
    return value


def unit_of(source: str) -> str:
    """Return the credit code in a ``urn:uscc:`` source."""
    return source[len(SOURCE_PREFIX) :]


Source = Annotated[
    str,
    Checked(read_source, {"type": "string", "pattern": "^urn:uscc:[0-9A-Z]{18}$"}, few=True),
]
EventId = Annotated[str, text(128, least=1)]


class Envelope(Open):
    """What every event says of itself; ``type`` and ``data`` belong to each family."""

    specversion: Literal["1.0"]
    id: EventId = Field(description="上报方事件编号，同一 source 内唯一（建议 UUIDv7）")
    source: Source
    time: Instant = Field(description="事情发生的时间，须带时区")
    datacontenttype: Literal["application/json"] | None = None
    dataschema: Annotated[str, text(500)] | None = None
