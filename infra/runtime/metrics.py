"""The metrics server of every process, and the one metric that all of them have.

Each process declares its own metrics in one module of its own. Names follow Prometheus: base units,
``_total`` for counters. Labels come from closed sets only (rule, severity, reason, partition):
never a unit, a manifest or an event.
"""

from prometheus_client import Gauge, start_http_server

__all__ = ["LAST_SUCCESS", "serve_metrics"]

LAST_SUCCESS = Gauge(
    "liandan_last_success_timestamp_seconds",
    "When a loop of this process last came round without an error (seconds since 1970)",
    ["loop"],
)


def serve_metrics(host: str, port: int) -> int:
    """Serve ``/metrics`` in a thread of its own; return the port (chosen by the system for 0)."""
    server, _ = start_http_server(port, host)
    return int(server.server_port)
