"""Registering and authenticating: the bodies of 0x0100 and 0x0102, and authentication codes.

A code is either put into the terminal by hand, known to nobody else, or derived: 32 hexadecimal
characters of HMAC-SHA256 over the phone number's digits without zeros before them. Only a derived
code can be told to a terminal that registers, for the registry holds digests alone.
"""

import hashlib
import hmac
from typing import NamedTuple

from schemas.checks import Refusal
from schemas.jt808.header import Message
from schemas.jt808.unreadable import Unreadable
from schemas.plate import read_plate
from services.gateway.terminals.answer import Registered
from services.gateway.terminals.known import KnownTerminal

__all__ = [
    "LEAST_KEY",
    "Registration",
    "code_digest",
    "code_of",
    "derived_code",
    "read_registration",
]

LEAST_KEY = 32
_CODE_CHARACTERS = 32
_FIXED_2013 = 2 + 2 + 5 + 20 + 7
_FIXED_2019 = 2 + 2 + 11 + 30 + 30
"""Province, city, manufacturer, model, terminal id; then plate colour u8 and the plate, GBK."""


class Registration(NamedTuple):
    """What a registration says of the vehicle; ``plate`` None: a vehicle without one (by its VIN)."""

    plate_colour: int
    plate: str | None


def read_registration(message: Message) -> Registration:
    """Return what 0x0100 says (JT/T 808-2019 table 7). Raises ``Unreadable`` (length, plate)."""
    fixed = _FIXED_2013 if message.version is None else _FIXED_2019
    if len(message.body) <= fixed:
        raise Unreadable("length")
    colour = message.body[fixed]
    if colour == 0:
        return Registration(colour, None)
    try:
        return Registration(
            colour, read_plate(message.body[fixed + 1 :].rstrip(b"\x00").decode("gbk"))
        )
    except (UnicodeDecodeError, Refusal):
        raise Unreadable("plate") from None


def answer_to(
    said: Registration, terminal: KnownTerminal | None, key: str
) -> tuple[Registered, str, str]:
    """Return the result, what it is counted as, and the code, "" where none is told.

    ``terminal``: on record under the number that registers, if any. ``key``: of derived codes, "" for none.
    """
    if terminal is None:
        return Registered.NO_SUCH_TERMINAL, "unknown", ""
    if said.plate is not None and said.plate != terminal.plate:
        return Registered.NO_SUCH_VEHICLE, "plate", ""
    code = derived_code(key, terminal.phone) if key else ""
    if not code or code_digest(code.encode()) != terminal.auth_digest:
        return Registered.TERMINAL_ALREADY, "registered", ""
    return Registered.DONE, "answered", code


def code_of(message: Message) -> bytes:
    """Return the authentication code in 0x0102. Raises ``Unreadable`` (length).

    2013: the whole body. 2019 (table 9): its length u8, the code, IMEI and software version.
    """
    body = message.body
    if message.version is None:
        return body.rstrip(b"\x00")
    if not body or len(body) < 1 + body[0]:
        raise Unreadable("length")
    return body[1 : 1 + body[0]].rstrip(b"\x00")


def code_digest(code: bytes) -> str:
    """Return what the registry holds of a code: SHA-256, hexadecimal."""
    return hashlib.sha256(code).hexdigest()


def derived_code(key: str, phone: str) -> str:
    """Return the code of a phone number (digits without zeros before them)."""
    return hmac.new(key.encode(), phone.encode(), hashlib.sha256).hexdigest()[:_CODE_CHARACTERS]
