"""Archived records of ``vehicle.tracks`` as positions: here, and only here, they are decoded."""

from datetime import datetime
from typing import NamedTuple

from schemas.decode import decode_track_event
from schemas.fast import NotUnderstood
from schemas.jt808.fixes import fixes_of
from schemas.jt808.unreadable import Unreadable

__all__ = ["Seen", "Unread", "positions_of"]


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
        told = fixes_of(raw) if kind == "frame" else decode_track_event(raw).data.positions
    except (NotUnderstood, Unreadable) as error:
        raise Unread(str(error)) from error
    return [Seen(*(getattr(said, name) for name in Seen._fields)) for said in told]
