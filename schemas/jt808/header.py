"""Message headers of JT/T 808-2013 and -2019 (there section 4.4.3, tables 2 and 3).

| bytes | 2013 | 2019 (bit 14 of the properties set) |
|---|---|---|
| message id | u16 | u16 |
| properties | u16: bits 0-9 length of the body, 10-12 encryption, 13 sub-package | the same |
| protocol version | | u8 |
| phone | 6 bytes BCD | 10 bytes BCD |
| serial | u16 | u16 |
| package | if bit 13 is set: u16 number of packages, u16 place from 1 | the same |

All numbers are big-endian.
"""

from struct import Struct
from typing import NamedTuple

from schemas.jt808.frame import escape, unescape, whole, xor_of
from schemas.jt808.unreadable import Unreadable

__all__ = ["Message", "Package", "phone_of", "read_message", "write_message"]

_HEAD = Struct(">HH")
_SERIAL = Struct(">H")
_PACKAGE = Struct(">HH")
_LENGTH, _ENCRYPTION, _IN_PARTS, _VERSIONED = 0x03FF, 0x1C00, 0x2000, 0x4000
_PHONE_2013, _PHONE_2019 = 6, 10


class Package(NamedTuple):
    """Which part of a message this is: the ``place`` of ``total``, from 1."""

    total: int
    place: int


class Message(NamedTuple):
    """One message, or a part of one. ``number`` and ``version`` are said again in an answer."""

    id: int
    number: bytes
    """The phone number as the frame has it, BCD."""
    version: int | None
    """Protocol version of 2019 and later; None: 2013."""
    serial: int
    body: bytes
    package: Package | None = None
    encrypted: bool = False

    @property
    def phone(self) -> str:
        """The phone number's digits without zeros before them, "" if there is no other."""
        return phone_of(self.number)


def phone_of(number: bytes) -> str:
    """Return BCD's digits without the zeros that fill it up."""
    return number.hex().lstrip("0")


def read_message(inner: bytes) -> Message:
    """Return the message between two flags. Raises ``Unreadable`` (escape, checksum, header, …)."""
    plain = unescape(inner)
    if len(plain) < _HEAD.size + 1:
        raise Unreadable("header")
    if xor_of(plain):  # the checksum, the last byte, makes it 0
        raise Unreadable("checksum")
    message_id, properties = _HEAD.unpack_from(plain)
    at, version, digits = _HEAD.size, None, _PHONE_2013
    if properties & _VERSIONED:
        version, at, digits = plain[at], at + 1, _PHONE_2019
    number = plain[at : at + digits]
    at += digits
    begins = at + _SERIAL.size + (_PACKAGE.size if properties & _IN_PARTS else 0)
    if len(plain) < begins + 1 or not number.hex().isdecimal():
        raise Unreadable("header")
    (serial,) = _SERIAL.unpack_from(plain, at)
    package = None
    if properties & _IN_PARTS:
        package = Package(*_PACKAGE.unpack_from(plain, at + _SERIAL.size))
        if not 1 <= package.place <= package.total:
            raise Unreadable("package")
    body = plain[begins:-1]
    if len(body) != properties & _LENGTH:
        raise Unreadable("length")
    return Message(
        message_id, number, version, serial, body, package, bool(properties & _ENCRYPTION)
    )


def write_message(message: Message) -> bytes:
    """Return the frame of a message, from flag to flag; its body is 1,023 bytes at most."""
    properties = len(message.body)
    head, tail = b"", b""
    if message.version is not None:
        properties |= _VERSIONED
        head = bytes([message.version])
    if message.package is not None:
        properties |= _IN_PARTS
        tail = _PACKAGE.pack(*message.package)
    plain = b"".join(
        (
            _HEAD.pack(message.id, properties),
            head,
            message.number,
            _SERIAL.pack(message.serial),
            tail,
            message.body,
        )
    )
    return whole(escape(plain + bytes([xor_of(plain)])))
