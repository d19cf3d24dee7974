"""Explanations: every finding says what was compared and what would have made it legal.

The pages in ``golden/`` are to be read as an officer would. ``LIANDAN_WRITE_GOLDEN=1`` writes them anew.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from explanations import assert_explained, written
from findings import STORIES, findings, load
from manifests import (
    CODE,
    DAY,
    NO_APPROVAL,
    NOT_IN_FORCE,
    OTHER_RECEIVER,
    PERMITS,
    WRONG_CODE,
    WRONG_METHOD,
    WRONG_PLATE,
    WRONG_RECEIVER,
    all_outcomes,
    approval,
    approval_line,
    china,
    dispatched,
    filed,
    licence,
    limit_outcome,
    permit,
    waste,
)

from schemas.alert import alert_digest
from services.simulator import build_world
from streams.judging.alerts import Parties, alert_changes
from streams.judging.on_files import FileVerdict, judge_lines
from streams.judging.outcome import Outcome, outcome_digest
from streams.judging.rules import RULE_BOOK

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def wide() -> FileVerdict:
    world = build_world("demo", 7, 2000, medical=False, trucks=False)
    return judge_lines(world.registry, world.events)


def found_in(verdict: FileVerdict) -> Iterator[tuple[str, Outcome]]:
    for subject, outcomes in verdict.outcomes.items():
        for outcome in outcomes:
            if outcome.found:
                yield subject, outcome


@pytest.mark.parametrize("page", STORIES)
def test_an_explanation_reads_as_it_was_reviewed(page: str) -> None:
    text = "\n".join(written(outcome) for outcome in STORIES[page]())
    path = GOLDEN / f"{page}.txt"
    if os.environ.get("LIANDAN_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_no_rule_and_no_reason_is_without_a_page(wide: FileVerdict) -> None:
    told = {(o.rule, o.reason) for page in findings().values() for o in page}
    rules = {rule.id for rule in (*RULE_BOOK.manifest, *RULE_BOOK.limit)}
    assert {rule for rule, _ in told} == rules
    readings = {"corrected_after_arrival", "conflicting_reports", "voided_after_arrival"}
    assert readings <= {reason for _, reason in told}
    met = {(o.rule, o.reason) for _, o in found_in(wide) if o.reason not in readings}
    assert met <= told


def test_every_finding_of_the_demos_world_is_explained_and_nothing_else_is(
    wide: FileVerdict,
) -> None:
    found = 0
    for outcomes in wide.outcomes.values():
        for outcome in outcomes:
            assert_explained(outcome)
            found += outcome.found
    assert found == len(wide.alerts) > 100


def test_an_explanation_changes_no_alert(wide: FileVerdict) -> None:
    for subject, outcome in found_in(wide):
        bare = msgspec.structs.replace(outcome, conditions=(), cures=())
        assert outcome_digest(bare) != outcome_digest(outcome)
        (_, (told,)), (_, (without,)) = (
            alert_changes(subject, Parties(), [o], {}) for o in (outcome, bare)
        )
        assert told.digest == without.digest == alert_digest(without.alert)


def test_what_is_not_found_is_stored_without_members_that_say_nothing() -> None:
    said = [filed(), dispatched()]
    for outcome in all_outcomes(said, approval(), licence(), *PERMITS):
        assert not outcome.found
        stored = msgspec.json.decode(msgspec.json.encode(outcome))
        assert not {"conditions", "cures"} & stored.keys()
    (bare,) = (o for o in all_outcomes(said, licence(), *PERMITS) if o.found)
    stored = msgspec.json.decode(msgspec.json.encode(bare))
    assert {"zh", "en", "value_zh", "value_en", "holds"} <= stored["conditions"][0].keys()
    assert {"zh", "en"} <= stored["cures"][0].keys()
    assert msgspec.convert(stored, Outcome) == bare


def test_of_many_approvals_the_nearest_are_listed_and_the_rest_counted() -> None:
    many = [
        approval(f"appr-{n:02d}", document=f"文号{n:02d}", valid_to=f"2026-08-{n:02d}",
                 origin="140000")
        for n in range(1, 31)
    ]  # fmt: skip
    for order in (many, many[::-1]):
        (outcome,) = (
            o for o in all_outcomes([filed(), dispatched()], *order, licence(), *PERMITS) if o.found
        )
        assert outcome.rule == NO_APPROVAL
        groups = list(dict.fromkeys(c.record for c in outcome.conditions if c.record))
        assert groups == [f"transfer_approval/appr-{n:02d}" for n in range(1, 11)]
        (more,) = (c for c in outcome.conditions if c.en.startswith("more approved lines"))
        assert more.value_en == "20"


def test_a_condition_tells_value_threshold_and_margin() -> None:
    said = [filed(), dispatched()]
    records = [approval(valid_to="2026-09-07"), licence(), *PERMITS]
    (outcome,) = (o for o in all_outcomes(said, *records) if o.found)
    of_line = {c.en: c for c in outcome.conditions if c.record == "transfer_approval/appr-1"}
    validity = of_line["in force on the day of dispatch"]
    assert (validity.value_en, validity.holds, validity.margin) == ("2026-09-10", False, "-3 d")
    assert validity.threshold_en.endswith("to 2026-09-07")
    assert CODE in of_line["waste matches"].value_zh
    assert [c.holds for name, c in of_line.items() if name != validity.en] == [True] * 5


@pytest.mark.parametrize(
    ("records", "form", "plate", "rule", "told"),
    [
        ([approval(lines=[approval_line(purpose="utilisation")])],
         {"wastes": [waste(method="utilisation")]}, None, WRONG_METHOD, "批准的方式（利用）"),
        ([approval(lines=[approval_line(receiver=OTHER_RECEIVER, purpose="utilisation")])],
         {"receiver": OTHER_RECEIVER, "wastes": [waste(method="utilisation")]}, None,
         WRONG_RECEIVER, "、方式为批准的利用"),
        ([approval(lines=[approval_line(code="900-039-49", purpose="storage")])],
         {"wastes": [waste(code="900-039-49", method="storage")]}, None,
         WRONG_CODE, "更正联单代码、方式为批准的贮存"),
        ([approval(), permit(plates=["冀A12345"])], {}, "冀A12345", WRONG_PLATE,
         "许可所列车辆（冀A12345）"),
    ],
)  # fmt: skip
def test_what_was_approved_or_listed_instead_is_legal_as_a_cure_tells_it(
    records: Any, form: Any, plate: str | None, rule: str, told: str
) -> None:
    as_done = [filed(), dispatched(plate="冀A99999")]
    (outcome,) = (o for o in all_outcomes(as_done, *records) if o.rule == rule)
    assert any(told in cure.zh for cure in outcome.cures)
    as_cured = [filed(**form), dispatched(plate=plate or "冀A99999")]
    family = rule.partition(".")[0]
    judged = all_outcomes(as_cured, *records)
    assert not [o for o in judged if o.found and o.rule.startswith((family, rule))
                and o.rule != "carrier.no_permit"]  # fmt: skip


def test_no_more_than_a_cure_allows_keeps_the_limit() -> None:
    ten = approval(lines=[approval_line(quantity_t=10)])
    exceeded = limit_outcome([load(1, 7, "received"), load(2, 5)], ten)
    assert "至多再转移 3 吨（少 2 吨）" in exceeded.cures[0].zh
    assert limit_outcome([load(1, 7, "received"), load(2, 3)], ten).state == "passed"
    assert "至少 2 吨" in exceeded.cures[1].zh


def legal(said: list[Any], rule: str, *records: Any) -> bool:
    return not any(o.found for o in all_outcomes(said, *records) if o.rule == rule)


def test_the_approval_that_a_cure_asks_for_does_make_it_legal() -> None:
    said, rest = [filed(), dispatched()], [licence(), *PERMITS]
    (outcome,) = (o for o in all_outcomes(said, *rest) if o.found)
    (cure,) = (c for c in outcome.cures if c.party == "consignor")
    assert cure.kind == "transfer_approval"
    for word in ("河北省生态环境主管部门", "2026-09-10 08:00", "示例产废单位", CODE, "山东省示例处置单位",
                 "处置", "有效期含 2026-09-10"):  # fmt: skip
        assert word in cure.zh
    asked = approval(decided_on="2026-09-09", valid_from="2026-09-10", valid_to="2026-09-10")
    assert legal(said, NO_APPROVAL, asked, *rest)


@pytest.mark.parametrize(
    ("span", "cured", "told"),
    [
        ({"valid_to": "2026-09-07"}, "2026-09-07 23:59:59", "在 2026-09-07 当日或之前起运"),
        ({"valid_from": "2026-09-12"}, "2026-09-12 00:00:00", "在 2026-09-12 或之后起运"),
    ],
)
def test_the_day_that_a_cure_names_would_have_been_legal(
    span: dict[str, str], cured: str, told: str
) -> None:
    records = [approval(**span), licence(), *PERMITS]
    (outcome,) = (o for o in all_outcomes([filed(), dispatched(DAY)], *records) if o.found)
    assert any(told in cure.zh for cure in outcome.cures)
    assert outcome.rule == NOT_IN_FORCE
    assert legal([filed(), dispatched(china(cured))], NOT_IN_FORCE, *records)
