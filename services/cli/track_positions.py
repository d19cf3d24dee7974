"""Archived records of ``vehicle.tracks`` as positions: here, and only here, they are decoded."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.decode import decode_track_event
from schemas.fast import NotUnderstood
from schemas.track import Position
from services.gateway.terminals.frame import Splitter
from services.gateway.terminals.header import read_message
from services.gateway.terminals.position import Fix, read_batch, read_position
from services.gateway.terminals.refusal import Unreadable

__all__ = ["Seen", "Unread", "positions_of"]

_BATCH = 0x0704


class Unread(ValueError):
    """A record that holds no positions: garbage, or of a later release."""


class Seen(NamedTuple):
    """One position, whichever way it came; None: not told."""

    at: datetime
    lon: float
    lat: float
    speed_kmh: float | None
    direction: int | None
    altitude_m: float | None
    mileage_km: float | None
    alarm: int | None
    status: int | None


def positions_of(kind: str, raw: bytes) -> list[Seen]:
    """Return what an archived record says. ``kind``: ``event`` or ``frame``. Raises Unread."""
    try:
        if kind == "frame":
            return [_of_fix(fix) for fix in _fixes(raw)]
        return [_of_event(position) for position in decode_track_event(raw).data.positions]
    except (NotUnderstood, Unreadable) as error:
        raise Unread(str(error)) from error


def _fixes(raw: bytes) -> Sequence[Fix]:
    """Read a frame; of a message that came in several packages, all of them, in their order."""
    messages = [read_message(inner) for inner in Splitter().feed(raw)]
    if not messages:
        raise Unreadable("rubbish")
    body = b"".join(message.body for message in messages)
    return read_batch(body) if messages[0].id == _BATCH else (read_position(body),)


def _of_event(said: Position) -> Seen:
    return Seen(*(getattr(said, name) for name in Seen._fields))


def _of_fix(fix: Fix) -> Seen:
    mileage = fix.mileage_dkm / 10 if fix.mileage_dkm is not None else None
    return Seen(
        fix.at,
        fix.lon_e6 / 1e6,
        fix.lat_e6 / 1e6,
        fix.speed_dkmh / 10,
        fix.direction,
        fix.altitude_m,
        mileage,
        fix.alarm,
        fix.status,
    )
