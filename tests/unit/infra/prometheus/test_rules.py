"""Rules: sound by promtool, each alert with cases that fire and that stay silent, only real metrics."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Histogram

from infra.prometheus import local_config
from services.gateway.problems import KINDS
from tests.exported_metrics import (
    FOREIGN,
    matchers_in,
    metrics,
    modules,
    names_in,
    recorded,
    series,
)
from tests.prometheus_tools import CASES, PROMETHEUS, ROOT, RULES, alerts, needs, rules, run
from tests.unit.test_metrics import MODULES

BUSINESS = {"rule", "severity", "finding", "change"}
"""Labels that tell what the judge found about transfers."""
JOBS = {"gateway", "archiver", "worker", "courier", "console"}


def cases_of(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text())["tests"]
    return found


@needs("promtool")
def test_the_configuration_and_its_rules_are_sound() -> None:
    assert "4 rule files found" in run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *RULES)


@needs("promtool")
def test_the_local_stacks_configuration_is_sound(tmp_path: Path) -> None:
    ports = {"gateway": 1, "worker-1": 2, "worker-2": 3}
    (tmp_path / "prometheus.yml").write_text(local_config(ports, "127.0.0.1"))
    assert "4 rule files found" in run("promtool", "check", "config", tmp_path / "prometheus.yml")
    made = yaml.safe_load((tmp_path / "prometheus.yml").read_text())["scrape_configs"]
    assert {job["job_name"]: job["static_configs"][0]["targets"] for job in made} == {
        "gateway": ["127.0.0.1:1"],
        "worker": ["127.0.0.1:2", "127.0.0.1:3"],
    }


@needs("promtool")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_alert_does_what_its_cases_say(path: Path) -> None:
    assert "SUCCESS" in run("promtool", "test", "rules", path)


def test_every_alert_has_a_case_that_fires_and_a_near_one_that_stays_silent() -> None:
    fires: defaultdict[str, int] = defaultdict(int)
    silent: defaultdict[str, int] = defaultdict(int)
    for case in [case for path in CASES for case in cases_of(path)]:
        name = case["name"].partition(":")[0]
        told = case["alert_rule_test"]
        assert {each["alertname"] for each in told} == {name}, case["name"]
        if any(each["exp_alerts"] for each in told):
            fires[name] += 1
        else:
            silent[name] += 1
            known = names_in(_whole(alerts()[name]["expr"]))
            given = {re.split(r"[{]", s["series"])[0] for s in case["input_series"]}
            assert given & known, f"{case['name']}: silent because it has nothing to look at"
    for name in alerts():
        assert fires[name], f"{name} never fires"
        assert silent[name], f"{name} has no neighbour that stays silent"


def test_a_case_that_fires_tells_labels_text_and_when_it_does_not_fire_yet() -> None:
    early: set[str] = set()
    for case in [case for path in CASES for case in cases_of(path)]:
        for each in case["alert_rule_test"]:
            for told in each["exp_alerts"]:
                assert {"severity", "team"} <= told["exp_labels"].keys()
                assert {"summary", "runbook_url"} == told["exp_annotations"].keys()
        if any(each["exp_alerts"] for each in case["alert_rule_test"]):
            early |= {e["alertname"] for e in case["alert_rule_test"] if not e["exp_alerts"]}
    assert early == alerts().keys(), "one moment before, and it is still silent"


def _whole(expression: str) -> str:
    """Put what recorded rules read behind the expression, over and over."""
    by_name = defaultdict(list)
    for rule in rules():
        if "record" in rule:
            by_name[rule["record"]].append(rule["expr"])
    seen: set[str] = set()
    while names := (names_in(expression) & by_name.keys()) - seen:
        seen |= names
        expression += "".join(f"\n+ {inner}" for name in names for inner in by_name[name])
    return expression


def test_every_rule_reads_metrics_that_exist() -> None:
    known = FOREIGN | recorded() | series().keys()
    for rule in rules():
        names = names_in(rule["expr"])
        assert names, rule
        assert names <= known, f"{rule.get('alert') or rule['record']}: {names - known}"


def test_every_recorded_name_is_read_by_an_alert_or_the_dashboard() -> None:
    dashboard = (ROOT / "infra/grafana/provisioning/dashboards/liandan.json").read_text()
    read = set().union(*(names_in(rule["expr"]) for rule in rules()))
    for name in recorded():
        assert name in read or name in dashboard, name


def test_every_label_a_rule_asks_for_is_one_that_the_metric_has() -> None:
    known = series()
    for rule in rules():
        for matcher in matchers_in(rule["expr"]):
            if (metric := known.get(matcher.metric)) is None:
                continue
            labels = {*metric._labelnames, "job", "instance"}
            if isinstance(metric, Histogram):
                labels.add("le")
                if matcher.label == "le":
                    bounds = {str(float(bound)) for bound in metric._upper_bounds}
                    assert matcher.value in bounds, matcher
            assert matcher.label in labels, matcher
            if matcher.metric == "liandan_gateway_events_total":
                assert set(matcher.value.split("|")) <= {"accepted", "duplicate", *KINDS}, matcher
            if matcher.label == "job":
                assert set(matcher.value.split("|")) <= JOBS, matcher


def test_business_alerts_never_go_this_way() -> None:
    """No rule reads a metric that says what was found about transfers, nor passes it on."""
    business = {name for name, metric in series().items() if BUSINESS & set(metric._labelnames)}
    assert business == {"liandan_judge_alerts_total"}
    for rule in rules():
        assert not names_in(rule["expr"]) & business, rule
    for name, alert in alerts().items():
        assert alert["labels"].keys() <= {"severity", "team", "slo"}, name
        assert alert["labels"]["severity"] in {"page", "ticket"}, name
        assert alert["labels"]["team"] in {"line", "platform"}, name


def test_none_of_our_processes_knows_alertmanager() -> None:
    ours = [p for top in ("schemas", "services", "streams", "infra/runtime") for p in
            (ROOT / top).rglob("*.py")]  # fmt: skip
    assert len(ours) > 100
    for path in ours:
        assert "alertmanager" not in path.read_text().lower(), path


def test_every_module_of_metrics_is_checked() -> None:
    assert set(modules()) == set(MODULES)
    assert len(metrics()) > 40


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (le, job) (rate(a_bucket{le="2.0", x=~"and|or"}[5m])) / b', {"a_bucket", "b"}),
        ("time() - max(c > 0) or vector(0) and on (job) (d == 1)", {"c", "d"}),
        ("liandan:x:y offset 1h unless e * 1e3", {"liandan:x:y", "e"}),
    ],
)
def test_the_names_in_an_expression_are_found(expression: str, names: set[str]) -> None:
    assert names_in(expression) == names
