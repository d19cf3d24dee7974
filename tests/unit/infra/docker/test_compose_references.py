"""Every command, setting, file, secret and volume that docker-compose.yml names is there."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.postgres.bootstrap import ROLES
from infra.runtime.settings import Settings
from services.cli.main import app
from tests.unit.infra.docker.compose_file import (
    FILE,
    PRODUCTION,
    ROOT,
    Json,
    compose_file,
    defaults,
    environment_file,
    shapes,
    words,
)

GUIDE = ROOT / "docs" / "how-to" / "compose.md"
OURS = "liandan:"
ELSEWHERE = {
    # The program of a health check in an image of others, and what of the image it is part of.
    "kafka-1": "bash", "kafka-2": "bash", "kafka-3": "bash",
    "postgres": "pg_isready",
    "prometheus": "wget", "alertmanager": "wget", "grafana": "wget",
}  # fmt: skip
NOT_SETTINGS = {"LIANDAN_DATABASE_SUPERUSER_FILE"}
"""Read by ``liandan migrate`` and ``restore`` alone (``from_secret_file``)."""
SAID_OTHERWISE = {
    "LIANDAN_KAFKA_BOOTSTRAP", "LIANDAN_DEADLINE_SETTLE_S", "LIANDAN_WATCHED_VOLUMES",
}  # fmt: skip
"""Settings whose default in compose is not the program's; the guide says why."""
COMPOSE_OWN = {"COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"}


def ours() -> list[Any]:
    return [
        pytest.param(name, service, id=name)
        for name, service in compose_file()["services"].items()
        if service["image"].startswith(OURS)
    ]


def command_exists(argv: list[str]) -> None:
    """Fail unless the words run something of this project."""
    program, *rest = argv
    if program == "python":
        assert rest[0] == "-m"
        assert importlib.util.find_spec(rest[1]) is not None, rest[1]
        module = importlib.util.find_spec(rest[1])
        if module is not None and module.submodule_search_locations is not None:
            assert importlib.util.find_spec(f"{rest[1]}.__main__") is not None, rest[1]
        return
    assert program == "liandan", argv
    options = [word for word in rest if word.startswith("--")]
    names = [word for word in rest if re.fullmatch(r"[a-z][a-z-]*", word)]
    told = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "200"})
    assert told.exit_code == 0, (argv, told.output)
    assert names[0] in told.output
    for option in options:
        assert option.partition("=")[0] in told.output, (argv, option)


@pytest.mark.parametrize(("name", "service"), ours())
def test_every_command_of_ours_exists(name: str, service: Json) -> None:
    command_exists([*words(service.get("entrypoint")), *words(service["command"])])


@pytest.mark.parametrize(("name", "service"), ours())
def test_every_health_check_of_ours_exists(name: str, service: Json) -> None:
    check = service["healthcheck"]
    if check == {"disable": True}:
        return
    assert check["test"][0] == "CMD"
    command_exists(check["test"][1:])
    metrics = str(service["environment"]["LIANDAN_METRICS_PORT"])
    ports = ("LIANDAN_GATEWAY_PORT", "LIANDAN_CONSOLE_PORT")
    own = {metrics} | {str(service["environment"].get(port, metrics)) for port in ports}
    assert {url.split("/")[2].split(":")[1] for url in check["test"][4:]} <= own


def test_every_other_health_check_is_a_program_of_its_image() -> None:
    found = {
        name: service["healthcheck"]["test"][1]
        for name, service in compose_file()["services"].items()
        if not service["image"].startswith(OURS)
    }
    assert found == ELSEWHERE


def test_a_command_that_is_not_there_is_noticed() -> None:
    for argv in (
        ["python", "-m", "services.gatekeeper"],
        ["python", "-m", "services.registry"],  # a package without a __main__
        ["liandan", "migrat"],
        ["liandan", "migrate", "--patience", "9"],
        ["sh", "-c", "true"],
    ):
        with pytest.raises(AssertionError):
            command_exists(argv)


@pytest.mark.parametrize(("name", "service"), ours())
def test_every_setting_exists_and_takes_its_value(name: str, service: Json) -> None:
    plain = {}
    for variable, value in service["environment"].items():
        assert variable.startswith("LIANDAN_"), variable
        field = variable.removeprefix("LIANDAN_").lower()
        if field in Settings.model_fields:
            plain[field] = str(value)
        else:  # a secret: the file that holds it
            assert field.endswith("_file"), variable
            assert variable in NOT_SETTINGS or field[:-5] in Settings.model_fields, variable
    assert Settings.model_validate(plain).metrics_port == 9100


def test_defaults_in_compose_are_the_programs_own() -> None:
    for variable, default in defaults().items():
        if variable.startswith("LIANDAN_") and variable not in SAID_OTHERWISE:
            field = variable.removeprefix("LIANDAN_").lower()
            own = Settings.model_fields[field].default
            assert default == ("" if own is None else str(own)), variable


def test_every_variable_is_explained_and_the_production_file_sets_no_other() -> None:
    table = re.findall(r"^\| `([A-Z_]+)` \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(table) == sorted({*defaults(), *COMPOSE_OWN, "PIP_INDEX_URL"})
    assert set(environment_file(PRODUCTION)) - COMPOSE_OWN <= set(defaults())


def test_every_mounted_file_is_in_the_project() -> None:
    for _, file in shapes():
        for name, service in file["services"].items():
            for mount in service.get("volumes", ()):
                source, target, *mode = mount.split(":")
                assert target.startswith("/")
                if source.startswith("."):
                    # What make-secrets.sh makes is on no clean checkout.
                    assert source.startswith("./secrets/") or (ROOT / source).is_dir(), (
                        name,
                        source,
                    )
                    assert mode == ["ro"], (name, mount)
                else:
                    assert source in file["volumes"], (name, source)


def test_a_file_that_a_program_is_pointed_at_is_mounted() -> None:
    for name, service in compose_file()["services"].items():
        for word in words(service.get("command")):
            option, _, place = word.partition("=")
            if option == "--config.file":
                (source,) = (
                    mount.split(":")[0]
                    for mount in service["volumes"]
                    if mount.split(":")[1] == str(Path(place).parent)
                )
                assert (ROOT / source / Path(place).name).is_file(), (name, place)


def test_every_volume_secret_and_network_is_declared_and_used() -> None:
    for _, file in shapes():
        services = file["services"].values()
        mounted = {m.split(":")[0] for s in services for m in s.get("volumes", ())}
        assert {name for name in mounted if not name.startswith(".")} == set(file["volumes"])
        assert {n for s in services for n in s.get("secrets", ())} == set(file["secrets"])
        assert {n for s in services for n in s["networks"]} == set(file["networks"])


def test_every_service_that_is_waited_for_is_there() -> None:
    for _, file in shapes():
        for name, service in file["services"].items():
            for other, wait in (service.get("depends_on") or {}).items():
                waited = file["services"][other]
                if wait["condition"] == "service_healthy":
                    assert "test" in waited["healthcheck"], (name, other)
                # One that a profile leaves out must not be required.
                if "profiles" in waited:
                    assert wait["required"] is False, (name, other)


def test_every_database_role_has_a_secret() -> None:
    secrets = set(compose_file()["secrets"])
    for role in ROLES:
        assert role.replace("liandan_", "database_") in secrets


def test_every_profile_is_explained() -> None:
    profiles = {p for s in compose_file()["services"].values() for p in s.get("profiles", ())}
    assert profiles == {"production", "cli", "grafana"}
    guide = GUIDE.read_text(encoding="utf-8")
    for profile in profiles:
        assert f"`{profile}`" in guide


def test_every_command_of_the_guide_exists() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    commands = re.findall(
        r"(?:run --rm(?: -T)?(?: -v \S+)? (?:cli |(?=restore\b))|^liandan )([a-z][^#|>\n`]+)",
        guide,
        re.MULTILINE,
    )
    assert len(commands) >= 5
    for command in commands:
        command_exists(["liandan", *command.split()])
    for script in re.findall(r"infra/docker/[\w./-]+", guide + FILE.read_text(encoding="utf-8")):
        assert (ROOT / script.rstrip(".")).exists(), script
    services = compose_file()["services"]
    for name in re.findall(r"docker compose (?:exec|restart|logs) (?:-\S+ )*([a-z][\w-]*)", guide):
        assert name in services, name
