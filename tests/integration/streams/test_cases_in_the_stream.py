"""Real cases (``tests/cases``) through the real stream: its worker process, Kafka and Postgres.

All cases are told at once. Only those with bans and exemptions that name no firm come after, one by
one, and their records are struck off again: they would bear on everybody. Cases with a version of the
rule book are left out: it bears on everybody as well, and goes live by a way of its own, which
``tests/chaos/test_rule_versions.py`` goes in the stream.
"""

import json

import pytest

from infra.local.stack import LocalStack
from schemas.alert import alert_digest
from streams.judging.on_files import judge_statements
from streams.judging.outcome import outcome_digest
from streams.judging.registry import RegistryView
from tests.cases.expectations import assert_as_expected
from tests.cases.story import Case, all_cases
from tests.cases.telling import Told
from tests.integration.streams.cases_stream import Written, bears_on_everybody, cases_stream


def _versioned(told: Told) -> bool:
    return any(json.loads(line)["kind"] == "rulebook_version" for line in told.registry_lines)


IN_THE_STREAM = [case for case in all_cases() if not _versioned(Told(case))]


@pytest.fixture(scope="module")
async def written(
    stack: LocalStack, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Written]:
    """Every case's name to what was written of it."""
    told = list(map(Told, IN_THE_STREAM))
    alone = [one for one in told if any(map(bears_on_everybody, one.registry_lines))]
    together = [one for one in told if one not in alone]
    async with cases_stream(
        stack.settings, tmp_path_factory.mktemp("cases"), len(together)
    ) as stream:
        found = await stream.play(dict(enumerate(together)))
    async with cases_stream(stack.settings, tmp_path_factory.mktemp("alone"), len(alone)) as stream:
        for p, one in enumerate(alone):
            found |= await stream.play({p: one})
    return found


@pytest.mark.timeout(420)
@pytest.mark.parametrize("case", IN_THE_STREAM, ids=lambda c: f"{c.family}/{c.name}")
def test_the_stream_says_what_the_case_and_the_files_say(
    case: Case, written: dict[str, Written]
) -> None:
    told, found = Told(case), written[case.name]
    assert_as_expected(told, case.expect, found.alerts)
    verdict = judge_statements(RegistryView.known_at(told.records), told.statements, told.now)
    opened = [alert for alert in found.alerts if alert.state == "open"]
    assert {a.id: alert_digest(a) for a in opened} == {
        a.id: alert_digest(a) for a in verdict.alerts
    }
    for subject, outcomes in verdict.outcomes.items():
        assert found.verdicts[subject] == {outcome_digest(o) for o in outcomes}, subject
    fallen = [(a.rule, a.withdrawn_reason) for a in found.alerts if a.state == "withdrawn"]
    assert sorted(fallen) == sorted((w.rule, w.because) for w in case.withdrawn)
