"""Every setting of every process, with defaults that work on a laptop.

A value is looked for in the environment (``LIANDAN_<NAME>``), then in the file that
``LIANDAN_<NAME>_FILE`` names (for secrets), then among the addresses that a running local stack
left in ``$LIANDAN_HOME/run/stack.json``, then here.
"""

import json
import os
import socket
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_data_path
from pydantic import Field, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from schemas.topics import ALERTS_TOPIC as ALERTS_TOPIC
from schemas.topics import MANIFEST_TOPIC as MANIFEST_TOPIC
from schemas.topics import MEDICAL_TOPIC as MEDICAL_TOPIC
from schemas.topics import TRACKS_TOPIC as TRACKS_TOPIC

DEFAULT_HOME = user_data_path("liandan")


def home_from_environment() -> Path:
    """Return ``LIANDAN_HOME`` or the user's data directory, before any other setting is read."""
    return Path(os.environ.get("LIANDAN_HOME") or DEFAULT_HOME)


def from_secret_file(name: str) -> str | None:
    """Return what the file holds that ``LIANDAN_<NAME>_FILE`` names, None if nothing names one.

    A line break at the end, which editors and ``echo`` leave, is no part of it. Raises OSError: a
    secret that was promised and is not there must stop the process, not fall back to a default.
    """
    path = os.environ.get(f"LIANDAN_{name.upper()}_FILE")
    return Path(path).read_text(encoding="utf-8").rstrip("\r\n") if path else None


class _SecretFiles(PydanticBaseSettingsSource):
    """Values in files: environments are shown by ``docker inspect`` and inherited by children."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found = ((name, from_secret_file(name)) for name in self.settings_cls.model_fields)
        return {name: value for name, value in found if value is not None}


class _RunningStack(PydanticBaseSettingsSource):
    """Addresses of the local stack that runs under this home, if one does."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        try:
            text = (home_from_environment() / "run" / "stack.json").read_text()
        except OSError:
            return {}
        state = json.loads(text)
        try:
            os.kill(state["pid"], 0)
        except ProcessLookupError:  # killed: its addresses lead nowhere
            return {}
        except PermissionError:
            pass  # it lives, under another user
        found = state.get("settings", {})
        return {k: v for k, v in found.items() if k in self.settings_cls.model_fields}


class Settings(BaseSettings):
    """All settings. Units are in the names (``_s`` seconds, ``_bytes`` bytes)."""

    model_config = SettingsConfigDict(env_prefix="LIANDAN_", extra="ignore", frozen=True)

    home: Path = Field(default_factory=home_from_environment)
    """Directory of everything the local stack keeps."""

    kafka_port: int = 0
    """Port of the local stack's Kafka; 0: any free port."""
    maven_repository: str = ""
    """Address of the Maven mirror from which the local stack fetches Kafka; "": Maven Central."""

    kafka_bootstrap: str = "127.0.0.1:9092"
    """Addresses of Kafka, parted by commas."""
    kafka_replication: int = 1
    """Copies of each partition: 3 in production."""
    kafka_min_insync: int = 1
    """Copies that must have an event before it is acknowledged: 2 in production."""
    manifest_partitions: int = 4
    """Partitions of the topic of manifest events."""
    tracks_partitions: int = 2
    """Partitions of the topic of vehicles' positions."""
    medical_partitions: int = 2
    """Partitions of the topic of medical waste."""
    alerts_partitions: int = 1
    """Partitions of the topic of alerts."""
    kafka_retention_days: int = 30
    """Must exceed the longest Postgres outage that is promised (7 days)."""

    database_writer: str = "postgresql://liandan_writer@127.0.0.1:5432/liandan"
    """Role writer: archiver, stream workers, courier."""
    database_reader: str = "postgresql://liandan_reader@127.0.0.1:5432/liandan"
    """Role reader: look-ups."""
    database_registry: str = "postgresql://liandan_registry@127.0.0.1:5432/liandan"
    """Role registry: registry records and API keys."""
    database_console: str = "postgresql://liandan_console@127.0.0.1:5432/liandan"
    """Role console: no table, only views and functions that ask for a session."""
    database_migrator: str = "postgresql://liandan_migrator@127.0.0.1:5432/liandan"
    """Role migrator: the schema."""

    gateway_host: str = "127.0.0.1"
    """Address on which the gateway listens."""
    gateway_port: int = 8080
    """Port on which the gateway listens."""
    gateway_inflight: int = 64
    """Requests with a body held at once; one more gets 429."""
    gateway_inflight_bytes: int = 96 * 1024 * 1024
    """Bytes of bodies held at once over all requests; beyond them 429."""
    gateway_body_timeout_s: float = 20.0
    """A body must have arrived in this time, else 408."""
    gateway_ack_timeout_s: float = 10.0
    """No acknowledgement from Kafka in this time: 503, and the producer is rebuilt."""
    gateway_recent_events: int = 200_000
    """(source, id) pairs remembered for duplicates without asking Postgres."""
    gateway_keys_refresh_s: float = 2.0
    """How often API keys are read: new and revoked ones count after this time at the latest."""

    terminals_host: str = "127.0.0.1"
    """Address on which the gateway listens to vehicles' terminals (JT/T 808 over TCP)."""
    terminals_port: int | None = Field(default=None, ge=0, le=65_535)
    """Port for terminals, 0: any free one; without it the gateway does not listen to them."""
    terminals_most: int = Field(default=10_000, ge=1)
    """Connections of terminals held at once; one more is closed."""
    terminals_frame_rate: float = Field(default=10.0, gt=0)
    """Frames a second that one terminal may go on sending; ten seconds' worth may come at once."""
    terminals_idle_s: float = Field(default=300.0, gt=0)
    """A connection unheard of for so long is closed; a terminal's heartbeats must come more often."""
    terminals_refresh_s: float = Field(default=2.0, gt=0)
    """How often terminals on record are read: a new or retracted one counts after this time."""
    terminals_key: str = ""
    """Key (32 characters or more) from which authentication codes are derived that a terminal gets
    at registration; "": codes are only put in by hand. Secret: name it by …_FILE."""

    ticket_keys: Path | None = None
    """Directory of the keys of check tickets; by default ``tickets`` in the home."""
    ticket_valid_s: int = Field(default=7200, ge=60, le=604_800)
    """How long a check ticket is valid."""

    tracks_directory: Path | None = None
    """Directory of the archived files of vehicles' positions; by default ``tracks`` in the home."""
    tracks_keep_days: int = Field(default=45, ge=14, le=400)
    """Positions stay in the database for so long after they came; the files have them for ever."""
    provinces_geojson: Path | None = None
    """Borders of provinces by which vehicles are judged; default: coarse areas of ours, not a map."""
    provinces_margin_km: int | None = Field(default=None, ge=0, le=200)
    """A position counts only so far inside a province; default: 2, with the coarse areas 30."""
    tracks_file_s: float = Field(default=300.0, gt=0)
    """A file of vehicles' positions is closed after this time at the latest."""
    tracks_file_bytes: int = Field(default=64 * 1024 * 1024, ge=1, le=128 * 1024 * 1024)
    """A file of vehicles' positions is closed once so many bytes of records wait for it in memory."""

    worker_id: str = Field(default_factory=socket.gethostname)
    """Name in the log and at Kafka; several workers of one container service differ by host."""
    worker_topic: Literal["manifest.events", "medical.events", "vehicle.tracks"] = "manifest.events"
    """The topic that a stream worker judges."""
    worker_group: str = "liandan-judge"
    """Consumer group of the stream workers; those of another topic than manifests add its name."""
    worker_batch_records: int = 9000
    """Records at most in one batch (one transaction)."""
    worker_session_timeout_s: float = 10.0
    """A worker unheard of for so long loses its partitions to the others."""
    worker_cache_subjects: int = 6_000
    """Manifests whose facts are held in memory, over all partitions of a worker."""
    deadline_settle_s: float = 900.0
    """How long after arming a deadline may fire at the earliest."""
    tick_s: float = 0.2
    """How often an idle partition looks at its clock, rejudge orders and dirty subjects."""

    courier_poll_s: float = 0.2
    """How often the courier looks for new alerts when there were none."""
    courier_webhook_timeout_s: float = 10.0
    """A receiver must have answered in this time, name look-up and connection included."""
    courier_webhook_concurrency: int = 16
    """Webhook endpoints served at once."""
    courier_webhook_disable_days: float = 5.0
    """An endpoint that failed without a break for so long is disabled."""
    courier_webhook_networks: str = ""
    """Private networks that webhooks may reach, such as an authority's own LAN: "10.8.0.0/16, …"."""
    courier_webhook_plain_http: bool = False
    """Whether webhooks may go to http://, without TLS. For tests on one machine."""
    courier_webhook_ca: Path | None = None
    """PEM file of further certificate authorities that receivers' certificates may come from."""
    courier_webhook_key: str = ""
    """Key (32 characters or more) from which webhooks' secrets are derived, so that none is in the
    database; "": they are. Further lines: keys of before, still valid. Secret: name it by …_FILE."""
    courier_channels: str = ""
    """Channels to people, TOML as services/courier/channel.py shows it. Secret: …_FILE."""
    courier_gather_s: float = 60.0
    """What is urgent is gathered for so long into one message."""
    courier_messages_per_hour: int = 6
    """Urgent messages to one channel in an hour at most; what comes then is in the next one."""
    courier_message_timeout_s: float = 30.0
    """A message to people must be handed over in this time."""
    courier_digest_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "08:30"
    """When channels get the digest of what is not urgent, China time."""
    courier_outbox_days: float = 30.0
    """Outbox rows that are sent and in the feed are kept for so long."""
    courier_feed_days: float = 400.0
    """The feed is kept for so long, and longer where a subscriber still waits for it."""
    courier_attempt_days: float = 90.0
    """The log of webhook attempts and of messages to people is kept for so long."""

    console_url: str = ""
    """Address of the console as officers reach it; messages link to <console_url>/alerts/<id>."""

    console_host: str = "127.0.0.1"
    """Address that the console listens on."""
    console_port: int = 8090
    """Port of the console."""
    console_secure_cookies: bool = False
    """True where browsers reach the console by HTTPS: the session's cookie then never goes without."""
    console_trusted_proxies: str = ""
    """Addresses, separated by commas, whose X-Forwarded-For and -Proto are believed."""
    console_session_idle_s: float = 2 * 3600.0
    """A session unused for so long is over."""
    console_session_longest_s: float = 12 * 3600.0
    """A session is over after so long in any case."""
    console_streams: int = 200
    """Live lists open at once; one more is told to try again later."""
    console_poll_s: float = 0.2
    """How often the console looks for new rows of the feed while somebody watches."""
    courier_survey_s: float = 10.0
    """How often the courier looks at what operators are told of the database."""

    metrics_host: str = "127.0.0.1"
    """Address on which metrics are served."""
    metrics_port: int = 0
    """0: any free port (written to the log and the state file)."""

    watched_volumes: str = ""
    """More disks to watch than the home's, as ``name=directory,…``: where Kafka and Postgres write."""
    tls_certificate_file: str = ""
    """PEM file of the certificate before the gateway or console; its end is watched; "": none."""

    log_level: Annotated[str, NoDecode] = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, secret files, running stack, defaults."""
        return (
            init_settings,
            env_settings,
            _SecretFiles(settings_cls),
            _RunningStack(settings_cls),
        )

    @field_validator("provinces_geojson", mode="before")
    @classmethod
    def _unset(cls, value: Any) -> Any:
        """Compose files pass a variable on that nobody set as an empty one."""
        return value or None

    @field_validator("watched_volumes")
    @classmethod
    def _named_directories(cls, value: str) -> str:
        for each in filter(None, value.split(",")):
            name, _, directory = each.partition("=")
            if not name.isidentifier() or name == "home" or not directory.startswith("/"):
                raise ValueError("expected name=/directory,name=/directory; home is always watched")
        return value

    @cached_property
    def volumes(self) -> dict[str, Path]:
        """Directories whose disks are watched, by name; ``home`` is one of them."""
        named = (each.partition("=") for each in filter(None, self.watched_volumes.split(",")))
        return {"home": self.home} | {name: Path(directory) for name, _, directory in named}

    @property
    def ticket_directory(self) -> Path:
        """Where the keys of check tickets are."""
        return self.ticket_keys or self.home.expanduser() / "tickets"

    @property
    def tracks_home(self) -> Path:
        """Where the archived files of vehicles' positions are."""
        return (self.tracks_directory or self.home / "tracks").expanduser()

    @cached_property
    def gateway_url(self) -> str:
        """Base address of the gateway's HTTP API."""
        return f"http://{self.gateway_host}:{self.gateway_port}"

    @cached_property
    def console_address(self) -> str:
        """Where the console listens, as this machine reaches it."""
        return f"http://{self.console_host}:{self.console_port}"
