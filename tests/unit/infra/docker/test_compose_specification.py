"""docker-compose.yml is what the Compose Specification says a compose file is."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.unit.infra.docker.compose_file import Json, compose_file, shapes

# The specification's own schema, v2.16.2 of its Go library, beside its licence.
SPECIFICATION = Path(__file__).parents[3] / "compose_spec" / "compose-spec.json"


@pytest.fixture(scope="module")
def specification() -> Any:
    schema = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape[0])
def test_the_file_meets_the_specification(specification: Any, shape: tuple[str, Json]) -> None:
    errors = [
        f"{error.json_path}: {error.message}" for error in specification.iter_errors(shape[1])
    ]
    assert not errors


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("services", "gateway", "mem_limits"), "1g"),
        (("services", "gateway", "read_only"), ["yes"]),
        (("services", "postgres", "healthcheck", "tries"), 3),
        (("services", "migrate", "depends_on", "postgres", "condition"), "service_up"),
        (("volume",), {}),
    ],
)
def test_a_slip_is_noticed(specification: Any, place: tuple[str, ...], value: object) -> None:
    wrong = copy.deepcopy(compose_file())
    there: Any = wrong
    for name in place[:-1]:
        there = there[name]
    there[place[-1]] = value
    assert not specification.is_valid(wrong)
