"""Check-up of the processes of a local stack: alive, answering, coming round."""

import time

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from rich.table import Table
from rich.text import Text

from infra.local.ports import HOST
from services.cli.checkup import Checkup
from services.cli.running import Process, RunningStack, memory_mb

__all__ = ["check_gateway", "check_processes"]

_STALE_S = 30.0
_RESTS_S = {"prune": 600.0}
"""Loops that rest longer between two rounds."""
_TIMEOUT_S = 3.0


async def check_processes(checkup: Checkup, stack: RunningStack) -> None:
    """Look at each child of the supervisor."""
    checkup.tell(
        "ok",
        f"本地环境在运行（进程 {stack.pid}）",
        f"runs since {stack.started_at} on {stack.home}",
    )
    table = Table.grid(padding=(0, 3, 0, 2))
    wrong: list[tuple[Process, str, str]] = []
    async with httpx2.AsyncClient(trust_env=False, timeout=_TIMEOUT_S) as client:
        for process in stack.processes:
            memory = memory_mb(process.pid)
            fault = ("没有运行", "does not run") if memory is None else None
            address = ""
            if process.metrics_port is not None:
                address = f"http://{HOST}:{process.metrics_port}/metrics"
                fault = fault or await _loops(client, address)
            mark = Text("✓", "green") if fault is None else Text("✗", "bold red")
            shown = "" if memory is None else f"{memory:.0f} MB"
            place = Text(address or str(process.log), "dim")
            table.add_row(mark, process.name, str(process.pid), shown, place)
            if fault is not None:
                wrong.append((process, *fault))
    checkup.console.print(table)
    for process, zh, en in wrong:
        checkup.tell(
            "wrong",
            f"{process.name} {zh}",
            f"{process.name} {en}",
            f"原因见日志 {process.log}；监督进程会自动重启它",
            f"its log {process.log} tells why; the supervisor restarts it",
        )


async def _loops(client: httpx2.AsyncClient, address: str) -> tuple[str, str] | None:
    """Return what is wrong with a process's metrics and loops, None if nothing."""
    try:
        answer = await client.get(address)
    except httpx2.HTTPError:
        return "不响应指标请求", "does not answer for its metrics"
    now = time.time()
    late = [
        sample.labels.get("loop", "?")
        for family in text_string_to_metric_families(answer.text)
        if family.name == "liandan_last_success_timestamp_seconds"
        for sample in family.samples
        # A batch comes round only when there are events.
        if (loop := sample.labels.get("loop", "")) != "batch"
        and now - sample.value > _RESTS_S.get(loop, _STALE_S)
    ]
    if late:
        names = ", ".join(late)
        return f"{names} 太久没有成功", f"{names}: no success for too long"
    return None


async def check_gateway(checkup: Checkup, url: str) -> bool:
    """Ask the gateway what it lacks; False if it does not answer."""
    local = httpx2.URL(url).host == HOST
    async with httpx2.AsyncClient(trust_env=not local, timeout=_TIMEOUT_S) as client:
        try:
            health = (await client.get(f"{url}/healthz")).json()
        except (httpx2.HTTPError, ValueError):
            return False
    lacks = [name for name in ("kafka", "postgres", "keys") if not health.get(name)]
    if lacks:
        checkup.tell(
            "wrong",
            f"网关 {url} 缺 {'、'.join(lacks)}",
            f"the gateway lacks {', '.join(lacks)}",
            "见下面的 Kafka 和 Postgres 检查",
            "see Kafka and Postgres below",
        )
    else:
        checkup.tell("ok", f"网关 {url}", "gateway: takes events")
    return True
