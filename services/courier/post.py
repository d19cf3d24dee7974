"""One webhook request: to an address that was checked, in bounded time, its answer never trusted."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import httpx2
import structlog

from infra.runtime.settings import Settings
from services.courier.backoff import read_retry_after
from services.courier.guard import Guard, UrlForbidden, read_networks
from services.courier.threads import Threads

__all__ = ["Answer", "Line", "Outcome", "Post"]

Outcome = Literal["delivered", "refused", "gone", "unavailable", "unreachable", "forbidden"]
"""delivered: 2xx. refused: this message was. gone: 410. unavailable: an answer that any message
would have got. unreachable: no answer. forbidden: the guard's word."""

_ADDRESSES = 4
_BODY_BYTES = 1024
_BODY_S = 1.0
_ERROR_CHARACTERS = 200
_NOT_OF_THE_MESSAGE = frozenset({401, 402, 403, 404, 405, 407, 408, 421, 425, 429, 502, 503, 504})

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """What came of a request. ``error``: for people, one line, from outside: never trusted."""

    outcome: Outcome
    seconds: float
    status: int | None = None
    error: str = ""
    retry_after_s: float | None = None


class Post:
    """Makes lines to endpoints. Raises ValueError (networks), OSError (certificates) at once."""

    def __init__(self, settings: Settings) -> None:
        self.guard = Guard(
            read_networks(settings.courier_webhook_networks), settings.courier_webhook_plain_http
        )
        self._timeout_s = settings.courier_webhook_timeout_s
        self._tls = _tls(settings.courier_webhook_ca)
        self._threads = Threads(4 * settings.courier_webhook_concurrency)

    async def addresses(self, url: httpx2.URL) -> list[str]:
        """Return the host's addresses, each one checked; one that is forbidden forbids them all.

        Raises AddressForbidden, OSError (no such name).
        """
        host, port = url.raw_host, url.port or (443 if url.scheme == "https" else 80)
        found = await self._threads.call(
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [
            str(self.guard.check_address(address))
            for address in dict.fromkeys(str(each[4][0]) for each in found)
        ]

    @contextlib.asynccontextmanager
    async def line(self, url: str) -> AsyncIterator["Line"]:
        """Lend a line to one endpoint; its connection is used again while the address stays."""
        async with httpx2.AsyncClient(
            verify=self._tls,
            trust_env=False,  # a proxy would connect for us, wherever it is told to
            follow_redirects=False,
            timeout=self._timeout_s,
            limits=httpx2.Limits(max_connections=2, max_keepalive_connections=1),
        ) as client:
            yield Line(self, client, url, self._timeout_s)


class Line:
    """Sends to one endpoint."""

    def __init__(self, post: Post, client: httpx2.AsyncClient, url: str, timeout_s: float) -> None:
        self._post, self._client, self._url, self._timeout_s = post, client, url, timeout_s

    async def send(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post once. Failures are answers too; raises nothing but what ends the process."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._send(body, headers)
        except UrlForbidden as refusal:
            return Answer("forbidden", time.monotonic() - started, None, refusal.en)
        except (
            httpx2.HTTPError,
            httpx2.InvalidURL,
            OSError,
        ) as error:  # TimeoutError is an OSError
            why = _line(str(error)) or type(error).__name__
            return Answer("unreachable", time.monotonic() - started, None, why)
        except Exception as error:  # noqa: BLE001 - a stranger's answer must not end the courier
            log.warning("unforeseen answer to a webhook", error=repr(error)[:500])
            return Answer("unreachable", time.monotonic() - started, None, type(error).__name__)
        seconds = time.monotonic() - started
        outcome = _outcome(response.status_code)
        # Read for the connection's sake too, which else could not be used again.
        text = await _beginning(response)
        return Answer(
            outcome,
            seconds,
            response.status_code,
            "" if outcome == "delivered" else text,
            read_retry_after(response.headers.get("retry-after"), datetime.now(UTC)),
        )

    async def _send(self, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
        """Return the answer, its body not read yet."""
        url = self._post.guard.check_url(self._url)
        failed: Exception | None = None
        for address in (await self._post.addresses(url))[:_ADDRESSES]:
            # The address that was checked is the one that is connected to; the name goes into the
            # Host header and the TLS handshake, where the certificate is checked against it.
            request = self._client.build_request(
                "POST",
                url.copy_with(host=address),
                content=body,
                headers={
                    "host": url.netloc.decode("ascii"),
                    "user-agent": "liandan-courier",
                    "accept": "*/*",
                    "accept-encoding": "identity",
                    **headers,
                },
                extensions={"sni_hostname": url.raw_host.decode("ascii").strip("[]")},
            )
            try:
                return await self._client.send(request, stream=True)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failed = error
        raise failed or OSError("the name has no address")


async def _beginning(response: httpx2.Response) -> str:
    """Return the body's first line's worth, read no further than a kilobyte and a second.

    The status counts as soon as it is there; a body that does not come changes nothing.
    """
    got = b""
    try:
        async with asyncio.timeout(_BODY_S):
            async for chunk in response.aiter_raw():
                got += chunk
                if len(got) >= _BODY_BYTES:
                    break
    except Exception as error:  # noqa: BLE001 - as in send
        log.debug("no whole answer to a webhook", error=repr(error)[:500])
    finally:
        with contextlib.suppress(httpx2.HTTPError, OSError):
            await response.aclose()
    return _line(got[:_BODY_BYTES].decode("utf-8", "replace"))


def _line(text: str) -> str:
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:_ERROR_CHARACTERS]


def _outcome(status: int) -> Outcome:
    if 200 <= status < 300:
        return "delivered"
    if status == 410:
        return "gone"
    if status < 400 or status in _NOT_OF_THE_MESSAGE:
        return "unavailable"
    return "refused"


def _tls(authorities: Path | None) -> Any:
    context = ssl.create_default_context()
    if authorities is not None:
        context.load_verify_locations(authorities)
    return context
