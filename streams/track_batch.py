"""What the owner of a partition of ``vehicle.tracks`` does with a fetch: keep positions, mark the vehicles.

One transaction, like that of manifests (``streams/batch.py``): the offset moves with what was kept. No
verdict is made here: a vehicle's manifests are of other partitions, so it is a shared subject
(``streams/vehicles.py``). A fetch leaves one row for each vehicle, unit and day.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from streams.judging.tracks.piece import cells_of, packed_piece
from streams.judging.tracks.positions import Batch, Positions, by_day, span_of
from streams.judging.tracks.said import TrackStatement

__all__ = ["PieceKey", "keep_tracks", "write_pieces"]

PieceKey = tuple[str, int, str]
"""Plate, day since 1970, credit code of who told."""

_PIECES = """
INSERT INTO track_piece (plate, day, unit, cells, positions)
SELECT plate, day, unit, cells::integer[], positions
FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::bytea[])
    AS t (plate, day, unit, cells, positions)
"""
_DIRTY = """
INSERT INTO vehicle_dirty (plate, begins, ends, leg)
SELECT plate, begins, ends, false FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS t (plate, begins, ends)
"""


async def keep_tracks(connection: Any, arrivals: Sequence[TrackStatement]) -> None:
    """Keep positions and mark their vehicles, in the caller's transaction; copies change no verdict."""
    pieces: dict[PieceKey, Positions] = defaultdict(Positions)
    for said in arrivals:
        for day, (some, received) in by_day(said.positions, said.received_us).items():
            batch = Batch(*span_of(some), received, str(said.ref), said.ref.digest)
            pieces[said.plate, day, said.unit].put(some, said.received_us, batch)
    if not pieces:
        return
    await write_pieces(connection, pieces)
    spans = [
        (plate, min(b.first for b in positions.batches), max(b.last for b in positions.batches))
        for (plate, _, _), positions in pieces.items()
    ]
    await connection.execute(_DIRTY, *map(list, zip(*spans, strict=True)))


async def write_pieces(connection: Any, pieces: Mapping[PieceKey, Positions]) -> None:
    """Append positions, a row for each vehicle, day and unit, one at least."""
    rows = [
        (*key, "{" + ",".join(map(str, cells_of(positions))) + "}", packed_piece(positions))
        for key, positions in pieces.items()
    ]
    await connection.execute(_PIECES, *map(list, zip(*rows, strict=True)))
