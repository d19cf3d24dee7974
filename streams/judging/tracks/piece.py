"""Positions of one plate, one unit and one day (UTC) as bytes: some ten a position. Pieces are sets, joined at will."""

import zlib
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.cell import cell_number
from streams.judging.tracks.positions import Batch, Positions

__all__ = ["cells_of", "joined", "packed_piece", "unpacked_piece"]

_SCALES = (("lon", 10_000_000), ("lat", 10_000_000), ("speed", 1000))
"""Degrees and km/h as whole numbers where nothing is lost by it."""


class _Piece(msgspec.Struct, array_like=True):
    at: bytes
    status: bytes
    received: bytes
    scaled: list[tuple[bool, bytes]]
    batches: list[tuple[int, int, int, str, bytes]]


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(_Piece).decode


def packed_piece(positions: Positions) -> bytes:
    """Return a piece as bytes; of copies of one instant and one event nothing is left."""
    columns = {name: np.array(getattr(positions, name)) for name in _NAMES}
    order = np.lexsort([columns[name] for name in reversed(_NAMES)])
    columns = {name: column[order] for name, column in columns.items()}
    first = np.concatenate(([True], np.diff(columns["at"]) > 0))
    columns = {name: column[first] for name, column in columns.items()}
    batches = [
        (b.first, b.last, b.received, b.ref, bytes.fromhex(b.digest))
        for b in sorted(positions.batches)
    ]
    return zlib.compress(
        _pack(
            _Piece(
                _steps(columns["at"]),
                _steps(columns["status"]),
                _steps(columns["received"]),
                [_scaled(columns[name], scale) for name, scale in _SCALES],
                batches,
            )
        ),
        level=1,
    )


def unpacked_piece(raw: bytes) -> Positions:
    """Read what ``packed_piece`` made."""
    piece = _unpack(zlib.decompress(raw))
    found = Positions()
    for name in ("at", "status", "received"):
        getattr(found, name).frombytes(_sums(getattr(piece, name)).tobytes())
    for (name, scale), (whole, told) in zip(_SCALES, piece.scaled, strict=True):
        values = _sums(told) / scale if whole else np.frombuffer(told, np.float64)
        getattr(found, name).frombytes(values.tobytes())
    found.batches = {
        Batch(first, last, received, ref, digest.hex())
        for first, last, received, ref, digest in piece.batches
    }
    return found


def joined(pieces: Iterable[Positions]) -> Positions:
    """Return all of them as one."""
    found = Positions()
    for piece in pieces:
        found.merge(piece)
    return found


def cells_of(positions: Positions) -> list[int]:
    """Return the squares of a tenth of a degree that they lie in (``schemas.cell``)."""
    lon, lat = np.array(positions.lon), np.array(positions.lat)
    found: list[int] = (
        np.unique(cell_number(np.floor(lon * 10), np.floor(lat * 10))).astype(int).tolist()
    )
    return found


_NAMES = ("at", "received", "lon", "lat", "speed", "status")
"""In the order in which of several at one instant the least counts, as ``drive`` has it."""


def _steps(column: NDArray[Any]) -> bytes:
    return np.diff(column, prepend=0).astype(np.int64).tobytes()


def _sums(raw: bytes) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.cumsum(np.frombuffer(raw, np.int64))
    return found


def _scaled(column: NDArray[Any], scale: int) -> tuple[bool, bytes]:
    with np.errstate(invalid="ignore"):
        whole = np.rint(column * scale).astype(np.int64)
    if (whole / scale == column).all():
        return True, _steps(whole)
    return False, column.tobytes()
