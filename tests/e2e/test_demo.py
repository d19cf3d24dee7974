import json
import socket
from collections import Counter

import pytest

from services.simulator import World, build_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def test_demo_once_finds_all_that_was_planted_and_leaves_no_process(liandan):
    done = liandan("demo", "--once", timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    world = build_world()
    n = Counter(label.label for label in world.labels)
    graded = (
        f"violations {n['violation']}/{n['violation']} found, reviews {n['review']}/{n['review']}"
    )
    assert f"{graded}, notices {n['notice']}/{n['notice']}, 0 false alarms" in done.stdout
    tracks = [raw for raw in world.events if b"liandan.vehicle.track" in raw]
    once = len(set(world.events) - set(tracks))
    by_terminals = [raw for raw in tracks if json.loads(raw)["subject"] in _plates(world)]
    assert by_terminals
    for told in (
        f"posted {len(world.events) - len(by_terminals)}",
        "终端帧 frames of terminals",
        f"judged {once}",
        f"archived {once}",
        "event→alert p50",
        "/metrics",
        "监管台 http://127.0.0.1:",
        "登录名 demo  密码 liandan-demo",
    ):
        assert told in done.stdout
    assert "撤回" in done.stdout, "a late correction withdraws an alert before one's eyes"
    assert "Traceback" not in done.stdout + done.stderr
    assert liandan.processes() == []
    assert not (liandan.home / "demo" / "run" / "stack.json").exists()


def _plates(world: World) -> set[str]:
    return {terminal.plate for terminal in world.terminals}


def test_a_taken_port_is_one_sentence_with_its_cure(liandan):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = liandan("demo", "--once", LIANDAN_GATEWAY_PORT=port)
    assert done.returncode == 2
    assert f"端口 {port} 已被其他程序占用" in done.stderr
    assert f"Port {port} is taken" in done.stderr
    assert "LIANDAN_GATEWAY_PORT" in done.stderr
    assert "Traceback" not in done.stderr
    assert liandan.processes() == []


def test_an_unknown_world_and_a_bad_setting_are_told_before_anything_starts(liandan):
    assert liandan("demo", "--world", "mars").returncode == 2
    done = liandan("up", LIANDAN_GATEWAY_PORT="eighty")
    assert done.returncode == 2
    assert "LIANDAN_GATEWAY_PORT=eighty" in done.stderr
    assert "Traceback" not in done.stderr


def test_simulated_files_are_judged_and_graded_and_a_lost_alert_is_noticed(liandan, tmp_path):
    world, alerts = tmp_path / "world", tmp_path / "alerts.ndjson"
    assert liandan("simulate", "--out", world, "--seed", "11").returncode == 0
    files = ("--registry", world / "registry.ndjson", "--events", world / "events.ndjson")
    judged = liandan("judge", *files, "--out", alerts)
    assert judged.returncode == 0, judged.stderr
    graded = liandan("grade", "--labels", world / "labels.ndjson", "--alerts", alerts)
    assert graded.returncode == 0, graded.stdout
    assert "0 false alarms" in graded.stdout.splitlines()[-1]

    lines = alerts.read_text().splitlines()
    lost = json.loads(lines.pop())
    alerts.write_text("\n".join(lines))
    graded = liandan("grade", "--labels", world / "labels.ndjson", "--alerts", alerts)
    assert graded.returncode == 1
    assert lost["subject"] in graded.stdout
    assert "missed" in graded.stdout
