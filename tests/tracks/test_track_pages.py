"""What is found of loads on the road and of routes, and what is said where nothing is, as an officer reads it.

The pages in ``golden/`` are taken from the stories, the first of each rule and reason.
``LIANDAN_WRITE_GOLDEN=1`` writes them anew.
"""

import os
from pathlib import Path

import pytest

from streams.judging.on_files import judge_lines
from streams.judging.outcome import Outcome
from tests.explanations import written
from tests.tracks.story import Story, all_stories, cast

GOLDEN = Path(__file__).parent / "golden"
RULES = ("track.detour", "track.driving_time", "track.emptied", "track.off_route", "track.speeding")


@pytest.mark.parametrize("page", ["found", "silent"])
def test_what_is_told_reads_as_it_was_reviewed(page: str) -> None:
    first: dict[tuple[str, str], tuple[Story, Outcome]] = {}
    for story in all_stories():
        verdict = judge_lines(story.registry_lines, story.event_lines, vehicles=True)
        for subject in sorted(verdict.outcomes):
            for o in verdict.outcomes[subject]:
                if o.rule in RULES and o.found is (page == "found"):
                    first.setdefault((o.rule, o.reason), (story, o))
    text = "\n".join(_page(*first[key]) for key in sorted(first))
    path = GOLDEN / f"road_{page}.txt"
    if os.environ.get("LIANDAN_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def _page(story: Story, o: Outcome) -> str:
    """Return an outcome with its players' labels for their codes and plates, which go by number."""
    text = written(o) if o.found else f"{o.rule} · {o.reason} · {o.state}\n  {o.zh}\n  {o.en}\n"
    for n, label in enumerate(story.manifests):
        text = text.replace(story.number(label), f"<manifest {n}>")
    for label in cast()["firms"]:
        text = text.replace(story.code(label), f"<{label}>")
    for label in cast()["plates"]:
        text = text.replace(story.plate(label), f"<{label}>")
    return text
