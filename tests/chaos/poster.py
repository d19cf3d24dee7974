"""A facility's software in tests: posts until it holds a receipt for everything."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2

from infra.runtime.settings import Settings
from services.cli.another_gateway import take_elsewhere
from services.cli.keys import create_key

__all__ = ["Poster", "posting"]

WINDOW = 120
"""Events under way at once: the order of posting is kept from window to window."""


class Poster:
    """Posts with every source's own key; ``receipts`` maps (source, id, digest) to receipt id.

    What contradicts an event that the gateway knows is taken by another one, without a receipt.
    """

    def __init__(
        self, client: httpx2.AsyncClient, keys: dict[str, str], settings: Settings
    ) -> None:
        self._client = client
        self._settings = settings
        self._keys = keys
        self.receipts: dict[tuple[str, str, str], str] = {}
        self.turned_away = 0
        """Answers that said "later": 503, 429, or no answer at all."""

    async def post(self, events: Sequence[bytes]) -> None:
        for window in _windows(events):
            by_source: dict[str, list[bytes]] = defaultdict(list)
            for raw in window:
                by_source[json.loads(raw)["source"]].append(raw)
            await asyncio.gather(*(self._until_kept(s, raws) for s, raws in by_source.items()))

    async def _until_kept(self, source: str, raws: list[bytes]) -> None:
        async with asyncio.timeout(90):
            while raws:
                items = await self._try(source, raws)
                if items is None:
                    self.turned_away += 1
                    await asyncio.sleep(0.1)
                    continue
                again = []
                for raw, item in zip(raws, items, strict=True):
                    if item["status"] == 503:
                        again.append(raw)
                        continue
                    if item["status"] == 409:
                        await take_elsewhere(self._settings, [raw])
                        continue
                    assert item["status"] == 202, item
                    receipt = item["receipt"]
                    key = (receipt["source"], receipt["event_id"], receipt["digest"])
                    assert self.receipts.setdefault(key, receipt["id"]) == receipt["id"]
                self.turned_away += bool(again)
                raws = again

    async def _try(self, source: str, raws: list[bytes]) -> list[dict[str, Any]] | None:
        try:
            response = await self._client.post(
                "/v1/events",
                content=b"\n".join(raws),
                headers={
                    "Authorization": f"Bearer {self._keys[source]}",
                    "Content-Type": "application/x-ndjson",
                },
            )
        except httpx2.TransportError:
            return None
        if response.status_code in (429, 503):
            assert response.headers["Retry-After"]
            return None
        assert response.status_code == 200, response.text
        items: list[dict[str, Any]] = response.json()["items"]
        return items


def _windows(events: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Split into what is posted at once: nowhere two units file under one number.

    Whose filing was received first decides whose number it is, and units post side by side.
    """
    window: list[bytes] = []
    filers: dict[str, str] = {}
    for raw in events:
        event = json.loads(raw)
        filing = event["type"] == "liandan.manifest.filed.v1"
        rival = filing and filers.get(event["subject"], event["source"]) != event["source"]
        if rival or len(window) == WINDOW:
            yield window
            window, filers = [], {}
        if filing:
            filers[event["subject"]] = event["source"]
        window.append(raw)
    if window:
        yield window


@asynccontextmanager
async def posting(settings: Settings, events: Sequence[bytes]) -> AsyncIterator[Poster]:
    """Make a key for each source in ``events`` and a client of the gateway."""
    registry = await asyncpg.connect(settings.database_registry)
    try:
        keys = {
            source: (await create_key(registry, source.removeprefix("urn:uscc:"), "test")).token
            for source in {json.loads(raw)["source"] for raw in events}
        }
    finally:
        await registry.close()
    async with httpx2.AsyncClient(
        base_url=settings.gateway_url, timeout=20, trust_env=False
    ) as client:
        async with asyncio.timeout(10):  # the gateway reads new keys every 2 s
            while (
                await client.post(
                    "/v1/events",
                    content=b"[]",
                    headers={"Authorization": f"Bearer {list(keys.values())[-1]}"},
                )
            ).status_code == 401:
                await asyncio.sleep(0.1)
        yield Poster(client, keys, settings)
