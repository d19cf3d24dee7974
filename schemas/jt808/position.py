"""Positions: the bodies of 0x0200 (JT/T 808-2019 tables 23-27) and of 0x0704, a batch of them."""

from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import NamedTuple

from schemas.jt808.unreadable import Unreadable
from schemas.track import MOST_POSITIONS

__all__ = ["Fix", "read_batch", "read_position"]

_BASIC = Struct(">IIIIHHH6s")
_BATCH = Struct(">HB")
_ITEM_LENGTH = Struct(">H")
_MILEAGE = Struct(">I")
_MILEAGE_ID = 0x01
_SOUTH, _WEST = 0x4, 0x8
_CHINA_AHEAD = timedelta(hours=8)


class Fix(NamedTuple):
    """One position as the terminal said it, in its own units so that nothing is rounded."""

    at: datetime
    """UTC; in the frame it is China time."""
    lon_e6: int
    """Millionths of a degree, west is negative."""
    lat_e6: int
    """Millionths of a degree, south is negative."""
    altitude_m: int
    speed_dkmh: int
    """Tenths of a kilometre an hour."""
    direction: int
    """Degrees from north, clockwise. Not judged here: some terminals say 360."""
    alarm: int
    status: int
    """Bit 0: ignition, 1: positioned, 2: south, 3: west."""
    mileage_dkm: int | None
    """Tenths of a kilometre, if the terminal tells it."""

    @property
    def lon(self) -> float:
        """Degrees, WGS-84."""
        return self.lon_e6 / 1e6

    @property
    def lat(self) -> float:
        """Degrees, WGS-84."""
        return self.lat_e6 / 1e6

    @property
    def speed_kmh(self) -> float:
        """Kilometres an hour."""
        return self.speed_dkmh / 10

    @property
    def mileage_km(self) -> float | None:
        """Kilometres, if the terminal tells it."""
        return self.mileage_dkm / 10 if self.mileage_dkm is not None else None


def read_position(body: bytes) -> Fix:
    """Return the position in a body of 0x0200. Raises ``Unreadable`` (length, time, place)."""
    if len(body) < _BASIC.size:
        raise Unreadable("length")
    alarm, status, lat, lon, altitude, speed, direction, bcd = _BASIC.unpack_from(body)
    if lat > 90_000_000 or lon > 180_000_000:
        raise Unreadable("place")
    return Fix(
        _instant(bcd),
        -lon if status & _WEST else lon,
        -lat if status & _SOUTH else lat,
        altitude,
        speed,
        direction,
        alarm,
        status,
        _mileage(body),
    )


def read_batch(body: bytes) -> list[Fix]:
    """Return the positions in a body of 0x0704, at least one. Raises ``Unreadable``."""
    if len(body) < _BATCH.size:
        raise Unreadable("length")
    count, _ = _BATCH.unpack_from(body)
    if not 1 <= count <= MOST_POSITIONS:
        raise Unreadable("length")
    at, found = _BATCH.size, []
    for _ in range(count):
        if len(body) < at + _ITEM_LENGTH.size:
            raise Unreadable("length")
        (length,) = _ITEM_LENGTH.unpack_from(body, at)
        at += _ITEM_LENGTH.size
        if len(body) < at + length:
            raise Unreadable("length")
        found.append(read_position(body[at : at + length]))
        at += length
    if at != len(body):
        raise Unreadable("length")
    return found


def _instant(bcd: bytes) -> datetime:
    """Return the instant of YYMMDDhhmmss in China time."""
    text = bcd.hex()
    if not text.isdecimal():
        raise Unreadable("time")
    year, month, day, hour, minute, second = (int(text[n : n + 2]) for n in range(0, 12, 2))
    try:
        said = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise Unreadable("time") from None
    return said - _CHINA_AHEAD


def _mileage(body: bytes) -> int | None:
    """Walk the additional items (id, length, value), each as long as it says; return 0x01's value."""
    at, found = _BASIC.size, None
    while at < len(body):
        begins = at + 2
        if len(body) < begins or len(body) < begins + body[at + 1]:
            raise Unreadable("length")
        if body[at] == _MILEAGE_ID:
            if body[at + 1] != _MILEAGE.size:
                raise Unreadable("length")
            (found,) = _MILEAGE.unpack_from(body, begins)
        at = begins + body[at + 1]
    return found
