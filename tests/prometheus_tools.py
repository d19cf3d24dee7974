"""The programs of Prometheus and Alertmanager, where this machine has them."""

import functools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROMETHEUS = ROOT / "infra" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
ALERTMANAGER = ROOT / "infra" / "alertmanager" / "alertmanager.yml"
CASES = sorted((ROOT / "tests/unit/infra/prometheus/cases").glob("*.yml"))

_NAMES = {"alertmanager": ("prometheus-alertmanager", "alertmanager")}


def found(name: str) -> str | None:
    """Return the program's path; Debian calls one of them by another name."""
    return next(filter(None, map(shutil.which, _NAMES.get(name, (name,)))), None)


def needs(*names: str) -> pytest.MarkDecorator:
    """Skip, and say so, where one of the programs is missing. ``.ci/run`` installs them."""
    missing = [name for name in names if found(name) is None]
    return pytest.mark.skipif(
        bool(missing),
        reason=f"{', '.join(missing)} missing: apt-get install prometheus prometheus-alertmanager",
    )


def run(name: str, *arguments: str | Path) -> str:
    """Run a program to its end and return what it printed; fails with that if it failed."""
    path = found(name)
    assert path is not None
    done = subprocess.run(
        [path, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@functools.cache
def rules() -> list[dict[str, Any]]:
    """Return every rule, recording and alerting, as written."""
    groups = [g for path in RULES for g in yaml.safe_load(path.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


@functools.cache
def alerts() -> dict[str, dict[str, Any]]:
    """Return the alerting rules by name; a name is used once."""
    found = [rule for rule in rules() if "alert" in rule]
    named = {rule["alert"]: rule for rule in found}
    assert len(named) == len(found)
    return named
