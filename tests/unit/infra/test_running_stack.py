"""Other commands find a running stack by its state file, and only a running one."""

import json
import os
import subprocess

from infra.runtime.settings import Settings


def write_state(home, pid: int) -> None:
    (home / "run").mkdir()
    state = {"pid": pid, "settings": {"kafka_bootstrap": "127.0.0.1:23456", "no_such_setting": 1}}
    (home / "run" / "stack.json").write_text(json.dumps(state))


def test_addresses_of_a_running_stack_are_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("LIANDAN_HOME", str(tmp_path))
    write_state(tmp_path, os.getpid())
    assert Settings().kafka_bootstrap == "127.0.0.1:23456"


def test_the_environment_comes_before_the_running_stack(tmp_path, monkeypatch):
    monkeypatch.setenv("LIANDAN_HOME", str(tmp_path))
    monkeypatch.setenv("LIANDAN_KAFKA_BOOTSTRAP", "kafka:9092")
    write_state(tmp_path, os.getpid())
    assert Settings().kafka_bootstrap == "kafka:9092"


def test_what_a_killed_stack_left_is_ignored(tmp_path, monkeypatch):
    monkeypatch.setenv("LIANDAN_HOME", str(tmp_path))
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    write_state(tmp_path, gone.pid)
    assert Settings().kafka_bootstrap == "127.0.0.1:9092"
