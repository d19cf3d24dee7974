"""simulate, judge and grade in this process."""

import json
from collections import Counter
from datetime import datetime, timedelta

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.simulator import build_world, write_world

run = CliRunner()
KNOWN = datetime.fromisoformat("2026-08-15T00:00:00+08:00")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_world(build_world("demo", 7, 300), folder)
    return folder


def judge(folder, *more):
    files = [
        "--registry",
        str(folder / "registry.ndjson"),
        "--events",
        str(folder / "events.ndjson"),
    ]
    return run.invoke(app, ["judge", *files, *more])


def violations(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_same_seed_writes_the_same_bytes(world, tmp_path):
    assert run.invoke(app, ["simulate", "--out", str(tmp_path), "--scale", "300"]).exit_code == 0
    for name in ("registry", "events", "labels"):
        file = f"{name}.ndjson"
        assert (tmp_path / file).read_bytes() == (world / file).read_bytes()


def test_an_impossible_size_is_an_error_of_use(tmp_path):
    assert run.invoke(app, ["simulate", "--out", str(tmp_path), "--scale", "3"]).exit_code == 2


def test_ndjson_is_what_grade_reads(world, tmp_path):
    result = judge(world, "--format", "ndjson")
    assert result.exit_code == 0
    (tmp_path / "alerts").write_text(result.stdout)
    labels = str(world / "labels.ndjson")
    graded = run.invoke(app, ["grade", "--labels", labels, "--alerts", str(tmp_path / "alerts")])
    assert graded.exit_code == 0, graded.output


def test_a_larger_world_plays_later_turns_of_each_story_and_is_graded_perfect(tmp_path):
    write_world(build_world("demo", 3, 12_000), tmp_path)
    alerts, labels = str(tmp_path / "alerts"), str(tmp_path / "labels.ndjson")
    assert judge(tmp_path, "--out", alerts).exit_code == 0
    graded = run.invoke(app, ["grade", "--labels", labels, "--alerts", alerts])
    assert graded.exit_code == 0, graded.output


def test_a_false_alarm_is_told_with_its_story_and_fails(world, tmp_path):
    labels = [json.loads(line) for line in (world / "labels.ndjson").read_text().splitlines()]
    lawful = next(label for label in labels if label["label"] == "lawful")
    alerts = violations(judge(world, "--format", "ndjson"))
    violation = next(alert for alert in alerts if alert["finding"] == "violation")
    false = violation | {"subject": lawful["subject"]}
    file = tmp_path / "alerts"
    file.write_text("".join(json.dumps(alert) + "\n" for alert in [*alerts, false]))
    graded = run.invoke(
        app, ["grade", "--labels", str(world / "labels.ndjson"), "--alerts", str(file)]
    )
    assert graded.exit_code == 1
    assert lawful["story_zh"] in graded.stdout
    assert graded.stdout.splitlines()[-1].endswith("1 false alarm")


def test_what_was_not_known_then_changes_the_verdict(world):
    newest = violations(judge(world, "--format", "ndjson"))
    then = violations(judge(world, "--format", "ndjson", "--as-known-at", KNOWN.isoformat()))
    assert 0 < len(then) < len(newest)
    assert all(datetime.fromisoformat(alert["act_at"]) <= KNOWN for alert in then)


def test_the_summary_tells_violations_reviews_and_notices_apart(world):
    labels = [json.loads(line) for line in (world / "labels.ndjson").read_text().splitlines()]
    n = Counter(label["label"] for label in labels)
    assert n["notice"] > 0
    said = judge(world).stdout.replace("\n", " ")
    assert f"违法 {n['violation']} 项，待核 {n['review']} 项，提示 {n['notice']} 项" in said
    told = f"{n['violation']} violations, {n['review']} to be reviewed, {n['notice']} notices"
    assert told in said


def test_what_was_recorded_late_was_not_known_before(world):
    late = next(
        record
        for record in map(json.loads, (world / "registry.ndjson").read_text().splitlines())
        if record.get("suspensions") and record["recorded_at"] > "2026-07"
    )
    at = datetime.fromisoformat(late["recorded_at"])
    before, after = (
        {(alert["rule"], alert["subject"]) for alert in found}
        for found in (
            violations(judge(world, "--format", "ndjson", "--as-known-at", moment.isoformat()))
            for moment in (at - timedelta(seconds=1), at)
        )
    )
    assert {rule for rule, _ in before ^ after} == {"licence.suspended"}


def test_a_time_without_offset_is_an_error_of_use(world):
    result = judge(world, "--now", "2026-08-15T00:00:00")
    assert result.exit_code == 2
    assert "RFC 3339" in result.output


def test_unreadable_events_are_listed_and_the_rest_is_judged(world, tmp_path):
    events = tmp_path / "events.ndjson"
    events.write_bytes(b"{nonsense\n" + (world / "events.ndjson").read_bytes())
    (tmp_path / "registry.ndjson").write_bytes((world / "registry.ndjson").read_bytes())
    result = judge(tmp_path)
    assert result.exit_code == 0
    assert f"{events}:1" in result.stderr
    assert "1 not understood" in result.stdout


def test_an_unreadable_registry_line_is_named_and_nothing_is_judged(world, tmp_path):
    lines = (world / "registry.ndjson").read_bytes().splitlines()
    (tmp_path / "registry.ndjson").write_bytes(b"\n".join([*lines, b'{"kind":"unit"}']))
    (tmp_path / "events.ndjson").write_bytes((world / "events.ndjson").read_bytes())
    result = judge(tmp_path)
    assert result.exit_code == 1
    assert f"registry.ndjson:{len(lines) + 1}" in result.stderr


def test_a_missing_file_is_one_sentence(tmp_path):
    result = judge(tmp_path)
    assert result.exit_code == 2
    assert "There is no file" in result.stderr
