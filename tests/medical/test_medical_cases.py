"""Each story of medical waste is judged on files, and again in any order, with copies."""

import random
from datetime import datetime

import pytest

from schemas.decode import decode_registry_record
from streams.judging.medical.judge import judge_medical
from streams.judging.medical.said import read_medical
from streams.judging.on_files import judge_lines
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK
from tests.cases.articles import cited
from tests.cases.moments import moment
from tests.medical.story import Story, all_stories

every_story = pytest.mark.parametrize("story", all_stories(), ids=lambda s: s.name)
_FINDINGS = {"violated": "violation", "needs_review": "review", "notice": "notice"}


def _now(story: Story) -> datetime | None:
    return moment(story.now) if story.now is not None else None


@every_story
def test_the_judge_on_files_finds_what_the_story_says(story: Story) -> None:
    verdict = judge_lines(story.registry_lines, story.event_lines, now=_now(story))
    assert not verdict.refused, verdict.refused
    left = list(verdict.alerts)
    for expected in story.expect:
        subject = story.subject(expected)
        fits = [a for a in left if (a.rule, a.subject) == (expected.rule, subject)]
        assert len(fits) == 1, (
            f"{expected.rule} of {subject}: among {[(a.rule, a.subject) for a in left]}"
        )
        (alert,) = fits
        assert alert.finding == _FINDINGS[expected.state]
        assert alert.reason == expected.because
        if expected.at is not None:
            assert datetime.fromisoformat(alert.act_at) == moment(expected.at)
        if expected.articles:
            assert cited(alert.law) == set(expected.articles)
        left.remove(alert)
    assert not left, f"found but not expected: {[(a.rule, a.subject, a.text_zh) for a in left]}"
    for told in (o for each in verdict.outcomes.values() for o in each if o.found):
        assert told.evidence and told.law and told.conditions and told.cures, told.rule
        assert any(c.holds is not True for c in told.conditions if c.role == "requires"), told.rule
    for rule, reason in story.silent.items():
        said = [o for each in verdict.outcomes.values() for o in each if o.rule == rule]
        assert not any(o.found for o in said), f"{rule} is not silent"
        assert reason in {o.reason for o in said}, (rule, {o.reason for o in said})


@every_story
@pytest.mark.parametrize("seed", range(3))
def test_order_and_copies_change_nothing(story: Story, seed: int) -> None:
    view = RegistryView.known_at(map(decode_registry_record, story.registry_lines))
    said = [read_medical(raw, n) for n, raw in enumerate(story.event_lines)]
    now = _now(story) or max(s.event.time for s in said)
    rng = random.Random(f"{story.name} {seed}")
    mixed = [*said, *(s._replace(received_us=s.received_us + 10**6) for s in said)]
    rng.shuffle(mixed)
    assert judge_medical(mixed, view, now) == judge_medical(said, view, now)
    lines = [*story.event_lines, *story.event_lines]
    rng.shuffle(lines)
    verdict = judge_lines(story.registry_lines, lines, now=now)
    assert {a.id: a for a in verdict.alerts} == {
        a.id: a for a in judge_lines(story.registry_lines, story.event_lines, now=now).alerts
    }


def test_every_rule_of_medical_waste_finds_something_and_is_silent_somewhere() -> None:
    rules = {rule.id for rule in RULE_BOOK.medical}
    stories = all_stories()
    assert {e.rule for s in stories for e in s.expect} == rules
    assert {rule for s in stories if not s.expect for rule in s.silent} == rules
    assert sum(not s.expect for s in stories) * 5 >= len(stories) * 2
