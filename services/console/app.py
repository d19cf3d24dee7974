"""The ASGI application: routes, and pages for what goes wrong."""

import contextlib
import urllib.parse
from collections.abc import AsyncIterator

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from services.console.acknowledge import post_acknowledge
from services.console.alert import get_alert
from services.console.alerts import get_alerts
from services.console.assets import get_asset
from services.console.console import Console, console_of
from services.console.database import DatabaseAway
from services.console.guard import Guard
from services.console.journey import get_journey
from services.console.limit import get_limit, get_limit_json
from services.console.login import get_login, log_in_again, post_login, post_logout
from services.console.manifest import get_manifest
from services.console.medical import get_medical, get_medical_json
from services.console.preference import Preferences
from services.console.problem import Problem
from services.console.session import SessionOver
from services.console.stream import get_live

__all__ = ["create_app"]

_log = structlog.get_logger(__name__)


def create_app(console: Console) -> Starlette:
    """Return the application; its lifespan runs the console's background work."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with console.running():
            yield

    app = Starlette(
        routes=[
            Route("/", get_alerts, methods=["GET"]),
            Route("/live", get_live, methods=["GET"]),
            Route("/alerts/{alert}", get_alert, methods=["GET"]),
            Route("/alerts/{alert}/acknowledge", post_acknowledge, methods=["POST"]),
            Route("/manifests/{number}", get_manifest, methods=["GET"]),
            Route("/journeys/{plate}/{number}", get_journey, methods=["GET"]),
            Route("/limits/{name:path}", get_limit, methods=["GET"]),
            Route("/api/limits/{name:path}", get_limit_json, methods=["GET"]),
            Route("/medical", get_medical, methods=["GET"]),
            Route("/api/medical", get_medical_json, methods=["GET"]),
            Route("/login", get_login, methods=["GET"]),
            Route("/login", post_login, methods=["POST"]),
            Route("/logout", post_logout, methods=["POST"]),
            Route("/assets/{digest}/{name}", get_asset, methods=["GET"]),
            Route("/healthz", _health, methods=["GET"]),
        ],
        middleware=[
            Middleware(Guard, console=console),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
            Middleware(Preferences),
        ],
        exception_handlers={
            Problem: _problem,
            SessionOver: _session_over,
            DatabaseAway: _away,
            HTTPException: _http_error,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.console = console
    return app


async def _health(request: Request) -> Response:
    """Answer 200 while the process lives; what it lacks is said inside (and in the metrics)."""
    console = console_of(request)
    return JSONResponse({"status": "ok", "postgres": await console.database.answers()})


async def _problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    console = console_of(request)
    _log.info("request refused", kind=error.kind, status=error.status, field=error.field)
    answer = console.render.page(
        request,
        "problem.html",
        status=error.status,
        kind=error.kind,
        field=error.field,
        kept=error.kept or getattr(request.state, "typed", {}),
        retry=error.status >= 500,
        reference=request.state.reference,
    )
    if error.retry_after_s is not None:
        answer.headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return answer


async def _session_over(request: Request, error: Exception) -> Response:
    """Lead to the login page, and back from there; a fragment must not swallow that page."""
    if request.url.path == "/live":
        return Response(status_code=401)
    if request.method == "POST":
        return await log_in_again(request)
    query = f"?{request.url.query}" if request.url.query else ""
    target = "/login?" + urllib.parse.urlencode({"next": request.url.path + query})
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)


async def _away(request: Request, error: Exception) -> Response:
    if request.url.path == "/live":
        return Response(status_code=503, headers={"Retry-After": "5"})
    return await _problem(request, Problem("database_away", 503, retry_after_s=5))


async def _http_error(request: Request, error: Exception) -> Response:
    """Answer what the router refuses: unknown paths and methods."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    kind = "method" if status == 405 else "unknown_path"
    return await _problem(request, Problem(kind, status))
