"""The whole line, a browser, and officers before it."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from infra.local.ports import free_port
from infra.local.service import ARCHIVER, CONSOLE, COURIER, GATEWAY, worker
from infra.local.stack import LocalStack
from infra.runtime.settings import Settings
from services.simulator import build_world
from tests.conftest import FreshHome
from tests.e2e.console.chromium import MISSING, chromium, find_chromium
from tests.e2e.console.desk import Desk
from tests.e2e.console.line import Line

TakeDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip(MISSING)
    async with chromium(path) as one:
        yield one


@pytest.fixture(scope="package")
async def line(browser: Browser, jar_cache: Path, fresh_home: FreshHome) -> AsyncIterator[Line]:
    """All services on a small world; after ``browser``: without one nothing is started."""
    services = (GATEWAY, ARCHIVER, COURIER, CONSOLE, worker())
    with fresh_home() as home:
        settings = Settings(
            home=home,
            gateway_port=free_port(),
            console_port=free_port(),
            gateway_keys_refresh_s=0.2,
            courier_poll_s=0.1,
        )
        async with LocalStack(settings, services, cache=jar_cache) as stack:
            one = Line(stack, build_world("demo", 7, 300, medical=False, trucks=False))
            await one.play()
            yield one


@pytest.fixture
async def take_desk(browser: Browser, line: Line) -> AsyncIterator[TakeDesk]:
    """``await take_desk(region, …)``: a fresh officer of these regions, of the nation by default."""
    async with contextlib.AsyncExitStack() as exits:

        async def take(*regions: str, **more: Any) -> Desk:
            login = await line.officer(*(regions or ("",)))
            desk = await Desk.take(browser, line.address, login, **more)
            exits.push_async_callback(desk.close)
            return desk

        yield take
