"""Prometheus' configuration for the local stack, whose ports are known only once it runs."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

__all__ = ["local_config"]

_RULES = Path(__file__).with_name("rules")


def local_config(metrics_ports: Mapping[str, int], host: str) -> str:
    """Return a configuration (JSON, which is YAML too) that scrapes processes by their ports.

    ``metrics_ports``: by the process's name; ``worker-2`` belongs to the job ``worker``. The rules
    are those of production; no Alertmanager is named.
    """
    targets: defaultdict[str, list[str]] = defaultdict(list)
    for name, port in sorted(metrics_ports.items()):
        job, _, number = name.rpartition("-")
        targets[job if number.isdecimal() else name].append(f"{host}:{port}")
    config = {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": [str(_RULES / "*.yml")],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": found}]}
            for job, found in targets.items()
        ],
    }
    return json.dumps(config, indent=2) + "\n"
