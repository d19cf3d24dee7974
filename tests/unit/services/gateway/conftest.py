"""One bench for each test of the gateway that asks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.services.gateway.gateway_bench import Bench


@pytest.fixture
async def make_bench(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    running: list[Any] = []

    async def make(**settings: Any) -> Bench:
        bench = Bench(tmp_path, **settings)
        exits = bench.gateway.running()
        await exits.__aenter__()
        running.append((bench, exits))
        await asyncio.sleep(0)
        return bench

    yield make
    for bench, exits in running:
        await bench.http.aclose()
        await exits.__aexit__(None, None, None)


@pytest.fixture
async def bench(make_bench: Callable[..., Any]) -> Bench:
    made: Bench = await make_bench()
    return made
