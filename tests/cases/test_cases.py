"""Real cases: each story is judged on files, and told in any order with the registry changing."""

import contextlib
import random
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from schemas.alert import Alert, alert_digest
from schemas.registry import RegistryRecord
from services.cli.judge import judge
from streams.judging.on_files import FileVerdict, judge_lines, judge_statements
from streams.judging.outcome import outcome_digest
from streams.judging.registry import RegistryView
from tests.cases.expectations import assert_as_expected, assert_silent
from tests.cases.moments import moment
from tests.cases.story import Case, all_cases
from tests.cases.telling import Told
from tests.property.line import PARTITIONS, Line

SEEDS = range(4)
every_case = pytest.mark.parametrize("case", all_cases(), ids=lambda c: f"{c.family}/{c.name}")


@every_case
def test_the_judge_on_files_finds_what_the_case_says(case: Case, tmp_path: Path) -> None:
    told = Told(case)
    registry, events = tmp_path / "registry.ndjson", tmp_path / "events.ndjson"
    registry.write_bytes(b"\n".join(told.registry_lines))
    events.write_bytes(b"\n".join(told.event_lines))
    for known in (case, *case.as_known):
        as_known_at = None if isinstance(known, Case) else moment(known.at)
        with contextlib.suppress(SystemExit):
            judge(
                registry,
                events,
                now=told.now.isoformat() if case.now is not None else None,
                as_known_at=as_known_at and as_known_at.isoformat(),
                to=tmp_path / "alerts.ndjson",
            )
        lines = (tmp_path / "alerts.ndjson").read_bytes().splitlines()
        assert_as_expected(told, known.expect, [msgspec.json.decode(x, type=Alert) for x in lines])
        verdict = judge_lines(
            told.registry_lines,
            told.event_lines,
            now=told.now if case.now is not None else None,
            known_at=as_known_at,
        )
        assert not verdict.refused
        assert_silent(known.silent, verdict.outcomes)


@every_case
@pytest.mark.parametrize("seed", SEEDS)
async def test_told_in_any_order_it_ends_where_the_files_end(case: Case, seed: int) -> None:
    told = Told(case)
    verdict = judge_statements(RegistryView.known_at(told.records), told.statements, told.now)
    line = Line(settle=timedelta(0))
    line.clock = told.now
    rng = random.Random(f"{case.name} {seed}")
    said, records = list(told.statements), list(told.records)
    rng.shuffle(said)
    while said or records:
        step = rng.choice(("say", "learn", "page", "commit", "limits"))
        if step == "say" and said:
            line.post(said.pop())
        elif step == "learn" and records:
            line.learn(_some(records, rng))
        elif step == "page":
            line.page()
        elif step == "commit":
            await line.commit(rng.randrange(PARTITIONS), rng.randint(0, 3))
        elif step == "limits":
            for subject in await line.state.dirty_subjects(10):
                await line.judge_one(subject)
    await line.rest()
    _assert_same(line, verdict)


def _some(records: list[RegistryRecord], rng: random.Random) -> list[RegistryRecord]:
    """Take some records for one change set; versions of one keep the order of the story."""
    taken: dict[tuple[str, str], RegistryRecord] = {}
    for _ in range(rng.randint(1, len(records))):
        key = rng.choice([(r.kind, r.id) for r in records])
        if key not in taken:
            taken[key] = next(r for r in records if (r.kind, r.id) == key)
            records.remove(taken[key])
        if not records:
            break
    return list(taken.values())


def _assert_same(line: Line, verdict: FileVerdict) -> None:
    memos = {s: held.memo for s, (_, held) in line.state.data.held.items()} | line.state.data.limits
    opened = {
        msgspec.json.decode(memo.body, type=Alert).id: memo.digest
        for held in memos.values()
        for memo in held.alerts.values()
        if memo.state == "open"
    }
    assert opened == {alert.id: alert_digest(alert) for alert in verdict.alerts}
    for subject, outcomes in verdict.outcomes.items():
        assert memos[subject].outcomes == {outcome_digest(o) for o in outcomes}, subject
