"""Hypothesis strategies for valid events and registry records, and for spoiling their bytes."""

import json
import re
from copy import deepcopy
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st
from manifests import credit_code

from schemas.registry import REGISTRY_KINDS

units = st.integers(1, 10**10).map(credit_code)
regions = st.sampled_from(["130100", "370102", "650000", "660000", "120000", "810000"])
codes = st.sampled_from(["900-041-49", "841-005-01", "321-010-48", "900-007-S59", "900-000-08"])
plates = st.sampled_from(["冀A12345", "冀ad12345", "鲁B·1234挂", "京ＡＤ00001"])
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
grams = st.integers(0, 9_999_999_000_000)
tonnes: Any = st.one_of(
    st.integers(0, 9_999_999),
    grams.map(lambda g: f"{g // 10**6}.{g % 10**6:06d}"),
    grams.map(lambda g: _Literal(f"{g // 10**6}.{g % 10**6:06d}000")),
    st.sampled_from(["1.5e2", "0.0", "-0.0", "15E-1", "1e-6"]).map(lambda s: _Literal(s)),
)
instants = st.builds(
    "{0:%Y-%m-%d}{2}{0:%H:%M:%S}{1}".format,
    st.datetimes(min_value=datetime(1991, 1, 1),
                 max_value=datetime(2198, 1, 1)),
    st.sampled_from(["Z", "z", "+08:00", "-11:30", ".5Z", ".123456+08:00", ".123456789Z"]),
    st.sampled_from("Tt "),
)  # fmt: skip
days = st.dates(date(1990, 1, 1), date(2199, 12, 31)).map(str)
numbers = st.sampled_from(
    ["20261301000001", "2021220100047595", "G2020120100004996", "20261101000009"]
)
methods = st.sampled_from(["storage", "utilisation", "disposal"])
bools = st.booleans()
rings = st.sampled_from(
    [
        [[114.5, 38], [114.51, 38], [114.51, 38.01]],
        [[114.5, 38], [114.51, 38], [114.51, 38.01], [114.5, 38]],
        [[-1, -1], [1, -1], [0.25, 0], [1, 1], [-1, 1.125]],
    ]
).map(deepcopy)

ways = st.sampled_from(
    [
        [[114.5, 38], [114.51, 38]],
        [[114.5, 38], [114.51, 38.01], [114.5, 38], [114.5, 38]],
        [[73, 3], [136, 54]],
    ]
).map(deepcopy)


class _Literal:
    """A number written exactly so."""

    def __init__(self, text: str) -> None:
        self.text = text


def members(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Any:
    """Objects with all required members, and any of the optional ones (some as null)."""
    return st.fixed_dictionaries(required, optional=optional or {})


def or_null(strategy: Any) -> Any:
    return st.one_of(st.none(), strategy)


def _lines(line: Any, least: int = 0) -> Any:
    return st.lists(line, min_size=least, max_size=3).map(
        lambda rows: [{**row, "line": n} for n, row in enumerate(rows, 1)]
    )


line = st.just(1)
short = or_null(texts)
counts = st.integers(1, 1_000_000)
package_tonnes = st.sampled_from([1, "0.18", "100", "0.000001"]) | st.just(_Literal("0.2500"))


def _measured(line: Any, weight: str, count: str, optional: dict[str, Any]) -> Any:
    """Lines with a weight, a count, or both."""
    return st.one_of(
        members({**line, weight: tonnes}, {**optional, count: or_null(st.integers(0, 10**6))}),
        members({**line, count: counts}, {**optional, weight: or_null(tonnes)}),
    )


_waste = _measured(
    {"line": line, "code": codes, "name": names, "method": methods},
    "quantity_t", "packages",
    {"form": or_null(st.sampled_from(["solid", "liquid"])), "hazard": short, "components": short,
     "package_t": or_null(package_tonnes), "method_code": short},
)  # fmt: skip
_carrier = members(
    {"uscc": units, "name": names}, {"plate": or_null(plates), "permit_no": short, "via": short}
)
_filed = members(
    {
        "consignor": members(
            {"uscc": units, "name": names, "site_region": regions}, {"address": short}
        ),
        "receiver": members(
            {"uscc": units, "name": names, "site_region": regions},
            {"licence_no": short, "facility": or_null(names)},
        ),
        "wastes": _lines(_waste, 1),
    },
    {
        "carriers": st.lists(_carrier, max_size=2),
        "aliases": st.lists(numbers, max_size=2),
        "planned_at": or_null(instants),
        "back_entry": bools,
        "approval_no": short,
    },
)
_dispatched = members(
    {"carrier": units},
    {"plate": or_null(plates), "place": short,
     "wastes": or_null(_lines(_measured({"line": line}, "quantity_t", "packages", {})))},
)  # fmt: skip
_opinion = st.sampled_from(["accepted", "partly", "refused"])
_data = {
    "filed": _filed,
    "dispatched": _dispatched,
    "handed_over": members({"carrier": units, "to": units}, {"to_name": or_null(names)}),
    "arrived": members({"carrier": units}, {"plate": or_null(plates)}),
    "received": members(
        {"opinion": _opinion},
        {"wastes": _lines(_measured(
            {"line": line, "opinion": _opinion}, "accepted_t", "accepted_packages",
            {"discrepancy": bools, "method": or_null(methods)})),
         "major_discrepancy": bools, "note": short},
    ),
    "treated": members(
        {"wastes": _lines(
            _measured({"line": line, "method": methods}, "quantity_t", "packages", {}), 1)},
        {"finished": bools},
    ),
    "voided": members({"reason": names}),
}  # fmt: skip
_data["corrected"] = st.sampled_from([v for v in _data if v != "voided"]).flatmap(
    lambda verb: members(
        {"corrects": names, "reason": names, verb: _data[verb]}, {"happened_at": or_null(instants)}
    )
)
VERBS = tuple(_data)


def events(verb: str) -> Any:
    return members(
        {
            "specversion": st.just("1.0"),
            "id": names,
            "source": units.map("urn:uscc:{}".format),
            "type": st.just(f"liandan.manifest.{verb}.v1"),
            "subject": numbers,
            "time": instants,
            "data": _data[verb],
        },
        {
            "datacontenttype": or_null(st.just("application/json")),
            "dataschema": short,
            "traceparent": st.one_of(texts, st.integers(), st.none()),
            "liandanreceivedat": instants,
        },
    )


_degrees = st.integers(-90, 90) | st.integers(-90_000_000, 90_000_000).map(
    lambda n: _Literal(f"{n // 10**6}.{abs(n) % 10**6:06d}")
)
_measured_number = st.one_of(
    st.integers(0, 1000), st.sampled_from(["0.0", "1e2", "63.5", "1e-6"]).map(lambda s: _Literal(s))
)
_bits = or_null(st.integers(0, 2**32 - 1))
_position = members(
    {"at": instants, "lon": _degrees, "lat": st.integers(-89, 89) | _measured_number.filter(
        lambda n: not isinstance(n, int) and n.text != "1e2")},
    {"speed_kmh": or_null(_measured_number), "direction": or_null(st.integers(0, 359)),
     "altitude_m": or_null(_measured_number), "mileage_km": or_null(_measured_number),
     "alarm": _bits, "status": _bits},
)  # fmt: skip


def tracks() -> Any:
    return members(
        {
            "specversion": st.just("1.0"),
            "id": names,
            "source": units.map("urn:uscc:{}".format),
            "type": st.just("liandan.vehicle.track.v1"),
            "subject": plates,
            "time": instants,
            "data": members(
                {"positions": st.lists(_position, min_size=1, max_size=3)},
                {"terminal": short, "plate_colour": or_null(st.integers(0, 99))},
            ),
        },
        {"datacontenttype": or_null(st.just("application/json")), "dataschema": short},
    )


# Medical waste ------------------------------------------------------------------------------------

_labels = st.sampled_from(["B1", "B2", "箱-0007", "P 9", "x" * 64])
_weights = st.integers(0, 10_000_000)
_packages = st.lists(
    members({"id": _labels}, {"weight_g": or_null(_weights)}),
    min_size=1, max_size=3, unique_by=lambda p: p["id"],
)  # fmt: skip
_some_packages = {"institution": units, "packages": _packages}
_medical_data = {
    "sealed": members(
        {"waste": st.sampled_from(["infectious", "sharps", "pathological"]), "weight_g": _weights},
        {"cytotoxic": bools, "ward": short, "container": st.sampled_from(["bag", "box"])},
    ),
    "transferred": members({**_some_packages, "to": units}, {"box": or_null(_labels)}),
    "collected": members(
        {"institution": units, "plate": plates, "weight_g": _weights},
        {"packages": _packages, "route": short, "pieces": or_null(st.integers(1, 99))},
    ),
    "received": members(
        _some_packages,
        {"weight_g": or_null(_weights), "cold": bools, "plate": or_null(plates),
         "boxes": st.lists(_labels, max_size=3)},
    ),
    "treated": members(
        {"process": st.sampled_from(["incineration", "steam"]),
         "loads": st.lists(
             members({"institution": units,
                      "packages": st.lists(_labels, min_size=1, max_size=3, unique=True)}),
             min_size=1, max_size=2, unique_by=lambda load: load["institution"])},
        {"weight_g": or_null(_weights), "temperature_c": or_null(st.integers(0, 3000)),
         "minutes": or_null(st.integers(0, 100_000))},
    ),
    "returned": members({**_some_packages, "reason": names}),
    "lost": members({"institution": units, "reason": names}, {"place": short}),
    "found": members({"institution": units}, {"place": short}),
    "washed": members({"what": st.sampled_from(["vehicle", "box"])}, {"agent": short}),
}  # fmt: skip
_medical_data["corrected"] = st.sampled_from(list(_medical_data)).flatmap(
    lambda verb: members(
        {"corrects": names, "reason": names, verb: _medical_data[verb]},
        {"happened_at": or_null(instants)},
    )
)
MEDICAL = tuple(_medical_data)


def medical(verb: str) -> Any:
    return members(
        {
            "specversion": st.just("1.0"),
            "id": names,
            "source": units.map("urn:uscc:{}".format),
            "type": st.just(f"liandan.medical.{verb}.v1"),
            "subject": _labels,
            "time": instants,
            "data": _medical_data[verb],
        },
        {"datacontenttype": or_null(st.just("application/json")), "dataschema": short},
    )


categories = st.sampled_from(["HW01", "HW49", "HW08"])
_scopes = {"codes": st.lists(codes, max_size=2), "categories": st.lists(categories, max_size=2)}
_valid = {
    "retracted": bools, "recorded_at": or_null(instants), "source_doc": short, "note": short,
    "valid_from": st.just("2026-01-01"), "valid_to": or_null(st.just("2026-12-31")),
}  # fmt: skip
_modes = {"modes": st.lists(st.sampled_from(["collection", "disposal"]), min_size=1, max_size=2)}
_excepted = st.lists(st.sampled_from(["900-041-49", "900-249-08"]), max_size=2)
_scope_line = members(
    {**_modes, "categories": st.just(["HW49", "HW08"]), "except_codes": _excepted}
) | members(
    _modes,
    {**_scopes, "edition": st.integers(2008, 2100), "printed": short},
)
_approval_line = members(
    {"line": line, "code": codes, "name": names, "quantity_t": tonnes, "purpose": methods,
     "receiver": units, "destination": regions},
    {"edition": st.integers(2008, 2100), "receiver_name": or_null(names)},
)  # fmt: skip
_plan_line = members(
    {"line": line, "code": codes}, {"name": or_null(names), "quantity_t": or_null(tonnes)}
)
_types = ["medical", "collection", "exempted", "use_disposal", "virtual"]
_kinds: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "unit": (
        {"uscc": units, "name": names, "region": regions},
        {"small_generator_collector": bools},
    ),
    "licence": (
        {"number": names, "holder": units, "register_type": st.sampled_from(_types),
         "region": regions},
        {"scope": st.lists(_scope_line, max_size=2), "annual_scale_t": or_null(tonnes)},
    ),
    "carrier_permit": (
        {"number": names, "carrier": units},
        {"goods": st.lists(texts, max_size=2), "plates": st.lists(plates, max_size=2)},
    ),
    "vehicle": ({"plate": plates, "owner": units}, {"medical": bools}),
    "transfer_approval": (
        {"document": names, "decided_on": days, "consignor": units, "origin": regions,
         "decision": st.sampled_from(["approved", "refused"]), "lines": _lines(_approval_line, 1)},
        {"consignor_name": or_null(names)},
    ),
    "whitelist_entry": (
        {"list_id": names, "destination": regions, "receiver": units,
         "simplification": st.sampled_from(["direct", "short_consult", "as_intra"])},
        {**_scopes, "origins": st.lists(regions, max_size=2), "purposes": st.lists(methods, max_size=2),
         "annual_cap_t": or_null(tonnes), "single_use": bools,
         "finish_within_days": or_null(st.integers(1, 366))},
    ),
    "inbound_ban": (
        {"destination": regions},
        {**_scopes, "forms": st.lists(st.sampled_from(["solid", "gas"]), max_size=2),
         "least_content": or_null(names)},
    ),
    "calendar": (
        {"year": st.just(2026)},
        {"holidays": st.lists(st.sampled_from(["2026-09-25", "2026-10-01"]), max_size=2, unique=True),
         "workdays": st.lists(st.sampled_from(["2026-09-20", "2026-10-10"]), max_size=2, unique=True)},
    ),
    "management_plan": (
        {"uscc": units, "year": st.just(2026)},
        {"lines": _lines(_plan_line, 0), "name": or_null(names)},
    ),
    "crew": (
        {"carrier": units, "name": names,
         "roles": st.lists(st.sampled_from(["driver", "escort", "loader"]), min_size=1, max_size=3)},
        {"certificate_no": or_null(names)},
    ),
    "institution": (
        {"uscc": units, "name": names, "region": regions},
        {"category": st.sampled_from(["hospital", "clinic", "village_clinic", "other"]),
         "beds": st.integers(0, 20_000), "remote": bools},
    ),
    "medical_plant": (
        {"uscc": units, "name": names, "region": regions,
         "processes": st.lists(st.sampled_from(["incineration", "steam"]), min_size=1, max_size=2)},
        {"capacity_t_per_day": or_null(tonnes), "emergency": bools},
    ),
    "collection_agreement": (
        {"institution": units, "plant": units},
        {"plant_name": or_null(names), "every_hours": st.integers(1, 720), "route": short},
    ),
    "emergency_order": (
        {"document": names, "areas": st.lists(regions, min_size=1, max_size=2), "from_at": instants},
        {"level": short, "plants": st.lists(units, max_size=2), "plates": st.lists(plates, max_size=2),
         "store_hours": or_null(st.integers(1, 720)), "plant_hours": or_null(st.integers(1, 720))},
    ),
    "terminal": (
        {"phone": st.from_regex(r"[0-9]{0,18}[1-9]", fullmatch=True), "plate": plates, "owner": units,
         "auth_digest": st.from_regex("[0-9a-f]{64}|[0-9A-F]{64}", fullmatch=True)},
        {"plate_colour": or_null(st.integers(0, 99))},
    ),
    "fence": (
        {"name": names, "role": st.sampled_from(["generator", "receiver", "water"]), "ring": rings},
        {"owner": or_null(units)},
    ),
    "prescribed_route": (
        {"name": names, "carrier": units, "way": ways},
        {"plates": st.lists(plates, max_size=2), "margin_m": or_null(st.integers(50, 50_000))},
    ),
    "insurance": (
        {"insured": units, "policy_no": names},
        {"insured_name": or_null(names), "insurer": or_null(names)},
    ),
    "rulebook_version": (
        {"valid_from": st.sampled_from(["2026-09-10", "2026-09-12"])},
        {"parameters": st.lists(
            st.fixed_dictionaries(
                {"parameter": st.sampled_from(["time.receipt_overdue.days", "x.y"]),
                 "value": st.integers(1, 30)}),
            max_size=1)},
    ),
    "exemption": (
        {"stages": st.lists(st.sampled_from(["transfer", "whole_process"]), min_size=1, max_size=2)},
        {**_scopes, "item": short, "consignor": or_null(units), "receiver": or_null(units)},
    ),
}  # fmt: skip
assert set(_kinds) == set(REGISTRY_KINDS)


def records(kind: str) -> Any:
    required, optional = _kinds[kind]
    valid = {name: value for name, value in _valid.items() if name not in required}
    return members({"kind": st.just(kind), "id": names, **required}, {**valid, **optional})


# Bytes ------------------------------------------------------------------------------------------

_MARK = re.compile(r'"\ue000(.*?)\ue001"')


def write(value: Any) -> bytes:
    """JSON of a value; ``_Literal`` as it is written."""
    text = json.dumps(value, ensure_ascii=False, default=lambda x: f"\ue000{x.text}\ue001")
    return _MARK.sub(lambda m: m[1], text).encode()


SPOILS = (
    b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e400", b"1" * 23, b"-1", b"1" * 5000,
    b"0." + b"0" * 40, b"0." + b"0" * 40 + b"1", b"1.0", b"1e0", b"-0", b"-0.0", b"0e99999999999",
    b"1e-999999999", b"0e-9999999999999999999999", b"1.0000001", b'"1.0000001"', b'"1.5"', b'"-1"',
    b'"1e3"', b"true", b"false", b"null", b"[]", b"{}", b'""', b'"\\u0000"', b'"\\ud800"',
    b'"\\udc00x"', b'"\xff"', b'"\xed\xa0\x80"', b'"\xc3("', b'"\x01"', b'"\\x"', b"01", b"+1", b"1.",
    b'"' + b"x" * 2000 + b'"', b"[" * 80 + b"]" * 80, b"[" * 2000 + b"]" * 2000, b'{"a":{"a":1}}',
    b'{"a":1,"a":2}', b"[null]", b"[1,2]", b'["900-041-49"]', b"9223372036854775808", b"nul",
    b'"2026-W47-7"', b'"2026-02-30"', b'"2016-12-31T23:59:60Z"', b'"\xe2\x80\xa8"', b'"HW44"',
)  # fmt: skip
"""What may stand in the place of any value."""
_NEW_KEYS = (b'"x"', b'""', b'"a/b~c"', b'"\xff"', b'"\\ud800"', b'"type"', b'"kind"', b'"data"',
             b'"id"', b'"line"', b'"wastes"')  # fmt: skip


@st.composite
def spoiled(draw: Any, valid: Any) -> bytes:
    """Bytes of a valid object after up to three changes at random places."""
    value = draw(valid)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key, inner in list(node.items()) if isinstance(node, dict) else enumerate(node):
            places.append((node, key))
            if isinstance(inner, dict | list):
                walk(inner)

    walk(value)
    marks: list[tuple[str, bytes]] = []

    def mark(raw: bytes) -> str:
        marks.append((f"\ue002{len(marks)}\ue003", raw))
        return marks[-1][0]

    for _ in range(draw(st.integers(0, 3))):
        node, key = draw(st.sampled_from(places))
        what = draw(st.sampled_from(["replace", "drop", "add", "twice", "null", "move"]))
        gone = isinstance(node, dict) and key not in node
        if gone or (isinstance(node, list) and key >= len(node)):
            continue
        if what == "replace":
            node[key] = mark(draw(st.sampled_from(SPOILS)))
        elif what == "null":
            node[key] = None
        elif what == "drop":
            del node[key]
        elif what == "move":
            other, place = draw(st.sampled_from(places))
            if (isinstance(other, list) and place < len(other)) or (
                isinstance(other, dict) and place in other
            ):
                node[key] = json.loads(write(other[place]))
        elif isinstance(node, dict):
            name = draw(st.sampled_from(_NEW_KEYS)) if what == "add" else write(key)
            node[mark(name)] = mark(draw(st.sampled_from(SPOILS)))
        else:
            node.append(mark(draw(st.sampled_from(SPOILS))))
    raw = write(value)
    for text, literal in marks:
        raw = raw.replace(b'"' + text.encode() + b'"', literal)
    return raw
