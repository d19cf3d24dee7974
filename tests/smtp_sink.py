"""A mail server on loopback that keeps every mail it takes."""

import asyncio
import contextlib
import email
import email.policy
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage

from tests.loopback import HOST, listening


@dataclass
class MailSink:
    """``refuse``: answer every mail with 451; ``silent``: say nothing at all."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuse: bool = False
    silent: bool = False
    connections: int = 0

    @property
    def texts(self) -> list[str]:
        """Subject and plain text of each mail."""
        found = []
        for mail in self.mails:
            part = mail.get_body(("plain", "html"))
            assert part is not None
            found.append(f"{mail['subject']}\n{part.get_content()}")
        return found

    def url(self, more: str = "") -> str:
        return (
            f"mailto://{HOST}:{self.port}/?from=liandan@example.cn&to=duty@example.cn"
            f"&mode=insecure&format=text{more}"
        )

    async def got(self, count: int, timeout_s: float = 30) -> list[str]:
        async with asyncio.timeout(timeout_s):
            while len(self.mails) < count:
                await asyncio.sleep(0.02)
        return self.texts


@contextlib.asynccontextmanager
async def mail_sink(port: int = 0) -> AsyncIterator[MailSink]:
    one = MailSink()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        one.connections += 1
        if one.silent:
            await asyncio.Event().wait()
        await _talk(one, reader, writer)

    async with listening(talk, port) as one.port:
        yield one


async def _talk(one: MailSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink\r\n")
    while line := await reader.readline():
        verb = line.decode().strip().upper()
        if verb.startswith("EHLO"):
            writer.write(b"250-sink\r\n250 8BITMIME\r\n")
        elif verb.startswith("RCPT"):
            one.recipients.append(line.decode().strip())
            writer.write(b"250 ok\r\n")
        elif verb == "DATA":
            writer.write(b"354 go on\r\n")
            raw = b""
            while (part := await reader.readline()) not in (b".\r\n", b""):
                raw += part[1:] if part.startswith(b"..") else part
            if one.refuse:
                writer.write(b"451 not now\r\n")
                continue
            message = email.message_from_bytes(raw, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            one.mails.append(message)
            writer.write(b"250 taken\r\n")
        elif verb == "QUIT":
            writer.write(b"221 bye\r\n")
            return
        else:
            writer.write(b"250 ok\r\n")
        await writer.drain()
