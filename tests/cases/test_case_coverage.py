"""Enough cases, half of them lawful, and no rule without: a new rule needs its cases."""

from streams.judging.rules import RULE_BOOK
from tests.cases.story import all_cases

RULES = {rule.id for rule in (*RULE_BOOK.manifest, *RULE_BOOK.limit)}


def test_there_are_enough_cases_and_half_of_them_are_lawful() -> None:
    cases = all_cases()
    assert len(cases) >= 120
    assert sum(case.lawful for case in cases) * 2 >= len(cases)


def test_every_rule_has_a_case_in_which_it_finds_something() -> None:
    found = {expected.rule for case in all_cases() for expected in case.expect}
    assert RULES - found == set(), "these rules need a case in which they find something"


def test_every_rule_has_a_lawful_case_in_which_it_must_be_silent() -> None:
    silent = {rule for case in all_cases() if case.lawful for rule in case.reasons}
    assert RULES - silent == set(), "these rules need a lawful case in which they are silent"
