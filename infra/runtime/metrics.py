"""The metrics server of every process, and the metrics that all of them have.

Each process declares its own metrics in one module of its own. Names follow Prometheus: base units,
``_total`` for counters. Labels come from closed sets only (rule, severity, reason, partition):
never a unit, a manifest or an event.
"""

from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import Gauge, start_http_server

from infra.runtime.disk import disk_space
from infra.runtime.memory import memory_use

if TYPE_CHECKING:
    from pathlib import Path

    from infra.runtime.settings import Settings

__all__ = [
    "DISK_FREE",
    "DISK_SIZE",
    "LAST_SUCCESS",
    "MEMORY_LIMIT",
    "MEMORY_USED",
    "serve_metrics",
]

LAST_SUCCESS = Gauge(
    "liandan_last_success_timestamp_seconds",
    "When a loop of this process last came round without an error (seconds since 1970)",
    ["loop"],
)
DISK_FREE = Gauge(
    "liandan_disk_free_bytes",
    "Bytes that this process may still write on the disk of a watched directory",
    ["volume"],
)
DISK_SIZE = Gauge("liandan_disk_size_bytes", "Size of the disk of a watched directory", ["volume"])
MEMORY_USED = Gauge(
    "liandan_memory_used_bytes",
    "Memory in use that cannot be given back: of the container, else of the machine",
)
MEMORY_LIMIT = Gauge(
    "liandan_memory_limit_bytes", "Memory that may be used: of the container, else of the machine"
)


def serve_metrics(settings: "Settings") -> int:
    """Serve ``/metrics`` in a thread of its own; return the port (chosen by the system for 0).

    Disk (``settings.volumes``) and memory are measured when they are asked for.
    """
    for volume, directory in settings.volumes.items():
        DISK_FREE.labels(volume).set_function(partial(_free, directory))
        DISK_SIZE.labels(volume).set_function(partial(_size, directory))
    MEMORY_USED.set_function(lambda: memory_use().used)
    MEMORY_LIMIT.set_function(lambda: memory_use().limit)
    server, _ = start_http_server(settings.metrics_port, settings.metrics_host)
    return int(server.server_port)


def _free(directory: "Path") -> float:
    return disk_space(directory).free


def _size(directory: "Path") -> float:
    return disk_space(directory).size
