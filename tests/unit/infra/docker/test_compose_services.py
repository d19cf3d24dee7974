"""Each container has what keeps it small, mended and shut in."""

import re
from typing import Any

import pytest

from infra.runtime.settings import Settings
from tests.unit.infra.docker.compose_file import (
    FILE,
    PRODUCTION,
    ROOT,
    Json,
    environment_file,
    shapes,
)

SECRET = re.compile(r"^[^#\n]*/run/secrets/(\w+)", re.MULTILINE)
ENDS_BY_ITSELF = {"migrate", "cli", "restore"}
"""Services without a health check and without a restart: their exit code says how it went."""


def services() -> list[Any]:
    return [
        pytest.param(name, service, id=f"{shape}-{name}")
        for shape, file in shapes()
        for name, service in file["services"].items()
    ]


@pytest.mark.parametrize(("name", "service"), services())
def test_a_service_is_shut_in(name: str, service: Json) -> None:
    user, _, group = service["user"].partition(":")
    assert int(user) > 0, "not root"
    assert group.isdecimal(), "by number: a name would be looked up in the image"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "tmp" in {mount.partition(":")[0].strip("/") for mount in service["tmpfs"]}
    for mount in service["tmpfs"]:
        assert "size=" in mount, "memory that a full folder may take is bounded"
    assert "network_mode" not in service
    assert "docker.sock" not in str(service)


@pytest.mark.parametrize(("name", "service"), services())
def test_a_service_is_bounded_and_mended(name: str, service: Json) -> None:
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["pids_limit"] <= 1024
    assert service["logging"]["driver"] == "json-file"
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert re.fullmatch(r"\d+s", service["stop_grace_period"])
    if name in ENDS_BY_ITSELF:
        assert service["restart"] == "no"
        assert service["healthcheck"] == {"disable": True}
    else:
        assert service["restart"] == "unless-stopped"
        assert set(service["healthcheck"]) == {
            "test", "interval", "timeout", "retries", "start_period",
        }  # fmt: skip


@pytest.mark.parametrize(("name", "service"), services())
def test_ports_are_this_machines_own(name: str, service: Json) -> None:
    for port in service.get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), port
    if service.get("ports"):
        assert "edge" in service["networks"], "an internal network publishes nothing"


@pytest.mark.parametrize(("name", "service"), services())
def test_images_are_of_one_exact_version(name: str, service: Json) -> None:
    repository, _, tag = service["image"].partition(":")
    assert repository, service
    assert re.match(r"v?\d+\.\d+(\.\d+)?(-|$)", tag), service["image"]


def test_no_port_is_published_twice() -> None:
    for _, file in shapes():
        taken = [p.split(":")[1] for s in file["services"].values() for p in s.get("ports", ())]
        assert len(taken) == len(set(taken)) >= 3


def test_stores_are_reached_from_inside_only() -> None:
    for _, file in shapes():
        assert file["networks"]["stores"] == {"internal": True}
        for name, service in file["services"].items():
            if name.startswith(("kafka", "postgres")):
                assert service["networks"] == ["stores"]
                assert "ports" not in service


def test_passwords_come_from_files() -> None:
    for _, file in shapes():
        for name, service in file["services"].items():
            for variable, value in (service.get("environment") or {}).items():
                if variable == "LIANDAN_TICKET_KEYS":  # a folder; private keys for the gateway only
                    (place,) = (v for v in service["volumes"] if v.endswith(f":{value}:ro"))
                    assert ("/public:" in place) == (name != "gateway")
                elif re.search("PASSWORD|SECRET|TOKEN|DATABASE_|_KEY|_CHANNELS", variable):
                    assert re.search("_?_FILE$", variable), (name, variable)
                    assert re.fullmatch(r"/run/secrets/\w+", value), (name, variable)
    assert "trust" not in FILE.read_text(encoding="utf-8")


def test_a_service_gets_no_secret_that_it_does_not_read() -> None:
    for _, file in shapes():
        for name, service in file["services"].items():
            told = [str(value) for value in (service.get("environment") or {}).values()]
            if name == "alertmanager":
                told.append((ROOT / "infra/alertmanager/alertmanager.yml").read_text("utf-8"))
            read = {secret for text in told for secret in SECRET.findall(text)}
            assert read == set(service.get("secrets", ())), name


def test_only_the_bootstrap_knows_the_superuser() -> None:
    for _, file in shapes():
        knowing = {
            name
            for name, service in file["services"].items()
            if {"database_superuser", "postgres_password"} & set(service.get("secrets", ()))
        }
        assert knowing == {"postgres", "migrate", "restore"}
        stays = [name for name in knowing if file["services"][name]["restart"] != "no"]
        assert stays == ["postgres"]


def test_what_a_service_only_looks_at_it_cannot_change() -> None:
    for _, file in shapes():
        for name, service in file["services"].items():
            for mount in service.get("volumes", ()):
                source, target, *mode = mount.split(":")
                looked_at = target.startswith(("/watched/", "/certificates", "/provinces")) or (
                    (name, source)
                    in {("courier", "home"), ("restore", "backups"), ("cli", "tracks")}
                )
                assert (mode == ["ro"]) == (looked_at or source.startswith(".")), (name, mount)


def test_the_courier_sees_the_note_that_a_backup_leaves() -> None:
    for _, file in shapes():
        for name in ("cli", "courier"):
            homes = [v for v in file["services"][name]["volumes"] if ":/var/lib/liandan" in v]
            assert [home.partition(":")[0] for home in homes] == ["home"], name
            assert not [t for t in file["services"][name]["tmpfs"] if "/var/lib/liandan" in t]


def test_whoever_judges_or_draws_vehicles_goes_by_the_same_borders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _, file in shapes():
        found = {
            name: (service["environment"]["LIANDAN_PROVINCES_GEOJSON"], service["volumes"])
            for name, service in file["services"].items()
            if "LIANDAN_PROVINCES_GEOJSON" in service.get("environment", {})
        }
        assert set(found) == {"track-worker", "console", "cli"}
        assert len({variable for variable, _ in found.values()}) == 1
        for _, volumes in found.values():
            assert [v for v in volumes if v.endswith(":/provinces:ro")]
    monkeypatch.setenv("LIANDAN_PROVINCES_GEOJSON", "")
    assert Settings().provinces_geojson is None, "as compose has it where nobody set it"


def test_the_disks_of_all_brokers_of_postgres_and_of_the_tracks_are_watched_by_one_service() -> (
    None
):
    for shape, file in shapes():
        services = file["services"]
        watching = {
            name: service["environment"]["LIANDAN_WATCHED_VOLUMES"]
            for name, service in services.items()
            if "LIANDAN_WATCHED_VOLUMES" in (service.get("environment") or {})
        }
        (name,) = watching
        assert services[name]["networks"] == ["stores"], "it has read access to the log: no way out"
        stores = {
            store
            for store, service in services.items()
            if store.startswith(("kafka", "postgres"))
            and (shape == "production" or "profiles" not in service)
        } | {"tracks"}
        told = Settings.model_validate({"watched_volumes": watching[name]}).volumes
        del told["home"]
        assert {label.replace("_", "-") for label in told} == stores
        mounted = dict(v.split(":")[:2] for v in services[name]["volumes"])
        for label, directory in told.items():
            assert mounted[label.replace("_", "-")] == str(directory)


def test_one_broker_in_development_three_in_production() -> None:
    (_, development), (_, production) = shapes()
    brokers = [name for name in development["services"] if name.startswith("kafka")]
    assert [b for b in brokers if "profiles" not in development["services"][b]] == ["kafka-1"]
    assert environment_file(PRODUCTION)["COMPOSE_PROFILES"] == "production"
    assert environment_file(PRODUCTION)["COMPOSE_PROJECT_NAME"] != development["name"]
    assert len(brokers) == 3
    for broker in brokers:
        number = broker.removeprefix("kafka-")
        environment = production["services"][broker]["environment"]
        assert environment["KAFKA_NODE_ID"] == int(number)
        assert environment["KAFKA_ADVERTISED_LISTENERS"] == f"BROKER://{broker}:9092"
        assert f"{number}@{broker}:9093" in environment["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(",")
        copies = {
            value for key, value in environment.items() if key.endswith("_REPLICATION_FACTOR")
        }
        in_sync = {value for key, value in environment.items() if key.endswith("MIN_ISR")}
        assert copies == {3}
        assert in_sync == {environment["KAFKA_MIN_INSYNC_REPLICAS"]} == {2}
    migrate = production["services"]["migrate"]["environment"]
    assert migrate["LIANDAN_KAFKA_REPLICATION"] == 3
    assert migrate["LIANDAN_KAFKA_MIN_INSYNC"] == 2
    addresses = migrate["LIANDAN_KAFKA_BOOTSTRAP"].split(",")
    assert addresses == [f"{broker}:9092" for broker in brokers]
