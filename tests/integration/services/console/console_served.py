"""A console that answers on a port of its own, and browsers that talk to it."""

import asyncio
import contextlib
import html
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx2

from infra.runtime.settings import Settings
from services.console.app import create_app
from services.console.console import Console
from tests.served_app import served_app

PASSWORD = "a long enough password"


class Browser:
    """Cookies, forms and the origin of one person's browser."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = httpx2.AsyncClient(base_url=base, trust_env=False, timeout=20)

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(path, headers=headers)

    async def post(
        self, path: str, fields: dict[str, Any], origin: str | None = None
    ) -> httpx2.Response:
        headers = {"Origin": self.base if origin is None else origin}
        return await self.http.post(path, data=fields, headers=headers)

    async def log_in(
        self, login: str, password: str = PASSWORD, path: str = "/"
    ) -> httpx2.Response:
        page = await self.http.get("/login", params={"next": path})
        fields = hidden(page.text) | {"login": login, "password": password}
        return await self.post("/login", fields)

    @contextlib.asynccontextmanager
    async def live(self, path: str, **headers: str) -> AsyncIterator["Stream"]:
        async with self.http.stream("GET", path, headers=headers) as answer:
            yield Stream(answer)


class Stream:
    """Server-sent events as they come."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def next(self, kind: str = "", within_s: float = 10) -> tuple[str, Any, str]:
        """Return (kind, data, id) of the next event, of the next of a kind."""
        async with asyncio.timeout(within_s):
            fields: dict[str, str] = {}
            async for line in self._lines:
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.strip()
                elif "event" in fields:
                    if kind in ("", fields["event"]):
                        return fields["event"], json.loads(fields["data"]), fields.get("id", "")
                    fields = {}
        raise EOFError


class Served:
    """The console under test."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self.settings, self.console = settings, console
        self._browsers: list[Browser] = []

    def browser(self) -> Browser:
        fresh = Browser(self.settings.console_address)
        self._browsers.append(fresh)
        return fresh

    async def officer(self, login: str) -> Browser:
        """A browser in which somebody has logged in."""
        browser = self.browser()
        answer = await browser.log_in(login)
        assert answer.status_code == 303, answer.text
        return browser

    async def close(self) -> None:
        for browser in self._browsers:
            await browser.http.aclose()


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Served]:
    console = Console(settings, time.time, time.monotonic)
    served = Served(settings, console)
    async with served_app(create_app(console), settings.console_host, settings.console_port):
        try:
            yield served
        finally:
            await served.close()


def hidden(page: str, action: str = "") -> dict[str, str]:
    """Return the hidden fields of a page's form with this action, or of its last form."""
    forms = re.findall(r"<form\b(.*?)</form>", page, re.DOTALL)
    (form,) = [f for f in forms if f'action="{action}' in f][-1:]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


def alerts_on(page: str) -> list[str]:
    """Return the ids of the alerts listed on a page, in order."""
    return re.findall(r'id="alert-([0-9a-f-]{36})"', page)


def words_on(page: str) -> str:
    """Return what a page says, without tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def connect(dsn: str) -> Any:
    """Return a connection that reads and writes JSON as Python values."""
    connection = await asyncpg.connect(dsn)
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )
    return connection
