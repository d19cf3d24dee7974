"""Who is told: routes by severity and team, secrets in files, causes that silence their effects."""

import re
from typing import Any

import pytest
import yaml

from tests.prometheus_tools import ALERTMANAGER, alerts, needs, run

CONFIG: dict[str, Any] = yaml.safe_load(ALERTMANAGER.read_text())


@needs("amtool")
def test_the_configuration_is_sound() -> None:
    assert "SUCCESS" in run("amtool", "check-config", ALERTMANAGER)


@needs("amtool")
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("severity=page", "team=line"), "pages-line"),
        (("severity=page", "team=platform"), "pages-platform"),
        (("severity=ticket", "team=line"), "tickets-line"),
        (("severity=ticket", "team=platform"), "tickets-platform"),
        (("severity=page",), "pages-line"),
        (("severity=unheard",), "tickets-line"),
        ((), "tickets-line"),
    ],
)
def test_a_severity_and_a_team_reach_their_receiver(labels: tuple[str, ...], receiver: str) -> None:
    said = run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
    assert said.split() == [receiver]


@needs("amtool")
def test_every_alert_reaches_the_receiver_of_its_severity_and_team() -> None:
    for name, alert in alerts().items():
        labels = [f"{k}={v}" for k, v in {"alertname": name, **alert["labels"]}.items()]
        said = run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
        assert said.split() == [f"{alert['labels']['severity']}s-{alert['labels']['team']}"], name


def test_secrets_are_files_and_addresses_are_plainly_examples() -> None:
    text = ALERTMANAGER.read_text()
    for key in ("password", "secret", "token", "key", "credentials"):
        assert not re.search(rf"^\s*(?:- )?\w*{key}:", text, re.M), f"{key} in plain text"
    assert len(re.findall(r"(?:_file): /run/secrets/\w+$", text, re.M)) == 2
    for host in re.findall(r"(?:://|@)([\w.-]+)", text):
        assert host.endswith("example.org"), host


def test_pages_and_tickets_say_when_it_is_over_and_pages_come_again_sooner() -> None:
    for receiver in CONFIG["receivers"]:
        kinds = receiver.keys() - {"name"}
        assert kinds, receiver["name"]
        for kind in kinds:
            assert all(each["send_resolved"] for each in receiver[kind])
    for route in CONFIG["route"]["routes"]:
        if route["receiver"].startswith("pages"):
            assert route["repeat_interval"] == "1h"
    assert CONFIG["route"]["repeat_interval"] == "1d"


def test_inhibition_names_alerts_that_exist() -> None:
    names = alerts().keys()
    for rule in CONFIG["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            label, operator, value = re.fullmatch(r'(\w+) (=~?) "?([^"]+)"?', matcher).groups()
            if label != "alertname":
                continue
            for one in value.split("|") if operator == "=~" else [value]:
                assert any(re.fullmatch(one, name) for name in names), one
