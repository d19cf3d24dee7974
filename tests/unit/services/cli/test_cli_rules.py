"""``liandan rules``: the book, one rule, and every rule's word on one manifest."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.simulator import build_world, write_world
from streams.judging.rules import RULE_BOOK

run = CliRunner()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(build_world("demo", 7, 300), folder)
    return folder


def test_the_list_names_every_rule_in_both_languages() -> None:
    told = run.invoke(app, ["rules", "list"]).stdout
    for rule in (*RULE_BOOK.manifest, *RULE_BOOK.limit):
        assert rule.id in told
        assert rule.title_zh in told


def test_the_list_for_machines_has_law_figures_and_what_is_read() -> None:
    rules = json.loads(run.invoke(app, ["rules", "list", "--json"]).stdout)
    told = {rule["id"]: rule for rule in rules}
    receipt = told["time.receipt_overdue"]
    assert receipt["family"] == "time"
    assert receipt["deadline"] is True
    assert "arrived" in receipt["reads"]
    assert receipt["parameters"][0] == {
        "name": "days",
        "default": 5,
        "unit": ["个工作日", "working days"],
        "least": 1,
        "most": 20,
        "status": "law",
        "zh": "自运抵次日起",
        "en": "from the day after the arrival",
        "source": "危险废物转移管理办法第十八条 / order 23 Art 18",
    }
    before = told["cross_province.no_approval"]["law"]["before"]
    assert any("第一百一十二条" in basis["article"] for basis in before)


def test_one_rule_is_shown_with_its_law_before_and_since_the_code() -> None:
    told = run.invoke(app, ["rules", "show", "cross_province.no_approval"])
    assert told.exit_code == 0
    for text in (
        "此前的行为",
        "第一千一百七十五条第一款第（八）项",
        "第一百一十二条",
        "transfer_approval",
    ):
        assert text in told.stdout


def test_an_unknown_rule_is_an_error_that_names_its_neighbours() -> None:
    told = run.invoke(app, ["rules", "show", "cross_province.no_aproval"])
    assert told.exit_code == 2
    assert "cross_province.no_approval" in told.stderr


def explained(world: Path, number: str, *more: str) -> object:
    files = ["--registry", str(world / "registry.ndjson"), "--events", str(world / "events.ndjson")]
    return run.invoke(app, ["rules", "explain", number, *files, *more])


def test_every_rule_says_its_word_on_a_manifest(world: Path) -> None:
    labels = [json.loads(line) for line in (world / "labels.ndjson").read_text().splitlines()]
    number = next(x["subject"] for x in labels if x.get("rule") == "cross_province.no_approval")
    outcomes = json.loads(explained(world, number, "--json").stdout)  # type: ignore[attr-defined]
    assert {o["rule"] for o in outcomes} >= {"cross_province.no_approval", "time.receipt_overdue"}
    assert all(o["zh"] and o["en"] and o["reason"] for o in outcomes)
    told = explained(world, number).stdout  # type: ignore[attr-defined]
    for text in ("违法 violated", "通过 passed", "不适用 not applicable", "余量 margin"):
        assert text in told
    assert told.index("违法 violated") < told.index("通过 passed") < told.index("不适用")


def test_an_unknown_manifest_is_an_error(world: Path) -> None:
    told = explained(world, "20991301000001")
    assert told.exit_code == 2  # type: ignore[attr-defined]
    assert "20991301000001" in told.stderr  # type: ignore[attr-defined]
