"""One child process: how it is described, spawned, and how its end is noticed.

A child never outlives its parent: the kernel sends it ``death_signal`` when the *thread* that
forked it ends (``PR_SET_PDEATHSIG``, Linux), so spawn only from the thread that runs the loop.
CPython calls ``preexec_fn`` after setsid, setgroups, setgid and setuid (``child_exec`` in
``_posixsubprocess.c``); that matters because a change of user clears the death signal.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = [
    "Child",
    "ChildFailed",
    "Probe",
    "RestartPolicy",
    "exited",
    "run_to_end",
    "spawn",
    "tail",
]

Probe = Callable[[], Awaitable[bool]]
"""Asked again and again until it says True. OSError and timeouts count as "not yet"."""

_PR_SET_PDEATHSIG = 1
_LOG_KEPT_BYTES = 20_000_000  # a longer log is set aside as <name>.1 when its child is spawned
_POLL_S = 0.05

# Bound before any fork: between fork and exec a child must not import or allocate much.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


@dataclass(frozen=True, kw_only=True)
class RestartPolicy:
    """What happens when a child dies by itself. Times in seconds.

    A child that was never ready is given up after ``start_attempts``: its configuration is wrong.
    One that was ready once comes back for ever, with a growing, bounded pause: whatever it
    waits for (a disk, another process) may return at any time.
    """

    enabled: bool = True
    start_attempts: int = 3
    first_delay_s: float = 0.2
    longest_delay_s: float = 5.0
    steady_after_s: float = 10.0
    """Having lived this long, the next pause is ``first_delay_s`` again."""


@dataclass(frozen=True, kw_only=True)
class Child:
    """A process to keep alive."""

    name: str
    argv: tuple[str, ...]
    log: Path
    """Where stdout and stderr are appended."""
    env: Mapping[str, str] | None = None
    """The whole environment; None: the parent's."""
    cwd: Path | None = None
    ready: Probe | None = None
    ready_timeout_s: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_s: float = 3.0
    """From the stop signal to SIGKILL."""
    death_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when the parent is gone."""
    uid: int | None = None
    gid: int | None = None
    stage: int = 0
    """At the end the children of the greatest stage stop first, those of one stage together."""
    restart: RestartPolicy = field(default_factory=RestartPolicy)


class ChildFailed(Exception):
    """A child could not be brought up. ``log_tail`` holds the last lines it wrote."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        self.name, self.what, self.log, self.log_tail = name, what, log, tail(log)
        super().__init__(f"{name}: {what}\n{self.log_tail}\n(whole log: {log})")


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log, "" if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def spawn(child: Child) -> subprocess.Popen[bytes]:
    """Fork and execute a child in a session of its own, so Ctrl-C reaches only the parent.

    Raises OSError (no such program, no such user) and subprocess.SubprocessError.
    """
    parent = os.getpid()

    def bind_to_parent() -> None:
        if _prctl is None:
            return
        _prctl(_PR_SET_PDEATHSIG, int(child.death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before prctl took hold
            os.kill(os.getpid(), signal.SIGKILL)

    child.log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if child.log.stat().st_size > _LOG_KEPT_BYTES:
            child.log.replace(child.log.with_name(child.log.name + ".1"))
    with child.log.open("ab") as log:
        return subprocess.Popen(
            child.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=child.env,
            cwd=child.cwd,
            user=child.uid,
            group=child.gid,
            extra_groups=None if child.uid is None else [],
            start_new_session=True,
            preexec_fn=bind_to_parent,
        )


async def exited(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end, take what is left of its process group along, return the exit code.

    Uses a pidfd, which works under any event loop, unlike asyncio's and uvloop's own
    subprocesses (uvloop knows no user and group).
    """
    if process.returncode is not None:
        return process.returncode
    if sys.platform != "linux":
        while process.poll() is None:  # noqa: ASYNC110 - nothing announces it there
            await asyncio.sleep(_POLL_S)
        return process.wait()
    pidfd = os.pidfd_open(process.pid)
    try:
        loop = asyncio.get_running_loop()
        gone: asyncio.Future[None] = loop.create_future()
        loop.add_reader(pidfd, lambda: None if gone.done() else gone.set_result(None))
        try:
            await gone
        finally:
            loop.remove_reader(pidfd)
    finally:
        os.close(pidfd)
    if process.returncode is None:
        # Not reaped yet, so the group's number cannot belong to anyone else.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


async def run_to_end(child: Child, timeout_s: float) -> None:
    """Run a child that is expected to end by itself.

    Raises ChildFailed if it does not end with 0 within ``timeout_s`` seconds. Cancelled or
    late, it is killed.
    """
    try:
        process = spawn(child)
    except (OSError, subprocess.SubprocessError) as error:
        raise ChildFailed(child.name, f"cannot be started: {error}", child.log) from error
    try:
        code = await asyncio.wait_for(exited(process), timeout_s)
    except TimeoutError:
        raise ChildFailed(child.name, f"not done in {timeout_s:g} s", child.log) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if code:
        raise ChildFailed(child.name, f"ended with {describe_exit(code)}", child.log)


def describe_exit(code: int) -> str:
    """Return "exit code 3" or "SIGKILL" for a Popen return code."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
