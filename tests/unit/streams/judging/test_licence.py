"""经营许可证: receivers without a licence, codes and methods outside its scope."""

from datetime import timedelta
from typing import Any

import pytest
from manifests import (
    CARRIER,
    CODE,
    CONSIGNOR,
    DAY,
    NUMBER,
    OTHER_RECEIVER,
    OUT_OF_SCOPE,
    RECEIVER,
    SUSPENDED,
    UNLICENSED,
    WRONG_MODE,
    arrived,
    china,
    corrected,
    dispatched,
    filed,
    licence,
    outcomes,
    received,
    record,
    registry,
    voided,
    waste,
)

from streams.judging.decision import decide_manifest

HOUR = timedelta(hours=1)


def load(at: Any = DAY, there: Any = None, **form: Any) -> list[Any]:
    """A load inside the province, so that only the licence matters."""
    form = {"destination": "130200", **form}
    said = [filed(at - timedelta(days=1), id="f", **form), dispatched(at, id="d")]
    return [*said, arrived(there, id="a")] if there is not None else said


def judged(rule: str, *records: Any, at: Any = DAY, there: Any = None, **form: Any) -> Any:
    return outcomes(load(at, there, **form), *records)[rule]


def alarms(found: dict[str, Any]) -> set[str]:
    return {rule for rule, o in found.items() if o.found and rule.startswith("licence.")}


def verdict(rule: str, *records: Any, **more: Any) -> tuple[str, str]:
    found = judged(rule, *records, **more)
    return found.state, found.reason


def exemption(*stages: str, **more: Any) -> Any:
    return record("exemption", **{"codes": [CODE], "stages": list(stages), **more})


# Without a licence --------------------------------------------------------------------------------


def test_a_receiver_of_whom_the_registry_knows_nothing_is_a_violation_of_both_parties() -> None:
    found = judged(UNLICENSED, there=DAY + HOUR)
    assert (found.state, found.reason, found.discriminator) == ("violated", "none", RECEIVER)
    assert (found.grams, found.act_at, found.margin) == (2_000_000, DAY, None)
    assert {b.party for b in found.law} == {"consignor", "receiver"}
    assert [(e.kind, e.ref) for e in found.evidence] == [
        ("event", f"urn:uscc:{CARRIER}#d"),
        ("event", f"urn:uscc:{CARRIER}#a"),
        ("event", f"urn:uscc:{CONSIGNOR}#f"),
    ]
    assert all(e.digest and len(e.digest) == 64 for e in found.evidence)


def test_another_units_licence_does_not_help() -> None:
    assert verdict(UNLICENSED, licence(holder=OTHER_RECEIVER)) == ("violated", "none")


SPAN = {"valid_from": "2026-09-01", "valid_to": "2026-09-30"}


@pytest.mark.parametrize(
    ("at", "expected", "margin"),
    [
        ("2026-08-31 23:59:59", ("violated", "not_yet_valid"), None),
        ("2026-09-01 00:00:00", ("passed", "licensed"), "29 d"),
        ("2026-09-30 23:59:59", ("passed", "licensed"), "0 d"),
        ("2026-10-01 00:00:00", ("violated", "expired"), "-1 d"),
        ("2026-11-09 08:00:00", ("violated", "expired"), "-40 d"),
    ],
)
def test_a_licence_holds_from_the_first_to_the_last_instant_of_its_china_days(
    at: str, expected: tuple[str, str], margin: str | None
) -> None:
    found = judged(UNLICENSED, licence(**SPAN), at=china(at))
    assert ((found.state, found.reason), found.margin) == (expected, margin)


def test_a_licence_that_ended_on_the_way_is_the_receivers_fault_not_the_consignors() -> None:
    found = judged(
        UNLICENSED, licence(**SPAN), at=china("2026-09-30 20:00"), there=china("2026-10-01 00:00")
    )
    assert (found.state, found.reason) == ("violated", "expired")
    assert {b.party for b in found.law} == {"receiver"}
    assert found.act_at == china("2026-10-01 00:00")
    assert [e.ref for e in found.evidence if e.kind == "record"] == ["licence/lic-1"]


def test_a_licence_that_began_on_the_way_leaves_the_consignors_fault() -> None:
    found = judged(
        UNLICENSED,
        licence(**SPAN),
        at=china("2026-08-31 23:59:59"),
        there=china("2026-09-01 05:00"),
    )
    assert (found.state, found.reason) == ("violated", "not_yet_valid")
    assert {b.party for b in found.law} == {"consignor"}


@pytest.mark.parametrize("told_arrival", [True, False])
def test_a_receiver_that_refuses_the_load_did_not_operate_without_a_licence(
    told_arrival: bool,
) -> None:
    there = china("2026-10-01 05:00")
    said = load(china("2026-09-30 20:00"), there if told_arrival else None)
    accepted = [*said, received(there + HOUR)]
    refused = [*said, received(there + HOUR, opinion="refused")]
    for rule in (UNLICENSED, OUT_OF_SCOPE):
        assert outcomes(refused, licence(**SPAN))[rule].state == "passed"
    assert outcomes(accepted, licence(**SPAN))[UNLICENSED].state == "violated"
    bare = outcomes(refused)[UNLICENSED]
    assert bare.state == "violated"
    assert {b.party for b in bare.law} == {"consignor"}


def test_a_receipt_turned_into_a_refusal_afterwards_is_for_review() -> None:
    there = china("2026-10-01 05:00")
    said = [*load(china("2026-09-30 20:00"), there), received(there + HOUR, id="r")]
    turned = corrected("r", "received", {"opinion": "refused"}, there + 2 * HOUR, RECEIVER)
    found = outcomes([*said, turned], licence(**SPAN))[UNLICENSED]
    assert (found.state, found.reason) == ("needs_review", "corrected_after_arrival")


def test_the_taking_over_counts_not_the_confirmation_in_the_system() -> None:
    said = [*load(china("2026-09-30 08:00"), china("2026-09-30 12:00")),
            received(china("2026-10-03 09:00"))]  # fmt: skip
    assert outcomes(said, licence(**SPAN))[UNLICENSED].state == "passed"


def test_a_renewal_without_a_gap_is_no_gap() -> None:
    given = [licence("old", **SPAN), licence("new", valid_from="2026-10-01")]
    found = judged(
        UNLICENSED, *given, at=china("2026-09-30 20:00"), there=china("2026-10-01 00:00")
    )
    assert found.state == "passed"


def test_of_several_licences_the_longest_gives_the_margin_also_on_anothers_last_day() -> None:
    given = [licence("a", valid_to="2026-09-10"), licence("b", valid_to="2026-12-31")]
    assert judged(UNLICENSED, *given).margin == "112 d"
    assert judged(UNLICENSED, *given, licence("c")).margin is None


@pytest.mark.parametrize("register", ["exempted", "virtual"])
def test_exempted_and_virtual_register_entries_are_asked_before_anyone_is_accused(
    register: str,
) -> None:
    entry = licence(register_type=register, scope=[])
    assert verdict(UNLICENSED, entry) == ("passed", f"{register}_register")
    assert verdict(OUT_OF_SCOPE, entry) == ("passed", "covered")
    assert verdict(UNLICENSED, licence(register_type=register, valid_to="2026-09-09"))[0] == (
        "violated"
    )


def test_a_register_entry_that_names_codes_covers_those_only() -> None:
    entry = licence(
        register_type="exempted", scope=[{"codes": ["900-039-49"], "modes": ["disposal"]}]
    )
    assert verdict(OUT_OF_SCOPE, entry) == ("violated", "out_of_scope")


@pytest.mark.parametrize("rule", [UNLICENSED, OUT_OF_SCOPE])
def test_own_waste_and_general_waste_need_no_licence(rule: str) -> None:
    assert verdict(rule, receiver=CONSIGNOR) == ("not_applicable", "own_waste")
    general = [waste(code="900-007-S59")]
    assert verdict(rule, wastes=general) == ("not_applicable", "not_hazardous")


@pytest.mark.parametrize("method", ["storage", "utilisation", "disposal"])
def test_an_exemption_lifts_the_licence_for_its_own_stage_only(method: str) -> None:
    wastes = [waste(method=method)]
    for stage in ("collection", "transport", "transfer", "storage", "utilisation", "disposal"):
        expected = ("not_applicable", "exempt") if stage == method else ("violated", "none")
        assert verdict(UNLICENSED, exemption(stage), wastes=wastes) == expected
    assert verdict(UNLICENSED, exemption("whole_process"), wastes=wastes)[1] == "exempt"


def test_point_to_point_use_lifts_the_licence_of_its_pair_only() -> None:
    pair = {"consignor": CONSIGNOR, "receiver": RECEIVER}
    assert verdict(UNLICENSED, exemption("disposal", **pair))[1] == "exempt"
    for other in ({**pair, "receiver": OTHER_RECEIVER}, {**pair, "consignor": OTHER_RECEIVER}):
        assert verdict(UNLICENSED, exemption("disposal", **other)) == ("violated", "none")


def test_only_the_lines_that_need_a_licence_are_weighed() -> None:
    lines = [waste(1), waste(2, "900-039-49", 3), waste(3, "900-007-S59", 50)]
    assert judged(UNLICENSED, exemption("disposal"), wastes=lines).grams == 3_000_000


@pytest.mark.parametrize(
    ("at", "there", "laws"),
    [
        ("2026-08-14 23:59", None, ["固", "法典", "办法"]),
        ("2026-08-15 00:00", None, ["法典", "办法"]),
        ("2026-08-14 23:59", "2026-08-15 00:00", ["固", "法典", "办法", "法典"]),
    ],
)
def test_each_of_the_two_acts_falls_under_the_law_of_its_own_minute(
    at: str, there: str | None, laws: list[str]
) -> None:
    found = judged(UNLICENSED, at=china(at), there=there and china(there))
    assert len(found.law) == len(laws)
    for cited, part in zip(found.law, laws, strict=True):
        assert part in cited.law


def test_collecting_and_storing_without_a_licence_is_fined_less_than_disposing() -> None:
    def fine(method: str) -> str:
        found = judged(UNLICENSED, there=DAY + HOUR, wastes=[waste(method=method)])
        return str(found.law[-1].penalty_en)

    assert fine("storage") == "fine CNY 200,000-1,000,000 (collecting, storing)"
    assert fine("disposal") == "fine CNY 1,000,000-5,000,000 (using, disposing)"


# Outside the scope --------------------------------------------------------------------------------


def scoped(**line: Any) -> Any:
    return licence(scope=[{"modes": ["disposal"], **line}])


@pytest.mark.parametrize(
    ("given", "form", "expected"),
    [
        (scoped(codes=[CODE]), {}, "covered"),
        (scoped(codes=["900-039-49"]), {}, "out_of_scope"),
        (scoped(categories=["HW49"]), {}, "covered"),
        (scoped(categories=["HW08"]), {}, "out_of_scope"),
        (scoped(categories=["HW49"], except_codes=[CODE]), {}, "out_of_scope"),
        (scoped(categories=["HW49"], except_codes=["900-039-49"]), {}, "covered"),
        (scoped(codes=[CODE], categories=["HW49"], except_codes=[CODE]), {}, "covered"),
        (scoped(codes=[CODE], modes=["utilisation"]), {}, "wrong_mode"),
        (scoped(codes=[CODE], modes=["storage"]), {"method": "storage"}, "covered"),
        (scoped(codes=[CODE], modes=["collection"]), {"method": "storage"}, "covered"),
        (scoped(codes=[CODE], modes=["collection"]), {"method": "disposal"}, "wrong_mode"),
        (scoped(codes=[CODE]), {"method": "storage"}, "wrong_mode"),
        (scoped(categories=["HW03"]), {"code": "841-005-01"}, "covered"),
        (scoped(categories=["HW49"]), {"code": "841-004-01"}, "covered"),
        (scoped(categories=["HW03"]), {"code": "841-001-01"}, "out_of_scope"),
        (scoped(categories=["HW49"]), {"code": "841-005-01"}, "out_of_scope"),
        (scoped(categories=["HW01"]), {"code": "841-005-01"}, "covered"),
        (scoped(codes=["900-000-49"]), {"code": "900-000-49"}, "covered"),
    ],
)
def test_code_and_method_must_stand_in_one_line_of_the_scope(
    given: Any, form: Any, expected: str
) -> None:
    found = outcomes(load(wastes=[waste(**form)]), given)
    code, mode = found[OUT_OF_SCOPE], found.get(WRONG_MODE)
    assert (code.state, code.reason) == {"out_of_scope": ("violated", "out_of_scope")}.get(
        expected, ("passed", "covered")
    )
    assert (mode.state if mode else None) == ("violated" if expected == "wrong_mode" else None)


def test_code_in_one_line_and_method_in_another_do_not_add_up() -> None:
    given = licence(
        scope=[{"codes": [CODE], "modes": ["utilisation"]},
               {"codes": ["900-039-49"], "modes": ["disposal"]}]
    )  # fmt: skip
    assert verdict(WRONG_MODE, given) == ("violated", "out_of_scope")
    assert verdict(OUT_OF_SCOPE, given) == ("passed", "covered")


def test_two_licences_of_one_firm_may_cover_a_load_between_them() -> None:
    given = [
        licence("l1"),
        licence("l2", scope=[{"codes": ["900-039-49"], "modes": ["disposal"]}]),
    ]
    lines = [waste(1), waste(2, "900-039-49", 3)]
    assert verdict(OUT_OF_SCOPE, *given, wastes=lines) == ("passed", "covered")
    found = judged(OUT_OF_SCOPE, given[0], wastes=lines)
    assert (found.state, found.grams) == ("violated", 3_000_000)
    assert [e.ref for e in found.evidence if e.kind == "record"] == ["licence/l1"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (licence(scope=[{"codes": ["900-039-49"], "modes": ["disposal"], "edition": 2016}]), CODE),
        (licence(), "321-999-48"),
        (licence(scope=[]), CODE),
    ],
    ids=["an older catalogue", "a code not in the table", "no scope on record"],
)
def test_where_the_scope_is_unclear_an_officer_looks_before_anyone_is_accused(
    given: Any, code: str
) -> None:
    found = judged(OUT_OF_SCOPE, given, wastes=[waste(code=code)])
    assert (found.state, found.reason, found.grams) == ("needs_review", "scope_unclear", 2_000_000)
    assert "须人工核对" in found.zh


def test_an_excepted_code_is_told_with_the_category_that_it_is_excepted_from() -> None:
    found = judged(OUT_OF_SCOPE, scoped(categories=["HW49"], except_codes=[CODE]))
    named = next(c for c in found.conditions if c.en == "the scope names the code")
    assert (named.value_en, named.holds) == (CODE, False)
    assert named.threshold_zh == f"HW49（除 except {CODE}）"


def test_without_a_licence_in_force_the_scope_is_the_other_rules_matter() -> None:
    for given in ([], [licence(valid_to="2026-09-09")]):
        assert verdict(OUT_OF_SCOPE, *given) == ("not_applicable", "unlicensed")


def test_off_licence_operation_is_judged_at_departure_and_at_arrival() -> None:
    wide, narrow = (
        licence("l1", valid_to="2026-09-10"),
        licence("l2", scope=[{"codes": ["900-039-49"], "modes": ["disposal"]}]),
    )
    found = judged(OUT_OF_SCOPE, wide, narrow, there=china("2026-09-11 00:00"))
    assert (found.state, found.act_at) == ("violated", china("2026-09-11 00:00"))
    assert {b.party for b in found.law} == {"receiver"}
    assert "第一千一百七十八条第二款" in found.law[0].article


def test_a_refused_load_of_an_uncovered_code_leaves_the_consignors_fault() -> None:
    said = [*load(there=DAY + HOUR, wastes=[waste(code="900-039-49")]),
            received(DAY + 2 * HOUR, opinion="refused")]  # fmt: skip
    found = outcomes(said, licence())[OUT_OF_SCOPE]
    assert found.state == "violated"
    assert {b.party for b in found.law} == {"consignor"}


# A method outside the scope -----------------------------------------------------------------------


def test_a_code_covered_for_another_method_is_told_as_such_beside_one_not_covered_at_all() -> None:
    lines = [waste(1, method="storage"), waste(2, "900-039-49", 3), waste(3, tonnes=5)]
    found = outcomes(load(there=DAY + HOUR, wastes=lines), licence())
    mode, code = found[WRONG_MODE], found[OUT_OF_SCOPE]
    assert (mode.state, mode.grams, mode.discriminator) == ("violated", 2_000_000, RECEIVER)
    assert (code.state, code.grams) == ("violated", 3_000_000)
    assert "贮存" in mode.zh
    assert "for storage" in mode.en
    assert {b.party for b in mode.law} == {"consignor", "receiver"}
    assert [e.ref for e in mode.evidence if e.kind == "record"] == ["licence/lic-1"]


def test_a_licence_by_category_is_exceeded_by_method_alike() -> None:
    found = outcomes(load(wastes=[waste(method="utilisation")]), scoped(categories=["HW49"]))
    assert found[WRONG_MODE].state == "violated"


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ([licence(), licence("l2", scope=[{"codes": [CODE], "modes": ["storage"]}])], {}),
        ([licence(), exemption("storage")], {}),
        ([licence()], {"receiver": CONSIGNOR}),
        ([], {}),
        ([licence(register_type="virtual", scope=[])], {}),
    ],
    ids=["another licence", "exempt", "own waste", "unlicensed", "virtual"],
)
def test_no_word_of_the_method_where_it_is_covered_or_the_licence_is_missing(
    given: Any, form: Any
) -> None:
    found = outcomes(load(wastes=[waste(method="storage")], **form), *given)
    assert WRONG_MODE not in found


def test_a_wider_licence_learned_later_withdraws() -> None:
    said = load(wastes=[waste(method="storage")])
    first = decide_manifest(NUMBER, None, said, registry(licence()), None)
    (opened,) = [c.alert for c in first.alerts if c.alert.rule == WRONG_MODE]
    wide = licence(scope=[{"codes": [CODE], "modes": ["disposal", "storage"]}])
    again = decide_manifest(NUMBER, first.held, [], registry(wide), None)
    (gone,) = [c.alert for c in again.alerts if c.alert.rule == WRONG_MODE]
    assert (gone.id, gone.state, gone.withdrawn_reason) == (opened.id, "withdrawn", "licensed")


# Suspended ----------------------------------------------------------------------------------------

STOP = {"valid_from": "2026-09-10", "valid_to": "2026-09-12", "document": "鲁环停〔2026〕1号"}


def suspended(**more: Any) -> Any:
    return licence(suspensions=[STOP], **more)


@pytest.mark.parametrize(
    ("at", "there", "expected", "parties"),
    [
        ("2026-09-09 23:59:59", None, ("passed", "not_suspended"), set()),
        ("2026-09-10 00:00:00", None, ("violated", "suspended"), {"consignor"}),
        ("2026-09-12 23:59:59", None, ("violated", "suspended"), {"consignor"}),
        ("2026-09-13 00:00:00", None, ("passed", "not_suspended"), set()),
        ("2026-09-09 20:00:00", "2026-09-10 00:00", ("violated", "suspended"), {"receiver"}),
        ("2026-09-12 20:00:00", "2026-09-13 00:00", ("violated", "suspended"), {"consignor"}),
        ("2026-09-10 20:00:00", "2026-09-11 00:00", ("violated", "suspended"),
         {"consignor", "receiver"}),
    ],
)  # fmt: skip
def test_a_suspension_holds_on_its_china_days_for_the_party_that_acts_then(
    at: str, there: str | None, expected: Any, parties: set[str]
) -> None:
    found = judged(SUSPENDED, suspended(), at=china(at), there=there and china(there))
    assert (found.state, found.reason) == expected
    assert {b.party for b in found.law} == parties


def test_a_suspended_licence_is_one_finding_with_its_document() -> None:
    found = outcomes(load(), suspended())
    assert alarms(found) == {SUSPENDED}
    stopped = found[SUSPENDED]
    assert (stopped.discriminator, stopped.grams, stopped.act_at) == (RECEIVER, 2_000_000, DAY)
    assert "鲁环停〔2026〕1号" in stopped.zh
    assert "suspended at dispatch" in stopped.en
    assert [e.ref for e in stopped.evidence if e.kind == "record"] == ["licence/lic-1"]


def test_a_suspended_licence_that_does_not_cover_the_code_is_out_of_scope_too() -> None:
    found = outcomes(load(wastes=[waste(code="900-039-49")]), suspended())
    assert alarms(found) == {SUSPENDED, OUT_OF_SCOPE}


def test_every_licence_in_force_must_be_suspended() -> None:
    assert verdict(SUSPENDED, suspended(), licence("l2")) == ("passed", "not_suspended")
    ended = licence("l2", valid_to="2026-09-09")
    assert verdict(SUSPENDED, suspended(), ended) == ("violated", "suspended")


def test_an_ended_licence_is_missing_not_suspended() -> None:
    found = outcomes(load(), suspended(valid_to="2026-09-09"))
    assert alarms(found) == {UNLICENSED}


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ([suspended(), exemption("disposal")], {}),
        ([suspended(holder=CONSIGNOR)], {"receiver": CONSIGNOR}),
        ([suspended()], {"wastes": [waste(code="900-007-S59")]}),
        ([licence()], {}),
    ],
    ids=["exempt", "own waste", "general waste", "never suspended"],
)
def test_no_word_of_a_suspension_where_no_licence_is_needed_or_none_was_suspended(
    given: Any, form: Any
) -> None:
    assert SUSPENDED not in outcomes(load(**form), *given)


def test_a_refused_load_leaves_the_receiver_without_fault_during_its_suspension() -> None:
    there = china("2026-09-10 05:00")
    said = [*load(china("2026-09-09 20:00"), there), received(there + HOUR, opinion="refused")]
    assert outcomes(said, suspended())[SUSPENDED].state == "passed"


def test_a_suspension_learned_later_opens_and_one_lifted_or_a_void_withdraws() -> None:
    first = decide_manifest(NUMBER, None, load(), registry(licence()), None)
    assert SUSPENDED not in {c.alert.rule for c in first.alerts}
    second = decide_manifest(NUMBER, first.held, [], registry(suspended()), None)
    (opened,) = [c.alert for c in second.alerts if c.alert.rule == SUSPENDED]
    assert opened.state == "open"
    for arrivals, known in (([], licence()), ([voided(DAY + HOUR)], suspended())):
        last = decide_manifest(NUMBER, second.held, arrivals, registry(known), None)
        (gone,) = [c.alert for c in last.alerts if c.alert.rule == SUSPENDED]
        assert (gone.id, gone.state) == (opened.id, "withdrawn")
