"""A project of docker-compose.yml of its own on a Docker engine, with ports and volumes of its own."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.local.ports import free_port

ROOT = Path(__file__).parents[2]
PRODUCTION = ROOT / "infra" / "docker" / "production.env"
_STORED = """
SELECT (SELECT count(*) FROM event_log) || ' events, ' || count(*) || ' alerts, '
    || md5(string_agg(id || ' ' || revision || ' ' || state, ',' ORDER BY id)) FROM alert
"""
_OPEN = "SELECT id || ' ' || (body ->> 'text_zh') FROM alert WHERE state = 'open' ORDER BY id"


class Rehearsal:
    """Runs ``docker compose`` on one engine; ``tell`` prints what happens, with seconds."""

    def __init__(self, host: str, shape: str, folder: Path) -> None:
        self.shape, self.secrets = shape, folder / "secrets"
        self.ports = {
            name: free_port()
            for name in ("GATEWAY", "TERMINALS", "CONSOLE", "PROMETHEUS", "ALERTMANAGER")
        }
        nothing = folder / "nothing.env"
        nothing.touch()
        self._file = PRODUCTION if shape == "production" else nothing
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LIANDAN_", "COMPOSE_"))}
        self._environment = {
            **kept,
            "DOCKER_HOST": host,
            "COMPOSE_PROJECT_NAME": f"liandan-rehearsal-{shape}",
            "SECRETS": str(self.secrets),
            # Silence is told after a second, else the world would take a quarter of an hour.
            "LIANDAN_DEADLINE_SETTLE_S": "1",
            **{f"{name}_PORT": str(port) for name, port in self.ports.items()},
        }
        self._began = time.monotonic()

    def tell(self, what: str) -> None:
        print(f"[{self.shape} {time.monotonic() - self._began:6.1f} s] {what}", flush=True)

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Begin a ``docker compose`` command whose lines are read while it runs."""
        return subprocess.Popen(
            self._command(*args),
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __call__(
        self, *args: str, timeout: float = 300, may_fail: bool = False, told: str = ""
    ) -> str:
        """Return what a ``docker compose`` command prints; its exit code must be 0.

        ``told``: its standard input.
        """
        done = subprocess.run(
            self._command(*args),
            cwd=ROOT,
            env=self._environment,
            input=told,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        assert may_fail or done.returncode == 0, f"{' '.join(args)}\n{done.stdout[-6000:]}"
        return done.stdout

    def inspect(self, *services: str) -> list[Any]:
        """Return what the engine knows of the containers, of all if none is named."""
        ids = self("ps", "--all", "--quiet", *services).split()
        found = json.loads(self._docker("inspect", *ids))
        assert isinstance(found, list)
        return found

    def lose(self, volume: str) -> None:
        """Delete a volume with all that is in it; nothing may run."""
        self._docker("volume", "rm", f"{self._environment['COMPOSE_PROJECT_NAME']}_{volume}")

    def cli(self, *args: str, timeout: float = 600, told: str = "") -> str:
        """Return what ``liandan`` prints in a container beside the services."""
        return self("run", "--rm", "-T", "cli", *args, timeout=timeout, told=told)

    def stored(self) -> str:
        """Return what the database holds: counts, and a digest over every alert."""
        return self._asked(_STORED)

    def registry_records(self) -> int:
        """Count the records of the registry."""
        return int(self._asked("SELECT count(*) FROM registry_record"))

    def open_alerts(self) -> dict[str, str]:
        """Return the sentence of every alert that is open."""
        lines = (line.partition(" ") for line in self._asked(_OPEN).splitlines())
        return {alert: sentence for alert, _, sentence in lines}

    def until(self, what: str, holds: Callable[[], object], within_s: float = 120) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
            time.sleep(0.5)
        self.tell(what)

    def _asked(self, query: str) -> str:
        password = "PGPASSWORD=$(cat /run/secrets/postgres_password)"
        psql = f'{password} psql -h 127.0.0.1 -U postgres -d liandan -Atc "{query}"'
        return self("exec", "-T", "postgres", "bash", "-c", psql).strip()

    def _docker(self, *args: str) -> str:
        done = subprocess.run(
            ["docker", *args],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    def _command(self, *args: str) -> list[str]:
        return ["docker", "compose", "--env-file", str(self._file), *args]
