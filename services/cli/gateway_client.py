"""Posting to the gateway's HTTP API, as a facility's software would do it."""

import uuid
from asyncio import get_running_loop, sleep
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx2

from services.cli.console import Failure

__all__ = ["MAX_BYTES", "MAX_EVENTS", "GatewayClient", "Item"]

MAX_EVENTS, MAX_BYTES = 1000, 5 * 1024 * 1024
"""Of one request; see the gateway's documentation."""

_ATTEMPTS, _LONGEST_PAUSE_S = 8, 5.0
_LATER = (429, 503)
_NDJSON, _BATCH = "application/x-ndjson", "application/cloudevents-batch+json"


@dataclass(frozen=True)
class Item:
    """What became of one event: ``receipt`` (202) or ``problem``."""

    status: int
    receipt: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None

    @property
    def kept(self) -> bool:
        """Whether the event is in the log."""
        return self.receipt is not None

    @property
    def duplicate(self) -> bool:
        """Whether the gateway had it already."""
        return self.receipt is not None and self.receipt.get("status") == "duplicate"

    @property
    def conflict(self) -> bool:
        """Whether the gateway had the id already, with other bytes."""
        return self.problem is not None and self.problem.get("code") == "id_conflict"


class GatewayClient:
    """Posts batches; tries again, with the same ids, what the gateway could not take for now."""

    def __init__(self, url: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self.url = url
        # The system's proxies are respected for real gateways and never for this machine's own.
        local = httpx2.URL(url).host in ("127.0.0.1", "localhost", "::1")
        self._http = httpx2.AsyncClient(
            base_url=url, timeout=30, trust_env=not local, transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def wait_for_key(self, token: str, within_s: float = 15.0) -> None:
        """Wait until the gateway's snapshot of keys knows this one. Raises Failure."""
        deadline = get_running_loop().time() + within_s
        path, headers = f"/v1/receipts/{uuid.UUID(int=0)}", _authorization(token)
        while (await self._http.get(path, headers=headers)).status_code == 401:
            if get_running_loop().time() > deadline:
                raise Failure("网关不认识新建的密钥。", "The gateway does not know the new key.")
            await sleep(0.05)

    async def post(self, token: str, events: Sequence[bytes], *, lines: bool = True) -> list[Item]:
        """Post at most 1,000 events of one source and return what became of each, in order.

        ``lines``: as NDJSON; else as a JSON array. Raises Failure (the whole request is refused)
        and httpx2.HTTPError when the gateway stays away.
        """
        items: list[Item | None] = [None] * len(events)
        pause = 0.1
        for attempt in range(1, _ATTEMPTS + 1):
            open_places = [
                n for n, item in enumerate(items) if item is None or item.status in _LATER
            ]
            try:
                answer = await self._send(token, [events[n] for n in open_places], lines)
            except httpx2.TransportError:
                if attempt == _ATTEMPTS:
                    raise
            else:
                for place, item in zip(open_places, _read(answer, len(open_places)), strict=True):
                    items[place] = item
                if all(item is not None and item.status not in _LATER for item in items):
                    break
                pause = max(pause, _retry_after_s(answer))
            if attempt < _ATTEMPTS:
                await sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
        return [item for item in items if item is not None]

    async def check(self, token: str, draft: bytes) -> dict[str, Any]:
        """Have a draft judged; return the answer, or the problem that was answered instead.

        Raises httpx2.HTTPError when the gateway stays away.
        """
        headers = {**_authorization(token), "Content-Type": "application/cloudevents+json"}
        pause = 0.1
        for attempt in range(1, _ATTEMPTS + 1):
            answer = await self._http.post("/v1/check", content=draft, headers=headers)
            if answer.status_code not in _LATER or attempt == _ATTEMPTS:
                break
            await sleep(max(pause, _retry_after_s(answer)))
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        found: dict[str, Any] = answer.json()
        return found

    async def notices(self, token: str) -> dict[str, Any]:
        """Return the notices to the unit of a key, or the problem that was answered instead.

        Raises httpx2.HTTPError when the gateway stays away.
        """
        answer = await self._http.get("/v1/notices", headers=_authorization(token))
        found: dict[str, Any] = answer.json()
        return found

    async def _send(self, token: str, events: Sequence[bytes], lines: bool) -> httpx2.Response:
        body = b"\n".join(events) if lines else b"[" + b",".join(events) + b"]"
        headers = {**_authorization(token), "Content-Type": _NDJSON if lines else _BATCH}
        return await self._http.post("/v1/events", content=body, headers=headers)


def _authorization(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _retry_after_s(answer: httpx2.Response) -> float:
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isdecimal() else 0.0


def _read(answer: httpx2.Response, expected: int) -> list[Item]:
    """Return an item for each event; one refusal of the whole request counts for each."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    items = body.get("items") if isinstance(body, dict) else None
    if isinstance(items, list) and len(items) == expected:
        return [Item(i["status"], i.get("receipt"), i.get("problem")) for i in items]
    if answer.status_code in _LATER:
        return [Item(answer.status_code, None, body)] * expected
    code = body.get("code", "") if isinstance(body, dict) else ""
    raise Failure(
        f"网关拒绝了整个请求（{answer.status_code} {code}）：{body.get('detail_zh', '')}。",
        f"The gateway refused the whole request ({answer.status_code} {code}):"
        f" {body.get('detail_en', answer.text[:200])}",
        code=1,
    )
