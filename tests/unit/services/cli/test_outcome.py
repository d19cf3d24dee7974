from datetime import timedelta

import pytest

from services.cli.line_state import LineState
from services.cli.outcome import measure
from services.cli.world_posting import Posted
from services.simulator import build_world

WORLD = build_world("demo", 7, 300)
FOUND = [
    {
        "rule": label.rule,
        "subject": label.subject,
        "state": "open",
        "finding": label.label,
        "act_at": "",
    }
    for label in WORLD.labels
    if label.rule is not None
]
LAWFUL = next(label.subject for label in WORLD.labels if label.rule is None)


class Database:
    def __init__(self, alerts):
        self.alerts = [{**alert, "title": ""} for alert in alerts]

    async def fetch(self, _query):
        return self.alerts

    async def fetchrow(self, _query):
        some = timedelta(milliseconds=120) if self.alerts else None
        return {"alerts": len(self.alerts), "p50": some, "p99": some}

    async def fetchval(self, _query):
        return 7


async def outcome(alerts, posted=None):
    state = LineState(*[0] * len(LineState.__dataclass_fields__))
    return await measure(Database(alerts), WORLD, posted or Posted(), state, 0)


async def test_all_found_and_nothing_else_is_right():
    came = await outcome(FOUND)
    assert came.right
    assert came.p50_s == pytest.approx(0.12)


@pytest.mark.parametrize(
    "alerts",
    [FOUND[1:], [*FOUND, FOUND[0] | {"subject": LAWFUL}], [FOUND[0] | {"state": "withdrawn"}]],
    ids=["one missed", "one false", "one withdrawn"],
)
async def test_a_miss_or_a_false_alarm_is_not_right(alerts):
    assert not (await outcome(alerts)).right


async def test_an_event_that_the_gateway_refused_is_not_right():
    assert not (await outcome(FOUND, Posted(refused=[{"code": "event_refused"}]))).right


async def test_without_alerts_there_is_no_latency():
    assert (await outcome([])).p50_s is None
