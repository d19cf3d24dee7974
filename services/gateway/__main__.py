"""One gateway process: ``python -m services.gateway``, settings from ``LIANDAN_*``."""

import time

import structlog
import uvicorn

from infra.runtime.logs import configure_logs
from infra.runtime.metrics import serve_metrics
from infra.runtime.settings import Settings
from services.gateway.app import create_app
from services.gateway.gateway import Gateway

_STOP_S = 2
"""Requests in flight get so long to finish after SIGTERM; a supervisor kills after 3 s."""


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logs("gateway", settings.log_level)
    port = serve_metrics(settings.metrics_host, settings.metrics_port)
    structlog.get_logger(__name__).info(
        "gateway starts", url=settings.gateway_url, metrics_port=port
    )
    gateway = Gateway(settings, lambda: time.time_ns() // 1000, time.monotonic)
    uvicorn.run(
        create_app(gateway),
        host=settings.gateway_host,
        port=settings.gateway_port,
        loop="uvloop",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=_STOP_S,
        timeout_keep_alive=65,
        backlog=512,
    )


if __name__ == "__main__":
    main()
