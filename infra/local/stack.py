"""The whole local stack: real Kafka, real Postgres, and the project's services if asked for."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.kafka.topics import ensure_topics
from infra.local.errors import ChildNotStarted, HomeUnusable, NoSpace
from infra.local.jars import prepare_jars
from infra.local.java import Java, find_java
from infra.local.kafka import Kafka
from infra.local.lock import HomeLock, StateFile
from infra.local.ports import HOST, free_port, is_free, require_free
from infra.local.postgres import SUPERUSER, Postgres
from infra.local.residence import find_residence
from infra.local.service import Service, service_child
from infra.postgres import DATABASE, bootstrap, migrate
from infra.postgres.migrate import MIGRATIONS
from infra.prometheus import local_config
from infra.runtime.settings import Settings, from_secret_file
from infra.runtime.supervision import ChildEvent, ChildFailed, Supervisor, together
from infra.runtime.ticket_keys import new_ticket_key

__all__ = ["LocalStack", "Progress"]

Progress = Callable[[str, int, int], None]
"""(stage, done, total); stages: jars (n of 46), kafka, postgres, migrations, services."""

_NEEDED_BYTES = 1_000_000_000
_OWN_PORTS = ("gateway", "console")
"""Services that answer to others, on the port ``<name>_port`` of the settings."""
_STAGE_STORES, _STAGE_SERVICES = 0, 1  # services stop before what they stand on


class LocalStack:
    """Kafka, Postgres and services under ``settings.home``, alive as long as this object's loop.

    ``async with LocalStack(settings, services) as stack`` or ``start()`` and ``stop()``.
    ``settings`` has the addresses once started. ``cache``: where jars are kept (default: in the
    home), so that several homes can share them. Names of the children: kafka, postgres, and the
    services' own.
    """

    def __init__(
        self,
        settings: Settings,
        services: Sequence[Service] = (),
        *,
        cache: Path | None = None,
        java: Java | None = None,
        migrations: Path = MIGRATIONS,
        progress: Progress | None = None,
        on_event: Callable[[ChildEvent], None] | None = None,
    ) -> None:
        self.settings = settings
        self.home = settings.home.expanduser().absolute()
        self._asked = settings
        self._services = tuple(services)
        self._cache = cache or self.home / "cache"
        self._java, self._migrations = java, migrations
        self._progress = progress or (lambda _stage, _done, _total: None)
        self._on_event = on_event
        self._lock, self._state = HomeLock(self.home), StateFile(self.home)
        self._started_at = ""
        self._logs: dict[str, Path] = {}
        self._metrics_ports: dict[str, int] = {}
        self._supervisor = Supervisor(self._notice)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Bring everything up and return when all of it answers.

        Raises LocalStackError (str: the sentence and its cure), MigrationError; nothing is left
        running then, nor when it is cancelled.
        """
        self._claim_home()
        try:
            self._state.remove()  # of a stack that was killed
            self._choose_ports()
            await together([self._start_kafka(), self._start_postgres()])
            self._make_ticket_key()
            self._started_at = datetime.now(UTC).isoformat(timespec="seconds")
            self._publish()
            await self.start_services(*self._services)
        except ChildFailed as error:
            await self.stop()
            raise ChildNotStarted(error.name, error.what, error.log, error.log_tail) from error
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything within 10 s, remove the state file, give the home free."""
        if not self._lock.held:
            return  # never started, or the home is another's: its state file is not ours to remove
        self._started_at = ""
        try:
            await self._supervisor.stop()
        finally:
            self._state.remove()
            self._lock.release()

    async def start_services(self, *services: Service) -> None:
        """Start services on the running stack and wait until they are ready. Raises ChildFailed."""
        environment = self._environment()
        children = []
        for done, service in enumerate(services):
            self._progress("services", done, len(services))
            port = self._metrics_ports[service.name] = free_port()
            log = self._log(service.name)
            own_port = self._own_port(service)
            children.append(
                service_child(service, environment, log, port, own_port, _STAGE_SERVICES)
            )
        await self._supervisor.start(*children)
        if services:
            self._progress("services", len(services), len(services))

    def _make_ticket_key(self) -> None:
        """Have the gateway sign tickets of checks, unless the keys are elsewhere or there is one."""
        directory = self.settings.ticket_directory
        if self.settings.ticket_keys is None and not any(directory.glob("*.pem")):
            new_ticket_key(directory)

    # -- for tests that break things, and commands that restart one process ---------------------

    def kill(self, name: str, sig: signal.Signals = signal.SIGKILL) -> int:
        """See ``Supervisor.kill``."""
        return self._supervisor.kill(name, sig)

    def pid(self, name: str) -> int:
        """See ``Supervisor.pid``."""
        return self._supervisor.pid(name)

    def pids(self) -> dict[str, int]:
        """See ``Supervisor.pids``."""
        return self._supervisor.pids()

    def log(self, name: str) -> Path:
        """Return the log file of a child."""
        return self._logs[name]

    def metrics_port(self, name: str) -> int:
        """Return the port of a service's ``/metrics``."""
        return self._metrics_ports[name]

    def suspend_restart(self, name: str) -> None:
        """See ``Supervisor.suspend_restart``."""
        self._supervisor.suspend_restart(name)

    def resume_restart(self, name: str) -> None:
        """See ``Supervisor.resume_restart``."""
        self._supervisor.resume_restart(name)

    async def wait_ready(self, name: str, timeout_s: float = 60.0) -> None:
        """See ``Supervisor.wait_ready``."""
        await self._supervisor.wait_ready(name, timeout_s)

    async def stop_child(self, name: str) -> None:
        """See ``Supervisor.stop_child``."""
        await self._supervisor.stop_child(name)

    async def start_child(self, name: str) -> None:
        """See ``Supervisor.start_child``."""
        await self._supervisor.start_child(name)

    async def restart_child(self, name: str) -> None:
        """See ``Supervisor.restart_child``."""
        await self._supervisor.restart_child(name)

    # -- inside ---------------------------------------------------------------------------------

    def _claim_home(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except OSError as error:
            raise HomeUnusable(self.home, error.strerror or str(error)) from error
        free = shutil.disk_usage(self.home).free
        if free < _NEEDED_BYTES:
            self._lock.release()
            raise NoSpace(self.home, free, _NEEDED_BYTES)

    def _choose_ports(self) -> None:
        """Take the ports that were set; others may be any. Defaults are wishes."""
        asked = self._asked
        self._kafka_port = (
            require_free(asked.kafka_port, "LIANDAN_KAFKA_PORT")
            if asked.kafka_port
            else free_port()
        )
        chosen = {}
        for name in _OWN_PORTS:
            setting = f"{name}_port"
            port: int = getattr(asked, setting)
            if setting in asked.model_fields_set and port:
                if any(service.health == name for service in self._services):
                    require_free(port, f"LIANDAN_{setting.upper()}")
            elif not port or not is_free(port):
                port = free_port()
            chosen[setting] = port
        self._live(**chosen)

    def _own_port(self, service: Service) -> int | None:
        if service.health not in _OWN_PORTS:
            return None
        port: int = getattr(self.settings, f"{service.health}_port")
        return port

    async def _start_kafka(self) -> None:
        jars = await prepare_jars(
            self._cache,
            self._asked.maven_repository,
            lambda done, total: self._progress("jars", done, total),
        )
        java = await asyncio.to_thread(find_java) if self._java is None else self._java
        self._progress("kafka", 0, 1)
        ports = (self._kafka_port, free_port())
        kafka = Kafka(self.home / "kafka", self._log(Kafka.name), jars, java, ports)
        await kafka.prepare()
        await self._supervisor.start(kafka.child(_STAGE_STORES))
        self._live(kafka_bootstrap=kafka.bootstrap, kafka_replication=1, kafka_min_insync=1)
        await ensure_topics(self.settings)
        self._progress("kafka", 1, 1)

    async def _start_postgres(self) -> None:
        self._progress("postgres", 0, 1)
        residence = await asyncio.to_thread(find_residence, self.home)
        postgres = Postgres(residence, self._log(Postgres.name))
        await postgres.prepare()
        await self._supervisor.start(postgres.child(_STAGE_STORES))
        self._progress("postgres", 1, 1)
        self._progress("migrations", 0, 1)
        await bootstrap(postgres.dsn(SUPERUSER, "postgres"))
        roles = ("writer", "reader", "registry", "console", "migrator")
        self._live(**{f"database_{r}": postgres.dsn(f"liandan_{r}", DATABASE) for r in roles})
        await migrate(self.settings.database_migrator, self._migrations)
        self._progress("migrations", 1, 1)

    def _live(self, **known: Any) -> None:
        """Add what is known now to the settings that were asked for."""
        self.settings = Settings(**{**self.settings.model_dump(), "home": self.home, **known})

    def _addresses(self) -> dict[str, Any]:
        names = {"kafka_bootstrap", "kafka_replication", "kafka_min_insync"}
        names |= {f"{name}_port" for name in _OWN_PORTS}
        return {
            name: value
            for name, value in self.settings.model_dump(mode="json").items()
            if name in names or name.startswith("database_")
        }

    def _environment(self) -> dict[str, str]:
        """Return what every service is told: addresses, and what this process was given."""
        asked = self._asked.model_dump(mode="json", include=self._asked.model_fields_set)
        given = {
            name: value
            for name, value in asked.items()
            # Secrets stay in their files: children inherit the file's name.
            if value is not None and str(value) != from_secret_file(name)
        }
        values = {**given, **self._addresses(), "home": str(self.home)}
        return {f"LIANDAN_{name.upper()}": str(value) for name, value in values.items()}

    def _log(self, name: str) -> Path:
        self._logs[name] = self.home / "logs" / f"{name}.log"
        return self._logs[name]

    def _notice(self, event: ChildEvent) -> None:
        if self._started_at:
            self._publish()
        if self._on_event is not None:
            self._on_event(event)

    def _publish(self) -> None:
        """Write where everything is, for other commands and for ``Settings``."""
        processes = {
            name: {
                "pid": pid,
                "metrics_port": self._metrics_ports.get(name),
                "log": str(self._logs[name]),
            }
            for name, pid in self._supervisor.pids().items()
        }
        self._state.write_beside("prometheus.yml", local_config(self._metrics_ports, HOST))
        self._state.write(
            {
                "pid": os.getpid(),
                "started_at": self._started_at,
                "settings": self._addresses(),
                "processes": processes,
            }
        )
