"""A terminal at the other end of a socket: it registers, proves who it is, and sends positions."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple, Self

from services.simulator.terminal.frame import (
    MOST_IN_A_BATCH,
    batch_body,
    frame,
    registration_body,
    split,
)

__all__ = ["Terminal", "TerminalClient", "TerminalRefused"]

_REGISTER, _PROVE, _BATCH = 0x0100, 0x0102, 0x0704
_ANSWER, _REGISTERED = 0x8001, 0x8100
_DONE = 0
_ANSWER_S = 30.0


class Terminal(NamedTuple):
    """What a terminal is known by, and the code that proves it."""

    plate: str
    phone: str
    code: str
    plate_colour: int = 2


class TerminalRefused(Exception):
    """The gateway answered otherwise than with success; ``result`` as JT/T 808 has it."""

    def __init__(self, message_id: int, result: int) -> None:
        super().__init__(f"0x{message_id:04x} was answered with {result}")
        self.message_id, self.result = message_id, result


class TerminalClient:
    """``async with TerminalClient(host, port, terminal) as client``; one message at a time.

    Raises OSError and TimeoutError where nobody answers.
    """

    def __init__(self, host: str, port: int, terminal: Terminal) -> None:
        self._host, self._port, self.terminal = host, port, terminal
        self._serial = 0

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._writer.close()

    async def log_in(self) -> None:
        """Register and prove it. Raises ``TerminalRefused``.

        A terminal that is on record already is told so (result 3), and goes on with the code that it has.
        """
        body = registration_body(self.terminal.plate, self.terminal.plate_colour)
        told = await self._ask(_REGISTER, body)
        code = told[3:] if told[2] == _DONE else self.terminal.code.encode()
        await self._must(_PROVE, code)

    async def send(self, positions: Sequence[bytes]) -> int:
        """Send bodies of 0x0200 until all are kept; return in how many frames. Raises ``TerminalRefused``."""
        starts = range(0, len(positions), MOST_IN_A_BATCH)
        for at in starts:
            await self._must(_BATCH, batch_body(positions[at : at + MOST_IN_A_BATCH]))
        return len(starts)

    async def _must(self, message_id: int, body: bytes) -> None:
        told = await self._ask(message_id, body)
        if told[4] != _DONE:
            raise TerminalRefused(message_id, told[4])

    async def _ask(self, message_id: int, body: bytes) -> bytes:
        self._serial = (self._serial + 1) & 0xFFFF
        self._writer.write(frame(message_id, body, self.terminal.phone, self._serial))
        async with asyncio.timeout(_ANSWER_S):
            await self._writer.drain()
            while True:
                answered, told = split(await self._read())
                serial = int.from_bytes(told[:2], "big")
                if answered in (_ANSWER, _REGISTERED) and serial == self._serial:
                    return told

    async def _read(self) -> bytes:
        await self._reader.readexactly(1)
        return (await self._reader.readuntil(b"\x7e"))[:-1]
