"""Whole documents that are refused: which code, at which place."""

import json
from typing import Any

import pytest
from manifests import (
    CONSIGNOR,
    approval_line,
    approval_members,
    event,
    form,
    licence_members,
    record_line,
    waste,
)

from schemas.decode import decode_manifest_event, decode_registry_record, decode_track_event
from schemas.fast import NotUnderstood
from schemas.problems import MOST


def places(decode: Any, raw: bytes) -> list[tuple[str, str]]:
    with pytest.raises(NotUnderstood) as refused:
        decode(raw)
    return [(p.code, p.pointer) for p in refused.value.problems]


def filed(**more: Any) -> bytes:
    return event("filed", form(**more), by=CONSIGNOR)


def changed(**members: Any) -> bytes:
    return json.dumps({**json.loads(filed()), **members}).encode()


def track(*positions: Any, **more: Any) -> bytes:
    head = json.loads(filed())
    data = {"positions": list(positions), **more}
    kind = {"type": "liandan.vehicle.track.v1", "subject": "冀A12345", "data": data}
    return json.dumps({**head, **kind}).encode()


def at(**more: Any) -> dict[str, Any]:
    return {"at": "2026-11-22T08:30:00+08:00", "lon": 0, "lat": 0, **more}


def test_a_place_of_zero_is_understood() -> None:
    (position,) = decode_track_event(track(at(speed_kmh=None))).data.positions
    assert (position.lon, position.lat, position.speed_kmh) == (0.0, 0.0, None)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (track(), [("too_few", "/data/positions")]),
        (track(*[at()] * 1001), [("too_many", "/data/positions")]),
        (track(at(lon=180.000001)), [("number_range", "/data/positions/0/lon")]),
        (track(at(), at(lat="38")), [("number_range", "/data/positions/1/lat")]),
        (track(at(lat=True)), [("number_range", "/data/positions/0/lat")]),
        (track(at(at="2026-11-22T08:30:00")), [("time_form", "/data/positions/0/at")]),
        (track(at(direction=360)), [("integer_range", "/data/positions/0/direction")]),
        (track(at(alarm=2**32)), [("integer_range", "/data/positions/0/alarm")]),
        (track(at(speed=1)), [("member_unknown", "/data/positions/0/speed")]),
        (track(at(), terminal="x" * 65), [("text_length", "/data/terminal")]),
        (track(at()).replace(b"track", b"frame"), [("value_not_allowed", "/type")]),
    ],
)
def test_each_fault_of_a_track_is_told_at_its_place(
    raw: bytes, found: list[tuple[str, str]]
) -> None:
    assert places(decode_track_event, raw) == found


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (changed(source="urn:uscc:1"), [("credit_code_form", "/source")]),
        (changed(source="urn:x:" + CONSIGNOR), [("source_form", "/source")]),
        (changed(id=""), [("text_length", "/id")]),
        (changed(id="a\x00"), [("text_nul", "/id")]),
        (changed(id=5), [("text_expected", "/id")]),
        (changed(specversion="0.3"), [("value_not_allowed", "/specversion")]),
        (changed(data=None), [("object_expected", "/data")]),
        (changed(data=[]), [("object_expected", "/data")]),
        (filed(wastes=[]), [("too_few", "/data/wastes")]),
        (filed(wastes=[waste(n) for n in range(1, 202)]), [("too_many", "/data/wastes")]),
        (filed(wastes=[waste(), waste()]), [("waste_line_twice", "/data")]),
        (filed(wastes=[waste(colour="red")]), [("member_unknown", "/data/wastes/0/colour")]),
        (filed(back_entry=1), [("boolean_expected", "/data/back_entry")]),
        (filed(aliases="x"), [("list_expected", "/data/aliases")]),
        (filed(aliases=["1"]), [("manifest_number_form", "/data/aliases/0")]),
        (filed(destination="990000"), [("region_unknown", "/data/receiver/site_region")]),
    ],
)
def test_each_fault_is_told_at_its_place(raw: bytes, found: list[tuple[str, str]]) -> None:
    assert places(decode_manifest_event, raw) == found


def test_all_faults_of_a_document_are_told_at_once_but_not_hundreds() -> None:
    found = places(decode_manifest_event, filed(wastes=[waste(0, "x", -1, "burnt"), {}]))
    assert [pointer for _, pointer in found] == [
        *(f"/data/wastes/0/{m}" for m in ("line", "code", "quantity_t", "method")),
        *(f"/data/wastes/1/{m}" for m in ("line", "code", "name", "method")),
    ]
    many = filed(wastes=[waste(n, "x") for n in range(1, 100)])
    assert len(places(decode_manifest_event, many)) == MOST


def counted(**members: Any) -> dict[str, Any]:
    """A filed line without a weight: the member null, or left out where it is given as ""."""
    return {name: value for name, value in waste(tonnes=None, **members).items() if value != ""}


def lines(verb: str, line: dict[str, Any], **more: Any) -> bytes:
    return event(verb, {"wastes": [{"line": 1, **line}], **more}, by=CONSIGNOR)


_MISSING = [("quantity_missing", "/data/wastes/0")]
_PART = {"opinion": "partly"}


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (filed(wastes=[counted()]), _MISSING),
        (filed(wastes=[counted(quantity_t="")]), _MISSING),
        (filed(wastes=[counted(packages=None)]), _MISSING),
        (filed(wastes=[counted(packages=0)]), _MISSING),
        (filed(wastes=[counted(package_t="0.2")]), _MISSING),
        (filed(wastes=[counted(packages=2, package_t=0)]),
         [("package_weight_range", "/data/wastes/0/package_t")]),
        (filed(wastes=[counted(packages=2, package_t="100.000001")]),
         [("package_weight_range", "/data/wastes/0/package_t")]),
        (filed(wastes=[counted(packages=2, package_t="x")]),
         [("quantity_form", "/data/wastes/0/package_t")]),
        (lines("dispatched", {}, carrier=CONSIGNOR), _MISSING),
        (lines("dispatched", {"packages": 0}, carrier=CONSIGNOR), _MISSING),
        (lines("received", _PART, **_PART), _MISSING),
        (lines("received", {**_PART, "accepted_packages": 0}, **_PART), _MISSING),
        (lines("received", {"opinion": "refused"}, **_PART), _MISSING),
        (lines("treated", {"method": "disposal"}), _MISSING),
    ],
)  # fmt: skip
def test_a_line_gives_a_weight_or_a_count(raw: bytes, found: list[tuple[str, str]]) -> None:
    assert places(decode_manifest_event, raw) == found


@pytest.mark.parametrize(
    "raw",
    [
        filed(wastes=[counted(packages=1)]),
        filed(wastes=[counted(packages=2, package_t=100)]),
        filed(wastes=[waste(tonnes=0, packages=0)]),
        lines("dispatched", {"packages": 2}, carrier=CONSIGNOR),
        lines("received", {"opinion": "refused", "accepted_packages": 0}, **_PART),
        lines("received", {"opinion": "accepted", "accepted_packages": 2}, **_PART),
        lines("treated", {"method": "disposal", "packages": 2}),
    ],
)
def test_pieces_need_no_weight(raw: bytes) -> None:
    decode_manifest_event(raw)


@pytest.mark.parametrize("given", [{}, {"filed": form(), "arrived": {"carrier": CONSIGNOR}}])
def test_a_correction_gives_the_data_of_exactly_one_kind(given: dict[str, Any]) -> None:
    raw = event("corrected", {"corrects": "1", "reason": "x", **given}, by=CONSIGNOR)
    assert places(decode_manifest_event, raw) == [("one_replacement", "/data")]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            record_line("licence", **licence_members(valid_from="2026-02-01", valid_to="2026-01-31")),
            [("validity_reversed", "")],
        ),
        (
            record_line("transfer_approval", **approval_members(lines=[approval_line()] * 2)),
            [("approval_line_twice", "")],
        ),
        (record_line("transfer_approval", **approval_members(lines=[])),
         [("approval_without_lines", "")]),
        (record_line("exemption", stages=["transfer"], except_codes=[]), [("member_unknown", "/except_codes")]),
        (
            record_line("licence", **licence_members(
                scope=[{"modes": ["disposal"], "categories": ["HW08"], "except_codes": ["900-041-49"]}]
            )),
            [("exception_without_category", "/scope/0")],
        ),
        (
            record_line("exemption", stages=["transfer"], categories=["HW44"]),
            [("waste_code_category", "")],
        ),
        (record_line("exemption", stages=["moving"]), [("value_not_allowed", "/stages/0")]),
        (record_line("unit", uscc="1", name="x", region="1"),
         [("credit_code_form", "/uscc"), ("region_form", "/region")]),
    ],
)  # fmt: skip
def test_records_are_refused_at_their_place_too(line: bytes, found: list[tuple[str, str]]) -> None:
    assert places(decode_registry_record, line) == found


def test_a_record_may_begin_and_end_on_the_same_day() -> None:
    days = {"valid_from": "2026-02-01", "valid_to": "2026-02-01"}
    record = decode_registry_record(record_line("licence", **licence_members(**days)))
    assert str(record.valid_to) == "2026-02-01"
