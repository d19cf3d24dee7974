"""The parts of one console process, how they start and stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request

from infra.runtime.settings import Settings
from services.console.assets import Assets
from services.console.attempts import Attempts
from services.console.database import Database
from services.console.live import Live
from services.console.password import Passwords
from services.console.render import Renderer

__all__ = ["Console", "console_of"]


class Console:
    """Everything a request needs. ``clock``: seconds since 1970; ``monotonic``: never goes back."""

    def __init__(
        self, settings: Settings, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self.settings = settings
        self.assets = Assets()
        self.render = Renderer(self.assets)
        self.database = Database(settings.database_console)
        self.passwords = Passwords()
        self.attempts = Attempts(monotonic)
        self.live = Live(self.database, self.render, settings, clock)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work until the end of the context; needs no Postgres to be there."""
        await self.database.open()
        following = asyncio.create_task(self.live.follow(), name="live")
        try:
            yield
        finally:
            self.live.end()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await self.database.close()


def console_of(request: Request) -> Console:
    """Return the process that a request asks."""
    console: Console = request.app.state.console
    return console
