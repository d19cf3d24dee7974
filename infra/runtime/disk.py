"""How much room is left where a process keeps its files."""

import shutil
from pathlib import Path
from typing import NamedTuple

__all__ = ["DiskSpace", "disk_space"]


class DiskSpace(NamedTuple):
    """Bytes; not a number where the disk does not answer, which no alert takes for full."""

    free: float
    size: float


def disk_space(directory: Path) -> DiskSpace:
    """Measure the disk of a directory, or of the nearest one above that exists. Never raises."""
    there = directory.expanduser().absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        usage = shutil.disk_usage(there)
    except OSError:
        return DiskSpace(float("nan"), float("nan"))
    return DiskSpace(usage.free, usage.free + usage.used)  # what root keeps for itself is no room
