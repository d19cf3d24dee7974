"""The outermost layer: strict headers, metrics, and one road for what nobody expected."""

import secrets
import time
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.metrics import REQUEST_SECONDS, REQUESTS

if TYPE_CHECKING:
    from services.console.console import Console

__all__ = ["POLICY", "Guard"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_ROUTES = {
    "/": "alerts",
    "/live": "live",
    "/login": "login",
    "/logout": "logout",
    "/healthz": "health",
}
_log = structlog.get_logger(__name__)


def _route(path: str) -> str:
    """Return the template of a path, from a closed set."""
    known = _ROUTES.get(path)
    if known is not None:
        return known
    first, _, rest = path.lstrip("/").partition("/")
    if first == "alerts":
        return "acknowledge" if rest.endswith("/acknowledge") else "alert"
    return {"manifests": "manifest", "assets": "asset"}.get(first, "other")


class Guard:
    """Wraps the application. An exception becomes a page without its trace, and is logged."""

    def __init__(self, app: ASGIApp, console: "Console") -> None:
        self._app, self._console = app, console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other scopes pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        route, began, status = _route(scope["path"]), time.perf_counter(), 0
        reference = scope.setdefault("state", {})["reference"] = secrets.token_hex(6)
        structlog.contextvars.bind_contextvars(reference=reference, route=route)

        async def send_strict(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                # Not no-referrer: browsers would send forms with the origin "null" then.
                headers["Referrer-Policy"] = "same-origin"
                headers["Content-Security-Policy"] = POLICY
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_strict)
        except ClientDisconnect:
            status = 499  # nobody is there to be answered
        except Exception:  # noqa: BLE001 - logged whole, answered without its trace
            _log.exception("request failed")
            if status == 0:
                page = self._console.render.page(
                    Request(scope),
                    "problem.html",
                    status=500,
                    kind="unexpected",
                    field="",
                    kept={},
                    retry=True,
                    reference=reference,
                )
                await page(scope, receive, send_strict)
        finally:
            REQUESTS.labels(route, f"{status // 100}xx").inc()
            if route != "live":
                REQUEST_SECONDS.labels(route).observe(time.perf_counter() - began)
            structlog.contextvars.unbind_contextvars("reference", "route")
