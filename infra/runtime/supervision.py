"""Keeps child processes alive under asyncio: starts, restarts and stops them within set times."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

import structlog

from infra.runtime.child import (
    Child,
    ChildFailed,
    Probe,
    RestartPolicy,
    describe_exit,
    exited,
    run_to_end,
    spawn,
    tail,
)

__all__ = [
    "Child",
    "ChildEvent",
    "ChildFailed",
    "Probe",
    "RestartPolicy",
    "Supervisor",
    "run_to_end",
    "together",
]

STOP_WITHIN_S = 9.0
"""A whole stop: below the 10 s after which people press Ctrl-C again."""

_PROBE_EVERY_S = 0.05
_PROBE_TIMEOUT_S = 3.0
_CANCEL_AGAIN_S = 0.5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ChildEvent:
    """Something happened to a child. ``detail`` is for people."""

    name: str
    kind: Literal["started", "ready", "slow", "died", "killed", "stopped"]
    pid: int | None
    detail: str = ""


@dataclass
class _Run:
    """What the supervisor knows about one child."""

    child: Child
    process: subprocess.Popen[bytes] | None = None
    keeper: asyncio.Task[None] | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    may_restart: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def alive(self) -> bool:
        # Not poll(): only ``exited`` reaps, after it has ended the rest of the process group.
        return self.process is not None and self.process.returncode is None

    @property
    def kept(self) -> bool:
        return self.keeper is not None and not self.keeper.done()


class Supervisor:
    """Starts children, brings back what dies, stops all in reverse order of stage.

    Belongs to one event loop in one thread that lives as long as the children shall
    (see ``infra.runtime.child``). Works with asyncio's loop and with uvloop.
    """

    def __init__(self, on_event: Callable[[ChildEvent], None] | None = None) -> None:
        self._runs: dict[str, _Run] = {}
        self._on_event = on_event

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.stop()

    # -- all children -------------------------------------------------------------------------

    async def start(self, *children: Child) -> None:
        """Start children together and return when all are ready.

        Raises ChildFailed when one dies ``start_attempts`` times before it was ready, or is not
        ready in time. What was started stays until ``stop``.
        """
        for child in children:
            known = self._runs.get(child.name)
            if known is not None and (known.alive or known.kept):
                raise ValueError(f"{child.name} runs already")
            self._runs[child.name] = _Run(child)
        await together([self.start_child(child.name) for child in children])

    async def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """Stop everything, the highest stage first; what ignores its signal is killed.

        Graces are cut in proportion when together they exceed ``within_s``. Cancelled, it kills
        at once all that is left.
        """
        stages: dict[int, list[_Run]] = defaultdict(list)
        for run in self._runs.values():
            stages[run.child.stage].append(run)
        total = sum(max(r.child.stop_grace_s for r in runs) for runs in stages.values())
        scale = min(1.0, within_s / total) if total else 1.0
        try:
            # Nobody is brought back meanwhile, not even what loses its database by this stop.
            for run in self._runs.values():
                await self._dismiss_keeper(run)
            for stage in sorted(stages, reverse=True):
                await asyncio.gather(
                    *(self._end(run, run.child.stop_grace_s * scale) for run in stages[stage])
                )
        finally:
            for run in self._runs.values():
                if run.process is not None and run.alive:
                    _signal_group(run.process, signal.SIGKILL)
                    run.process.wait()

    # -- one child ----------------------------------------------------------------------------

    async def start_child(self, name: str) -> None:
        """Start a stopped (or given up) child and wait until it is ready. Raises ChildFailed."""
        run = self._runs[name]
        if run.kept:
            await self.wait_ready(name)
            return
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # A failure that no one waits for any more (start was cancelled) is not worth a traceback.
        started.add_done_callback(lambda f: f.cancelled() or f.exception())
        run.may_restart.set()
        run.keeper = asyncio.create_task(self._keep(run, started), name=f"keep {name}")
        run.keeper.add_done_callback(lambda task: _settle(started, task))
        await started

    async def stop_child(self, name: str) -> None:
        """Stop one child within its grace; it stays down until ``start_child``."""
        run = self._runs[name]
        await self._dismiss_keeper(run)
        await self._end(run, run.child.stop_grace_s)

    async def restart_child(self, name: str) -> None:
        """Stop, start, and wait until ready. Raises ChildFailed."""
        await self.stop_child(name)
        await self.start_child(name)

    def kill(self, name: str, sig: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to one child (not its group) and return the pid it had.

        After SIGKILL ``wait_ready`` waits for the successor. Raises ProcessLookupError if it
        does not run.
        """
        run = self._runs[name]
        if run.process is None or not run.alive:
            raise ProcessLookupError(f"{name} does not run")
        if sig == signal.SIGKILL:
            run.ready.clear()
        os.kill(run.process.pid, sig)
        return run.process.pid

    def suspend_restart(self, name: str) -> None:
        """From now on the child stays down when it dies."""
        self._runs[name].may_restart.clear()

    def resume_restart(self, name: str) -> None:
        """Bring the child back if it died meanwhile, and whenever it dies."""
        self._runs[name].may_restart.set()

    async def wait_ready(self, name: str, timeout_s: float = 60.0) -> None:
        """Wait until the child is up. Raises TimeoutError, which tells what its log ends with."""
        run = self._runs[name]
        try:
            await asyncio.wait_for(run.ready.wait(), timeout_s)
        except TimeoutError as error:
            raise TimeoutError(
                f"{name}: not ready in {timeout_s:g} s; its log ends with:\n{tail(run.child.log)}"
            ) from error

    def pid(self, name: str) -> int:
        """Return the pid of a running child. Raises ProcessLookupError."""
        run = self._runs[name]
        if run.process is None or not run.alive:
            raise ProcessLookupError(f"{name} does not run")
        return run.process.pid

    def pids(self) -> dict[str, int]:
        """Return the pids of the running children by name."""
        return {
            name: run.process.pid
            for name, run in self._runs.items()
            if run.process is not None and run.alive
        }

    # -- inside -------------------------------------------------------------------------------

    async def _keep(self, run: _Run, started: "asyncio.Future[None]") -> None:
        """Spawn, watch and respawn one child. ``started`` gets the outcome of the first start."""
        policy, delay, deaths = run.child.restart, run.child.restart.first_delay_s, 0
        while True:
            begun = time.monotonic()
            try:
                what = await self._live(run, started)
            except _NotReady as error:
                what, deaths = str(error), policy.start_attempts
            except (OSError, subprocess.SubprocessError) as error:
                what = f"cannot be started: {error}"
            deaths += 1
            run.ready.clear()
            pid = run.process.pid if run.process else None
            self._tell(ChildEvent(run.child.name, "died", pid, f"{what}\n{tail(run.child.log)}"))
            if not started.done() and (deaths >= policy.start_attempts or not policy.enabled):
                started.set_exception(ChildFailed(run.child.name, what, run.child.log))
                return
            if not policy.enabled:
                return
            await run.may_restart.wait()
            if time.monotonic() - begun > policy.steady_after_s:
                delay = policy.first_delay_s
            await asyncio.sleep(delay)
            delay = min(2 * delay, policy.longest_delay_s)

    async def _live(self, run: _Run, started: "asyncio.Future[None]") -> str:
        """One life, from spawn to end; returns how it ended.

        Raises TimeoutError if a first start takes too long. Later a slow child is only
        reported: killing a database because its recovery takes long would not help.
        """
        child = run.child
        run.process = spawn(child)
        pid = run.process.pid
        self._tell(ChildEvent(child.name, "started", pid))
        end = asyncio.ensure_future(exited(run.process))
        probe = asyncio.ensure_future(_until(child.ready))
        try:
            await asyncio.wait(
                {end, probe}, timeout=child.ready_timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not end.done() and not probe.done():
                late = f"not ready in {child.ready_timeout_s:g} s"
                if not started.done():
                    _signal_group(run.process, signal.SIGKILL)
                    await end
                    raise _NotReady(late)
                self._tell(ChildEvent(child.name, "slow", pid, late))
                await asyncio.wait({end, probe}, return_when=asyncio.FIRST_COMPLETED)
            if not end.done():
                await probe
                run.ready.set()
                self._tell(ChildEvent(child.name, "ready", pid))
                if not started.done():
                    started.set_result(None)
            return f"ended with {describe_exit(await end)}"
        finally:
            await _cancelled(end, probe)

    async def _dismiss_keeper(self, run: _Run) -> None:
        if run.keeper is not None:
            run.keeper.cancel()
            await asyncio.gather(run.keeper, return_exceptions=True)
            run.keeper = None
        run.ready.clear()

    async def _end(self, run: _Run, grace_s: float) -> None:
        if run.process is None or not run.alive:
            return
        name, pid = run.child.name, run.process.pid
        os.kill(run.process.pid, run.child.stop_signal)
        try:
            code = await asyncio.wait_for(exited(run.process), grace_s)
        except TimeoutError:
            _signal_group(run.process, signal.SIGKILL)
            await exited(run.process)
            ignored = f"ignored {run.child.stop_signal.name} for {grace_s:.1f} s"
            self._tell(ChildEvent(name, "killed", pid, ignored))
        else:
            self._tell(ChildEvent(name, "stopped", pid, describe_exit(code)))

    def _tell(self, event: ChildEvent) -> None:
        level = "warning" if event.kind in ("died", "killed", "slow") else "debug"
        getattr(_log, level)(
            f"child {event.kind}", child=event.name, pid=event.pid, detail=event.detail
        )
        if self._on_event is not None:
            self._on_event(event)


class _NotReady(TimeoutError):
    """The first start took too long."""


def _settle(started: "asyncio.Future[None]", keeper: "asyncio.Task[None]") -> None:
    """Whoever waits for a start learns that its keeper was dismissed or broke."""
    if started.done():
        return
    if keeper.cancelled():
        started.cancel()
    elif (error := keeper.exception()) is not None:
        started.set_exception(error)


async def _until(probe: Probe | None) -> None:
    """Return once the probe says yes; what it raises while the child comes up is expected."""
    while probe is not None:
        with contextlib.suppress(OSError, TimeoutError):
            if await asyncio.wait_for(probe(), _PROBE_TIMEOUT_S):
                return
        await asyncio.sleep(_PROBE_EVERY_S)


async def together(starts: Sequence[Awaitable[None]]) -> None:
    """Like gather, but the first failure cancels the rest and all of them are awaited."""
    tasks = [asyncio.ensure_future(start) for start in starts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _signal_group(process: "subprocess.Popen[bytes]", sig: signal.Signals) -> None:
    """Signal a child that was not reaped yet, and all it forked into its session's group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, sig)


async def _cancelled(*tasks: "asyncio.Future[Any]") -> None:
    """Cancel tasks until they are.

    ``asyncio.wait_for`` of Python 3.11 swallows a cancellation that comes as its future ends, and a probe
    that lives on would keep a dead child from being started again.
    """
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
