"""The local stack that runs under a home, as its state file tells."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

__all__ = ["Process", "RunningStack", "memory_mb", "running_stack"]


@dataclass(frozen=True)
class Process:
    """One child of the stack."""

    name: str
    pid: int
    metrics_port: int | None
    log: Path


@dataclass(frozen=True)
class RunningStack:
    """What ``run/stack.json`` says of a stack whose supervisor lives."""

    home: Path
    pid: int
    started_at: str
    processes: tuple[Process, ...]


def running_stack(home: Path) -> RunningStack | None:
    """Return the stack that runs under ``home``, None if none does."""
    try:
        state = json.loads((home / "run" / "stack.json").read_text())
        os.kill(state["pid"], 0)
    except (OSError, ValueError):
        return None
    return RunningStack(
        home,
        state["pid"],
        state["started_at"],
        tuple(
            Process(name, each["pid"], each["metrics_port"], Path(each["log"]))
            for name, each in state["processes"].items()
        ),
    )


def memory_mb(pid: int) -> float | None:
    """Return the memory of a process and its children in MB (PSS: shared pages count once).

    None: the process is gone or another user's.
    """
    try:
        process = psutil.Process(pid)
        return sum(map(_own_mb, (process, *process.children(recursive=True))))
    except psutil.Error:
        return None


def _own_mb(process: psutil.Process) -> float:
    try:
        whole = process.memory_full_info()
        return float(getattr(whole, "pss", 0) or whole.rss) / 1e6
    except psutil.AccessDenied:
        return float(process.memory_info().rss) / 1e6
    except psutil.NoSuchProcess:  # a backend that ended meanwhile
        return 0.0
