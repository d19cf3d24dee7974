"""Figures of rules: declared, set by a book, refused; what the verdict does with them."""

from datetime import timedelta

import pytest

from streams.judging.decision import decide_limit, decide_manifest
from streams.judging.outcome import Draw, Outcome
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.rules.parameter import ParameterRefused
from tests.manifests import (
    DAY,
    NUMBER,
    RECEIPT_OVERDUE,
    TRANSIT_OVERDUE,
    arrived,
    china,
    dispatched,
    filed,
    licence,
    received,
    registry,
)

NATION = f"{TRANSIT_OVERDUE}.nation"
SAID = [
    filed(),
    dispatched(),
    arrived(DAY + timedelta(hours=30)),
    received(DAY + timedelta(hours=31)),
]


def judged(book: RuleBook, rule: str) -> Outcome:
    found = decide_manifest(NUMBER, None, SAID, registry(), None, book).outcomes
    return next(o for o in found if o.rule == rule)


def test_a_rule_judges_by_the_figure_that_its_book_sets() -> None:
    assert judged(RULE_BOOK, TRANSIT_OVERDUE).reason == "in_time"
    strict = RULE_BOOK.with_parameters({NATION: 29})
    late = judged(strict, TRANSIT_OVERDUE)
    assert (late.state, late.reason, late.margin) == ("needs_review", "late", "-1 h")
    assert "29 小时" in late.zh
    assert "29 hours" in late.en


def test_what_is_not_as_declared_is_told_with_the_outcome_and_nothing_else_is() -> None:
    strict = RULE_BOOK.with_parameters({NATION: 29})
    assert judged(strict, TRANSIT_OVERDUE).parameters == (("nation", 29),)
    assert judged(strict, RECEIPT_OVERDUE).parameters == ()
    assert strict.parameter_set == {NATION: 29}
    assert strict.with_parameters({NATION: 120}).parameter_set == {}
    assert judged(RULE_BOOK, TRANSIT_OVERDUE).parameters == ()
    assert RULE_BOOK.parameter_set == {}


def test_a_basis_of_another_book_is_not_used_again() -> None:
    view = registry()
    first = decide_manifest(NUMBER, None, SAID[:3], view, None)
    assert first.held.basis is not None
    strict = RULE_BOOK.with_parameters({NATION: 29})
    second = decide_manifest(NUMBER, first.held, [], view, None, strict)
    assert next(o.reason for o in second.outcomes if o.rule == TRANSIT_OVERDUE) == "late"


def test_the_breach_of_a_licences_scale_moves_with_its_figure() -> None:
    view = registry(licence(annual_scale_t="10"))
    drawn = [Draw("licence/lic-1/2026", NUMBER, DAY, 11_500_000, "settled")]

    def state(book: RuleBook) -> str:
        (outcome,) = decide_limit("licence/lic-1/2026", None, drawn, view, None, book).outcomes
        return outcome.state

    assert state(RULE_BOOK) == "notice"
    assert (
        state(RULE_BOOK.with_parameters({"licence.scale_exceeded.breach_percent": 114}))
        == "violated"
    )


@pytest.mark.parametrize(
    ("named", "value", "why"),
    [
        ("time.transit_overdue.nations", 5, "there is no parameter nations"),
        ("time.transit.nation", 5, "did you mean time.transit_overdue"),
        ("nation", 5, "there is no rule nation"),
        (NATION, 0, "from 1 to 720"),
        (NATION, 721, "from 1 to 720"),
        (NATION, True, "not True"),
        (NATION, 5.5, "not 5.5"),
        ("form.not_entitled.x", 5, "those to be set: none"),
    ],
)
def test_what_cannot_be_set_is_refused_in_both_languages(named: str, value: int, why: str) -> None:
    with pytest.raises(ParameterRefused) as refused:
        RULE_BOOK.with_parameters({named: value})
    assert why in refused.value.en
    assert refused.value.zh


def test_every_default_lies_in_its_own_range() -> None:
    declared = [p for rule in RULE_BOOK.rules for p in rule.parameters.declared]
    assert len(declared) >= 6
    for p in declared:
        assert p.least <= p.default <= p.most
        assert p.zh
        assert p.en
        assert p.source


def test_working_days_are_counted_by_the_term_that_is_set() -> None:
    shorter = RULE_BOOK.with_parameters({f"{RECEIPT_OVERDUE}.days": 3})
    said = [
        filed(),
        dispatched(),
        arrived(china("2026-09-10 14:00")),
        received(china("2026-09-16 08:00")),
    ]
    for book, state in ((RULE_BOOK, "passed"), (shorter, "violated")):
        found = decide_manifest(NUMBER, None, said, registry(), None, book).outcomes
        assert next(o.state for o in found if o.rule == RECEIPT_OVERDUE) == state
