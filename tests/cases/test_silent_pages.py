"""What is said where nothing is found: why a rule passes, with its margin, and why it does not apply.

The pages in ``golden/`` are taken from the cases, the first of each rule and reason, and are to be read
as an officer would. ``LIANDAN_WRITE_GOLDEN=1`` writes them anew.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from streams.judging.on_files import judge_lines
from streams.judging.outcome import Outcome
from streams.judging.rules import RULE_BOOK
from tests.cases.story import all_cases
from tests.cases.telling import Told

GOLDEN = Path(__file__).parent / "golden"
NARROW = {
    "cross_province.whitelist_not_approval", "cross_province.wrong_code", "cross_province.wrong_method",
    "cross_province.wrong_receiver", "licence.mode_out_of_scope", "carrier.plate_not_on_permit",
    "carrier.vehicle_certificate", "carrier.crew_certificate", "medical.other_cargo", "form.not_entitled",
    "form.conflicting_reports",
}  # fmt: skip
"""Rules that say nothing at all where all is well: the first of their family speaks for them."""

Said = Mapping[tuple[str, str, str], Outcome]


@pytest.fixture(scope="module")
def every() -> list[Outcome]:
    found: list[Outcome] = []
    for case in sorted(all_cases(), key=lambda c: (c.family, c.name)):
        told = Told(case)
        clock = told.now if case.now is not None else None
        verdict = judge_lines(told.registry_lines, told.event_lines, now=clock)
        for subject in sorted(verdict.outcomes):
            found += verdict.outcomes[subject]
    return found


@pytest.fixture(scope="module")
def said(every: list[Outcome]) -> Said:
    """The first outcome of each state, rule and reason."""
    first: dict[tuple[str, str, str], Outcome] = {}
    for outcome in every:
        first.setdefault((outcome.state, outcome.rule, outcome.reason), outcome)
    return first


@pytest.mark.parametrize("state", ["passed", "not_applicable"])
def test_what_is_said_where_nothing_is_found_reads_as_it_was_reviewed(
    said: Said, state: str
) -> None:
    text = "\n".join(_written(said[key]) for key in sorted(said) if key[0] == state)
    path = GOLDEN / f"{state}.txt"
    if os.environ.get("LIANDAN_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_rule_says_why_it_passes_and_why_it_does_not_apply(said: Said) -> None:
    rules = {rule.id for rule in (*RULE_BOOK.manifest, *RULE_BOOK.limit)}
    assert {rule for state, rule, _ in said if state == "passed"} >= rules - NARROW
    narrow = {rule for state, rule, _ in said if state == "not_applicable"}
    assert narrow >= {rule.id for rule in RULE_BOOK.manifest} - NARROW - {
        "licence.suspended", "inbound.banned",
    }  # fmt: skip


def test_a_margin_is_what_is_left_where_it_passes_and_what_is_missing_where_it_does_not(
    every: list[Outcome],
) -> None:
    read_twice = {"corrected_after_arrival", "conflicting_reports", "voided_after_arrival"}
    passed = [o for o in every if o.state == "passed" and o.margin is not None]
    missed = [o for o in every if o.found and o.margin is not None and o.reason not in read_twice]
    assert len({o.rule for o in passed}) >= 9
    assert len({o.rule for o in missed}) >= 9
    for outcome in passed:
        assert not outcome.margin or outcome.margin[0] != "-", outcome
    for outcome in missed:
        assert outcome.margin is not None
        assert outcome.margin.startswith("-"), outcome
    assert {o.margin.partition(" ")[2] for o in (*passed, *missed) if o.margin} == {"d", "h", "t"}


def test_nothing_is_said_in_one_language_only(every: list[Outcome]) -> None:
    for outcome in every:
        assert any("一" <= character <= "鿿" for character in outcome.zh), outcome
        assert any("a" <= character <= "z" for character in outcome.en), outcome


def _written(outcome: Outcome) -> str:
    margin = f" · {outcome.margin}" if outcome.margin else ""
    return f"# {outcome.rule} · {outcome.reason}{margin}\n{outcome.zh}\n{outcome.en}\n"
