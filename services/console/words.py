"""What pages say: one catalogue for each language, chosen by a cookie."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

__all__ = ["LANGUAGES", "Language", "Say", "catalogue", "saying"]

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

Say = Callable[..., str]
"""``say(key, **values)``: the text of a key with its values filled in; KeyError for an unknown key."""

_FOLDER = Path(__file__).with_name("words")


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return key to text; keys are ``table.name`` of the file ``words/<language>.toml``."""
    tables = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {
        f"{table}.{name}": text for table, texts in tables.items() for name, text in texts.items()
    }


@cache
def saying(language: Language) -> Say:
    """Return the function that speaks a language."""
    texts = catalogue(language)

    def say(key: str, /, **values: Any) -> str:
        return texts[key].format(**values) if values else texts[key]

    return say
