"""Events by the million: the demo world played side by side in a hundred countries, or a sketch.

``world``: copy k has firms, records and manifest numbers of its own (credit codes with true check
digits), so registry, limits and alerts grow with it, and no limit is drawn on by all. Copies run at
the same time, in the world's own disorder. ``sketch``: one filed manifest an event.
"""

import re
from collections.abc import Callable, Iterator

from schemas.credit_code import ALPHABET, check_character
from services.simulator import build_world

__all__ = ["COPIES", "Said", "sketch", "world"]

Said = tuple[str, bytes]
"""Manifest number (the record's key) and bytes of an event."""

COPIES = 100
_EVENTS_A_MANIFEST = 4.41
_NAMES = re.compile(
    rb'"(urn:uscc:)?([0-9A-Z]{18})"|"(G?\d{16}|\d{14})"|"(id)":"([^"]*)"'
    rb'|"((?:[\xe4-\xe9][\x80-\xbf]{2})[A-Z])([0-9A-Z]{5})"'
)


def world(events: int, copies: int = COPIES) -> tuple[list[bytes], Iterator[Said]]:
    """Return (registry lines, at least ``events`` events in the order of posting)."""
    one = build_world(
        "demo",
        7,
        max(300, round(events / copies / _EVENTS_A_MANIFEST) + 1),
        medical=False,
        trucks=False,
    )
    records = [_template(line, record=True) for line in one.registry]
    registry = [make(k) for k in range(copies) for make in records]
    return registry, _played([_template(line, record=False) for line in one.events], copies)


def _played(templates: list[Callable[[int], bytes]], copies: int) -> Iterator[Said]:
    for make in templates:
        for k in range(copies):
            line = make(k)
            at = line.index(b'"subject":"') + 11
            yield line[at : line.index(b'"', at)].decode(), line


def _template(line: bytes, *, record: bool) -> Callable[[int], bytes]:
    """Return what writes copy k of a line."""
    parts: list[bytes | Callable[[int], bytes]] = []
    end = 0
    for match in _NAMES.finditer(line):
        prefix, code, number, _, name, city, plate = match.groups()
        if name is not None and not record:
            continue  # ids are unique within a source, and sources differ
        parts.append(line[end : match.start()])
        end = match.end()
        if code is not None:
            parts.append(_code(prefix or b"", code))
        elif number is not None:
            parts.append(_number(number))
        elif plate is not None:
            parts.append(_plate(city, plate))
        else:
            parts.append(_record_id(name))
    parts.append(line[end:])
    return lambda k: b"".join(p if isinstance(p, bytes) else p(k) for p in parts)


def _code(prefix: bytes, code: bytes) -> Callable[[int], bytes]:
    text = code.decode()
    if any(c not in ALPHABET for c in text) or check_character(text[:17]) != text[17]:
        return lambda k: b'"%b%b"' % (prefix, code)
    made: list[bytes] = []
    for k in range(COPIES):
        first = text[:8] + ALPHABET[k // 31] + ALPHABET[k % 31] + text[10:17]
        made.append(b'"%b%b"' % (prefix, (first + check_character(first)).encode()))
    return lambda k: made[k]


def _plate(city: bytes, rest: bytes) -> Callable[[int], bytes]:
    """Give the copy a vehicle of its own: one lorry in a hundred countries would be in two places."""
    serial = _SERIALS.setdefault((city, rest), len(_SERIALS))

    def made(k: int) -> bytes:
        left, text = serial * COPIES + k, ""
        for _ in range(5):
            left, digit = divmod(left, len(_PLATE))
            text = _PLATE[digit] + text
        return b'"%b%b"' % (city, text.encode())

    return made


_PLATE = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_SERIALS: dict[tuple[bytes, bytes], int] = {}


def _number(number: bytes) -> Callable[[int], bytes]:
    """Give the copy's number two more digits of serial."""
    if len(number) == 14:
        return lambda k: b'"%b%02d%b"' % (number[:8], k, number[8:])
    return lambda k: b'"%b%02d%b"' % (number[:-8], k, number[-6:])


def _record_id(name: bytes) -> Callable[[int], bytes]:
    return lambda k: b'"id":"%b.%d"' % (name, k)


def sketch(events: int) -> tuple[list[bytes], Iterator[Said]]:
    """Return the world's registry and filed manifests of the world, one event each."""
    registry, told = world(50_000)
    filed = [(key, line) for key, line in told if b'"liandan.manifest.filed.v1"' in line]
    return registry, _renumbered(filed, events)


def _renumbered(filed: list[Said], events: int) -> Iterator[Said]:
    for n in range(events):
        key, line = filed[n % len(filed)]
        number = f"{key[:8]}{n:08d}" if len(key) == 16 else f"{key[:9]}{n:08d}"
        yield number, line.replace(f'"{key}"'.encode(), f'"{number}"'.encode())
