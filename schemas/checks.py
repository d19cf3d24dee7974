"""How one check serves both decoders.

A field's type carries its check as ``Annotated[T, Checked(read, schema)]``. Pydantic calls ``read``
through the hook below, the derived fast decoder calls the very same function, so both accept and
refuse the same and read the same value.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from msgspec import Meta
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

__all__ = ["Checked", "Refusal", "text"]


class Refusal(ValueError):
    """A value that cannot be understood: stable code, Chinese and English sentence."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.zh = zh
        self.en = en


@dataclass(frozen=True)
class Checked:
    """Annotation of a field whose raw JSON value goes through ``read``.

    ``read`` takes what the JSON parser made (str, int, Decimal, bool, None, list, dict) and returns
    the inner value or raises ``Refusal``. ``wire`` is the JSON Schema shown to users. Two hints for
    the fast decoder, which change nothing but its pace:
    """

    read: Callable[[Any], Any]
    wire: JsonSchemaValue = field(default_factory=dict, hash=False)
    few: bool = False
    """Only texts pass, and the same ones come again and again: what was read may be remembered."""
    native: Any = None
    """A msgspec type that takes what ``read`` takes, unchanged, but for texts with U+0000."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return dict(self.wire)


def text(limit: int, *, least: int = 0) -> Checked:
    """Return the check of a free text of ``least`` to ``limit`` characters.

    U+0000 is refused: no database column can hold it, and nobody means it.
    """

    def read(value: Any) -> str:
        if type(value) is not str:
            raise Refusal("text_expected", "此处应为文本", "a text is expected here")
        if not least <= len(value) <= limit:
            raise Refusal(
                "text_length",
                f"文本长度应为 {least} 至 {limit} 个字符，实为 {len(value)} 个",
                f"the text must have {least} to {limit} characters, it has {len(value)}",
            )
        if "\x00" in value:
            raise Refusal("text_nul", "文本中不得含空字符 U+0000", "the text contains U+0000")
        return value

    return Checked(
        read,
        {"type": "string", "minLength": least, "maxLength": limit},
        native=Annotated[str, Meta(min_length=least, max_length=limit)],
    )
