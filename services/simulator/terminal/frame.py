"""Frames of JT/T 808-2013, written apart from the gateway's codec: header, escapes, checksum, bodies."""

from collections.abc import Sequence
from datetime import datetime

from schemas.instant import CHINA

__all__ = ["MOST_IN_A_BATCH", "batch_body", "frame", "position_body", "registration_body", "split"]

MOST_IN_A_BATCH = 30
"""Positions of 0x0704: a body holds 1,023 bytes, a position 30 of them."""
_FLAG, _ESCAPE = 0x7E, 0x7D
_MODEL = b"DEMO0" + b"LIANDAN-DEMO".ljust(20, b"\x00") + b"DEMO001"
"""Manufacturer, model and terminal id of 0x0100: 5, 20 and 7 bytes."""


def frame(message_id: int, body: bytes, phone: str, serial: int) -> bytes:
    """Return a whole frame from flag to flag; ``phone``: at most 12 digits."""
    head = message_id.to_bytes(2, "big") + len(body).to_bytes(2, "big")
    plain = head + bytes.fromhex(phone.rjust(12, "0")) + serial.to_bytes(2, "big") + body
    return b"\x7e" + _escaped(plain + bytes([_checksum(plain)])) + b"\x7e"


def split(inner: bytes) -> tuple[int, bytes]:
    """Return message id and body of what stands between two flags. Raises ValueError for a wrong checksum."""
    plain = inner.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
    if len(plain) < 13 or _checksum(plain[:-1]) != plain[-1]:
        raise ValueError("no frame of JT/T 808")
    return int.from_bytes(plain[:2], "big"), plain[12:-1]


def registration_body(plate: str, colour: int) -> bytes:
    """Return a body of 0x0100: province and city 0, the model, plate colour and plate."""
    return bytes(4) + _MODEL + bytes([colour]) + plate.encode("gbk")


def position_body(
    at: datetime, lon: float, lat: float, kmh: float | None = None, status: int = 3
) -> bytes:
    """Return a body of 0x0200 without further items: 28 bytes, time in China time. East and north only."""
    words = (0, status, round(lat * 1e6), round(lon * 1e6))
    halves = (0, round((kmh or 0) * 10), 0)
    fixed = b"".join(n.to_bytes(4, "big") for n in words)
    fixed += b"".join(n.to_bytes(2, "big") for n in halves)
    return fixed + bytes.fromhex(at.astimezone(CHINA).strftime("%y%m%d%H%M%S"))


def batch_body(positions: Sequence[bytes]) -> bytes:
    """Return a body of 0x0704 of at most ``MOST_IN_A_BATCH`` positions, sent later than they were taken."""
    parts = [len(each).to_bytes(2, "big") + each for each in positions]
    return len(parts).to_bytes(2, "big") + b"\x01" + b"".join(parts)


def _checksum(plain: bytes) -> int:
    checksum = 0
    for byte in plain:
        checksum ^= byte
    return checksum


def _escaped(plain: bytes) -> bytes:
    escape = {_FLAG: b"\x7d\x02", _ESCAPE: b"\x7d\x01"}
    return b"".join(escape.get(byte, bytes([byte])) for byte in plain)
