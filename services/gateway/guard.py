"""The outermost layer: strict headers, metrics, and one road for what nobody expected."""

import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.metrics import REQUEST_SECONDS, REQUESTS
from services.gateway.problems import answer

__all__ = ["Guard"]

_STRICT = "default-src 'none'; frame-ancestors 'none'"
_ROUTES = (
    ("/v1/events", "events"),
    ("/v1/check", "check"),
    ("/v1/ticket-keys", "ticket_keys"),
    ("/v1/manifests/", "manifest"),
    ("/v1/receipts/", "receipt"),
    ("/healthz", "health"),
    ("/docs", "docs"),
    ("/openapi.json", "docs"),
    ("/static-offline-docs/", "docs"),
)
_log = structlog.get_logger(__name__)


def _route(path: str) -> str:
    return next((name for prefix, name in _ROUTES if path.startswith(prefix)), "other")


class Guard:
    """Wraps the application. An exception becomes problem+json 500 (no trace), and is logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other scopes pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        route, began, status = _route(scope["path"]), time.perf_counter(), 0

        async def send_strict(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers.setdefault("Content-Security-Policy", _STRICT)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_strict)
        except ClientDisconnect:
            status = 499  # nobody is there to be answered
        except Exception:  # noqa: BLE001 - logged whole, answered without its trace
            _log.exception("request failed", route=route)
            if status == 0:
                await answer("unexpected")(scope, receive, send_strict)
        finally:
            REQUESTS.labels(route, str(status)).inc()
            REQUEST_SECONDS.labels(route).observe(time.perf_counter() - began)
