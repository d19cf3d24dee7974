"""A cause that is known silences what follows from it, in a real Alertmanager."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.infra.watching import Server, Sink, alertmanager, sink, until
from tests.prometheus_tools import alerts, needs

pytestmark = needs("alertmanager")

Watch = tuple[Server, Sink]


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    async with sink() as taken, alertmanager(tmp_path, taken.port) as server:
        yield server, taken


def firing(name: str, **labels: str) -> dict[str, Any]:
    own = alerts()[name]["labels"]
    return {
        "labels": {"alertname": name, **own, **labels},
        "startsAt": datetime.now(UTC).isoformat(),
    }


async def silenced(server: Server) -> dict[str, bool]:
    """Return whether each alert is inhibited, by its name and what tells it from others."""
    return {
        "/".join(
            filter(None, (each["labels"]["alertname"], *(
                each["labels"].get(k, "") for k in ("job", "consumer", "volume", "file"))))
        ): bool(each["status"]["inhibitedBy"])
        for each in await server.get("/api/v2/alerts")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "effects", "others"),
    [
        (
            firing("KafkaAway"),
            [
                firing("ConsumerBehind", consumer="judge"),
                firing("LoopStalled", job="archiver", loop="archive"),
                firing("OutboxOld"),
                firing("IngestBudgetBurnFast"),
            ],
            [firing("DiskLow", volume="home"), firing("BackupOld"), firing("OffsetStopped")],
        ),
        (
            firing("DatabaseAway"),
            [
                firing("ConsumerBacklog", consumer="archiver"),
                firing("CourierNoLeader"),
                firing("KeySnapshotStale"),
                firing("LoopAbsent", job="worker"),
            ],
            [firing("IngestBudgetBurnFast"), firing("DiskNearlyFull", volume="home")],
        ),
        (
            firing("JobDown", job="worker"),
            [
                firing("ProcessDown", job="worker", instance="a"),
                firing("LoopStalled", job="worker", loop="tick"),
                firing("ConsumerBehind", consumer="judge"),
            ],
            [
                firing("ProcessDown", job="courier", instance="b"),
                firing("ConsumerBehind", consumer="archiver"),
            ],
        ),
        (
            firing("OffsetStopped", consumer="judge"),
            [
                firing("ConsumerBehind", consumer="judge"),
                firing("ProcessRestarting", job="worker"),
                firing("JobDown", job="worker"),
            ],
            [
                firing("ProcessRestarting", job="archiver"),
                firing("ConsumerBehind", consumer="archiver"),
            ],
        ),
        (
            firing("DiskNearlyFull", volume="kafka"),
            [firing("DiskLow", volume="kafka")],
            [firing("DiskLow", volume="home")],
        ),
        (
            firing("IngestBudgetBurnFast"),
            [firing("IngestBudgetBurnSlow")],
            [firing("AlertLatencyBudgetBurnSlow")],
        ),
    ],
    ids=lambda value: value["labels"]["alertname"] if isinstance(value, dict) else "",
)
async def test_a_known_cause_silences_its_effects_and_nothing_else(
    watch: Watch, cause: dict[str, Any], effects: list[Any], others: list[Any]
) -> None:
    server, taken = watch
    await server.post("/api/v2/alerts", [cause])
    await until(lambda: _told(taken, cause), "the cause is told")
    await server.post("/api/v2/alerts", [*effects, *others])
    for other in others:
        await until(lambda o=other: _told(taken, o), "what is no effect is told")
    state = await silenced(server)
    assert sum(state.values()) == len(effects), state
    quiet = {effect["labels"]["alertname"] for effect in effects} - {
        each["labels"]["alertname"] for each in (cause, *others)
    }
    said = {
        name for m in taken.messages for name in (a["labels"]["alertname"] for a in m["alerts"])
    }
    assert not said & quiet
    assert {m["authorization"] for m in taken.messages} == {"bearer operators-token"}


async def _told(taken: Sink, alert: dict[str, Any]) -> bool:
    """Say whether the receiver of its severity and team got it."""
    labels = alert["labels"]
    path = f"/{labels['severity']}s-{labels['team']}"
    return any(
        each["labels"] == labels
        for message in taken.messages
        if message["path"] == path
        for each in message["alerts"]
    )
