"""HTTP by hand: what a well-behaved client library would refuse to send."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

__all__ = ["Answer", "Line", "head", "lines"]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def head(
    token: str, length: int | None, media_type: str = "application/json", more: str = ""
) -> bytes:
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    typed = f"Content-Type: {media_type}\r\n" if media_type else ""
    return (
        f"POST /v1/events HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\n"
        f"{typed}{framing}\r\n{more}\r\n"
    ).encode()


class Line:
    """One connection to the gateway, opened again when the other side closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.reader is None or self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self._port, limit=2**22
            )
        return self.reader, self.writer

    async def close(self) -> None:
        writer, self.reader, self.writer = self.writer, None, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def post(self, token: str, body: bytes, media_type: str = "application/json") -> Answer:
        """Send one request and return its answer."""
        _, writer = await self.open()
        writer.write(head(token, len(body), media_type) + body)
        answer = await self.answer()
        if answer.headers.get("connection") == "close":
            await self.close()
        return answer

    async def answer(self, within_s: float = 30) -> Answer:
        """Read one answer. Raises EOFError or OSError if the connection ends instead."""
        reader, _ = await self.open()
        async with asyncio.timeout(within_s):
            top = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *rest = top.strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in rest)
            if "content-length" in headers:
                body = await reader.readexactly(int(headers["content-length"]))
            else:
                body = await reader.read()
        return Answer(int(first.split()[1]), headers, body)


@contextlib.asynccontextmanager
async def lines(port: int, count: int) -> AsyncIterator[list[Line]]:
    """Open connections and close them at the end."""
    opened = [Line(port) for _ in range(count)]
    try:
        for line in opened:
            await line.open()
        yield opened
    finally:
        await asyncio.gather(*(line.close() for line in opened))
