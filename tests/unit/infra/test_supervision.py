"""Children are started, brought back, stopped in time, and never outlive their supervisor."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from infra.runtime.supervision import (
    Child,
    ChildEvent,
    ChildFailed,
    Probe,
    RestartPolicy,
    Supervisor,
    _cancelled,
    run_to_end,
)

QUICK = RestartPolicy(first_delay_s=0.01, longest_delay_s=0.05)
IGNORES_SIGTERM = (
    "import signal,time\nsignal.signal(15, signal.SIG_IGN)\nprint('deaf', flush=True)\n"
)
FOREVER = "import time\nwhile True: time.sleep(60)"


@pytest.fixture
def events() -> list[ChildEvent]:
    return []


@pytest.fixture
async def supervisor(events: list[ChildEvent]) -> AsyncIterator[Supervisor]:
    async with Supervisor(events.append) as running:
        yield running


@pytest.fixture
def sleeper(tmp_path: Path) -> Callable[..., Child]:
    def make(name: str = "sleeper", **more: object) -> Child:
        given = {"argv": ("sleep", "600"), "log": tmp_path / f"{name}.log", "restart": QUICK}
        return Child(name=name, **{**given, **more})  # type: ignore[arg-type]

    return make


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def wrote(log: Path, word: str) -> Probe:
    return lambda: asyncio.sleep(0, word in log.read_text())


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        await asyncio.sleep(0.01)


async def test_start_returns_when_the_child_is_ready(supervisor, sleeper, tmp_path):
    log = tmp_path / "slow.log"
    code = f"import time; time.sleep(0.3); print('here', flush=True)\n{FOREVER}"
    await supervisor.start(sleeper("slow", argv=python(code), ready=wrote(log, "here")))
    assert "here" in log.read_text()
    assert supervisor.pids() == {"slow": supervisor.pid("slow")}


async def test_a_child_that_dies_is_brought_back(supervisor, sleeper, events):
    await supervisor.start(sleeper())
    first = supervisor.kill("sleeper")
    await supervisor.wait_ready("sleeper", 10)
    assert supervisor.pid("sleeper") != first
    assert [e.kind for e in events] == ["started", "ready", "died", "started", "ready"]
    assert "SIGKILL" in events[2].detail


async def test_a_probe_that_takes_a_cancellation_for_its_own_is_cancelled_again():
    """``asyncio.wait_for`` of Python 3.11 swallows one that comes as its future ends; a child that
    had died meanwhile was never started again.
    """
    swallowed = 0

    async def deaf() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 1:
                    raise

    task = asyncio.ensure_future(deaf())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await _cancelled(task)
    assert task.cancelled()
    assert swallowed == 2


async def test_pauses_between_restarts_grow_up_to_a_bound(supervisor, sleeper, tmp_path, events):
    # Lives once, then never again: it must be tried on and on, but not in a tight loop.
    mark = tmp_path / "mark"
    code = f"import pathlib\np=pathlib.Path({str(mark)!r})\nassert not p.exists()\np.touch()\n"
    policy = RestartPolicy(first_delay_s=0.05, longest_delay_s=0.2)
    child = sleeper(
        "once",
        argv=python(code + FOREVER),
        ready=lambda: asyncio.sleep(0, mark.exists()),
        restart=policy,
    )
    await supervisor.start(child)
    begun = time.monotonic()
    supervisor.kill("once")
    await until(lambda: sum(e.kind == "died" for e in events) >= 6)
    assert time.monotonic() - begun > 0.05 + 0.1 + 0.2 + 0.2 + 0.2


async def test_a_child_that_never_comes_up_is_given_up_with_the_end_of_its_log(
    supervisor, sleeper, events
):
    broken = sleeper(
        "broken",
        argv=python("import sys; sys.exit('no such setting: colour')"),
        ready=lambda: asyncio.sleep(0, False),
    )
    with pytest.raises(ChildFailed, match="no such setting: colour") as caught:
        await supervisor.start(broken)
    assert caught.value.name == "broken"
    assert "exit code 1" in caught.value.what
    assert sum(e.kind == "started" for e in events) == QUICK.start_attempts


async def test_a_program_that_does_not_exist_is_a_clear_failure(supervisor, sleeper):
    with pytest.raises(ChildFailed, match="cannot be started"):
        await supervisor.start(sleeper(argv=("/no/such/program",)))


async def test_a_child_that_is_not_ready_in_time_is_ended(supervisor, sleeper, events):
    never = sleeper(ready=lambda: asyncio.sleep(0, False), ready_timeout_s=0.2)
    with pytest.raises(ChildFailed, match=r"not ready in 0\.2 s"):
        await supervisor.start(never)
    assert supervisor.pids() == {}


async def test_a_broken_probe_is_reported_not_awaited_for_ever(supervisor, sleeper):
    async def broken() -> bool:
        raise LookupError("bug in the probe")

    with pytest.raises(LookupError, match="bug in the probe"):
        await asyncio.wait_for(supervisor.start(sleeper(ready=broken)), 10)


async def test_a_child_that_ignores_sigterm_is_killed_after_its_grace(
    supervisor, sleeper, tmp_path, events
):
    log = tmp_path / "deaf.log"
    deaf = sleeper(
        "deaf", argv=python(IGNORES_SIGTERM + FOREVER), ready=wrote(log, "deaf"), stop_grace_s=0.3
    )
    await supervisor.start(deaf)
    pid, begun = supervisor.pid("deaf"), time.monotonic()
    await supervisor.stop()
    assert 0.3 <= time.monotonic() - begun < 2
    assert not alive(pid)
    assert events[-1].kind == "killed"


async def test_many_deaf_children_are_stopped_within_the_total(supervisor, sleeper, tmp_path):
    for stage in range(3):
        name = f"deaf{stage}"
        await supervisor.start(
            sleeper(
                name,
                argv=python(IGNORES_SIGTERM + FOREVER),
                stage=stage,
                stop_grace_s=30,
                ready=wrote(tmp_path / f"{name}.log", "deaf"),
            )
        )
    begun = time.monotonic()
    await supervisor.stop(within_s=0.6)
    assert time.monotonic() - begun < 3
    assert supervisor.pids() == {}


async def test_stop_goes_from_the_highest_stage_down(supervisor, sleeper, events):
    await supervisor.start(sleeper("store", stage=0))
    await supervisor.start(sleeper("service", stage=1), sleeper("other", stage=1))
    await supervisor.stop()
    stopped = [e.name for e in events if e.kind == "stopped"]
    assert set(stopped[:2]) == {"service", "other"}
    assert stopped[2] == "store"


async def test_what_a_child_forked_ends_with_it(supervisor, sleeper, tmp_path):
    log = tmp_path / "family.log"
    fork = "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid, 'born', flush=True)\n"
    await supervisor.start(sleeper("family", argv=python(fork + FOREVER), ready=wrote(log, "born")))
    grandchild = int(log.read_text().split()[0])
    await supervisor.stop()
    await until(lambda: not alive(grandchild))


async def test_stop_start_and_restart_of_one_child(supervisor, sleeper, events):
    await supervisor.start(sleeper("a"), sleeper("b"))
    first, other = supervisor.pid("a"), supervisor.pid("b")
    await supervisor.stop_child("a")
    assert not alive(first)
    with pytest.raises(ProcessLookupError):
        supervisor.pid("a")
    await supervisor.start_child("a")
    second = supervisor.pid("a")
    await supervisor.restart_child("a")
    assert len({first, second, supervisor.pid("a")}) == 3
    assert supervisor.pid("b") == other


async def test_suspended_restart_waits_for_resume(supervisor, sleeper, events):
    await supervisor.start(sleeper())
    supervisor.suspend_restart("sleeper")
    supervisor.kill("sleeper")
    await until(lambda: events[-1].kind == "died")
    with pytest.raises(TimeoutError, match=r"sleeper: not ready in 0.3 s; its log ends"):
        await supervisor.wait_ready("sleeper", 0.3)
    supervisor.resume_restart("sleeper")
    await supervisor.wait_ready("sleeper", 10)


async def test_children_have_a_session_of_their_own(supervisor, sleeper):
    await supervisor.start(sleeper())
    assert os.getsid(supervisor.pid("sleeper")) != os.getsid(0)


async def test_cancelling_a_stop_kills_at_once(supervisor, sleeper, tmp_path):
    log = tmp_path / "deaf.log"
    await supervisor.start(
        sleeper(
            "deaf",
            argv=python(IGNORES_SIGTERM + FOREVER),
            ready=wrote(log, "deaf"),
            stop_grace_s=60,
        )
    )
    pid = supervisor.pid("deaf")
    stopping = asyncio.create_task(supervisor.stop(within_s=60))
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert not alive(pid)


async def test_run_to_end_reports_failure_and_kills_what_is_late(sleeper):
    await run_to_end(sleeper(argv=("true",)), 10)
    with pytest.raises(ChildFailed, match="exit code 1"):
        await run_to_end(sleeper(argv=("false",)), 10)
    with pytest.raises(ChildFailed, match=r"not done in 0\.1 s"):
        await run_to_end(sleeper(), 0.1)


PARENT = """
import asyncio, sys
from pathlib import Path
from infra.runtime.supervision import Child, Supervisor

async def main(folder, uid):
    supervisor = Supervisor()
    for name in ("a", "b"):
        await supervisor.start(Child(
            name=name, argv=("sleep", "600"), log=Path(folder, name), uid=uid, gid=uid))
    print("PIDS", *supervisor.pids().values(), flush=True)
    if "restart" in sys.argv:
        supervisor.kill("a")
        await supervisor.wait_ready("a")
        print("PIDS", *supervisor.pids().values(), flush=True)
    await asyncio.sleep(600)

if "uvloop" in sys.argv:
    import uvloop
    uvloop.install()
asyncio.run(main(sys.argv[1], int(sys.argv[2]) if sys.argv[2] != "-" else None))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("user", ["-", "65534"], ids=["same user", "other user"])
async def test_kill_9_of_the_supervisor_leaves_nothing(tmp_path, loop, user):
    if user != "-" and os.geteuid() != 0:
        pytest.skip("only root starts children of another user")
    with subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", PARENT, str(tmp_path), user, loop, "restart"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as parent:
        assert parent.stdout is not None
        lines = (line.split()[1:] for line in parent.stdout if line.startswith("PIDS"))
        before = [int(pid) for pid in await asyncio.to_thread(next, lines)]
        after = [int(pid) for pid in await asyncio.to_thread(next, lines)]
        assert before[0] != after[0]
        assert before[1] == after[1]
        assert all(map(alive, after))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        await until(lambda: not any(map(alive, after)))
