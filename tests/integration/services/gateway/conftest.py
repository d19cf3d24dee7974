"""Gateways on the shared stack, and units of a test's own."""

import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from infra.local.ports import free_port
from infra.local.stack import LocalStack
from tests.gateway_events import unit
from tests.integration.services.gateway.gateway_served import Served, Unit, key_on, serving

Serve = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def serve(stack: LocalStack, tmp_path: Path) -> Serve:
    """A factory of gateways on the shared stack; ``on`` names another stack."""

    def make(on: LocalStack | None = None, **settings: Any) -> Any:
        base = (on or stack).settings
        changed = {
            "home": tmp_path,
            "gateway_port": free_port(),
            "gateway_keys_refresh_s": 0.1,
            **settings,
        }
        return serving(base.model_copy(update=changed))

    return make


@pytest.fixture
async def served(serve: Serve) -> AsyncIterator[Served]:
    async with serve() as one:
        yield one


@pytest.fixture
async def postgres(stack: LocalStack) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(stack.settings.database_writer)
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )
    yield connection
    await connection.close()


@pytest.fixture
def new_unit(stack: LocalStack) -> Callable[[], Any]:
    async def make() -> Unit:
        uscc = unit(uuid.uuid4().int % 10**9)
        return Unit(await key_on(stack.settings, uscc), uscc)

    return make
