"""How a process serves HTTP: written once for all that do."""

from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["serve_http"]

_STOP_S = 2
"""Requests in flight get so long to finish after SIGTERM; a supervisor kills after 3 s."""


def serve_http(app: "ASGIApp", host: str, port: int, *, trusted_proxies: str | None = None) -> None:
    """Serve until SIGTERM or SIGINT.

    ``trusted_proxies``: addresses, separated by commas, whose X-Forwarded-For and -Proto are
    believed, "" for none; None: uvicorn's own default, which is this machine.
    """
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        proxy_headers=trusted_proxies != "",
        forwarded_allow_ips=trusted_proxies or None,
        timeout_graceful_shutdown=_STOP_S,
        timeout_keep_alive=65,
        backlog=512,
    )
