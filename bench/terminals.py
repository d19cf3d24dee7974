"""Memory of a gateway that holds many idle terminals, and how fast positions are answered meanwhile.

Run: ``python -m bench.terminals [connections]`` (10,000 by default). The gateway is a process of its
own, the terminals are another. Each authenticates and stays; then a hundred of them say positions to
a gateway whose Kafka is real. Loopback only.
"""

import asyncio
import resource
import sys
import tempfile
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import psutil

from bench.machine import keep, machine_facts
from infra.local.ports import free_port
from infra.local.residence import remove_home
from infra.local.service import GATEWAY
from infra.local.stack import LocalStack
from infra.runtime.settings import Settings, home_from_environment
from services.registry.change_set import write_change_set
from tests.manifests import record_line
from tests.terminal_frames import DIGEST, PLATE, TerminalClient, position

OWNER = "91130100MA0000000Y"
SPEAKERS, ROUNDS = 100, 20
MOST_MB = 300


def phone(n: int) -> str:
    """Return the number of the n-th terminal."""
    return f"138{n:08d}"


def on_record(number: int) -> list[bytes]:
    """Return the registry's lines of all terminals."""
    return [
        record_line(
            "terminal", f"t{n}", phone=phone(n), plate=PLATE, owner=OWNER, auth_digest=DIGEST
        )
        for n in range(number)
    ]


def terminals(port: int, number: int, pipe: Pipe) -> None:
    """Process of the terminals: all log in; at a word, some of them speak."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(number + 1000, hard), hard))
    asyncio.run(_terminals(port, number, pipe))


async def _terminals(port: int, number: int, pipe: Pipe) -> None:
    clients: list[TerminalClient] = []
    for begins in range(0, number, 200):
        some = [TerminalClient(port, phone(n)) for n in range(begins, min(begins + 200, number))]
        await asyncio.gather(*(one.__aenter__() for one in some))
        results = await asyncio.gather(*(one.log_in() for one in some))
        if any(results):
            raise RuntimeError("a terminal was refused")
        clients += some
    pipe.send("in")
    await asyncio.to_thread(pipe.recv)
    took: list[float] = []

    async def speak(one: TerminalClient) -> None:
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            result = await one.ask(0x0200, position())
            took.append(time.perf_counter() - begun)
            if result:
                raise RuntimeError("a position was not kept")

    await asyncio.gather(*(speak(one) for one in clients[:SPEAKERS]))
    pipe.send(sorted(took))
    await asyncio.to_thread(pipe.recv)


async def measure(number: int) -> dict[str, Any]:
    """Return the figures."""
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    home.chmod(0o755)  # noqa: ASYNC240 - Postgres may run as another user
    settings = Settings(
        home=home, gateway_port=free_port(), terminals_port=free_port(), terminals_most=number
    )
    try:
        async with LocalStack(
            settings, [GATEWAY], cache=home_from_environment() / "cache"
        ) as stack:
            process = psutil.Process(stack.pid("gateway"))
            fresh = process.memory_info().rss
            await write_change_set(stack.settings.database_registry, on_record(number), "bench")
            await asyncio.sleep(3 * settings.terminals_refresh_s)
            return {"fresh_mb": _mb(fresh)} | await _figures(process, number, settings)
    finally:
        remove_home(home)


async def _figures(process: psutil.Process, number: int, settings: Settings) -> dict[str, Any]:
    known = process.memory_info().rss
    ours, theirs = get_context("spawn").Pipe()
    child = get_context("spawn").Process(
        target=terminals, args=(settings.terminals_port, number, theirs), daemon=True
    )
    child.start()
    try:
        begun = time.perf_counter()
        await asyncio.to_thread(ours.recv)
        took = time.perf_counter() - begun
        open_now = sum(
            c.status == "ESTABLISHED" and c.laddr.port == settings.terminals_port
            for c in process.net_connections("tcp")
        )
        await asyncio.sleep(2)
        held, before = process.memory_info().rss, process.cpu_times().user
        await asyncio.sleep(10)
        idle_cpu = (process.cpu_times().user - before) / 10
        ours.send("speak")
        answers = await asyncio.to_thread(ours.recv)
        return {
            "connections": open_now,
            "on_record_mb": _mb(known),
            "idle_connections_mb": _mb(held),
            "idle_cpu_share": round(idle_cpu, 3),
            "log_in_s": round(took, 1),
            "answers": len(answers),
            "answer_p50_ms": round(answers[len(answers) // 2] * 1000, 1),
            "answer_p99_ms": round(answers[len(answers) * 99 // 100] * 1000, 1),
        }
    finally:
        child.kill()
        child.join()


def _mb(size: int) -> int:
    return size // 1_000_000


def main() -> int:
    """Print and keep the figures; exit code 1 if memory is beyond what is promised."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    figures = asyncio.run(measure(number))
    for name, value in figures.items():
        print(f"{name}: {value}", flush=True)
    keep("terminals", {"machine": machine_facts(), **figures})
    return int(figures["connections"] < number or figures["idle_connections_mb"] > MOST_MB)


if __name__ == "__main__":
    raise SystemExit(main())
