"""The project's own processes as children of the local stack."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import httpx2

from infra.local.ports import HOST
from infra.runtime.supervision import Child, Probe

__all__ = [
    "ARCHIVER",
    "CONSOLE",
    "COURIER",
    "GATEWAY",
    "MEDICAL_WORKER",
    "TRACK_WORKER",
    "Service",
    "service_child",
    "worker",
]

_ROOT = Path(__file__).parents[2]
_PROBE_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class Service:
    """A Python module to run and how to see that it is up."""

    name: str
    module: str
    environment: Mapping[str, str] = field(default_factory=dict)
    """Settings of this process alone, as ``LIANDAN_…`` variables."""
    health: Literal["metrics", "gateway", "console"] = "metrics"
    """Ready when ``/metrics`` answers on its metrics port; the others: ``/healthz`` on their own too."""
    stop_grace_s: float = 3.0


GATEWAY = Service("gateway", "services.gateway", health="gateway")
ARCHIVER = Service("archiver", "services.archiver")
COURIER = Service("courier", "services.courier")
CONSOLE = Service("console", "services.console", health="console")


MEDICAL_WORKER = Service(
    "medical-worker",
    "streams",
    {"LIANDAN_WORKER_ID": "medical-worker", "LIANDAN_WORKER_TOPIC": "medical.events"},
)


TRACK_WORKER = Service(
    "track-worker",
    "streams",
    {"LIANDAN_WORKER_ID": "track-worker", "LIANDAN_WORKER_TOPIC": "vehicle.tracks"},
)


def worker(number: int = 1) -> Service:
    """Describe the n-th stream worker. Faust may hang at its end; the grace covers that."""
    name = f"worker-{number}"
    return Service(name, "streams", {"LIANDAN_WORKER_ID": name})


def service_child(
    service: Service,
    environment: Mapping[str, str],
    log: Path,
    metrics_port: int,
    own_port: int | None,
    stage: int,
) -> Child:
    """Describe the process of a service. ``own_port``: where it answers to others, if it does."""
    # Its own metrics port too: another gateway may answer on the port that this one wanted.
    health = [f"http://{HOST}:{metrics_port}/metrics"]
    if own_port is not None:
        health.append(f"http://{HOST}:{own_port}/healthz")
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return Child(
        name=service.name,
        argv=(sys.executable, "-m", service.module),
        log=log,
        env={
            **os.environ,
            "PYTHONPATH": path,
            "PYTHONUNBUFFERED": "1",
            **environment,
            "LIANDAN_METRICS_PORT": str(metrics_port),
            **service.environment,
        },
        ready=_answer(health),
        ready_timeout_s=60,
        stop_grace_s=service.stop_grace_s,
        stage=stage,
    )


def _answer(urls: Sequence[str]) -> Probe:
    async def probe() -> bool:
        # Never through a proxy: these are this machine's own addresses.
        async with httpx2.AsyncClient(trust_env=False, timeout=_PROBE_TIMEOUT_S) as client:
            try:
                return all([(await client.get(url)).is_success for url in urls])
            except httpx2.HTTPError:
                return False

    return probe
