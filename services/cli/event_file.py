"""Events in a file, with their exact bytes: NDJSON, a JSON array, or one JSON object."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from services.cli.gateway_client import MAX_BYTES, MAX_EVENTS

__all__ = ["FileEvent", "batches", "read_event_file"]

_HEADROOM = 64 * 1024
"""Of a request's bytes, for separators."""


class _Source(msgspec.Struct):
    source: str


_source = msgspec.json.Decoder(_Source)
_array = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True)
class FileEvent:
    """One event. ``number``: its line, or its place in the array, from 1."""

    number: int
    raw: bytes
    source: str | None
    """None when it cannot be read; the gateway says why."""
    is_line: bool


def read_event_file(path: Path) -> list[FileEvent]:
    """Return the events of a file; what is no valid JSON array or object counts as lines."""
    text = path.read_bytes()
    try:
        if text.lstrip().startswith(b"["):
            raws = [bytes(raw) for raw in _array.decode(text)]
            return [FileEvent(n, raw, _source_of(raw), False) for n, raw in enumerate(raws, 1)]
        msgspec.json.decode(text)
        return [FileEvent(1, text.strip(), _source_of(text), False)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [
            FileEvent(number, line.removesuffix(b"\r"), _source_of(line), True)
            for number, line in enumerate(text.split(b"\n"), 1)
            if line.strip()
        ]


def batches(events: Sequence[FileEvent]) -> Iterator[list[FileEvent]]:
    """Group by source, in the order of the file, within the limits of one request."""
    grouped: dict[str | None, list[FileEvent]] = defaultdict(list)
    for event in events:
        grouped[event.source].append(event)
    for group in grouped.values():
        batch: list[FileEvent] = []
        size = 0
        for event in group:
            full = len(batch) == MAX_EVENTS or size + len(event.raw) > MAX_BYTES - _HEADROOM
            if batch and full:
                yield batch
                batch, size = [], 0
            batch.append(event)
            size += len(event.raw) + 1
        yield batch


def _source_of(raw: bytes) -> str | None:
    try:
        return _source.decode(raw).source
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
