"""The demo's own home: fresh data at each run, jars shared."""

import os
from pathlib import Path

from infra.local.lock import HomeLock
from infra.local.residence import remove_home
from infra.runtime.settings import Settings, home_from_environment
from services.cli.failures import using_home
from services.cli.running import RunningStack, running_stack

__all__ = ["DEMO_HOME", "begin_anew", "enter_running_demo", "running_settings"]

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


def enter_running_demo(home: Path) -> RunningStack | None:
    """Take the demo's stack where only that runs under ``home``; settings are read from there then."""
    if running_stack(home) is not None:
        return None
    stack = running_stack(home / DEMO_HOME)
    if stack is not None:
        os.environ["LIANDAN_HOME"] = str(stack.home)
    return stack


def running_settings() -> Settings:
    """Return the settings of what runs here: of the home, or of its demo where only that runs."""
    enter_running_demo(home_from_environment().expanduser().absolute())
    return Settings()
