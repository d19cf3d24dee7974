"""Each story of vehicles is judged on files, and again in any order, with copies."""

import random
from datetime import datetime

import pytest

from streams.judging.on_files import FileVerdict, judge_lines
from streams.judging.rules import RULE_BOOK
from tests.cases.articles import cited
from tests.explanations import assert_explained
from tests.tracks.story import Story, all_stories

every_story = pytest.mark.parametrize("story", all_stories(), ids=lambda s: s.name)
RULES = {rule.id for rule in RULE_BOOK.track}


def _judged(story: Story, lines: list[bytes]) -> FileVerdict:
    now = story.at(story.now) if story.now is not None else None
    verdict = judge_lines(story.registry_lines, lines, now=now, vehicles=True)
    assert not verdict.refused, verdict.refused
    return verdict


@every_story
def test_the_judge_on_files_finds_what_the_story_says(story: Story) -> None:
    verdict = _judged(story, story.event_lines)
    left = [a for a in verdict.alerts if a.rule in RULES]
    for expected in story.expect:
        subject = story.subject(expected)
        fits = [a for a in left if (a.rule, a.subject) == (expected.rule, subject)]
        assert len(fits) == 1, (
            f"{expected.rule} of {subject}: among {[(a.rule, a.subject, a.text_zh) for a in left]}"
        )
        (alert,) = fits
        assert alert.finding == "review"
        assert alert.reason == expected.because
        if expected.at is not None:
            assert datetime.fromisoformat(alert.act_at) == story.at(expected.at)
        if expected.severity is not None:
            assert alert.severity == expected.severity
        if expected.articles:
            assert cited(alert.law) == set(expected.articles)
        left.remove(alert)
    assert not left, f"found but not expected: {[(a.rule, a.subject, a.text_zh) for a in left]}"
    for rule, reason in story.silent.items():
        said = [o for each in verdict.outcomes.values() for o in each if o.rule == rule]
        assert not any(o.found for o in said), f"{rule} is not silent"
        assert reason in {o.reason for o in said}, (rule, {o.reason for o in said})
    for outcomes in verdict.outcomes.values():
        for outcome in outcomes:
            if outcome.rule in RULES:
                assert_explained(outcome)


@every_story
@pytest.mark.parametrize("seed", range(2))
def test_order_and_copies_change_nothing(story: Story, seed: int) -> None:
    rng = random.Random(f"{story.name} {seed}")
    lines = [*story.event_lines, *story.event_lines]
    rng.shuffle(lines)
    mixed = {a.id: a for a in _judged(story, lines).alerts if a.rule in RULES}
    assert mixed == {a.id: a for a in _judged(story, story.event_lines).alerts if a.rule in RULES}


def test_without_positions_vehicles_are_judged_only_when_asked_for() -> None:
    (story,) = (s for s in all_stories() if s.name == "at_two_places_at_once")
    asked = judge_lines(story.registry_lines, story.event_lines, vehicles=True)
    unasked = judge_lines(story.registry_lines, story.event_lines)
    assert {a.rule for a in asked.alerts} - {a.rule for a in unasked.alerts} == {
        "carrier.two_places"
    }
    assert not any(subject.startswith("plate/") for subject in unasked.outcomes)


def test_every_rule_of_tracks_finds_something_and_is_silent_somewhere() -> None:
    stories = all_stories()
    assert {e.rule for s in stories for e in s.expect} == RULES
    assert {rule for s in stories for rule in s.silent} == RULES
    assert sum(not s.expect for s in stories) * 2 >= len(stories) >= 24
