"""docker-compose.yml as compose reads it: variables filled in, anchors merged."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[4]
FILE = ROOT / "docker-compose.yml"
PRODUCTION = ROOT / "infra" / "docker" / "production.env"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}")

Json = dict[str, Any]


def environment_file(path: Path) -> dict[str, str]:
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if line)
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def filled(text: str, variables: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        return variables.get(found["name"]) or found["default"] or ""

    return VARIABLE.sub(value, text)


def compose_file(variables: Mapping[str, str] | None = None) -> Json:
    found = yaml.safe_load(filled(FILE.read_text(encoding="utf-8"), variables or {}))
    assert isinstance(found, dict)
    return found


def shapes() -> list[tuple[str, Json]]:
    return [
        ("development", compose_file()),
        ("production", compose_file(environment_file(PRODUCTION))),
    ]


def defaults() -> dict[str, str]:
    """Variables of the file with their defaults; one variable has one default."""
    found: dict[str, str] = {}
    for variable in VARIABLE.finditer(FILE.read_text(encoding="utf-8")):
        default = variable["default"] or ""
        assert found.setdefault(variable["name"], default) == default, variable["name"]
    return found


def words(command: str | list[Any] | None) -> list[str]:
    return command.split() if isinstance(command, str) else [str(word) for word in command or ()]
