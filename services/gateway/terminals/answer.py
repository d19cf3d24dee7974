"""What the platform answers: 0x8001 to all, 0x8100 to a registration (JT/T 808-2019 tables 5, 8)."""

from enum import IntEnum
from struct import Struct

from schemas.jt808.header import Message, write_message

__all__ = ["Registered", "Result", "general_answer", "registration_answer"]

_GENERAL = Struct(">HHB")
_REGISTRATION = Struct(">HB")


class Result(IntEnum):
    """Result of a general answer."""

    KEPT = 0
    FAILED = 1
    """The terminal keeps what it said, and says it again."""
    WRONG = 2
    UNSUPPORTED = 3


class Registered(IntEnum):
    """Result of a registration."""

    DONE = 0
    NO_SUCH_VEHICLE = 2
    TERMINAL_ALREADY = 3
    NO_SUCH_TERMINAL = 4


def general_answer(to: Message, serial: int, result: Result) -> bytes:
    """Return the frame of 0x8001 to a message. ``serial``: the platform's own, 0 to 65535."""
    body = _GENERAL.pack(to.serial, to.id, result)
    return write_message(Message(0x8001, to.number, to.version, serial, body))


def registration_answer(to: Message, serial: int, result: Registered, code: str = "") -> bytes:
    """Return the frame of 0x8100; ``code``, the authentication code, goes with ``DONE`` only."""
    body = _REGISTRATION.pack(to.serial, result) + code.encode("ascii")
    return write_message(Message(0x8100, to.number, to.version, serial, body))
