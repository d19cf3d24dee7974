"""A receiver of webhooks on loopback: keeps every request, answers as it is told."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.loopback import HOST, listening


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    sni: str | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    after_s: float = 0.0


@dataclass
class Sink:
    """``answer`` may be changed at any time; ``release`` lets replies that wait for it go."""

    answer: Callable[[Request], Reply] = lambda _: Reply()
    port: int = 0
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/hook", host: str = HOST) -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]

    async def got(self, count: int, timeout_s: float = 20) -> list[Request]:
        """Wait for that many requests."""
        async with asyncio.timeout(timeout_s):
            while len(self.requests) < count:
                await asyncio.sleep(0.02)
        return self.requests


@contextlib.asynccontextmanager
async def sink(
    answer: Callable[[Request], Reply] | None = None,
    *,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Sink]:
    one = Sink(scheme="https" if tls else "http")
    if answer is not None:
        one.answer = answer
    names: dict[int, str | None] = {}
    if tls is not None:
        tls.sni_callback = lambda ssl_object, name, _: names.__setitem__(id(ssl_object), name)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        one.connections += 1
        sni = names.get(id(writer.get_extra_info("ssl_object")))
        while request := await _read(reader, sni):
            one.requests.append(request)
            reply = one.answer(request)
            await asyncio.sleep(reply.after_s)
            head = [f"HTTP/1.1 {reply.status} Said", f"content-length: {len(reply.body)}"]
            head += [f"{name}: {value}" for name, value in reply.headers.items()]
            writer.write("\r\n".join([*head, "", ""]).encode() + reply.body)
            await writer.drain()

    async with listening(talk, port, tls) as one.port:
        yield one


async def _read(reader: asyncio.StreamReader, sni: str | None) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, path, _ = head[0].split(" ")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body, sni)
