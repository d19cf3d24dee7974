"""A console on the shared stack, with a judge and officers of the test's own."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from infra.local.ports import free_port
from infra.local.stack import LocalStack
from services.console.account import create_account
from tests.integration.services.console.console_served import PASSWORD, Served, connect, serving
from tests.integration.services.console.judged import Judge

_regions = itertools.count(1)
_logins = itertools.count(1)

NewOfficer = Callable[..., Awaitable[str]]


@pytest.fixture(scope="session")
async def served(stack: LocalStack) -> AsyncIterator[Served]:
    changed = {"console_port": free_port(), "console_poll_s": 0.05}
    async with serving(stack.settings.model_copy(update=changed)) as one:
        yield one


@pytest.fixture(scope="session")
async def judge(stack: LocalStack) -> AsyncIterator[Judge]:
    one = await Judge.on(stack.settings.database_writer)
    yield one
    await one.close()


@pytest.fixture(scope="session")
async def registry(stack: LocalStack) -> AsyncIterator[Any]:
    connection = await connect(stack.settings.database_registry)
    yield connection
    await connection.close()


@pytest.fixture
def region() -> str:
    """A county of the test's own, in Tibet."""
    return f"54{next(_regions):04d}"


@pytest.fixture
def new_officer(registry: Any) -> NewOfficer:
    """``await new_officer(region, …)``: the login of a fresh account for these regions."""

    async def make(*regions: str, role: Any = "officer") -> str:
        login = f"officer{next(_logins)}"
        await create_account(registry, login, f"示例人员{login}", PASSWORD, regions, role)
        return login

    return make
