"""JT/T 808 as a terminal speaks it, written for tests apart from the gateway's own codec."""

import asyncio
import hashlib
from datetime import date
from typing import Any, Self

from tests.gateway_events import ME

PLATE, PHONE, CODE = "冀A12345", "13800138000", "code-of-the-terminal"
DIGEST = hashlib.sha256(CODE.encode()).hexdigest()


def bcd(digits: str, size: int) -> bytes:
    return bytes.fromhex(digits.rjust(2 * size, "0"))


def frame(
    message_id: int,
    body: bytes = b"",
    *,
    phone: str = PHONE,
    serial: int = 1,
    v2019: bool = False,
    part: tuple[int, int] | None = None,
    properties: int = 0,
    length: int | None = None,
) -> bytes:
    """A whole frame. ``part``: (total, place); ``length``: said instead of the body's true one."""
    bits = (len(body) if length is None else length) | properties
    bits |= (0x2000 if part else 0) | (0x4000 if v2019 else 0)
    plain = message_id.to_bytes(2, "big") + bits.to_bytes(2, "big")
    plain += b"\x01" + bcd(phone, 10) if v2019 else bcd(phone, 6)
    plain += serial.to_bytes(2, "big")
    for number in part or ():
        plain += number.to_bytes(2, "big")
    return sealed(plain + body)


def sealed(plain: bytes) -> bytes:
    """Checksum, escapes and flags around header and body."""
    checksum = 0
    for byte in plain:
        checksum ^= byte
    out = bytearray()
    for byte in plain + bytes([checksum]):
        if byte in (0x7D, 0x7E):
            out += bytes([0x7D, byte - 0x7C])
        else:
            out.append(byte)
    return b"\x7e" + bytes(out) + b"\x7e"


def position(
    at: str = "261122083000",
    lon: int = 114_500_000,
    lat: int = 38_040_000,
    *,
    status: int = 3,
    speed: int = 635,
    items: bytes = bytes.fromhex("010400000064"),
) -> bytes:
    """A body of 0x0200. ``at``: YYMMDDhhmmss of China; degrees in millionths."""
    fixed = b"".join(n.to_bytes(4, "big") for n in (0, status, lat, lon))
    fixed += b"".join(n.to_bytes(2, "big") for n in (52, speed, 90))
    return fixed + bytes.fromhex(at) + items


def batch(bodies: list[bytes], count: int | None = None) -> bytes:
    """A body of 0x0704."""
    said = len(bodies) if count is None else count
    return said.to_bytes(2, "big") + b"\x01" + b"".join(
        len(each).to_bytes(2, "big") + each for each in bodies
    )  # fmt: skip


def registration(plate: str = PLATE, *, v2019: bool = False, colour: int = 2) -> bytes:
    fixed = 11 + 30 + 30 if v2019 else 5 + 20 + 7
    return b"\x00\x0d\x00\x01" + b"X" * fixed + bytes([colour]) + plate.encode("gbk")


def authentication(code: str = CODE, *, v2019: bool = False) -> bytes:
    raw = code.encode()
    return bytes([len(raw)]) + raw + b"0" * 35 if v2019 else raw


def known(phone: str = PHONE, **more: Any) -> Any:
    from services.gateway.terminals.known import KnownTerminal

    return KnownTerminal(
        **{
            "id": f"term-{phone}", "phone": phone, "plate": PLATE, "owner": ME,
            "auth_digest": DIGEST, "valid_from": date(1990, 1, 1), "valid_to": None, **more,
        }
    )  # fmt: skip


class TerminalClient:
    """A terminal at the other end of a socket. ``async with TerminalClient(port) as one``."""

    def __init__(self, port: int, phone: str = PHONE, *, v2019: bool = False) -> None:
        self.port, self.phone, self.v2019, self.serial = port, phone, v2019, 0

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    def frame(self, message_id: int, body: bytes = b"", **more: Any) -> bytes:
        self.serial += 1
        given = {"phone": self.phone, "serial": self.serial, "v2019": self.v2019, **more}
        return frame(message_id, body, **given)

    async def answer(self) -> tuple[int, int, bytes]:
        """Return (message id, platform's serial, body) of the next frame."""
        async with asyncio.timeout(15):
            assert await self.reader.readexactly(1) == b"\x7e"
            inner = (await self.reader.readuntil(b"\x7e"))[:-1]
        plain = inner.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
        assert sealed(plain[:-1]) == b"\x7e" + inner + b"\x7e"
        begins = 17 if self.v2019 else 12
        assert plain[4 + self.v2019 : begins - 2] == bcd(self.phone, 10 if self.v2019 else 6)
        return (
            int.from_bytes(plain[:2], "big"),
            int.from_bytes(plain[begins - 2 : begins], "big"),
            plain[begins:-1],
        )

    async def ask(self, message_id: int, body: bytes = b"", **more: Any) -> int:
        """Say something and return the general answer's result."""
        self.writer.write(self.frame(message_id, body, **more))
        answered, _, said = await self.answer()
        assert answered == 0x8001
        assert said[:4] == self.serial.to_bytes(2, "big") + message_id.to_bytes(2, "big")
        return said[4]

    async def log_in(self, code: str = CODE) -> int:
        return await self.ask(0x0102, authentication(code, v2019=self.v2019))

    async def closed(self) -> bool:
        """Wait until the other side ends the connection."""
        try:
            async with asyncio.timeout(15):
                while await self.reader.read(65_536):
                    pass
        except ConnectionResetError:
            pass
        return True
