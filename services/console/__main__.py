"""One console process: ``python -m services.console``, settings from ``LIANDAN_*``."""

import time

import structlog
import uvicorn

from infra.runtime.logs import configure_logs
from infra.runtime.metrics import serve_metrics
from infra.runtime.settings import Settings
from services.console.app import create_app
from services.console.console import Console

_STOP_S = 2
"""Requests in flight get so long to finish after SIGTERM; a supervisor kills after 3 s."""


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logs("console", settings.log_level)
    port = serve_metrics(settings.metrics_host, settings.metrics_port)
    structlog.get_logger(__name__).info(
        "console starts", url=settings.console_address, metrics_port=port
    )
    uvicorn.run(
        create_app(Console(settings, time.time, time.monotonic)),
        host=settings.console_host,
        port=settings.console_port,
        loop="uvloop",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        proxy_headers=bool(settings.console_trusted_proxies),
        forwarded_allow_ips=settings.console_trusted_proxies or None,
        timeout_graceful_shutdown=_STOP_S,
        timeout_keep_alive=65,
        backlog=512,
    )


if __name__ == "__main__":
    main()
