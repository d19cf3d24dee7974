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
from tests.medical.story import Story, all_stories, cast

GOLDEN = Path(__file__).parent / "golden"


Told = tuple[Story, Outcome]


@pytest.fixture(scope="module")
def told() -> list[Told]:
    """The first outcome of each rule, state and reason, in that order."""
    first: dict[tuple[str, str, str], Told] = {}
    for story in all_stories():
        now = moment(story.now) if story.now is not None else None
        verdict = judge_lines(story.registry_lines, story.event_lines, now=now)
        for subject in sorted(verdict.outcomes):
            for outcome in verdict.outcomes[subject]:
                first.setdefault((outcome.rule, outcome.state, outcome.reason), (story, outcome))
    return [first[key] for key in sorted(first)]


def test_every_finding_is_explained_and_nothing_else_is(told: list[Told]) -> None:
    for _, outcome in told:
        assert_explained(outcome)


def _page(story: Story, o: Outcome) -> str:
    """Return an outcome with its players' labels for their codes and plates, which go by number."""
    text = written(o) if o.found else f"{o.rule} · {o.reason} · {o.state}\n  {o.zh}\n  {o.en}\n"
    for label in cast()["firms"]:
        text = text.replace(story.code(label), f"<{label}>")
    for label in cast()["plates"]:
        text = text.replace(story.plates(label), f"<{label}>")
    return text


@pytest.mark.parametrize("page", ["found", "silent"])
def test_what_is_told_reads_as_it_was_reviewed(told: list[Told], page: str) -> None:
    its = [each for each in told if each[1].found is (page == "found")]
    text = "\n".join(_page(story, outcome) for story, outcome in its)
    path = GOLDEN / f"medical_{page}.txt"
    if os.environ.get("LIANDAN_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
