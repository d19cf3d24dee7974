"""How grave a finding is: cuts of the book to the gram, drafts, versions by the day of the act."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from streams.judging.decision import decide_manifest
from streams.judging.fold import fold
from streams.judging.judge import judge_manifest
from streams.judging.outcome import Outcome
from streams.judging.registry import RecordVersion, RegistryView, touches
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.rules.parameter import ParameterRefused
from streams.judging.severity import MEDICAL_CUTS, SEVERITY_CUTS, SeverityCuts
from streams.judging.statement import union
from tests.manifests import NO_APPROVAL, NUMBER, china, dispatched, filed, record, registry, waste

T = 1_000_000
LOAD = [waste(tonnes=5)]
EVE, DAY = china("2026-09-09 23:59:59"), china("2026-09-10 00:00:00")


def version(**values: int) -> Any:
    parameters = [{"parameter": f"severity.{k}", "value": v} for k, v in values.items()]
    return record(
        "rulebook_version", "2026-09-10.001", parameters=parameters, valid_from="2026-09-10"
    )


def found(left: datetime, view: RegistryView, book: RuleBook = RULE_BOOK) -> Outcome:
    """Return what is found of 5 t that left without an approval."""
    said = union([filed(left - timedelta(hours=1), wastes=LOAD), dispatched(left)])
    outcomes = judge_manifest(fold(NUMBER, said, view), view, None, book).outcomes
    return next(o for o in outcomes if o.rule == NO_APPROVAL)


def quantity(outcome: Outcome) -> str:
    return next(c.threshold_en for c in outcome.conditions if c.en.startswith("quantity"))


@pytest.mark.parametrize(
    ("grams", "severity"),
    [
        (0, "low"), (T - 1, "low"), (T, "medium"), (3 * T - 1, "medium"), (3 * T, "high"),
        (10 * T - 1, "high"), (10 * T, "critical"),
    ],
)  # fmt: skip
def test_the_declared_cuts_are_one_three_and_ten_tonnes_to_the_gram(
    grams: int, severity: str
) -> None:
    assert SEVERITY_CUTS.severity(grams, False, "critical") == severity


def test_medical_waste_is_cut_at_ten_kilograms_a_hundred_and_a_tonne() -> None:
    assert SeverityCuts(10_000, 100_000, 1_000_000) == MEDICAL_CUTS
    assert MEDICAL_CUTS.explained(12_500, False, "high").value_en == "12.5 kg"
    assert "100 kg <= high < 1000 kg" in MEDICAL_CUTS.explained(1, False, "critical").threshold_en


def test_a_missing_weight_is_medium_at_least_and_no_rule_exceeds_its_gravest() -> None:
    assert SEVERITY_CUTS.severity(0, True, "critical") == "medium"
    assert SEVERITY_CUTS.severity(4 * T, True, "critical") == "high"
    assert SEVERITY_CUTS.severity(40 * T, False, "medium") == "medium"
    assert SEVERITY_CUTS.severity(0, True, "low") == "low"
    told = SEVERITY_CUTS.explained(0, True, "medium")
    assert told.value_en == "0 t, and more of unknown weight"
    assert told.threshold_en.endswith("; medium at most by this rule")


def test_cuts_in_a_foolish_order_are_each_what_their_name_says() -> None:
    cuts = SeverityCuts(medium=5, high=1, critical=9)
    assert [cuts.severity(g, False, "critical") for g in (0, 1, 5, 9)] == [
        "low", "high", "high", "critical",
    ]  # fmt: skip


def test_a_draft_sets_them_for_every_rule_and_its_findings_say_so() -> None:
    draft = RULE_BOOK.with_parameters({"severity.high_kg": 6_000, "severity.medical_high_kg": 50})
    assert {r.cuts.high for r in (*draft.manifest, *draft.limit, *draft.track)} == {6 * T}
    assert {r.cuts.high for r in draft.medical} == {50_000}
    assert draft.parameter_set == {"severity.high_kg": 6_000, "severity.medical_high_kg": 50}
    assert draft.with_parameters({"severity.high_kg": 3_000}).parameter_set == {
        "severity.medical_high_kg": 50
    }
    declared, drafted = found(DAY, registry()), found(DAY, registry(), draft)
    assert (declared.severity, drafted.severity) == ("high", "medium")
    assert "3 t <= high" in quantity(declared)
    assert "6 t <= high" in quantity(drafted)


@pytest.mark.parametrize("value", [-1, 10_000_001, True])
def test_a_cut_out_of_range_or_unknown_is_refused(value: int) -> None:
    with pytest.raises(ParameterRefused):
        RULE_BOOK.with_parameters({"severity.high_kg": value})
    with pytest.raises(ParameterRefused, match="medical_critical_kg"):
        RULE_BOOK.with_parameters({"severity.low_kg": 1})


def test_a_version_grades_acts_from_its_day_and_alerts_follow_it() -> None:
    view = registry(version(critical_kg=4_000))
    assert found(EVE, view).severity == "high"
    assert found(DAY, view).severity == "critical"

    view, said = registry(), [filed(DAY - timedelta(hours=1), wastes=LOAD), dispatched(DAY)]
    before = decide_manifest(NUMBER, None, said, view, None)
    view.apply([RecordVersion(2, version(high_kg=9_000))])
    after = decide_manifest(NUMBER, before.held, (), view, None)
    (alert,) = [c for c in after.alerts if c.alert.rule == NO_APPROVAL]
    assert (alert.alert.severity, alert.revision, alert.alert.state) == ("medium", 2, "open")


def test_a_version_that_grades_bears_on_every_limit() -> None:
    touched = touches(version(high_kg=9_000))
    assert touched.limits == ("approval/", "licence/", "plan/", "single/", "whitelist/")
