"""One console process: ``python -m services.console``, settings from ``LIANDAN_*``."""

import time

import structlog

from infra.runtime.http_server import serve_http
from infra.runtime.logs import configure_logs
from infra.runtime.metrics import serve_metrics
from infra.runtime.settings import Settings
from services.console.app import create_app
from services.console.console import Console


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logs("console", settings.log_level)
    port = serve_metrics(settings)
    structlog.get_logger(__name__).info(
        "console starts", url=settings.console_address, metrics_port=port
    )
    serve_http(
        create_app(Console(settings, time.time, time.monotonic)),
        settings.console_host,
        settings.console_port,
        trusted_proxies=settings.console_trusted_proxies,
    )


if __name__ == "__main__":
    main()
