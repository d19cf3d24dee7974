"""A real stack seen by a real Prometheus; a worker is killed, and the page arrives."""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from infra.local.ports import HOST
from infra.local.service import ARCHIVER, CONSOLE, COURIER, GATEWAY, worker
from services.registry import write_change_set
from services.simulator import build_world
from tests.chaos.poster import posting
from tests.conftest import MakeStack
from tests.exported_metrics import FOREIGN, recorded, series
from tests.integration.infra.watching import (
    Server,
    Sink,
    alertmanager,
    prometheus,
    sink,
    until,
)
from tests.prometheus_tools import PROMETHEUS, needs, run
from tests.unit.infra.test_certificate import SHORT

pytestmark = [
    pytest.mark.chaos,
    needs("prometheus", "alertmanager", "promtool"),
    pytest.mark.timeout(420),
]

SERVICES = {
    "gateway": GATEWAY,
    "archiver": ARCHIVER,
    "courier": COURIER,
    "console": CONSOLE,
    "worker": worker(1),
}


async def test_all_is_seen_and_a_killed_worker_pages_its_operators(
    make_stack: MakeStack, tmp_path: Path
) -> None:
    certificate = tmp_path / "tls.pem"
    certificate.write_bytes(SHORT)
    stack = await make_stack(
        list(SERVICES.values()), tls_certificate_file=str(certificate), courier_survey_s=1.0
    )
    now = datetime.now(UTC)
    done = {"finished_at": (now - timedelta(hours=2)).isoformat(), "bytes": 1}
    done["verified_at"] = (now - timedelta(days=2)).isoformat()
    (stack.home / "run" / "backup.json").write_text(json.dumps(done))
    targets = {
        job: [f"{HOST}:{stack.metrics_port(service.name)}"] for job, service in SERVICES.items()
    }
    world = build_world("demo", 11, 300, medical=False, trucks=False)
    await write_change_set(stack.settings.database_registry, world.registry, "test")
    async with sink() as taken, alertmanager(tmp_path, taken.port) as pager:
        address = pager.url.removeprefix("http://")
        watched = {**targets, "alertmanager": [address]}
        async with prometheus(tmp_path, watched, address) as seen:
            # 1. Every target answers.
            ups = await until(lambda: _all_up(seen, len(watched)), "every target is up")
            assert {each["metric"]["job"] for each in ups} == watched.keys()
            # 2. Every recorded series has a value once there was something to see.
            async with posting(stack.settings, world.events) as poster:
                await poster.post(world.events)
            await until(lambda: _none_without_value(seen), "every recording rule yields data")
            for name in FOREIGN - {"ALERTS"}:
                assert await seen.query(f"count({name})"), f"nobody exports {name}"
            for name, metric in series().items():
                # A label's values come into being with what they count.
                assert metric._labelnames or await seen.query(f"count({name})"), name
            # 3. Nothing but what is not part of this stack is amiss.
            amiss = {each for each in await _firing(seen) if each[0] not in _THIS_MACHINES}
            assert not amiss
            # 4. The worker dies and stays away.
            stack.suspend_restart("worker-1")
            stack.kill("worker-1")
            states = await until(lambda: _states(seen, "JobDown", "worker"), "pending or firing")
            await until(lambda: _is_firing(seen), "JobDown fires")
            assert states <= {"pending", "firing"}
            await until(lambda: _paged(taken, "firing"), "the page arrives")
            page = taken.told("/pages-line")["JobDown"]
            assert page == {
                "alertname": "JobDown",
                "job": "worker",
                "severity": "page",
                "team": "line",
            }
            said = [a for m in taken.messages for a in m["alerts"] if a["labels"] == page][-1]
            assert said["annotations"]["runbook_url"] == "docs/runbooks/JobDown.md"
            assert said["annotations"]["summary"].startswith("worker 没有任何进程在运行")
            # 5. It comes back, and operators learn that it is over.
            stack.resume_restart("worker-1")
            await until(lambda: _paged(taken, "resolved"), "the end is told")


_THIS_MACHINES = {"DiskLow", "DiskNearlyFull", "DiskFullSoon", "MemoryNearLimit"}
"""What depends on the machine that runs the test, and on how busy it is."""
_THIS_MACHINES |= {"AlertLatencyBudgetBurnFast", "AlertLatencyBudgetBurnSlow"}


async def _all_up(seen: Server, count: int) -> list[Any] | None:
    ups = await seen.query("up == 1")
    return ups if len(ups) == count else None


async def _none_without_value(seen: Server) -> bool:
    for name in recorded():
        samples = await seen.query(name)
        if not samples or any(math.isnan(float(each["value"][1])) for each in samples):
            return False
    return True


async def _firing(seen: Server) -> set[tuple[str, str | None]]:
    found = await seen.query('ALERTS{alertstate="firing"}')
    return {(each["metric"]["alertname"], each["metric"].get("job")) for each in found}


async def _states(seen: Server, name: str, job: str) -> set[str]:
    found = await seen.query(f'ALERTS{{alertname="{name}", job="{job}"}}')
    return {each["metric"]["alertstate"] for each in found}


async def _is_firing(seen: Server) -> bool:
    return "firing" in await _states(seen, "JobDown", "worker")


async def _paged(taken: Sink, status: str) -> bool:
    return any(
        alert["status"] == status and alert["labels"].get("job") == "worker"
        for message in taken.messages
        if message["path"] == "/pages-line"
        for alert in message["alerts"]
        if alert["labels"]["alertname"] == "JobDown"
    )


async def test_the_stack_writes_a_configuration_with_its_own_ports(make_stack: MakeStack) -> None:
    stack = await make_stack([GATEWAY])
    file = stack.home / "run" / "prometheus.yml"
    assert "4 rule files found" in run("promtool", "check", "config", file)
    config = json.loads(file.read_text())
    (job,) = config["scrape_configs"]
    assert job["job_name"] == "gateway"
    (target,) = job["static_configs"][0]["targets"]
    async with httpx2.AsyncClient(trust_env=False) as client:
        said = (await client.get(f"http://{target}/metrics")).text
    assert "liandan_gateway_kafka_ready" in said
    assert config["rule_files"] == [str(PROMETHEUS / "rules" / "*.yml")]
