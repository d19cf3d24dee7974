"""One gateway process: ``python -m services.gateway``, settings from ``LIANDAN_*``."""

import gc
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
    port = serve_metrics(settings.metrics_host, settings.metrics_port, settings.volumes)
    structlog.get_logger(__name__).info(
        "gateway starts", url=settings.gateway_url, metrics_port=port
    )
    gateway = Gateway(settings, lambda: time.time_ns() // 1000, time.monotonic)
    app = create_app(gateway)
    app.openapi()
    # A batch makes thousands of objects without cycles, and Python's default thresholds walk the
    # whole recent window for them again and again: 52 µs of CPU an event instead of 41.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    uvicorn.run(
        app,
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
