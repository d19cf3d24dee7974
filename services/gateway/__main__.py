"""One gateway process: ``python -m services.gateway``, settings from ``LIANDAN_*``."""

import gc
import time

import structlog

from infra.runtime.http_server import serve_http
from infra.runtime.logs import configure_logs
from infra.runtime.metrics import serve_metrics
from infra.runtime.settings import Settings
from services.gateway.app import create_app
from services.gateway.gateway import Gateway


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logs("gateway", settings.log_level)
    port = serve_metrics(settings)
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
    serve_http(app, settings.gateway_host, settings.gateway_port)


if __name__ == "__main__":
    main()
