"""``liandan backtest`` on files: the difference is that of judging twice; a draft rule; refusals."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from schemas.alert import Alert
from services.cli.main import app
from services.simulator import World, build_world, write_world
from streams.judging.backtest import compare
from streams.judging.on_files import judge_lines
from streams.judging.outcome import Outcome
from streams.judging.rules import RULE_BOOK
from streams.judging.rules.rule import ManifestRule, says

run = CliRunner()
TRANSIT = "time.transit_overdue"


def _every_load(rule: ManifestRule, facts: Any, view: Any, now: Any) -> tuple[Outcome, ...]:
    if facts.moved is None:
        return ()
    return (says(rule, "needs_review", "-", "moved", ("动", "moved"), act_at=facts.moved.at),)


DRAFT = ManifestRule("draft.moved", 1, "草案", "draft", _every_load)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world("demo", 7, 300)


@pytest.fixture(scope="module")
def files(world: World, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("world")
    write_world(world, folder)
    return [
        "--registry",
        str(folder / "registry.ndjson"),
        "--events",
        str(folder / "events.ndjson"),
    ]


def told(files: list[str], *words: str) -> Any:
    done = run.invoke(app, ["backtest", *files, *words, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_difference_is_that_of_judging_twice(world: World, files: list[str]) -> None:
    found = told(files, "--rule", TRANSIT, "--set", "city=2")
    before = judge_lines(world.registry, world.events)
    draft = RULE_BOOK.with_parameters({f"{TRANSIT}.city": 2})
    after = judge_lines(world.registry, world.events, book=draft)
    old, new = ({str(a.id) for a in v.alerts if a.rule == TRANSIT} for v in (before, after))
    assert len(new - old) > 10
    assert {a["id"] for a in found["new"]} == new - old
    assert {a["id"] for a in found["lost"]} == old - new
    assert found["counts"]["same"] + found["counts"]["changed"] == len(old & new)
    assert found["parameters"] == {f"{TRANSIT}.city": 2}
    assert sum(c["new"] for c in found["by_province"].values()) == len(new - old)
    assert told(files, "--rule", TRANSIT, "--set", "city=2") == found


def test_without_a_draft_nothing_differs(files: list[str]) -> None:
    counts = told(files)["counts"]
    assert counts["same"] > 20
    assert (counts["new"], counts["lost"], counts["changed"]) == (0, 0, 0)


def test_a_period_leaves_out_acts_before_and_after_it(files: list[str]) -> None:
    words = ("--rule", TRANSIT, "--set", "city=2")
    whole = told(files, *words)["new"]
    middle = sorted(a["act_at"] for a in whole)[len(whole) // 2]
    first = told(files, *words, "--to", middle)["new"]
    second = told(files, *words, "--from", middle)["new"]
    assert {a["id"] for a in first} | {a["id"] for a in second} == {a["id"] for a in whole}
    assert max(a["act_at"] for a in first) < middle == min(a["act_at"] for a in second)


def test_a_draft_rule_is_judged_beside_the_book(files: list[str]) -> None:
    found = told(files, "--rule", f"{__name__}:DRAFT")
    assert found["rules"] == ["draft.moved"]
    assert {a["rule"] for a in found["new"]} == {"draft.moved"}
    assert found["counts"]["new"] > 200


def test_people_see_counts_by_province_and_unit_and_samples(files: list[str]) -> None:
    done = run.invoke(
        app, ["backtest", *files, "--rule", TRANSIT, "--set", "city=2", "--samples", "1"]
    )
    assert done.exit_code == 0
    for part in ("河北省", "示例", "新增 new", f"{TRANSIT}.city = 2", "2 小时"):
        assert part in done.stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--rule", "time.none"), "没有规则 time.none"),
        (("--rule", TRANSIT, "--set", "city=0"), "1 至 720"),
        (("--rule", TRANSIT, "--set", "city"), "RULE.NAME=N"),
        (("--set", "city=2"), "没有规则"),
        (("--rule", "no.such.module:RULE"), "无法读取规则草案"),
        (("--rule", "json:loads"), "不是规则"),
        (("--from", "yesterday"), "RFC 3339"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    files: list[str], words: tuple[str, ...], why: str
) -> None:
    done = run.invoke(app, ["backtest", *files, *words])
    assert done.exit_code == 2
    assert why in done.output.replace("\n", "")


def test_a_file_of_events_needs_its_registry(files: list[str]) -> None:
    done = run.invoke(app, ["backtest", *files[2:]])
    assert done.exit_code == 2


@pytest.fixture(scope="module")
def alerts(world: World) -> tuple[Alert, ...]:
    return judge_lines(world.registry, world.events).alerts


@given(data=st.data())
def test_every_alert_is_new_lost_changed_or_the_same(
    alerts: tuple[Alert, ...], data: st.DataObject
) -> None:
    some = st.lists(st.sampled_from(alerts), unique_by=lambda a: a.id)
    first, second = data.draw(some), data.draw(some)
    found = compare(first, second)
    assert len(found.new) + len(found.changed) + found.same == len(second)
    assert len(found.lost) + len(found.changed) + found.same == len(first)
    assert found.changed == ()
    turned = compare(second, first)
    assert (turned.new, turned.lost) == (found.lost, found.new)
    moments = [datetime.fromisoformat(a.act_at) for a in found.new if a.act_at]
    assert moments == sorted(moments)
