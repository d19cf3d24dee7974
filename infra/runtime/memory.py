"""How near a process is to the end of its memory, and how often it looks for what it no longer needs.

The end is the container's limit, else the machine's.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]

__all__ = ["SELDOM", "MemoryUse", "memory_use", "seldom_collected"]

SELDOM = (1_000_000, 20, 50)
"""Objects more than at the last look, and how many looks go by before older ones are looked at too."""

_PROC = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")


class MemoryUse(NamedTuple):
    """Bytes. ``used``: without the file cache that the kernel gives back when it must."""

    used: float
    limit: float


class _Version(NamedTuple):
    """The files of one version of control groups."""

    root: str
    limit: str
    used: str
    cache: str


_VERSIONS = {
    "": _Version("", "memory.max", "memory.current", "inactive_file"),
    "memory": _Version(
        "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
    ),
}
"""By the name of the controller in ``/proc/self/cgroup``; version 2 names none."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let cycles be looked for seldom: what judging makes has none and dies by itself.

    With Python's own thresholds the looks are 6 % of judging files.
    """
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def memory_use(proc: Path = _PROC, groups: Path = _GROUPS) -> MemoryUse:
    """Return what is used of the tightest limit above this process. Never raises."""
    machine = psutil.virtual_memory()
    whole = MemoryUse(machine.total - machine.available, machine.total)
    found = [use for use in _limited(proc, groups) if use.limit < machine.total]
    return min(found, key=lambda use: use.limit - use.used, default=whole)


def _limited(proc: Path, groups: Path) -> list[MemoryUse]:
    """Return the use of each control group around this process that has a limit."""
    found = []
    try:
        lines = proc.read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            if (version := _VERSIONS.get(controller)) is None:
                continue
            top = groups / version.root
            here = top / path.lstrip("/")
            # In a container the path may be the host's: its files stand at the top then.
            while here != top.parent:
                if (use := _use(here, version)) is not None:
                    found.append(use)
                here = here.parent
    return found


def _use(group: Path, version: _Version) -> MemoryUse | None:
    try:
        limit = int((group / version.limit).read_text())  # "max" is no number: no limit
        used = int((group / version.used).read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return MemoryUse(max(0, used - int(stat.get(version.cache, 0))), limit)
    except (OSError, ValueError):
        return None
