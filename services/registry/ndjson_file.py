"""Registry records in NDJSON: one JSON object a line, blank lines skipped."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import msgspec

from schemas.fast import NotUnderstood, read_json
from services.registry.draft import Draft
from services.registry.refusal import Place

__all__ = ["read_ndjson"]

_BOM = b"\xef\xbb\xbf"


def read_ndjson(lines: Iterable[bytes]) -> Iterator[Draft]:
    """Return a draft for each line, with its exact bytes."""
    for number, line in enumerate(lines, start=1):
        body = line.strip()
        if number == 1:
            body = body.removeprefix(_BOM).strip()
        if body:
            yield Draft(number, body, partial(_place, number, body))


def _place(number: int, body: bytes, pointer: str) -> Place:
    if not pointer:
        return Place(number)
    try:
        value: Any = read_json(body)
        for part in pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            value = value[int(name)] if isinstance(value, list) else value[name]
    except (NotUnderstood, KeyError, IndexError, ValueError, TypeError):
        return Place(number, pointer)  # what is missing has no value
    shown = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return Place(number, pointer, shown)
