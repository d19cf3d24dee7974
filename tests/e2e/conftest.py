"""The command as a newcomer types it, on a home of its own with shared jars."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

FreshHome = Callable[[], contextlib.AbstractContextManager[Path]]


class Cli:
    """Runs ``liandan`` under one home."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def environment(self, more: dict[str, str]) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LIANDAN_")}
        return {**kept, "LIANDAN_HOME": str(self.home), "COLUMNS": "140", **more}

    def command(self, *args: object) -> list[str]:
        return [sys.executable, "-m", "services.cli", *map(str, args)]

    def __call__(
        self, *args: object, timeout: float = 60, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*args),
            env=self.environment(more),
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def processes(self) -> list[int]:
        """Processes that have this home in their command line or environment."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                told = " ".join(process.cmdline()) + process.environ().get("LIANDAN_HOME", "")
                if str(self.home) in told:
                    found.append(process.pid)
        return found


@contextlib.contextmanager
def _cli(fresh_home: FreshHome, jar_cache: Path) -> Iterator[Cli]:
    with fresh_home() as home:
        jar_cache.mkdir(parents=True, exist_ok=True)
        (home / "cache").symlink_to(jar_cache.absolute())
        yield Cli(home)


@pytest.fixture
def liandan(fresh_home: FreshHome, jar_cache: Path) -> Iterator[Cli]:
    """For one test."""
    with _cli(fresh_home, jar_cache) as cli:
        yield cli


@pytest.fixture(scope="module")
def shared_liandan(fresh_home: FreshHome, jar_cache: Path) -> Iterator[Cli]:
    """For all tests of a file."""
    with _cli(fresh_home, jar_cache) as cli:
        yield cli
