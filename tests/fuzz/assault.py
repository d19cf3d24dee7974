"""An assault on one gateway process, watched by somebody who only wants to post good events."""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import psutil

from infra.local.stack import LocalStack
from services.cli.keys import create_key
from tests.fuzz.bodies import hostile_bodies
from tests.fuzz.wire import Line, head, lines
from tests.gateway_events import event, unit

__all__ = ["Assault", "assault_on"]

ALLOWED = {200, 202, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429}
ATTACKER, BYSTANDER = unit(7001), unit(7002)


@dataclass
class Assault:
    """Counts what was answered; ``broken`` holds what must not be."""

    port: int
    pid: int
    token: str
    bystander: str
    statuses: Counter[int] = field(default_factory=Counter)
    items: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    rude: Counter[str] = field(default_factory=Counter)
    good_s: list[float] = field(default_factory=list)
    _good: int = 0

    def late(self, within_s: float = 1.0) -> int:
        """Return how many good events took longer, one in ten (a busy machine) forgiven."""
        return max(0, sum(took > within_s for took in self.good_s) - len(self.good_s) // 10)

    def rss_mb(self) -> float:
        return float(psutil.Process(self.pid).memory_info().rss / 2**20)

    async def bodies(self, seed: int, count: int, connections: int = 8) -> None:
        """Post mutated bodies over some connections."""
        made = hostile_bodies(seed, count, lambda n: event(f"h-{seed}-{n}", source=ATTACKER))
        async with lines(self.port, connections) as opened:
            await asyncio.gather(*(self._from(made, line) for line in opened))

    async def _from(self, made: object, line: Line) -> None:
        for body, media_type in made:  # type: ignore[attr-defined]
            try:
                answer = await line.post(self.token, body, media_type)
            except (OSError, EOFError, TimeoutError) as error:
                self.broken.append(f"no answer, {error!r}: {media_type} {body[:300]!r}")
                await line.close()
                continue
            self.statuses[answer.status] += 1
            statuses = [answer.status]
            if answer.status == 200:
                told = [item["status"] for item in json.loads(answer.body)["items"]]
                self.items.update(told)
                statuses += told
            if not ALLOWED.issuperset(statuses) or b'"unexpected"' in answer.body:
                self.broken.append(f"{statuses}: {media_type} {body[:300]!r}")

    async def post_good(self) -> float:
        """Post one good event on a new connection; return the seconds until it is accepted."""
        self._good += 1
        begun = time.monotonic()
        line = Line(self.port)
        try:
            body = event(f"good-{self._good}", source=BYSTANDER)
            answer = await line.post(self.bystander, body)
        finally:
            await line.close()
        took = time.monotonic() - begun
        self.good_s.append(took)
        if answer.status != 202:
            self.broken.append(f"a good event got {answer.status}: {answer.body[:300]!r}")
        return took

    @contextlib.asynccontextmanager
    async def watched(self, every_s: float = 0.25) -> AsyncIterator[None]:
        """Post good events all the while."""

        async def watch() -> None:
            while True:
                await self.post_good()
                await asyncio.sleep(every_s)

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            await asyncio.sleep(0)
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    # -- rude clients -----------------------------------------------------------------------------

    async def slow_bodies(self, count: int, seconds: float) -> None:
        """Open requests whose bodies come a byte at a time."""
        async with lines(self.port, count) as opened:
            for line in opened:
                assert line.writer
                line.writer.write(head(self.token, 10_000))
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for line in opened:
                    with contextlib.suppress(OSError):
                        assert line.writer
                        line.writer.write(b"{")
                await asyncio.sleep(0.2)
        self.rude["slow body"] += count

    async def slow_heads(self, count: int, seconds: float) -> None:
        """Open connections that never finish their headers."""
        async with lines(self.port, count) as opened:
            for line in opened:
                assert line.writer
                line.writer.write(b"POST /v1/events HTTP/1.1\r\nHost: g\r\nX-Slow: ")
            await asyncio.sleep(seconds)
        self.rude["unfinished head"] += count

    async def half_closed(self, count: int) -> None:
        """Close the sending side before, in the middle of and after a body; or vanish."""
        for n in range(count):
            body = event(f"half-{n}", source=ATTACKER)
            sent = (b"", body[: len(body) // 2], body)[n % 3]
            async with lines(self.port, 1) as (line,):
                assert line.writer
                line.writer.write(head(self.token, len(body)) + sent)
                with contextlib.suppress(OSError, EOFError, TimeoutError):
                    if n % 2:
                        line.writer.transport.abort()
                    else:
                        await line.writer.drain()
                        line.writer.write_eof()
                        answer = await line.answer(2)
                        self._note(answer.status)
        self.rude["half closed or vanished"] += count

    async def pipelined(self, rounds: int, depth: int = 32) -> None:
        """Send many requests before reading the first answer; every one gets its own, in order."""
        for turn in range(rounds):
            bodies = [
                event(f"pipe-{turn}-{n}", source=ATTACKER) if n % 2 else b"{" * n
                for n in range(depth)
            ]
            async with lines(self.port, 1) as (line,):
                assert line.writer
                line.writer.write(b"".join(head(self.token, len(b)) + b for b in bodies))
                for n in range(depth):
                    answer = await line.answer()
                    self._note(answer.status)
                    if answer.status not in ((202, 429) if n % 2 else (400, 422, 429)):
                        self.broken.append(f"pipelined {n}: {answer.status}")
        self.rude["pipelined request"] += rounds * depth

    async def malformed(self, seed: int, count: int) -> None:
        """Send what is no HTTP, or HTTP that contradicts itself."""
        dice = random.Random(seed)
        shapes = [
            b"GET / HTTP/9.9\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + dice.randbytes(60),
            b"POST /v1/events HTTP/1.1\r\n" + b"X: y\r\n" * 2000 + b"\r\n",
            b"POST /v1/events HTTP/1.1\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
            b"POST /v1/events HTTP/1.1\r\nHost: g\r\nContent-Length: -5\r\n\r\n",
            b"POST /v1/events HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxxx",
            b"POST /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: g\r\n\r\n",
            b"POST /v1/events\x00 HTTP/1.1\r\nHost: g\r\n\r\n",
            b"GET /v1/receipts/%00%ff%2e%2e HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
            head(self.token, None) + b"zz\r\n{}\r\n0\r\n\r\n",
            head(self.token, None) + b"ffffffffffffffff\r\n{}\r\n0\r\n\r\n",
            head(self.token, None) + b"2;" + b"x" * 9000 + b"\r\n{}\r\n0\r\n\r\n",
            head(self.token, 10**18) + b"{}",
            head(self.token, 10**30) + b"{}",
            head(self.token, 2, more="Content-Encoding: gzip\r\n") + b"{}",
            head(self.token, 2, more="Expect: 100-continue\r\n") + b"{}",
            head(self.token, 2, more="Transfer-Encoding: chunked\r\n") + b"{}",
            head(self.token, 2, more="Upgrade: websocket\r\nConnection: Upgrade\r\n") + b"{}",
            b"\r\n" * 500,
        ]
        for n in range(count):
            async with lines(self.port, 1) as (line,):
                assert line.writer
                with contextlib.suppress(OSError, EOFError, TimeoutError, ValueError, IndexError):
                    line.writer.write(shapes[n % len(shapes)])
                    await line.writer.drain()
                    answer = await line.answer(0.5)
                    if answer.status == 100:
                        answer = await line.answer(0.5)
                    self._note(answer.status)
        self.rude["malformed request"] += count

    async def crowd(self, count: int) -> None:
        """Open many connections at once, post nothing on most and one event on each tenth."""
        async with lines(self.port, count) as opened:
            await asyncio.gather(
                *(self._one_of_crowd(n, line) for n, line in enumerate(opened[::10]))
            )
        self.rude["connection of a crowd"] += count

    async def _one_of_crowd(self, n: int, line: Line) -> None:
        answer = await line.post(self.token, event(f"crowd-{n}", source=ATTACKER))
        self._note(answer.status)

    def _note(self, status: int) -> None:
        self.statuses[status] += 1
        if status not in ALLOWED:
            self.broken.append(f"answered {status}")


async def assault_on(stack: LocalStack) -> Assault:
    """Make keys for attacker and bystander and wait until the gateway knows them."""
    registry = await asyncpg.connect(stack.settings.database_registry)
    try:
        token = (await create_key(registry, ATTACKER, "attacker")).token
        good = (await create_key(registry, BYSTANDER, "bystander")).token
    finally:
        await registry.close()
    begun = Assault(stack.settings.gateway_port, stack.pid("gateway"), token, good)
    async with asyncio.timeout(15):
        while True:
            line = Line(begun.port)
            answer = await line.post(good, event("first", source=BYSTANDER))
            await line.close()
            if answer.status == 202:
                return begun
            await asyncio.sleep(0.1)
