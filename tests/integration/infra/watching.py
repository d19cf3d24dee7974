"""Real Prometheus and Alertmanager on loopback, and a sink for what they send."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import yaml

from infra.local.ports import HOST, free_port
from tests.prometheus_tools import ALERTMANAGER, PROMETHEUS, RULES, found

WAIT_S = 90.0


@dataclass
class Sink:
    """Takes webhooks; ``messages`` by path, with the token each came with."""

    port: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)

    def told(self, path: str, status: str = "firing") -> dict[str, dict[str, str]]:
        """Return the alerts sent to a path: labels by name."""
        return {
            alert["labels"]["alertname"]: alert["labels"]
            for message in self.messages
            if message["path"] == path
            for alert in message["alerts"]
            if alert["status"] == status
        }


@contextlib.asynccontextmanager
async def sink() -> AsyncIterator[Sink]:
    taken = Sink()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.splitlines()
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        body = await reader.readexactly(int(headers["content-length"]))
        said = json.loads(body)
        said |= {"path": lines[0].split()[1], "authorization": headers.get("authorization", "")}
        taken.messages.append(said)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(take, HOST, 0)
    taken.port = server.sockets[0].getsockname()[1]
    try:
        yield taken
    finally:
        server.close()


@dataclass
class Server:
    """One of the two programs; ``get`` and ``post`` talk to its API."""

    url: str
    log: Path

    async def get(self, path: str, **parameters: str) -> Any:
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
            return (await client.get(self.url + path, params=parameters)).json()

    async def post(self, path: str, body: Any) -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
            (await client.post(self.url + path, json=body)).raise_for_status()

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the samples of an instant query."""
        answer = await self.get("/api/v1/query", query=expression)
        assert answer["status"] == "success", answer
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result


@contextlib.asynccontextmanager
async def _running(name: str, folder: Path, ready: str, *arguments: str) -> AsyncIterator[Server]:
    port = free_port()
    path = found(name)
    assert path is not None
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            path, f"--web.listen-address={HOST}:{port}", *arguments, stdout=out, stderr=out
        )
    server = Server(f"http://{HOST}:{port}", log)
    try:
        async with asyncio.timeout(WAIT_S), httpx2.AsyncClient(trust_env=False) as client:
            while True:
                assert process.returncode is None, log.read_text()
                with contextlib.suppress(httpx2.HTTPError):
                    if (await client.get(server.url + ready)).is_success:
                        break
                await asyncio.sleep(0.1)
        yield server
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


@contextlib.asynccontextmanager
async def alertmanager(folder: Path, sink_port: int) -> AsyncIterator[Server]:
    """Run the shipped configuration; its receivers are paths of the sink, its waits short."""
    config = yaml.safe_load(ALERTMANAGER.read_text())
    token = folder / "token"
    token.write_text("operators-token")
    for receiver in config["receivers"]:
        name = receiver["name"]
        receiver.clear()
        receiver |= {
            "name": name,
            "webhook_configs": [
                {
                    "url": f"http://{HOST}:{sink_port}/{name}",
                    "send_resolved": True,
                    "http_config": {"authorization": {"credentials_file": str(token)}},
                }
            ],
        }
    for route in (config["route"], *config["route"]["routes"]):
        route |= {"group_wait": "1s", "group_interval": "1s"}
    file = folder / "alertmanager.yml"
    file.write_text(json.dumps(config))
    data = folder / "alertmanager"
    options = (f"--config.file={file}", f"--storage.path={data}", "--cluster.listen-address=")
    async with _running("alertmanager", folder, "/-/ready", *options) as server:
        yield server


@contextlib.asynccontextmanager
async def prometheus(
    folder: Path, targets: Mapping[str, list[str]], alertmanager_address: str
) -> AsyncIterator[Server]:
    """Run the shipped configuration; its targets are these, its intervals and waits short."""
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    config["global"] = {
        "scrape_interval": "1s",
        "scrape_timeout": "1s",
        "evaluation_interval": "1s",
    }
    rules = folder / "rules"
    rules.mkdir()
    for path in RULES:
        groups = yaml.safe_load(path.read_text())
        for rule in [rule for group in groups["groups"] for rule in group["rules"]]:
            if "for" in rule:
                rule["for"] = "3s"
        (rules / path.name).write_text(json.dumps(groups))
    config["scrape_configs"] = [
        {"job_name": job["job_name"], "static_configs": [{"targets": targets[job["job_name"]]}]}
        for job in config["scrape_configs"]
        if job["job_name"] in targets
    ]
    config["alerting"]["alertmanagers"] = [
        {"static_configs": [{"targets": [alertmanager_address]}]}
    ]
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(config))
    options = (f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}")
    async with _running("prometheus", folder, "/-/ready", *options) as server:
        yield server


async def until(condition: Any, what: str) -> Any:
    """Ask again and again until the answer is true; return it. Fails after a minute and a half."""
    last: Any = None
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                last = await condition()
                if last:
                    return last
                await asyncio.sleep(0.3)
    except TimeoutError:
        raise AssertionError(f"{what}: {last!r}") from None
