"""One terminal's connection: from chunks of bytes to answers. Ten thousand of these must stay small.

1. Cut into frames; bytes that can be of none are counted, and too many end the connection.
2. A frame beyond the terminal's rate is dropped, and going on so ends the connection.
3. Register, authenticate, heartbeat, log out: answered at once.
4. Positions of an authenticated terminal go to the log; answered once they are kept there, or not.
"""

import asyncio
import hmac
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from schemas.jt808.fixes import BATCH_ID, POSITION_ID
from schemas.jt808.frame import Splitter
from schemas.jt808.header import Message, read_message
from schemas.jt808.position import Fix, read_batch, read_position
from schemas.jt808.unreadable import Unreadable
from services.gateway.metrics import TERMINAL_FRAMES, TERMINAL_POSITIONS
from services.gateway.terminals.answer import Result, general_answer, registration_answer
from services.gateway.terminals.bucket import Bucket
from services.gateway.terminals.packages import Packages
from services.gateway.terminals.record import record_of
from services.gateway.terminals.registration import (
    answer_to,
    code_digest,
    code_of,
    read_registration,
)

if TYPE_CHECKING:
    from services.gateway.terminals.known import KnownTerminal
    from services.gateway.terminals.server import TerminalServer

__all__ = ["Connection"]

_MOST_RUBBISH_BYTES = 8192
"""Unreadable bytes without a good frame between them: this is no terminal."""
_MOST_WRONG_CODES = 3
_MOST_WAITING = 64
"""Frames of one terminal on their way to the log; reading pauses meanwhile."""
_WRITE_BUFFER_BYTES = 4096
"""Answers that the terminal does not read; reading pauses meanwhile."""
_COUNT = {name: TERMINAL_FRAMES.labels(name).inc for name in ("kept", "answered")}


class Connection(asyncio.Protocol):
    """Made at accept, given to ``server`` at both ends of its life."""

    __slots__ = (
        "_bucket",
        "_packages",
        "_rubbish",
        "_serial",
        "_server",
        "_splitter",
        "_transport",
        "_unread",
        "_waiting",
        "_wrong_codes",
        "heard",
        "terminal",
    )

    def __init__(self, server: "TerminalServer") -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._splitter = Splitter()
        self._packages: Packages | None = None
        self._serial = self._rubbish = self._wrong_codes = self._waiting = 0
        self._unread = False
        self.heard = server.monotonic()
        """When something readable came last, in monotonic seconds."""
        self._bucket = Bucket(server.rate, self.heard)
        self.terminal: KnownTerminal | None = None
        """Who it is, once it has proved it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many already."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES)
        self._server.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; positions on their way stay on their way, only their answers are not sent."""
        self._transport = None
        self._packages = None
        self._server.left(self)

    def close(self, reason: str | None = None) -> None:
        """End the connection for one of ``REASONS``."""
        if self._transport is not None:
            if reason is not None:
                TERMINAL_FRAMES.labels(reason).inc()
            self._transport.abort()
            self._transport = None

    def pause_writing(self) -> None:
        """Read nothing while the terminal does not read its answers."""
        self._unread = True
        self._pace()

    def resume_writing(self) -> None:
        """Go on."""
        self._unread = False
        self._pace()

    def data_received(self, data: bytes) -> None:
        """Take what came. Whatever it is, nothing is raised."""
        now = self._server.monotonic()
        before = self._splitter.rubbish
        for inner in self._splitter.feed(data):
            if self._transport is None:
                return
            if not self._bucket.take(self._server.rate, now):
                TERMINAL_FRAMES.labels("flood").inc()
                if self._bucket.overrun(self._server.rate):
                    self.close()
                continue
            try:
                message = read_message(inner)
            except Unreadable as refused:
                TERMINAL_FRAMES.labels(refused.reason).inc()
                self._rubbish += len(inner)
                continue
            self._rubbish, self.heard = 0, now
            self._take(message, inner, now)
        if self._splitter.rubbish > before:
            TERMINAL_FRAMES.labels("rubbish").inc()
            self._rubbish += self._splitter.rubbish - before
        if self._rubbish > _MOST_RUBBISH_BYTES:
            self.close()

    def _take(self, message: Message, inner: bytes, now: float) -> None:
        if message.encrypted:
            self._refuse(message, "encrypted", Result.UNSUPPORTED)
            return
        act = _ACTS.get(message.id)
        if act is None:
            if message.id != _ANSWER:
                self._refuse(message, "unsupported", Result.UNSUPPORTED)
            return
        try:
            act(self, message, inner, now)
        except Unreadable as refused:
            self._refuse(message, refused.reason, Result.WRONG)

    def _register(self, message: Message, _inner: bytes, _now: float) -> None:
        terminal = self._server.known_today(message.phone)
        said = read_registration(message)
        result, reason, code = answer_to(said, terminal, self._server.code_key)
        TERMINAL_FRAMES.labels(reason).inc()
        self._write(registration_answer(message, self._next(), result, code))

    def _authenticate(self, message: Message, _inner: bytes, _now: float) -> None:
        terminal = self._server.known_today(message.phone)
        digest = code_digest(code_of(message))
        if terminal is None:
            self._refuse(message, "unknown")
        elif not hmac.compare_digest(digest, terminal.auth_digest):
            self._refuse(message, "wrong_code")
            self._wrong_codes += 1
            if self._wrong_codes >= _MOST_WRONG_CODES:
                self.close()
        else:
            self._server.authenticated(self, terminal)
            self._answered(message)

    def _heartbeat(self, message: Message, _inner: bytes, _now: float) -> None:
        if self._proved(message) is not None:
            self._answered(message)

    def _log_out(self, message: Message, _inner: bytes, _now: float) -> None:
        if self._proved(message) is not None:
            self._server.logged_out(self)
            self._answered(message)

    def _positions(self, message: Message, inner: bytes, now: float) -> None:
        terminal = self._proved(message)
        if terminal is None:
            return
        if message.package is None:
            self._keep(terminal, (message,), (inner,), _fixes(message.id, message.body))
            return
        if self._packages is None:
            self._packages = Packages()
        joined = self._packages.take(message, inner, now)
        if joined is not None:
            fixes = _fixes(message.id, joined.body)
            self._keep(terminal, joined.parts, joined.inners, fixes)

    def _keep(
        self,
        terminal: "KnownTerminal",
        parts: Sequence[Message],
        inners: Sequence[bytes],
        fixes: Sequence[Fix],
    ) -> None:
        record = record_of(terminal, inners, fixes, self._server.clock())
        positions = len(fixes)

        def answer(kept: bool) -> None:
            self._waiting -= 1
            if kept:
                TERMINAL_POSITIONS.inc(positions)
            for part in parts:
                if kept:
                    _COUNT["kept"]()
                    self._write(general_answer(part, self._next(), Result.KEPT))
                else:
                    self._refuse(part, "away")
            self._pace()

        self._waiting += 1
        self._pace()
        self._server.keeper.put(record, answer)

    def _proved(self, message: Message) -> "KnownTerminal | None":
        """Return the terminal that proved itself here, if it is still on record; else say so."""
        if self.terminal is not None and message.phone == self.terminal.phone:
            current = self._server.known_today(message.phone)
            if current is not None and current.auth_digest == self.terminal.auth_digest:
                self.terminal = current
                return current
        self._refuse(message, "unauthenticated")
        return None

    def _pace(self) -> None:
        """Read, or let the network hold the terminal back."""
        if self._transport is None:
            return
        if self._unread or self._waiting >= _MOST_WAITING:
            self._transport.pause_reading()
        elif not self._transport.is_reading():
            self._transport.resume_reading()

    def _refuse(self, message: Message, reason: str, result: Result = Result.FAILED) -> None:
        TERMINAL_FRAMES.labels(reason).inc()
        self._write(general_answer(message, self._next(), result))

    def _answered(self, message: Message) -> None:
        _COUNT["answered"]()
        self._write(general_answer(message, self._next(), Result.KEPT))

    def _next(self) -> int:
        self._serial = (self._serial + 1) & 0xFFFF
        return self._serial

    def _write(self, frame: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)


def _fixes(message_id: int, body: bytes) -> Sequence[Fix]:
    return read_batch(body) if message_id == BATCH_ID else (read_position(body),)


_ANSWER = 0x0001
_ACTS: dict[int, Callable[[Connection, Message, bytes, float], None]] = {
    0x0100: Connection._register,
    0x0102: Connection._authenticate,
    0x0002: Connection._heartbeat,
    0x0003: Connection._log_out,
    POSITION_ID: Connection._positions,
    BATCH_ID: Connection._positions,
}
"""By message id (JT/T 808-2019 annex A); others are answered as not supported."""
