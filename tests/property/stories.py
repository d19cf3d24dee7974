"""Hypothesis strategies: what many parties say of a few manifests, and what the registry learns."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from manifests import (
    CARRIER,
    CODE,
    COLLECTOR,
    CONSIGNOR,
    DAY,
    OTHER_RECEIVER,
    RECEIVER,
    SECOND_CARRIER,
    STRANGER,
    approval,
    approval_line,
    ban,
    collector,
    form,
    licence,
    permit,
    record,
    resent,
    say,
    waste,
    whitelisted,
)

from schemas.registry import RegistryRecord
from streams.judging.statement import Statement

NUMBERS = ("20261301000001", "20261301000002", "G2026130100000003")
VERBS = ("filed", "dispatched", "handed_over", "arrived", "received", "treated", "voided")


def _mostly(first: str, *others: str) -> Any:
    return st.sampled_from([first] * (2 * len(others)) + list(others))


_speakers = {
    "filed": _mostly(CONSIGNOR, COLLECTOR, STRANGER),
    "dispatched": _mostly(CARRIER, SECOND_CARRIER, STRANGER),
    "handed_over": _mostly(CARRIER, SECOND_CARRIER, STRANGER),
    "arrived": _mostly(CARRIER, SECOND_CARRIER, STRANGER),
    "received": _mostly(RECEIVER, OTHER_RECEIVER, STRANGER),
    "treated": _mostly(RECEIVER, OTHER_RECEIVER),
    "voided": _mostly(CONSIGNOR, COLLECTOR, STRANGER),
}
_tonnes = st.sampled_from(["0.5", "2", "4", "12"])
_carriers = st.sampled_from([CARRIER, SECOND_CARRIER, STRANGER])
_quantity = st.one_of(
    _tonnes.map(lambda t: {"tonnes": t}),
    _tonnes.map(lambda t: {"tonnes": t}),
    st.builds(
        lambda n, t, each: {"packages": n, "tonnes": t, "package_t": each},
        st.sampled_from([10, 20]), st.none() | _tonnes, st.sampled_from([None, "0.2"]),
    ),
)  # fmt: skip
"""Of a filed line: a weight, or packages with or without one."""
_told = st.one_of(
    _tonnes.map(lambda t: (t, None)),
    st.tuples(st.none(), st.sampled_from([10, 20])),
    st.tuples(_tonnes, st.sampled_from([10, 20])),
)
"""(tonnes, packages) as loaded or accepted."""
_wastes = st.lists(
    st.builds(
        lambda code, quantity, method: waste(code=code, method=method, **quantity),
        st.sampled_from([CODE, CODE, "900-039-49", "321-999-48", "900-007-S59"]),
        _quantity,
        st.sampled_from(["disposal", "disposal", "storage"]),
    ),
    min_size=1,
    max_size=2,
).map(lambda rows: [{**row, "line": n} for n, row in enumerate(rows, 1)])
_loaded = st.lists(_told, max_size=2).map(
    lambda rows: [{"line": n, "quantity_t": t, "packages": p} for n, (t, p) in enumerate(rows, 1)]
)
_plates = st.sampled_from(["冀A12345", "冀A54321"])


def _filing(consignors: Any, receivers: Any) -> Any:
    return st.builds(
        form,
        consignor=consignors,
        receiver=receivers,
        destination=st.sampled_from(["370100", "370100", "130200", "410100"]),
        carriers=st.lists(_mostly(CARRIER, SECOND_CARRIER), max_size=2, unique=True),
        crew=st.sampled_from([None, {"driver": "示例驾驶员"}]),
        wastes=_wastes,
        aliases=st.just([]),
    )


_data: dict[str, Any] = {
    "filed": _filing(_mostly(CONSIGNOR, STRANGER), _mostly(RECEIVER, OTHER_RECEIVER)),
    "dispatched": st.fixed_dictionaries(
        {"carrier": _carriers},
        optional={"wastes": _loaded, "plate": _plates},
    ),
    "handed_over": st.fixed_dictionaries({"carrier": _carriers, "to": _carriers}),
    "arrived": st.fixed_dictionaries({"carrier": _carriers}),
    "received": st.builds(
        lambda opinion, rows: {
            "opinion": opinion,
            "wastes": [
                {"line": n, "opinion": opinion, "accepted_t": t, "accepted_packages": p}
                for n, (t, p) in enumerate(rows, 1)
            ],
        },
        st.sampled_from(["accepted", "accepted", "partly", "refused"]),
        st.lists(_told, max_size=2),
    ),
    "treated": st.just({"wastes": [{"line": 1, "method": "disposal", "quantity_t": 1}]}),
    "voided": st.just({"reason": "填写错误"}),
}
_hours = st.integers(-40, 60)
_ids = st.integers(0, 2)


@st.composite
def statement(draw: Any, subject: str, verb: str | None = None) -> Statement:
    verb = verb or draw(st.sampled_from([*VERBS, "corrected", "corrected", "corrected"]))
    at = DAY + timedelta(hours=draw(_hours))
    heard = at + draw(st.sampled_from([timedelta(minutes=1), timedelta(hours=30)]))
    if verb != "corrected":
        return say(
            verb, draw(_data[verb]), by=draw(_speakers[verb]), at=at, received=heard,
            id=f"{verb}{draw(_ids)}", subject=subject,
        )  # fmt: skip
    what = draw(st.sampled_from(VERBS[:-1]))
    target = draw(st.sampled_from([f"{what}{draw(_ids)}", f"c{draw(_ids)}", "voided0"]))
    data = {"corrects": target, "reason": "更正", what: draw(_data[what])}
    if draw(st.booleans()):
        data["happened_at"] = (DAY + timedelta(hours=draw(_hours))).isoformat()
    return say(
        "corrected", data, by=draw(_speakers[what]), at=at, received=heard,
        id=f"c{draw(_ids)}", subject=subject,
    )  # fmt: skip


_data_receiver = _mostly(RECEIVER, OTHER_RECEIVER)


@st.composite
def said_of(draw: Any, subject: str, most: int = 9) -> list[Statement]:
    """A filing, and what else was said; some of it twice, received at another time."""
    said = []
    if draw(st.integers(0, 4)):  # most loads are on their way in earnest
        filing = form(wastes=draw(_wastes), receiver=draw(_data_receiver))
        spine = [
            say(
                "filed",
                filing,
                by=CONSIGNOR,
                at=DAY - timedelta(days=1),
                id="filed0",
                subject=subject,
            ),
            say("dispatched", {"carrier": CARRIER}, by=CARRIER, id="dispatched0", subject=subject),
            say(
                "arrived",
                {"carrier": CARRIER},
                by=CARRIER,
                at=DAY + timedelta(hours=20),
                id="arrived0",
                subject=subject,
            ),
        ]
        said = spine[: draw(st.integers(2, 3))]
    said += draw(st.lists(statement(subject), min_size=0 if said else 1, max_size=most))
    for copy in draw(st.lists(st.sampled_from(said), max_size=2)):
        said.append(resent(copy, draw(st.integers(-60, 60)) * 60_000_000))
    return said


@st.composite
def said_twice(draw: Any, subject: str) -> list[Statement]:
    """A load that arrived, and two contents of its filing: an officer may choose either."""
    by = draw(_mostly(CONSIGNOR, COLLECTOR))
    one = draw(_data["filed"])
    other = draw(_filing(_mostly(CONSIGNOR, STRANGER), _mostly(OTHER_RECEIVER, RECEIVER)))
    gone = {"carrier": draw(_carriers)}
    there = DAY + timedelta(hours=20)
    said = [
        say("filed", one, by=by, at=DAY - timedelta(days=1), id="filed0", subject=subject),
        say("dispatched", gone, by=CARRIER, id="dispatched0", subject=subject),
        say("arrived", {"carrier": CARRIER}, by=CARRIER, at=there, id="arrived0", subject=subject),
    ]
    late = {"by": by, "at": there + timedelta(hours=1), "subject": subject}
    if draw(st.booleans()):
        again = {"corrects": "filed0", "reason": "更正", "filed": other}
        said.append(say("corrected", again, id="c0", **late))
    else:
        said.append(say("filed", other, id="filed0", **late))
    return said + draw(st.lists(statement(subject), max_size=2))


# Registry -----------------------------------------------------------------------------------------

_days = st.sampled_from(
    [{}, {"valid_to": "2026-09-09"}, {"valid_to": "2026-09-10"}, {"valid_from": "2026-09-11"}]
)
_maybe_gone = st.sampled_from([False, False, False, True])
_collectors = st.builds(
    lambda days, yes, gone: collector(small_generator_collector=yes, retracted=gone, **days),
    _days,
    st.booleans(),
    _maybe_gone,
)
_unit = st.sampled_from([RECEIVER, OTHER_RECEIVER])
_approvals = st.builds(
        lambda n, who, receiver, cap, days, decision, gone, decided, more: approval(
            f"appr-{n}", consignor=who, decision=decision, retracted=gone, decided_on=decided,
            **days,
            lines=[approval_line(1, receiver=receiver, quantity_t=cap),
                   approval_line(2, receiver=receiver, quantity_t=cap, code="900-039-49", **more),
                   *([approval_line(3, receiver=receiver, quantity_t=1)] if cap == 5 else [])],
        ),
        st.integers(1, 2), _mostly(CONSIGNOR, STRANGER), _mostly(RECEIVER, OTHER_RECEIVER),
        st.sampled_from([1, 5, 20]), _days, _mostly("approved", "refused"), _maybe_gone,
        st.sampled_from(["2026-08-01", "2026-09-05"]),
        st.sampled_from([{}, {"purpose": "storage"}, {"edition": 2016}]),
    )  # fmt: skip
RECORDS: dict[str, Any] = {
    "unit": _collectors,
    "transfer_approval": _approvals,
    "licence": st.builds(
        lambda n, who, days, scope, kind, gone, more: licence(
            f"lic-{n}", holder=who, scope=scope, register_type=kind, retracted=gone, **{**more, **days}
        ),
        st.integers(1, 2), _unit, _days,
        st.sampled_from([
            [], [{"codes": [CODE], "modes": ["disposal"]}],
            [{"categories": ["HW49"], "modes": ["disposal", "storage"]}],
            [{"categories": ["HW49"], "except_codes": [CODE], "modes": ["disposal"]}],
        ]),
        _mostly("use_disposal", "exempted"), _maybe_gone,
        st.sampled_from([
            {}, {"annual_scale_t": 3}, {"annual_scale_t": 5, "valid_from": "2026-07-01"},
            {"suspensions": [{"valid_from": "2026-09-10", "valid_to": "2026-09-10"}]},
        ]),
    ),
    "calendar": st.builds(
        lambda n, days, off, on, gone: record(
            "calendar", f"cal-{n}", year=2026, retracted=gone,
            holidays=[f"2026-09-{d:02d}" for d in off],
            workdays=[f"2026-09-{d:02d}" for d in on if d not in off], **days,
        ),
        st.integers(1, 2), _days, st.sets(st.integers(9, 20), max_size=6),
        st.sets(st.sampled_from([12, 13, 19, 20]), max_size=3), _maybe_gone,
    ),
    "management_plan": st.builds(
        lambda n, who, code, since, grams, days, gone: record(
            "management_plan", f"plan-{n}", uscc=who, year=2026, retracted=gone,
            lines=[{"line": 1, "code": code, **since, **grams}], **days,
        ),
        st.integers(1, 2), st.sampled_from([CONSIGNOR, STRANGER]),
        st.sampled_from([CODE, "900-039-49"]),
        st.sampled_from([{}, {"since": "2026-09-10"}, {"since": "2026-09-12"}]),
        st.sampled_from([{}, {"quantity_t": 1}, {"quantity_t": 4}]), _days, _maybe_gone,
    ),
    "crew": st.builds(
        lambda n, who, days, gone: record(
            "crew", f"crew-{n}", carrier=who, name="示例驾驶员", roles=["driver"], retracted=gone, **days
        ),
        st.integers(1, 2), st.sampled_from([CARRIER, SECOND_CARRIER]), _days, _maybe_gone,
    ),
    "institution": st.builds(
        lambda n, days, gone: record(
            "institution", f"inst-{n}", uscc=CONSIGNOR, name="示例医院", region="130100", retracted=gone, **days
        ),
        st.integers(1, 2), _days, _maybe_gone,
    ),
    "medical_plant": st.builds(
        lambda n, days, gone: record(
            "medical_plant", f"mp-{n}", uscc=RECEIVER, name="示例医废处置有限公司", region="130100",
            processes=["steam"], retracted=gone, **days,
        ),
        st.integers(1, 2), _days, _maybe_gone,
    ),
    "collection_agreement": st.builds(
        lambda n, days, gone: record(
            "collection_agreement", f"agr-{n}", institution=CONSIGNOR, plant=RECEIVER, retracted=gone, **days
        ),
        st.integers(1, 2), _days, _maybe_gone,
    ),
    "emergency_order": st.builds(
        lambda n, gone: record(
            "emergency_order", f"order-{n}", document="示防指〔2026〕1号", areas=["130000"],
            from_at="2026-09-01T00:00:00+08:00", retracted=gone,
        ),
        st.integers(1, 2), _maybe_gone,
    ),
    "terminal": st.builds(
        lambda n, who, days, gone: record(
            "terminal", f"term-{n}", phone="13800138000", plate="冀A12345", owner=who,
            auth_digest="0" * 64, retracted=gone, **days,
        ),
        st.integers(1, 2), st.sampled_from([CARRIER, SECOND_CARRIER]), _days, _maybe_gone,
    ),
    "fence": st.builds(
        lambda n, who, days, gone: record(
            "fence", f"fence-{n}", name="示例厂区", owner=who, role="receiver",
            ring=[[114.5, 38], [114.51, 38], [114.51, 38.01]], retracted=gone, **days,
        ),
        st.integers(1, 2), st.sampled_from([RECEIVER, None]), _days, _maybe_gone,
    ),
    "prescribed_route": st.builds(
        lambda n, who, days, gone: record(
            "prescribed_route", f"route-{n}", name="示例一号线", carrier=who,
            way=[[114.5, 38], [114.51, 38.01]], retracted=gone, **days,
        ),
        st.integers(1, 2), st.sampled_from([CARRIER, SECOND_CARRIER]), _days, _maybe_gone,
    ),
    "insurance": st.builds(
        lambda n, who, days, gone: record(
            "insurance", f"ins-{n}", insured=who, policy_no=f"示例保单{n}号", retracted=gone, **days
        ),
        st.integers(1, 2), st.sampled_from([CARRIER, RECEIVER, SECOND_CARRIER]), _days, _maybe_gone,
    ),
    "rulebook_version": st.builds(
        lambda n, days, values, gone: record(
            "rulebook_version", f"book-{n}", retracted=gone,
            parameters=[{"parameter": k, "value": v} for k, v in values.items()],
            **{"valid_from": "2026-09-08"} | days,
        ),
        st.integers(1, 2), _days,
        st.fixed_dictionaries({}, optional={
            "time.receipt_overdue.days": st.integers(1, 10),
            "time.transit_overdue.city": st.sampled_from([1, 24, 100]),
            "licence.scale_exceeded.breach_percent": st.sampled_from([100, 150]),
            "plan.exceeded.percent": st.sampled_from([100, 150]),
            "time.stored_too_long.silence": st.just(1),
            "gone.rule.days": st.just(3),
        }),
        _maybe_gone,
    ),
    "exemption": st.builds(
        lambda n, days, stage, pair, scope, gone: record(
            "exemption", f"ex-{n}", stages=[stage], retracted=gone, **days, **pair, **scope
        ),
        st.integers(1, 2), _days,
        st.sampled_from(["transfer", "transport", "disposal", "whole_process"]),
        st.sampled_from([{}, {"consignor": CONSIGNOR}, {"consignor": STRANGER, "receiver": RECEIVER},
                         {"receiver": RECEIVER}]),
        st.sampled_from([{"codes": [CODE]}, {"categories": ["HW49"]}, {"codes": ["900-039-49"]}]),
        _maybe_gone,
    ),
    "whitelist_entry": st.builds(
        lambda n, who, days, gone, kind, cap: whitelisted(
            kind, f"wl-{n}", receiver=who, retracted=gone, **days, **cap
        ),
        st.integers(1, 2), _unit, _days, _maybe_gone,
        st.sampled_from(["as_intra", "direct", "short_consult"]),
        st.sampled_from([
            {}, {"annual_cap_t": 3}, {"annual_cap_t": 5},
            {"codes": [], "categories": ["HW49"], "except_codes": [CODE]},
            {"single_use": True}, {"finish_within_days": 40}, {"finish_within_days": 366},
        ]),
    ),
    "carrier_permit": st.builds(
        lambda n, who, days, plates, gone: permit(
            who, f"permit-{n}", plates=plates, retracted=gone, **days
        ),
        st.integers(1, 2), st.sampled_from([CARRIER, SECOND_CARRIER]), _days,
        st.sampled_from([[], ["冀A12345"]]), _maybe_gone,
    ),
    "vehicle": st.builds(
        lambda n, who, plate, medical, days, gone: record(
            "vehicle", f"veh-{n}", plate=plate, owner=who, medical=medical, retracted=gone, **days
        ),
        st.integers(1, 2), st.sampled_from([CARRIER, SECOND_CARRIER, OTHER_RECEIVER]),
        st.sampled_from(["冀A12345", "冀A54321"]), st.booleans(), _days, _maybe_gone,
    ),
    "inbound_ban": st.builds(
        lambda n, days, scope, gone: ban(f"ban-{n}", retracted=gone, **days, **scope),
        st.integers(1, 2), _days,
        st.sampled_from([
            {}, {"codes": [CODE]}, {"categories": ["HW49"], "forms": ["liquid"]},
            {"least_content": "铜 5%"},
        ]),
        _maybe_gone,
    ),
}  # fmt: skip
"""One version of one of a few records, by kind: all kinds that rules read."""
_others = st.one_of(
    RECORDS["transfer_approval"], RECORDS["transfer_approval"],
    *(records for kind, records in RECORDS.items() if kind != "unit"),
)  # fmt: skip


def registry_records(*, collectors: bool = True) -> Any:
    """One version of one of a few records. A later one of the same id replaces it."""
    return st.one_of(_others, _others, _collectors) if collectors else _others


def change_sets(**which: Any) -> Any:
    records: Any = registry_records(**which)
    return st.lists(records, min_size=1, max_size=3, unique_by=lambda r: (r.kind, r.id))


def view_records(sets: list[list[RegistryRecord]]) -> list[RegistryRecord]:
    return [record for change_set in sets for record in change_set]
