"""What is found of medical waste, and what is said where nothing is, as an officer reads it.

The pages in ``golden/`` are taken from the stories, the first of each rule and reason.
``LIANDAN_WRITE_GOLDEN=1`` writes them anew.
"""

import os
from pathlib import Path

import pytest

from streams.judging.on_files import judge_lines
from streams.judging.outcome import Outcome
from tests.cases.moments import moment
from tests.explanations import assert_explained, written
from tests.medical.story import all_stories

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def told() -> list[Outcome]:
    """The first outcome of each rule, state and reason, in that order."""
    first: dict[tuple[str, str, str], Outcome] = {}
    for story in all_stories():
        now = moment(story.now) if story.now is not None else None
        verdict = judge_lines(story.registry_lines, story.event_lines, now=now)
        for subject in sorted(verdict.outcomes):
            for outcome in verdict.outcomes[subject]:
                first.setdefault((outcome.rule, outcome.state, outcome.reason), outcome)
    return [first[key] for key in sorted(first)]


def test_every_finding_is_explained_and_nothing_else_is(told: list[Outcome]) -> None:
    for outcome in told:
        assert_explained(outcome)


@pytest.mark.parametrize("page", ["found", "silent"])
def test_what_is_told_reads_as_it_was_reviewed(told: list[Outcome], page: str) -> None:
    its = [outcome for outcome in told if outcome.found is (page == "found")]
    lines = (
        written(o) if o.found else f"{o.rule} · {o.reason} · {o.state}\n  {o.zh}\n  {o.en}\n"
        for o in its
    )
    text = "\n".join(lines)
    path = GOLDEN / f"medical_{page}.txt"
    if os.environ.get("LIANDAN_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
