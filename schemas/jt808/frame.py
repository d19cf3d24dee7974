"""Frames on the wire (JT/T 808-2019 section 4.4): flags, escapes, checksum.

A frame is 0x7e, escaped bytes, 0x7e. "Inner" bytes are those between the flags, still escaped: kept
so, because what goes to the log is exactly what came.
"""

from schemas.jt808.unreadable import Unreadable

__all__ = ["FLAG", "MOST_INNER_BYTES", "Splitter", "escape", "unescape", "whole", "xor_of"]

FLAG = b"\x7e"
MOST_INNER_BYTES = 2 * (21 + 1023 + 1)
"""Header of a sub-package, body and checksum, every byte escaped."""


class Splitter:
    """Cuts a stream into frames. Where the stream is cut into chunks makes no difference.

    Bytes between two flags are a frame to be tried, whichever flag opened it: after rubbish the next
    good frame is found by itself. Holds ``MOST_INNER_BYTES`` at most.
    """

    __slots__ = ("_held", "_inside", "rubbish")

    def __init__(self) -> None:
        self._held = b""
        self._inside = False
        self.rubbish = 0
        """Bytes so far that cannot be of any frame."""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the inner bytes of the frames that are complete now, none of them empty."""
        first, *rest = (self._held + data).split(FLAG)
        pieces = [first, *rest]
        if not self._inside:
            self.rubbish += len(first)
            pieces = rest
            if not rest:
                return []
        held = pieces.pop()
        frames = []
        for piece in pieces:
            if len(piece) > MOST_INNER_BYTES:
                self.rubbish += len(piece)
            elif piece:
                frames.append(piece)
        self._inside = len(held) <= MOST_INNER_BYTES
        if not self._inside:
            self.rubbish += len(held)
            held = b""
        self._held = held
        return frames


def whole(inner: bytes) -> bytes:
    """Return the frame from flag to flag, as it came."""
    return FLAG + inner + FLAG


def unescape(inner: bytes) -> bytes:
    """Return header, body and checksum. Raises ``Unreadable`` (escape)."""
    marks = inner.count(b"\x7d")
    if not marks:
        return inner
    if inner.count(b"\x7d\x01") + inner.count(b"\x7d\x02") != marks:
        raise Unreadable("escape")
    return inner.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")


def escape(plain: bytes) -> bytes:
    """Return the inner bytes of header, body and checksum."""
    return plain.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def xor_of(data: bytes) -> int:
    """Return the exclusive or of all bytes: by halves of one large number, not byte by byte."""
    value = int.from_bytes(data, "big")
    bits = 8 << max(len(data) - 1, 0).bit_length()
    while bits > 8:
        bits >>= 1
        value = (value >> bits) ^ (value & ((1 << bits) - 1))
    return value
