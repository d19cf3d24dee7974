"""docker-compose.yml for real: a world posted and graded while things are killed, kept, put back.

Needs a Docker engine, so it runs only when told which one:
``LIANDAN_REHEARSAL_HOST=unix:///var/run/docker.sock make rehearsal``.
"""

import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from services.simulator import build_world
from tests.compose.officer import Officer
from tests.compose.rehearsal import ROOT, Rehearsal

HOST = os.environ.get("LIANDAN_REHEARSAL_HOST", "")
PATIENCE = ("--patience", "300")
"""Until a broker's partitions have other leaders and its worker's another owner, on a busy machine."""
SEED, MANIFESTS = 5, 600
WORLD = ("--seed", str(SEED), "--manifests", str(MANIFESTS))
ALERT = re.compile(r"\d\d-\d\d \d\d:\d\d ")
OFFICER, PASSWORD = "zhang.shili", "a-phrase-for-the-rehearsal"
BACKUPS = "/backup/liandan"
JOBS = {"archiver", "console", "courier", "gateway", "worker"}
JUDGES = {"worker", "medical-worker", "track-worker"}

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not HOST, reason="LIANDAN_REHEARSAL_HOST names no Docker engine"),
]


@pytest.fixture(params=["development", "production"])
def compose(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rehearsal]:
    rehearsal = Rehearsal(HOST, request.param, tmp_path)
    subprocess.run(["sh", ROOT / "infra/docker/make-secrets.sh", rehearsal.secrets], check=True)
    rehearsal("down", "--volumes", "--remove-orphans", may_fail=True)
    try:
        yield rehearsal
    finally:
        rehearsal("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")
        rehearsal.tell("down, volumes removed")


def test_a_world_is_graded_right_though_things_are_killed_and_outlives_the_containers(
    compose: Rehearsal,
) -> None:
    compose("build", timeout=1200)
    compose.tell("image built")
    up(compose)
    shut_in(compose)

    account = ("user", "add", OFFICER, "--name", "张示例", "--nationwide", "--password-file", "-")
    compose.cli(*account, told=PASSWORD)

    playing = compose.start("run", "--rm", "-T", "cli", "play", *WORLD, *PATIENCE)
    told = read_until_alerts(playing, 10)
    if compose.shape == "production":
        compose("kill", "--signal", "KILL", "kafka-2")
        compose.tell("broker kafka-2 killed")
    kill_worker(compose)
    backup(compose)
    rest, _ = playing.communicate(timeout=900)
    assert playing.returncode == 0, told + rest
    compose.tell(rest.splitlines()[-1])
    tickets_are_signed_by_the_gateway_alone(compose)
    (worker, *_) = compose.inspect("worker")
    assert [w["RestartCount"] for w in compose.inspect("worker")].count(1) == 1
    assert worker["State"]["Running"]

    if compose.shape == "production":
        compose("start", "kafka-2")
        compose.until("kafka-2 is back, all copies in sync", lambda: not behind(compose))
    stored, found = compose.stored(), compose.open_alerts()
    compose.tell(f"stored: {stored}")
    seen_by_the_officer(compose, found)
    proven(compose)

    compose("down", timeout=300)
    compose.tell("down")
    up(compose)
    assert compose.stored() == stored
    graded = compose.cli("play", "--grade-only", *WORLD)
    compose.tell(f"after down and up: {graded.splitlines()[-1]}")
    compose.cli("doctor")
    compose.tell("doctor: all is well")

    compose("down", timeout=300)
    compose.lose("postgres")
    compose.tell("down; Postgres' volume is lost")
    restored = compose("run", "--rm", "-T", "restore", BACKUPS, timeout=900)
    compose.tell(done(restored))
    up(compose)
    same = "the database has read Kafka's log to its end: the same alerts"
    compose.until(same, lambda: compose.open_alerts() == found, within_s=300)
    graded = compose.cli("play", "--grade-only", *WORLD)
    compose.tell(f"after the restore: {graded.splitlines()[-1]}")
    seen_by_the_officer(compose, found)
    compose.cli("doctor")


def tickets_are_signed_by_the_gateway_alone(compose: Rehearsal) -> None:
    (key,) = httpx2.get(f"http://127.0.0.1:{compose.ports['GATEWAY']}/v1/ticket-keys").json()[
        "keys"
    ]
    files = {
        service: set(compose("exec", "-T", service, "ls", "/tickets").split())
        for service in ("gateway", "worker")
    }
    name = key["kid"]
    assert files["gateway"] == {f"{name}.pem", f"{name}.pub.pem", "public"}
    assert files["worker"] == {f"{name}.pub.pem"}
    compose.tell(f"check tickets are signed with {name}; workers hold its public half")


def backup(compose: Rehearsal) -> None:
    """Back up while events come in, once the registry desk of the world has entered all it does.

    Events of later come back from Kafka; what people entered later would not.
    """
    records = len(build_world(seed=SEED, manifests=MANIFESTS).registry)
    compose.until("the registry is entered", lambda: compose.registry_records() == records)
    made = compose.cli("backup", BACKUPS, timeout=900)
    compose.tell(done(made))


def done(said: str) -> str:
    """Return what a command reports from its tick on, in one line."""
    _, tick, report = said.partition("✓")
    assert tick, said
    return " ".join(f"✓{report}".split())


def proven(compose: Rehearsal) -> None:
    """See that the backup can be restored, and that operators are told when it was made and proven."""
    said = compose.cli("backup", "verify", BACKUPS, timeout=900)
    compose.tell(done(said))
    with httpx2.Client(trust_env=False, timeout=10) as client:
        for moment in ("last_success", "verified"):
            metric = f"liandan_backup_{moment}_timestamp_seconds"
            compose.until(f"{metric} is told", lambda m=metric: any(asked(client, compose, m)))
        disks = 'liandan_disk_size_bytes{volume!="home"}'
        least = {"development": 3, "production": 5}[compose.shape]
        compose.until(
            f"{least} disks are watched", lambda: len(asked(client, compose, disks)) == least
        )


def seen_by_the_officer(compose: Rehearsal, found: dict[str, str]) -> None:
    """Log in to the console and look at every alert of the first page."""
    with Officer(f"http://127.0.0.1:{compose.ports['CONSOLE']}", OFFICER, PASSWORD) as officer:
        listed = officer.alerts()
        assert len(listed) >= 20
        assert listed <= found.keys()
        for alert in listed:
            assert found[alert] in officer.alert(alert)
    compose.tell(f"the officer sees {len(listed)} of {len(found)} open alerts, and each one's page")


def up(compose: Rehearsal) -> None:
    compose("up", "--detach", "--wait", "--wait-timeout", "600", timeout=900)
    compose.tell("up, every service healthy")
    (migrate,) = compose.inspect("migrate")
    assert migrate["State"]["ExitCode"] == 0
    gateway = f"http://127.0.0.1:{compose.ports['GATEWAY']}"
    with httpx2.Client(trust_env=False, timeout=10) as client:
        assert client.get(f"{gateway}/healthz").json()["kafka"] is True
        console = f"http://127.0.0.1:{compose.ports['CONSOLE']}"
        assert client.get(f"{console}/healthz").is_success
        assert client.post(f"{gateway}/v1/events", content=b"{}").status_code == 401
        compose.until("Prometheus reaches every service", lambda: scraped(client, compose) >= JOBS)
        judging = {"development": 3, "production": 4}[compose.shape]
        compose.until(
            f"{judging} workers are watched: of manifests, medical waste and vehicles",
            lambda: targets(client, compose)["worker"] == ["up"] * judging,
        )


def targets(client: httpx2.Client, compose: Rehearsal) -> dict[str, list[str]]:
    """How each of a service's processes is, as Prometheus has it now.

    Not by a query: that finds series of containers that are gone, too, for five minutes.
    """
    url = f"http://127.0.0.1:{compose.ports['PROMETHEUS']}/api/v1/targets"
    health: dict[str, list[str]] = defaultdict(list)
    for target in client.get(url).json()["data"]["activeTargets"]:
        health[target["labels"]["job"].removeprefix("liandan-")].append(target["health"])
    return health


def scraped(client: httpx2.Client, compose: Rehearsal) -> set[str]:
    """Services of which every target that Prometheus knows is up."""
    found = targets(client, compose)
    return {job for job, states in found.items() if set(states) == {"up"}}


def asked(client: httpx2.Client, compose: Rehearsal, metric: str) -> list[float]:
    """Values that Prometheus has of a metric."""
    url = f"http://127.0.0.1:{compose.ports['PROMETHEUS']}/api/v1/query"
    found = client.get(url, params={"query": metric}).json()["data"]["result"]
    return [float(each["value"][1]) for each in found]


def shut_in(compose: Rehearsal) -> None:
    """See that the engine did what the file asks for."""
    files = (file for file in compose.secrets.rglob("*") if file.is_file())
    written = [file.read_text().strip() for file in files]
    passwords = [text for text in written if text]
    assert len(passwords) >= 7
    containers = compose.inspect()
    assert len(containers) == {"development": 12, "production": 15}[compose.shape]
    for container in containers:
        name, host = container["Name"], container["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert host["Memory"] > 0, name
        assert container["Config"]["User"] not in ("", "0", "root"), name
        assert not [p for p in passwords if p in str(container)], f"{name}: a password is shown"
        for published in (host["PortBindings"] or {}).values():
            assert {each["HostIp"] for each in published} == {"127.0.0.1"}, name
    for service in sorted(JOBS | JUDGES):
        said = compose("exec", "-T", service, "python", "-c", "import os; print(os.getuid())")
        assert said.strip() == "10001"
        said = compose(
            "exec", "-T", service, "python", "-c", "open('/opt/liandan/x', 'w')", may_fail=True
        )
        assert "Read-only file system" in said
    compose.tell(f"{len(containers)} containers: not root, read only, no capabilities")


def read_until_alerts(playing: subprocess.Popen[str], least: int) -> str:
    """Read what ``play`` prints until it has told of so many alerts."""
    assert playing.stdout is not None
    told: list[str] = []
    while sum(ALERT.match(line) is not None for line in told) < least:
        line = playing.stdout.readline()
        assert line, "".join(told)
        told.append(line)
    return "".join(told)


def kill_worker(compose: Rehearsal) -> None:
    """Kill everything in a worker's container but its init; the engine starts it again."""
    kill = "import os, signal; os.kill(-1, signal.SIGKILL)"
    compose("exec", "-T", "--index", "1", "worker", "python", "-c", kill, may_fail=True)
    compose.tell("worker killed")


def behind(compose: Rehearsal) -> str:
    """Partitions that a broker has not caught up with."""
    return compose(
        *("exec", "-T", "kafka-1", "/opt/kafka/bin/kafka-topics.sh"),
        *("--bootstrap-server", "kafka-1:9092", "--describe", "--under-replicated-partitions"),
    ).strip()
