"""One open list: whose it is, what it asks for, and the events that wait to be sent to it."""

import asyncio
import contextlib
import json
from typing import Any

from sse_starlette import ServerSentEvent

from services.console.filter import AlertFilter
from services.console.words import Language

__all__ = ["LiveList"]

_MOST_WAITING = 600
"""Events that wait for a slow reader; then it is cut, and comes back where it stood."""


class LiveList:
    """``after``: the last number of the feed that was told; ``over``: the stream is ending."""

    def __init__(
        self, token: str, login: str, asked: AlertFilter, language: Language, after: int
    ) -> None:
        self.token, self.login, self.asked, self.language = token, login, asked, language
        self.after = after
        self.events: asyncio.Queue[ServerSentEvent | None] = asyncio.Queue(_MOST_WAITING)
        self.over = False

    def tell(self, kind: str, data: Any = None, number: int | None = None) -> None:
        """Put an event into the queue; a full one ends the stream."""
        event = ServerSentEvent(
            data=json.dumps(data, ensure_ascii=False),
            event=kind,
            id=str(number) if number is not None else None,
        )
        try:
            self.events.put_nowait(event)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Let the stream end after what waits, or at once if too much does."""
        self.over = True
        with contextlib.suppress(asyncio.QueueFull):
            self.events.put_nowait(None)
            return
        while not self.events.empty():
            self.events.get_nowait()
        self.events.put_nowait(None)
