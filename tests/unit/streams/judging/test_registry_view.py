"""The newest knowledge of each record, wherever it moved; what a change bears on."""

from itertools import permutations
from typing import Any

import pytest
from manifests import (
    CARRIER,
    CODE,
    CONSIGNOR,
    DAY,
    OTHER_RECEIVER,
    RECEIVER,
    approval,
    approval_line,
    collector,
    licence,
    record,
    registry,
)

from streams.judging.registry import (
    RecordVersion,
    RegistryView,
    filer_mark,
    touches,
)


def test_a_later_version_replaces_the_earlier_one_and_a_retraction_removes_it() -> None:
    view = registry(licence(number="1"), licence(number="2"))
    assert [x.number for x in view.licences(RECEIVER)] == ["2"]
    view.apply([RecordVersion(7, licence(retracted=True))])
    assert (view.licences(RECEIVER), view.seq) == ((), 7)
    view.apply([RecordVersion(8, licence(number="3"))])
    assert [x.number for x in view.licences(RECEIVER)] == ["3"]


def test_a_record_that_moves_to_another_unit_is_gone_from_the_first() -> None:
    view = registry(
        licence(), licence(holder=OTHER_RECEIVER), approval(), approval(consignor=CARRIER)
    )
    assert view.licences(RECEIVER) == ()
    assert len(view.licences(OTHER_RECEIVER)) == 1
    assert view.approvals(CONSIGNOR) == ()
    assert len(view.approvals(CARRIER)) == 1


def test_what_was_answered_is_forgotten_when_a_record_changes() -> None:
    view = registry(licence(valid_to="2020-01-01"))
    assert view.licences_in_force(RECEIVER, DAY) == ()
    assert view.exemptions(CODE, CONSIGNOR, RECEIVER, DAY) == []
    renewed, lifted = licence(), record("exemption", stages=["transfer"], codes=[CODE])
    view.apply([RecordVersion(2, renewed), RecordVersion(2, lifted)])
    assert view.licences_in_force(RECEIVER, DAY) == (renewed,)
    assert view.exemptions(CODE, CONSIGNOR, RECEIVER, DAY) == [lifted]


def test_an_exemption_that_drops_a_code_no_longer_lifts_it() -> None:
    def exemption(**scope: Any) -> Any:
        return record("exemption", stages=["transfer"], **scope)

    view = registry(exemption(codes=[CODE], categories=["HW49"]), exemption(codes=["900-039-49"]))
    assert view.exemptions(CODE, CONSIGNOR, RECEIVER, DAY) == []
    assert len(view.exemptions("900-039-49", CONSIGNOR, RECEIVER, DAY)) == 1


def test_records_of_different_ids_come_sorted_whatever_their_order() -> None:
    three = [licence(f"l{n}") for n in (3, 1, 2)]
    for order in permutations(three):
        assert [x.id for x in registry(*order).licences(RECEIVER)] == ["l1", "l2", "l3"]


def test_two_kinds_may_use_the_same_id() -> None:
    view = registry(licence("x"), approval("x"), licence("x", retracted=True))
    assert view.approval("x") is not None


@pytest.mark.parametrize(
    ("changed", "units", "codes", "limits"),
    [
        (licence(), (RECEIVER,), (), ("licence/lic-1/",)),
        (collector(), (collector().uscc,), (filer_mark(collector().uscc),),
         (f"plan/{collector().uscc}/",)),
        (record("management_plan", "p", uscc=CONSIGNOR, year=2026, lines=[]),
         (CONSIGNOR,), (), (f"plan/{CONSIGNOR}/2026/",)),
        (
            approval("a", lines=[approval_line(1), approval_line(2)]),
            (CONSIGNOR,), (), ("approval/a/1", "approval/a/2", f"approval/a/pool/{CODE}",
                               "single/a/"),
        ),
        (record("exemption", stages=["transfer"], codes=[CODE], categories=["HW08"]),
         (), (CODE, "HW08"), ()),
        (record("exemption", stages=["transfer"], codes=[CODE], receiver=RECEIVER),
         (RECEIVER,), (), ()),
        (record("exemption", stages=["transfer"], codes=[CODE], consignor=CONSIGNOR,
                receiver=RECEIVER), (CONSIGNOR,), (), ()),
        (record("inbound_ban", destination="430000", categories=["HW49"]), (), ("HW49",), ()),
        (record("inbound_ban", destination="431100"), (), ("to/43",), ()),
        (record("inbound_ban", destination="660000"), (), ("to/65",), ()),
        (record("vehicle", plate="冀A12345", owner=CARRIER), (),
         (f"carrier/{CARRIER}", "plate/冀A12345"), ()),
        (record("institution", uscc=CONSIGNOR, name="示例医院", region="130100"), (CONSIGNOR,), (), ()),
        (record("medical_plant", uscc=CONSIGNOR, name="示例处置", region="130100",
                processes=["incineration"]), (),
         (f"party/{CONSIGNOR}",), ()),
        (record("emergency_order", document="示防指〔2026〕1号", areas=["130100", "130200"],
                from_at="2026-09-01T00:00:00+08:00"), (), ("area/13",), ()),
        (record("carrier_permit", number="1", carrier=CARRIER), (), (f"carrier/{CARRIER}",), ()),
        (record("whitelist_entry", list_id="l", destination="370000", receiver=RECEIVER,
                simplification="direct"), (RECEIVER,), (), ("whitelist/r1/",)),
    ],
)  # fmt: skip
def test_a_change_names_the_units_codes_and_limits_that_it_bears_on(
    changed: Any, units: Any, codes: Any, limits: Any
) -> None:
    assert touches(changed) == (units, codes, limits)


def test_an_empty_view_knows_nothing() -> None:
    view = RegistryView()
    assert view.unit(CONSIGNOR) is None
    assert not view.is_collector(CONSIGNOR, DAY)
    assert view.whitelist(RECEIVER) == ()
