"""One stack, started and stopped as a person would; the tests run in the order of the file."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from services.simulator import build_world, write_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(build_world("demo", 5, 300), folder)
    return folder


@pytest.fixture(scope="module")
def nothing_running(shared_liandan):
    return shared_liandan("doctor")


@pytest.fixture(scope="module")
def up(shared_liandan, nothing_running):
    log = shared_liandan.home / "up.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            shared_liandan.command("up"),
            env=shared_liandan.environment({}),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + 120
    while "已就绪" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    yield process
    if process.poll() is None:
        process.terminate()
        process.wait(20)


def test_doctor_says_that_nothing_runs_and_how_to_start(nothing_running):
    assert nothing_running.returncode == 1
    assert "没有本地环境在运行" in nothing_running.stdout
    assert "liandan up" in nothing_running.stdout


def test_doctor_asks_nothing_of_the_machine_where_the_stores_are_outside(nothing_running, liandan):
    outside = {
        "LIANDAN_KAFKA_BOOTSTRAP": "127.0.0.1:9",
        "LIANDAN_DATABASE_READER": "postgresql://liandan_reader@127.0.0.1:9/liandan",
    }
    done = liandan("doctor", **outside)
    assert done.returncode == 1, "neither answers"
    assert "Java" in nothing_running.stdout
    assert "Java" not in done.stdout
    assert "127.0.0.1:9" in done.stdout


def test_doctor_finds_a_running_stack_healthy(up, shared_liandan):
    done = shared_liandan("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    for told in (
        "worker-1",
        "archiver",
        "gateway",
        "console",
        "kafka",
        "postgres",
        "落后 0 behind",
        "the schema of this program",
    ):
        assert told in done.stdout


def test_a_second_stack_on_the_same_home_is_refused(up, shared_liandan):
    done = shared_liandan("up")
    assert done.returncode == 2
    assert "A local stack already runs" in done.stderr
    assert up.poll() is None


def test_a_registry_file_with_a_bad_line_is_refused_as_a_whole(up, shared_liandan, world, tmp_path):
    bad = tmp_path / "bad.ndjson"
    good = (world / "registry.ndjson").read_bytes().splitlines()
    bad.write_bytes(b"\n".join([good[0], b'{"kind":"unit"}', good[1]]))
    done = shared_liandan("registry", "import", bad)
    assert done.returncode == 1
    assert f"{bad}:2" in done.stderr
    done = shared_liandan("registry", "import", world / "registry.ndjson")
    assert done.returncode == 0, done.stderr
    assert f"{len(good)} written, 0 unchanged" in done.stdout


def test_posting_tells_what_was_kept_known_and_refused(up, shared_liandan, world, tmp_path):
    lines = (world / "events.ndjson").read_bytes().splitlines()
    source = json.loads(lines[0])["source"]
    said: dict[str, bytes] = {}  # of what contradicts itself the gateway would refuse the second
    for event, line in ((json.loads(line), line) for line in lines):
        if event["source"] == source:
            said.setdefault(event["id"], line)
    mine = list(said.values())
    keys, file = tmp_path / "keys.ndjson", tmp_path / "events.ndjson"
    uscc = source.removeprefix("urn:uscc:")
    made = shared_liandan("key", "create", "--uscc", uscc, "--name", "e2e", "--out", keys)
    assert made.returncode == 0, made.stderr
    assert keys.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"\n".join(mine))
    deadline = time.monotonic() + 10  # the gateway reads its snapshot of keys every two seconds
    while (done := shared_liandan("post", file, "--key-file", keys)).returncode != 0:
        assert "401" in done.stderr, done.stderr
        assert time.monotonic() < deadline, done.stderr
    wrong = json.loads(mine[0]) | {"id": "another", "subject": "no number"}
    stranger = next(line for line in lines if json.loads(line)["source"] != source)
    file.write_bytes(b"\n".join([mine[0], json.dumps(wrong).encode(), stranger]))
    done = shared_liandan("post", file, "--key-file", keys)
    assert done.returncode == 1
    assert "0 accepted, 1 known before, 2 refused" in done.stdout
    assert f"{file}:2" in done.stderr
    assert "/subject" in done.stderr
    assert f"{file}:3" in done.stderr
    key_id = json.loads(keys.read_text())["key_id"]
    assert shared_liandan("key", "revoke", key_id).returncode == 0
    assert shared_liandan("key", "revoke", key_id).returncode == 1


def test_a_secret_is_shown_and_an_unknown_one_is_refused(up, shared_liandan, world):
    made = shared_liandan("key", "create", "--uscc", "91630100XXXX00013B")
    assert made.stdout.splitlines()[-1].startswith("ldk_"), made.stderr
    assert shared_liandan("key", "create", "--uscc", "nonsense").returncode == 2
    done = shared_liandan("post", world / "events.ndjson", "--key", "ldk_0_unknown")
    assert done.returncode == 1
    assert "key_unknown" in done.stderr


def test_ctrl_c_stops_everything_within_ten_seconds(up, shared_liandan):
    state = json.loads((shared_liandan.home / "run" / "stack.json").read_text())
    pids = [process["pid"] for process in state["processes"].values()]
    assert len(pids) == 9
    began = time.monotonic()
    up.send_signal(signal.SIGINT)
    assert up.wait(15) == 0
    assert time.monotonic() - began < 10
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert shared_liandan.processes() == []
