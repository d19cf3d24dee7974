"""Bodies that nobody should send: mutations of good ones, and some made from nothing.

Pure and seeded: the same seed gives the same bodies.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["MEDIA", "hostile_bodies"]

MEDIA = (
    *["application/json"] * 20,
    *["application/cloudevents+json"] * 5,
    *["application/cloudevents-batch+json"] * 5,
    *["application/x-ndjson"] * 10,
    "application/json; charset=utf-16",
    "application/json; charset=gbk",
    "text/plain",
    "multipart/form-data; boundary=x",
    "",
)

_NASTY_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, -0.0, 1e308, 10**22, 10**400, -(10**400), 2**63, 2**64, 0.1 + 0.2,
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "‮", "\ufeff", "١٢٣", "１２３", "NaN",
    "1e400", "-0", "9" * 5000, "9999-12-31T23:59:60+14:00", "0000-00-00T00:00:00Z",
    "2026-02-30T00:00:00+08:00", "2026-11-22T08:30:00", "urn:uscc:", "urn:liandan:tips",
    "liandan.manifest.filed.v999", "../../etc/passwd", "' OR 1=1 --", "${jndi:ldap://x}",
    "x" * 70_000, "废" * 30_000, [], {}, [[]], [{}], {"": ""}, {"__proto__": {}}, ["x"] * 2000,
    {str(n): n for n in range(500)},
)  # fmt: skip
_NASTY_BYTES = (
    b"\x00", b"\\u0000", b"\\ud800", b"\\u12", b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\x80", b"\xf5",
    b"NaN", b"-Infinity", b"1e999999", b"-", b"01", b"1.", b".5", b"9" * 4000, b"0." + b"1" * 4000,
    b"[" * 3000, b'{"a":' * 2000, b"]" * 50, b'"', b"\\", b"\r", b"\n", b"\x0b", b"\xef\xbb\xbf",
    b"null", b"{}", b"[]", b",", b":", b"//", b"/**/", b"'", b"\x1f\x8b\x08",
)  # fmt: skip
_DEEP = (100, 1000, 10_000, 100_000)


def hostile_bodies(
    seed: int, count: int, good: Callable[[int], bytes]
) -> Iterator[tuple[bytes, str]]:
    """Yield (body, media type). ``good(n)`` makes the n-th event that would be accepted."""
    dice = random.Random(seed)
    for n in range(count):
        media = dice.choice(MEDIA)
        base = good(n)
        match dice.randrange(12):
            case 0 | 1 | 2 | 3:
                body = _written(_tree_mutated(json.loads(base), dice), dice)
            case 4 | 5 | 6:
                body = _bytes_mutated(base, dice)
            case 7:
                body = _encoded_otherwise(base, dice)
            case 8:
                body = _deep(base, dice)
            case 9:
                body = _batch([good(n), _bytes_mutated(base, dice), base], dice)
            case 10:
                body = dice.randbytes(dice.choice((0, 1, 2, 50, 2000)))
            case _:
                body = _large(base, dice)
        yield body, media


def _tree_mutated(tree: Any, dice: random.Random) -> Any:
    for _ in range(dice.randint(1, 5)):
        holder = _some_holder(tree, dice)
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            continue
        key = dice.choice(keys)
        match dice.randrange(5):
            case 0 | 1:
                holder[key] = copy.deepcopy(dice.choice(_NASTY_VALUES))
            case 2:
                del holder[key]
            case 3 if isinstance(holder, dict):
                holder[str(dice.choice(_NASTY_VALUES))[:200]] = holder[key]
            case _:
                holder[key] = copy.deepcopy(_some_holder(tree, dice))  # content of elsewhere
    return tree


def _some_holder(tree: Any, dice: random.Random) -> Any:
    here = tree
    while dice.random() < 0.6:
        inner = [v for v in (here.values() if isinstance(here, dict) else here)
                 if isinstance(v, dict | list) and v]  # fmt: skip
        if not inner:
            break
        here = dice.choice(inner)
    return here


def _written(tree: Any, dice: random.Random) -> bytes:
    text = json.dumps(tree, ensure_ascii=dice.random() < 0.5, indent=dice.choice((None, None, 1)))
    if dice.random() < 0.15:  # a member twice
        text = text.replace("{", '{"id": "twice", ', 1)
    return text.encode("utf-8", "surrogatepass")


def _bytes_mutated(base: bytes, dice: random.Random) -> bytes:
    body = bytearray(base)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(body) + 1)
        match dice.randrange(4):
            case 0:
                body[at:at] = dice.choice(_NASTY_BYTES)
            case 1:
                del body[at : at + dice.randrange(1, 60)]
            case 2:
                body[at : at + 1] = bytes([dice.randrange(256)])
            case _:
                end = dice.randrange(len(body) + 1)
                body[at:at] = body[min(at, end) : max(at, end)][:400]
    return bytes(body)


def _encoded_otherwise(base: bytes, dice: random.Random) -> bytes:
    name = dice.choice(["utf-16", "utf-16-le", "utf-32", "gb18030", "gbk", "utf-7", "utf-8-sig"])
    return base.decode().encode(name, "replace")


def _deep(base: bytes, dice: random.Random) -> bytes:
    depth = dice.choice(_DEEP)
    opening, closing = dice.choice([(b"[", b"]"), (b'{"a":', b"}")])
    nest = opening * depth + b"1" + (closing * depth if dice.random() < 0.8 else b"")
    if dice.random() < 0.3:
        return nest
    return base[:-1] + b', "deep": ' + nest + b"}"


def _batch(events: list[bytes], dice: random.Random) -> bytes:
    events = [dice.choice(events) for _ in range(dice.choice((1, 2, 20)))]
    if dice.random() < 0.5:
        return b"[" + b",".join(events) + b"]"
    return dice.choice((b"\n", b"\r\n", b"\n\n\n")).join(events)


def _large(base: bytes, dice: random.Random) -> bytes:
    match dice.randrange(5):
        case 0:
            return base[:-1] + b', "x": "' + b"x" * dice.choice((262_000, 300_000)) + b'"}'
        case 1:
            return b"[" + b"1," * 50_000 + b"1]"
        case 2:
            return b"\n" * 200_000
        case 3:
            members = b",".join(b'"k%d":%d' % (n, n) for n in range(20_000))
            return base[:-1] + b"," + members + b"}"
        case _:
            return base[:-1] + b', "n": ' + b"7" * 200_000 + b"}"
