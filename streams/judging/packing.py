"""Events and outcomes as rows keep them: msgpack and JSON, made small by zstd with dictionaries.

A manifest's events and its verdict are some 4 kB of the same words over and over; with a dictionary
of these words, 0.5 kB. Each frame names its dictionary, so dictionaries are added and never changed
or removed: ``python -m bench.dictionaries`` makes the next one. Rows of earlier versions are plain.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from backports import zstd

from schemas.alert import Alert
from streams.judging.outcome import Outcome
from streams.judging.statement import Statement

__all__ = [
    "DICTIONARIES",
    "judged_outcomes",
    "outcomes_json",
    "pack_alert",
    "pack_events",
    "pack_outcomes",
    "read_alert",
    "read_events",
    "stored_outcomes",
]

DICTIONARIES = Path(__file__).parent / "dictionaries"
"""``events-N.zdict`` and ``outcomes-N.zdict``; the highest N of each is written with."""

_LEVEL = 1
_MAGIC = b"\x28\xb5\x2f\xfd"
"""A zstd frame begins so; msgpack of a list does not."""

_json = msgspec.json.Encoder()
_packed_events = msgspec.msgpack.Decoder(list[tuple[int, bytes, int]])
_as_json = msgspec.json.Decoder(list[dict[str, Any]])
_as_alert = msgspec.json.Decoder(Alert)
_as_judged = msgspec.json.Decoder(tuple[Outcome, ...])


class _Packer:
    """Packs and unpacks one kind of content."""

    def __init__(self, kind: str) -> None:
        files = sorted(
            DICTIONARIES.glob(f"{kind}-*.zdict"), key=lambda f: int(f.stem.split("-")[1])
        )
        dictionaries = [zstd.ZstdDict(file.read_bytes()) for file in files]
        self._known = {each.dict_id: each for each in dictionaries}
        self._compressor = zstd.ZstdCompressor(level=_LEVEL, zstd_dict=dictionaries[-1])

    def pack(self, content: bytes) -> bytes:
        """Return one frame with its length."""
        self._compressor.set_pledged_input_size(len(content))
        return self._compressor.compress(content, zstd.ZstdCompressor.FLUSH_FRAME)

    def unpack(self, frame: bytes) -> bytes:
        """Raise ValueError for what this program cannot unpack."""
        try:
            number = zstd.get_frame_info(frame).dictionary_id
            if number not in self._known:
                raise ValueError(f"packed with dictionary {number}, which is not here")
            return zstd.decompress(frame, self._known[number])
        except (zstd.ZstdError, EOFError) as error:
            raise ValueError(f"not as it was packed: {error}") from error


@functools.cache
def _packer(kind: str) -> _Packer:
    return _Packer(kind)


def pack_events(statements: Iterable[Statement], *, small: bool = True) -> bytes:
    """Return a set of statements as stored: msgpack ``[[received µs, raw, offset], …]``."""
    plain = msgspec.msgpack.encode([(s.received_us, s.raw, s.offset) for s in statements])
    return _packer("events").pack(plain) if small else plain


def read_events(stored: bytes) -> list[tuple[int, bytes, int]]:
    """Return (received µs, raw, offset) of each statement in ``manifest.events``, small or not."""
    plain = _packer("events").unpack(stored) if stored.startswith(_MAGIC) else stored
    return _packed_events.decode(plain)


def outcomes_json(outcomes: Sequence[Outcome]) -> bytes:
    """Return outcomes as JSON in UTF-8, without members that say nothing."""
    return _json.encode(outcomes)


def pack_outcomes(outcomes: Sequence[Outcome]) -> bytes:
    """Return outcomes as ``verdict`` holds them."""
    return _packer("outcomes").pack(outcomes_json(outcomes))


def pack_alert(alert: Alert) -> bytes:
    """Return an alert as small as outcomes are: it says the same words."""
    return _packer("outcomes").pack(_json.encode(alert))


def read_alert(packed: bytes) -> Alert:
    """Return what ``pack_alert`` packed."""
    return _as_alert.decode(_packer("outcomes").unpack(packed))


def stored_outcomes(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the outcomes of a row as JSON has them, whichever version wrote it.

    They are in ``verdict``, packed, or else in ``outcomes``: text or decoded, None without a verdict.
    """
    said = _said(row)
    return _as_json.decode(said) if isinstance(said, bytes | str) else said


def judged_outcomes(row: Mapping[str, Any]) -> tuple[Outcome, ...]:
    """Return the outcomes of a row as this version's judge has them. Raises msgspec.ValidationError."""
    said = _said(row)
    if isinstance(said, bytes | str):
        return _as_judged.decode(said)
    return msgspec.convert(said, tuple[Outcome, ...])


def _said(row: Mapping[str, Any]) -> Any:
    """Return a row's outcomes as JSON text, or decoded where the connection did that."""
    if row["verdict"] is not None:
        return _packer("outcomes").unpack(row["verdict"])
    return row["outcomes"] or []
