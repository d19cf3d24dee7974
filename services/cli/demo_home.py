"""The demo's own home: fresh data at each run, jars shared."""

import os
from pathlib import Path

from infra.local.lock import HomeLock
from infra.local.residence import remove_home
from services.cli.failures import using_home

__all__ = ["DEMO_HOME", "begin_anew"]

DEMO_HOME = "demo"
"""Folder in the home."""


def begin_anew(home: Path) -> None:
    """Empty the demo's home and let all settings be read from it. Raises HomeInUse, HomeUnusable."""
    os.environ["LIANDAN_HOME"] = str(home)
    if home.exists():
        lock = HomeLock(home)
        with using_home(home):
            lock.acquire()
        lock.release()
        remove_home(home)
