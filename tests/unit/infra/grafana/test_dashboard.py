"""The dashboard as Grafana reads it: every expression sound and on metrics that exist."""

import itertools
import json
from pathlib import Path
from typing import Any

import yaml

from tests.exported_metrics import FOREIGN, matchers_in, names_in, recorded, series
from tests.prometheus_tools import ROOT, needs, run

GRAFANA = ROOT / "infra" / "grafana"
DASHBOARD = json.loads((GRAFANA / "provisioning" / "dashboards" / "liandan.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
CHARTS = [panel for panel in PANELS if panel["type"] != "row"]
UNITS = {"none", "short", "s", "bytes", "percentunit", "ops", "reqps"}
"""Ids of Grafana's own units that are used."""


def expressions() -> list[str]:
    found = [target["expr"] for panel in CHARTS for target in panel["targets"]]
    return found + [each["expr"] for each in DASHBOARD["annotations"]["list"]]


def test_every_expression_names_metrics_that_exist() -> None:
    known = FOREIGN | recorded() | series().keys()
    assert len(expressions()) > 50
    for expression in expressions():
        names = names_in(expression)
        assert names, expression
        assert names <= known, f"{expression}: {names - known}"


def test_every_label_asked_for_is_one_that_the_metric_has() -> None:
    known = series()
    for expression in expressions():
        for matcher in matchers_in(expression):
            if (metric := known.get(matcher.metric)) is not None:
                assert matcher.label in {*metric._labelnames, "job", "instance"}, matcher


@needs("promtool")
def test_every_expression_is_sound(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{n}", "expr": e} for n, e in enumerate(expressions())]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(rules)} rules found" in run("promtool", "check", "rules", file)


def test_all_panels_ask_the_provisioned_datasource() -> None:
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    assert source["type"] == "prometheus"
    named = [panel["datasource"] for panel in CHARTS]
    named += [target["datasource"] for panel in CHARTS for target in panel["targets"]]
    named += [each["datasource"] for each in DASHBOARD["annotations"]["list"]]
    for each in named:
        assert each == {"type": "prometheus", "uid": source["uid"]}


def test_the_provider_takes_the_folder_of_dashboards() -> None:
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/liandan.yml").read_text())[
        "providers"
    ]
    assert provider["type"] == "file"
    assert provider["options"]["path"] == "/etc/grafana/provisioning/dashboards"


def test_the_model_is_whole() -> None:
    assert DASHBOARD["uid"] == "liandan"
    assert DASHBOARD["schemaVersion"] >= 39
    assert "id" not in DASHBOARD, "Grafana gives it"
    assert DASHBOARD["title"].startswith("联单")
    ids = [panel["id"] for panel in PANELS]
    assert len(set(ids)) == len(ids)
    for panel in CHARTS:
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["title"]
        assert defaults["unit"] in UNITS, panel["title"]
        steps = defaults["thresholds"]["steps"]
        values = [step["value"] for step in steps]
        assert values[0] is None, "the base"
        assert values[1:] == sorted(values[1:]), panel["title"]
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters) > 0


def test_panels_stand_beside_each_other_and_none_overlaps() -> None:
    places = [(panel["title"], panel["gridPos"]) for panel in PANELS]
    for title, at in places:
        assert at["x"] >= 0, title
        assert at["w"] > 0, title
        assert at["x"] + at["w"] <= 24, title
    for (one, a), (other, b) in itertools.combinations(places, 2):
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        assert apart, f"{one} lies on {other}"


def test_the_six_questions_are_the_rows() -> None:
    rows = [panel["title"].partition(" · ")[2] for panel in PANELS if panel["type"] == "row"]
    assert rows == [
        "Is the line alive",
        "How far behind",
        "What broke",
        "Who is refused",
        "Is the record safe",
        "The alerts' path",
    ]
