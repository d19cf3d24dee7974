"""The ASGI application: routes, error handlers, documentation without a CDN."""

import base64
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from schemas.problems import Problem
from services.gateway import manifests, notices, receipts
from services.gateway.check import get_ticket_keys, post_check
from services.gateway.events import post_events
from services.gateway.gateway import Gateway
from services.gateway.guard import Guard
from services.gateway.openapi import document
from services.gateway.problems import Refused, answer

__all__ = ["create_app"]

_STATIC = "/static-offline-docs"
_INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def create_app(gateway: Gateway) -> FastAPI:
    """Return the application; its lifespan runs the gateway's background work."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with gateway.running():
            yield

    app: FastAPI = FastAPIOffline(
        docs_url=None,
        redoc_url=None,
        static_url=_STATIC,
        title="联单 Liandan gateway",
        version=_version(),
        description="上报危险废物转移联单事件，查询其去向。"
        "Post hazardous-waste manifest events, and see what became of them.",
        lifespan=lifespan,
    )
    app.state.gateway = gateway
    app.router.redirect_slashes = False
    app.router.routes += [
        Route("/v1/events", post_events, methods=["POST"], include_in_schema=False),
        Route("/v1/check", post_check, methods=["POST"], include_in_schema=False),
        Route("/v1/ticket-keys", get_ticket_keys, methods=["GET"], include_in_schema=False),
        Route("/healthz", _health, methods=["GET"], include_in_schema=False),
        Route("/docs", _docs, methods=["GET"], include_in_schema=False),
    ]
    app.include_router(manifests.router)
    app.include_router(receipts.router)
    app.include_router(notices.router)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_middleware(Guard)
    app.openapi = lambda: document_once(app)  # type: ignore[method-assign]
    return app


def document_once(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, made at the first call."""
    if app.openapi_schema is None:
        app.openapi_schema = document(app)
    return app.openapi_schema


async def _health(request: Request) -> Response:
    """Answer 200 while the process lives; what it lacks is said inside (and in the metrics)."""
    gateway: Gateway = request.app.state.gateway
    return JSONResponse(
        {
            "status": "ok",
            "kafka": gateway.log.ready,
            "postgres": not gateway.database.away,
            "keys": gateway.keys.loaded,
        }
    )


async def _docs(_: Request) -> Response:
    """Swagger UI from the package's files; the policy names its one inline script by hash."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Liandan gateway",
        swagger_js_url=f"{_STATIC}/swagger-ui-bundle.js",
        swagger_css_url=f"{_STATIC}/swagger-ui.css",
        swagger_favicon_url=f"{_STATIC}/favicon.png",
        swagger_ui_parameters={"validatorUrl": None},
    )
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in _INLINE.findall(bytes(page.body))
    )
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
    )
    return page


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    return answer(error.code, error.errors, error.headers)


async def _http_error(_: Request, error: Exception) -> Response:
    """Answer what the router refuses: unknown paths and methods."""
    if not isinstance(error, HTTPException):
        raise error
    code = "method_unknown" if error.status_code == 405 else "path_unknown"
    return answer(code, headers=error.headers)


async def _parameters(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    problems = [
        Problem("value_invalid", "/" + "/".join(map(str, e["loc"][1:])), "取值不合要求", e["msg"])
        for e in error.errors()
    ]
    return answer("parameter_refused", problems)


def _version() -> str:
    try:
        return version("liandan")
    except PackageNotFoundError:
        return "0"
