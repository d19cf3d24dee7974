"""Draws of many manifests, kept small until their limit is judged."""

from collections.abc import Iterator

import msgspec

from streams.judging.outcome import Doubt, Draw, DrawState
from streams.judging.statement import from_micros, to_micros

__all__ = ["DrawLedger"]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, int, int, DrawState, int, Doubt | None, bool]).decode


class DrawLedger:
    """Draws by limit, some fifty bytes each."""

    def __init__(self) -> None:
        self._rows: dict[str, bytearray] = {}

    def put(self, draw: Draw) -> None:
        """Keep a draw; its manifest's number is at most some tens of bytes."""
        row = _encode((draw.manifest, to_micros(draw.at), *draw[3:]))
        held = self._rows.get(draw.limit)
        if held is None:
            held = self._rows[draw.limit] = bytearray()
        held += len(row).to_bytes(2, "little")
        held += row

    def limits(self) -> Iterator[tuple[str, list[Draw]]]:
        """Return each limit with its draws, limits in the order of their first draw."""
        for limit, rows in self._rows.items():
            yield limit, [_draw(limit, row) for row in _each(bytes(rows))]


def _draw(limit: str, row: bytes) -> Draw:
    manifest, at, grams, state, uncertain, doubt, unweighed = _decode(row)
    return Draw(limit, manifest, from_micros(at), grams, state, uncertain, doubt, unweighed)


def _each(rows: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(rows):
        length = int.from_bytes(rows[at : at + 2], "little")
        yield rows[at + 2 : at + 2 + length]
        at += 2 + length
