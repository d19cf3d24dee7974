"""The few vehicles of a world whose terminals speak to the gateway themselves (JT/T 808 over TCP)."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from schemas.decode import decode_track_event
from services.cli.console import Failure
from services.simulator.terminal import Terminal, TerminalClient, TerminalRefused, position_body

__all__ = ["WorldTerminals"]

_KNOWN_WITHIN_S = 15.0
"""The gateway reads terminals on record every two seconds."""


class WorldTerminals:
    """Connections of terminals, made when each has something to tell. An async context manager."""

    def __init__(self, host: str, port: int, terminals: Iterable[Terminal]) -> None:
        self._host, self._port = host, port
        self._terminals = {terminal.plate: terminal for terminal in terminals}
        self._clients: dict[str, TerminalClient] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def speaks_for(self, plate: str) -> bool:
        """Whether that vehicle's positions go as frames."""
        return plate in self._terminals

    async def send(self, events: Sequence[bytes]) -> int:
        """Send the positions of events, each vehicle's in their order; return in how many frames.

        Raises Failure (refused), OSError, TimeoutError.
        """
        by_plate: dict[str, list[bytes]] = {}
        for raw in events:
            event = decode_track_event(raw)
            by_plate.setdefault(event.subject, []).extend(
                position_body(p.at, p.lon, p.lat, p.speed_kmh, 3 if p.status is None else p.status)
                for p in event.data.positions
            )
        return sum(
            await asyncio.gather(*(self._tell(plate, told) for plate, told in by_plate.items()))
        )

    async def _tell(self, plate: str, positions: Sequence[bytes]) -> int:
        try:
            return await (await self._client(plate)).send(positions)
        except TerminalRefused as error:
            raise Failure(
                f"网关拒绝了 {plate} 的终端：{error}。",
                f"The gateway refused the terminal of {plate}: {error}.",
            ) from None

    async def _client(self, plate: str) -> TerminalClient:
        """Return a terminal that has proved itself, as soon as the gateway knows it."""
        if plate in self._clients:
            return self._clients[plate]
        client = TerminalClient(self._host, self._port, self._terminals[plate])
        await self._stack.enter_async_context(client)
        deadline = asyncio.get_running_loop().time() + _KNOWN_WITHIN_S
        while True:
            try:
                await client.log_in()
            except TerminalRefused:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.2)
            else:
                self._clients[plate] = client
                return client
