"""A courier inside the test, endpoints as the registry desk registers them, rows as the judge's."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from infra.runtime.postgres import open_pool
from infra.runtime.settings import Settings
from services.courier.courier import Courier
from services.courier.endpoint import Filters, add_endpoint
from services.courier.feed import feed_rows
from services.courier.post import Post
from services.courier.secret import SecretKeys
from services.courier.webhooks import Webhooks
from tests.outbox_rows import alert, put

_DUE = "UPDATE webhook_endpoint SET due_at = clock_timestamp() + make_interval(secs => $1)"
LOOPBACK = {"courier_webhook_networks": "127.0.0.0/8", "courier_webhook_plain_http": True}


def on_loopback(settings: Settings, **more: Any) -> Settings:
    """Settings that let webhooks reach this machine, and do not wait for people."""
    quick = {"courier_webhook_timeout_s": 2.0, "courier_poll_s": 0.05, "courier_gather_s": 0.0}
    return settings.model_copy(update={**LOOPBACK, **quick, **more})


@contextlib.asynccontextmanager
async def courier(settings: Settings) -> AsyncIterator[asyncio.Event]:
    """Run a courier; yields what stops it."""
    stop = asyncio.Event()
    task = asyncio.create_task(Courier(settings, stop).run())
    try:
        yield stop
    finally:
        stop.set()
        try:
            await asyncio.wait_for(task, 10)
        except TimeoutError:
            task.cancel()


@contextlib.asynccontextmanager
async def registry(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(settings.database_registry)
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def pool_of(settings: Settings) -> AsyncIterator[Any]:
    pool = await open_pool(settings.database_writer, most=8)
    try:
        yield pool
    finally:
        await pool.close()


async def add(settings: Settings, url: str, **filters: Any) -> tuple[str, str]:
    """Register an endpoint; return its id and its secret."""
    async with registry(settings) as connection:
        keys = SecretKeys(settings.courier_webhook_key)
        return await add_endpoint(connection, Post(settings), keys, url, Filters(**filters))


async def fed(connection: Any, count: int = 1, **more: Any) -> list[str]:
    """Write alerts and give them their places; return their keys in the feed's order."""
    keys = [await put(connection, **more) for _ in range(count)]
    while await feed_rows(connection):
        pass
    return keys


async def put_many(connection: Any, count: int, **more: Any) -> list[str]:
    """Write alerts in one statement; return their keys."""
    ids = [uuid.uuid4() for _ in range(count)]
    await connection.execute(
        "INSERT INTO outbox (key, topic, payload) "
        "SELECT k, 'alerts', p::jsonb FROM unnest($1::text[], $2::text[]) AS x (k, p)",
        [f"{each}:1" for each in ids],
        [json.dumps(alert(each, **more)) for each in ids],
    )
    return [f"{each}:1" for each in ids]


async def until(connection: Any, question: str, *arguments: Any, timeout_s: float = 20) -> None:
    """Wait until the database answers true."""
    async with asyncio.timeout(timeout_s):
        while not await connection.fetchval(question, *arguments):
            await asyncio.sleep(0.02)


async def rounds(settings: Settings, postgres: Any, count: int) -> None:
    """Do a number of rounds, however long the pauses between them would be."""
    async with pool_of(settings) as pool:
        webhooks = Webhooks(settings, asyncio.Event(), lambda: 0.0)
        for _ in range(count):
            await postgres.execute(_DUE, 0)
            await webhooks.round(pool)
            await webhooks.finish()
        await postgres.execute(_DUE, 60)  # nothing starts in the last one:
        await webhooks.round(pool)  # it raises what went wrong in those before
        await postgres.execute(_DUE, 0)
