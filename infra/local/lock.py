"""One local stack per home, and its state file that other commands read."""

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any

from infra.local.errors import HomeInUse

__all__ = ["HomeLock", "StateFile"]


class HomeLock:
    """An exclusive lock on a home; the kernel drops it when its holder dies in whatever way."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file: IO[str] | None = None

    @property
    def held(self) -> bool:
        """Whether this object has the lock."""
        return self._file is not None

    def acquire(self) -> None:
        """Take the lock. Raises HomeInUse, with the pid of the holder."""
        path = self._home / "run" / "stack.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            pid = file.read().strip()
            file.close()
            raise HomeInUse(self._home, int(pid) if pid.isdecimal() else None) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Drop the lock; the file stays (removing it would let two holders in)."""
        if self._file is not None:
            self._file.close()
            self._file = None


class StateFile:
    """``run/stack.json``: written whole or not at all, so readers never see half of it."""

    def __init__(self, home: Path) -> None:
        self._path = home / "run" / "stack.json"

    def write(self, state: dict[str, Any]) -> None:
        """Replace the content."""
        self.write_beside(self._path.name, json.dumps(state, indent=2) + "\n")

    def write_beside(self, name: str, text: str) -> None:
        """Replace another file in the same folder, whole or not at all."""
        path = self._path.with_name(name)
        fresh = path.with_name(f"{name}.new")
        fresh.write_text(text)
        fresh.replace(path)

    def remove(self) -> None:
        """Remove the file, if there is one."""
        self._path.unlink(missing_ok=True)
