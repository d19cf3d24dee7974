"""What a figure needs beside it: the machine, the load of others, and a file to keep it all in."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

__all__ = ["RESULTS", "cpu_seconds", "keep", "machine_facts", "pin", "rss_mb"]

RESULTS = Path(__file__).with_name("results")
_PACKAGES = ("aiokafka", "asyncpg", "faust-streaming", "msgspec", "uvloop")


def machine_facts() -> dict[str, Any]:
    """Return what figures depend on; no path, user or host name."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "cpu": model,
        "cpus": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": platform.release().partition("-")[0],
        "python": platform.python_version(),
        "load_average_before": [round(x, 2) for x in os.getloadavg()],
        **{name: version(name) for name in _PACKAGES},
    }


def keep(bench: str, result: dict[str, Any]) -> Path:
    """Write a result as the newest of its bench; print where."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{bench}.json"
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"kept in bench/results/{path.name}")
    return path


def pin(pid: int, cpu: int) -> None:
    """Hold a process, its threads and its children to one core."""
    process = psutil.Process(pid)
    for each in (process, *process.children(recursive=True)):
        for thread in each.threads():
            os.sched_setaffinity(thread.id, {cpu})


def rss_mb(pid: int) -> int:
    """Return what a process holds in memory, MB."""
    return int(psutil.Process(pid).memory_info().rss) // 2**20


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process so far, in its own code and in the kernel."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
