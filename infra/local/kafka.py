"""A real Kafka, one node that is broker and controller (KRaft), as a child process.

One broker acknowledges what is in the page cache: a killed process loses nothing, a power cut
may lose the last seconds. Three brokers cure that, not a flush per message.
"""

import asyncio
import base64
import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from infra.local.java import Java
from infra.local.ports import HOST
from infra.runtime.supervision import Child, run_to_end

__all__ = ["Kafka"]

_HEAP = ("-Xms256m", "-Xmx512m", "-XX:+UseG1GC")
_SHORT_LIVED = "-XX:TieredStopAtLevel=1"
"""What the second compiler would make of a program that runs for two seconds comes too late."""
_FORMAT_TIMEOUT_S = 60.0
_LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")


class Kafka:
    """Configuration, storage and process of the broker under one directory.

    ``ports``: of the broker and of the controller; they may change from start to start.
    """

    name = "kafka"

    def __init__(
        self, directory: Path, log: Path, jars: Sequence[Path], java: Java, ports: tuple[int, int]
    ) -> None:
        self._directory, self._jars, self._java = directory, jars, java
        self._port, self._controller_port = ports
        self._data = directory / "data"
        self._properties = directory / "server.properties"
        self.log = log

    @property
    def bootstrap(self) -> str:
        """``host:port`` for clients."""
        return f"{HOST}:{self._port}"

    async def prepare(self) -> None:
        """Write the configuration; format the storage on the first start.

        The cluster id is drawn at formatting and stays for the life of the directory.
        Raises ChildFailed if formatting fails.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        lines = (f"{key}={_escaped(str(value))}\n" for key, value in self._settings().items())
        self._properties.write_text("".join(lines), encoding="ascii")
        if (self._data / "meta.properties").exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)  # of a formatting that was interrupted
        await run_to_end(
            Child(
                name="kafka format",
                argv=(
                    *self._java_command(_SHORT_LIVED),
                    "kafka.tools.StorageTool",
                    *("format", "--standalone", "--cluster-id", _cluster_id()),
                    *("--config", str(self._properties)),
                ),
                log=self.log,
                env=_environment(),
            ),
            _FORMAT_TIMEOUT_S,
        )

    def child(self, stage: int = 0) -> Child:
        """Describe the broker's process. Ready: it answers a metadata request."""
        return Child(
            name=self.name,
            argv=(*self._java_command(*_HEAP), "kafka.Kafka", str(self._properties)),
            log=self.log,
            env=_environment(),
            ready=self.answers,
            ready_timeout_s=90,
            stop_grace_s=5,
            stage=stage,
        )

    async def answers(self) -> bool:
        """Say whether a client gets metadata with this broker in it."""
        _, writer = await asyncio.open_connection(HOST, self._port)  # quieter than the client
        writer.close()
        client = AIOKafkaClient(bootstrap_servers=self.bootstrap, request_timeout_ms=2_000)
        try:
            await client.bootstrap()
            return bool(client.cluster.brokers())
        except KafkaError:
            return False
        finally:
            await client.close()

    def _java_command(self, *options: str) -> tuple[str, ...]:
        return (
            str(self._java.path),
            *options,
            f"-Dlog4j2.configurationFile={_LOG_SETTINGS}",
            "-Dlog4j2.disableJmx=true",
            *("-cp", os.pathsep.join(map(str, self._jars))),
        )

    def _settings(self) -> dict[str, object]:
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "listeners": f"BROKER://{HOST}:{self._port},CONTROLLER://{HOST}:{self._controller_port}",
            "advertised.listeners": f"BROKER://{HOST}:{self._port}",
            "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "BROKER",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.bootstrap.servers": f"{HOST}:{self._controller_port}",
            "log.dirs": self._data,
            "log.message.timestamp.type": "LogAppendTime",
            # Retention removes whole segments: with the default of 1 GiB a quiet topic keeps all.
            "log.segment.bytes": 128 * 1024 * 1024,
            "auto.create.topics.enable": "false",
            # A killed broker is taken back only when its old session has ended (9 s by default).
            "broker.session.timeout.ms": 3_000,
            "broker.heartbeat.interval.ms": 500,
            "group.initial.rebalance.delay.ms": 0,
            "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "min.insync.replicas": 1,
        }


def _environment() -> dict[str, str]:
    """Name a locale: a JVM takes the encoding of file names from it, and plain C is ASCII."""
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def _escaped(value: str) -> str:
    r"""Write a value for a Java properties file, which is Latin-1: a home may be called 联单."""
    units = value.encode("utf-16-be")
    codes = (units[i] << 8 | units[i + 1] for i in range(0, len(units), 2))
    return "".join(chr(c) if 31 < c < 127 and c != 92 else f"\\u{c:04x}" for c in codes)


def _cluster_id() -> str:
    """Return a random id as Kafka writes them; one with a leading dash reads as an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text
