"""What a unit is told of its own papers and quantities, before it is late."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from schemas.instant import CHINA
from streams.judging.notices import STEPS, Notice, endings, own_limits, running_out
from streams.judging.outcome import Draw
from tests.manifests import (
    CARRIER,
    CODE,
    CONSIGNOR,
    RECEIVER,
    approval,
    approval_line,
    licence,
    permit,
    record,
    registry,
    whitelisted,
)

END = date(2026, 12, 31)
OTHER_CODE = "900-039-49"
SCOPE = [{"codes": [CODE], "modes": ["disposal"]}]


def ending(unit: str, left: int, *records: Any) -> list[Notice]:
    return endings(unit, registry(*records), END - timedelta(days=left))


@pytest.mark.parametrize(
    ("left", "step"),
    [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None)],
)
def test_an_end_is_told_sixty_thirty_and_seven_days_before(left: int, step: int | None) -> None:
    found = ending(RECEIVER, left, licence(valid_to=str(END), scope=SCOPE))
    assert [n.step for n in found] == ([] if step is None else [step])
    for notice in found:
        assert (notice.kind, notice.day, notice.ref) == ("licence_ends", END, "licence/lic-1")
        assert str(END) in notice.zh
        assert str(END) in notice.en


def test_the_same_notice_has_the_same_id_until_the_next_step() -> None:
    told = {
        left: ending(RECEIVER, left, licence(valid_to=str(END), scope=SCOPE))[0].id
        for left in range(61)
    }
    assert len(set(told.values())) == len(STEPS)
    assert told[45] == told[60] != told[30]


def test_what_another_licence_goes_on_covering_is_not_told_of() -> None:
    old = licence("old", valid_to=str(END), scope=SCOPE)
    wider = [{"codes": [CODE, OTHER_CODE], "modes": ["disposal", "storage"]}]
    assert ending(RECEIVER, 20, old, licence("new", valid_from="2027-01-01", scope=wider)) == []
    later = licence("new", valid_from="2027-01-02", scope=wider)
    assert [n.ref for n in ending(RECEIVER, 20, old, later)] == ["licence/old"]
    less = licence("new", valid_from="2026-06-01", scope=[{"codes": [CODE], "modes": ["storage"]}])
    assert [n.ref for n in ending(RECEIVER, 20, old, less)] == ["licence/old"]


def test_each_unit_is_told_of_its_own_papers_only() -> None:
    records = [
        licence(valid_to=str(END), scope=SCOPE),
        approval(valid_to=str(END)),
        approval("refused", valid_to=str(END), decision="refused"),
        permit(CARRIER, valid_to=str(END)),
        record("insurance", "ins", insured=CARRIER, policy_no="示例保单", valid_to=str(END)),
    ]
    told = {
        unit: {n.kind for n in ending(unit, 5, *records)} for unit in (RECEIVER, CONSIGNOR, CARRIER)
    }
    assert told == {
        RECEIVER: {"licence_ends"},
        CONSIGNOR: {"approval_ends"},
        CARRIER: {"permit_ends", "insurance_ends"},
    }


def test_what_has_no_end_or_is_retracted_is_not_told_of() -> None:
    assert ending(RECEIVER, 5, licence(scope=SCOPE)) == []
    assert ending(RECEIVER, 5, licence(valid_to=str(END), scope=SCOPE, retracted=True)) == []


def test_the_limits_of_a_unit_are_its_approvals_licences_lists_and_plans() -> None:
    plan = record(
        "management_plan",
        "p",
        uscc=CONSIGNOR,
        year=2026,
        lines=[{"line": 1, "code": CODE, "quantity_t": 5}],
    )
    two = approval(lines=[approval_line(1), approval_line(2)])
    view = registry(two, licence(annual_scale_t=10), whitelisted("direct", annual_cap_t=3), plan)
    today = date(2026, 9, 1)
    assert own_limits(CONSIGNOR, view, today) == [
        "approval/appr-1/1", "approval/appr-1/2", f"approval/appr-1/pool/{CODE}",
        f"plan/{CONSIGNOR}/2026/{CODE}",
    ]  # fmt: skip
    assert own_limits(RECEIVER, view, today) == ["licence/lic-1/2026", "whitelist/r1/2026"]


def loads(limit: str, n: int, tonnes: int) -> list[Draw]:
    first = datetime(2026, 6, 1, 9, tzinfo=CHINA)
    return [
        Draw(
            limit,
            f"2026130100{i:04d}",
            first + timedelta(days=3 * i),
            tonnes * 1_000_000,
            "settled",
        )
        for i in range(n)
    ]


@pytest.mark.parametrize(("cap", "told"), [(1000, 0), (100, 1), (36, 1), (20, 1)])
def test_a_limit_is_told_of_once_it_will_not_last(cap: int, told: int) -> None:
    subject = "approval/appr-1/1"
    view = registry(approval(valid_to="2026-12-31", lines=[approval_line(quantity_t=cap)]))
    drawn = {subject: loads(subject, 12, 3)}
    found = running_out([subject, "approval/gone/1"], drawn, view, date(2026, 7, 10))
    assert len(found) == told
    for notice in found:
        assert (notice.kind, notice.ref, notice.step) == ("limit_runs_out", subject, None)
        if cap <= 36:  # twelve loads of three tonnes
            assert notice.day is None
            assert "已用完" in notice.zh
        else:
            assert notice.earliest is not None
            assert notice.day is not None
            assert notice.earliest <= notice.day <= date(2026, 12, 31)


def test_nothing_is_foretold_of_a_limit_that_nobody_uses() -> None:
    view = registry(approval(lines=[approval_line(quantity_t=100)]))
    assert running_out(["approval/appr-1/1"], {}, view, date(2026, 7, 10)) == []
