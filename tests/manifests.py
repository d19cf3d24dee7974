"""Events and registry records as tests say them: short to write, valid unless a test spoils them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from schemas.credit_code import check_character
from schemas.decode import decode_registry_record
from schemas.instant import CHINA
from schemas.registry import RegistryRecord
from streams.judging.decision import decide_limit, decide_manifest
from streams.judging.facts import Facts
from streams.judging.fold import fold
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.statement import Statement, read_statement, to_micros, union
from tests.explanations import assert_explained

HEBEI, SHANDONG, XINJIANG, XPCC = "130100", "370100", "650100", "660000"
NUMBER = "20261301000001"
NO_APPROVAL = "cross_province.no_approval"
CREW = "carrier.crew_certificate"
FINISHED_LATE = "whitelist.finished_late"
NOT_IN_FORCE = "cross_province.approval_not_in_force"
WRONG_METHOD = "cross_province.wrong_method"
WRONG_RECEIVER = "cross_province.wrong_receiver"
WRONG_CODE = "cross_province.wrong_code"
WHITELIST = "cross_province.whitelist_not_approval"
BANNED = "inbound.banned"
CAP_EXCEEDED = "whitelist.cap_exceeded"
SCALE_EXCEEDED = "licence.scale_exceeded"
NO_PERMIT = "carrier.no_permit"
WRONG_PLATE = "carrier.plate_not_on_permit"
NOT_ENTITLED = "form.not_entitled"
CONFLICTING = "form.conflicting_reports"
EXCEEDED = "cross_province.quantity_exceeded"
UNLICENSED = "licence.receiver_unlicensed"
SUSPENDED = "licence.suspended"
WRONG_MODE = "licence.mode_out_of_scope"
OUT_OF_SCOPE = "licence.code_out_of_scope"
RECEIPT_OVERDUE = "time.receipt_overdue"
BACK_ENTRY_OVERDUE = "time.back_entry_overdue"
TOO_FAST = "time.journey_too_fast"
STORED_TOO_LONG = "time.stored_too_long"
TRANSIT_OVERDUE = "time.transit_overdue"
CERTIFICATE = "carrier.vehicle_certificate"
OTHER_CARGO = "medical.other_cargo"
NO_LINE = "plan.no_line"
UNINSURED = "insurance.lapsed"
UNLISTED = "form.unknown_code"
NUMBER_REGION = "form.number_region"
DIFFERS = "quantity.received_differs"
CODE = "900-041-49"
"""废弃的包装物、容器等: in the 2021 table."""


def credit_code(n: int) -> str:
    first = f"911301{n:011d}"
    return first + check_character(first)


CONSIGNOR, CARRIER, RECEIVER, STRANGER, COLLECTOR, SECOND_CARRIER, OTHER_RECEIVER = (
    credit_code(n) for n in range(1, 8)
)


def china(text: str) -> datetime:
    """``2026-09-10 08:00`` (seconds optional) in China."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


DAY = china("2026-09-10 08:00")


def waste(line: int = 1, code: str = CODE, tonnes: Any = 2, method: str = "disposal", **more: Any):
    return {
        "line": line, "code": code, "name": "示例废物", "quantity_t": tonnes, "method": method, **more
    }  # fmt: skip


def form(
    *,
    consignor: str = CONSIGNOR,
    receiver: str = RECEIVER,
    origin: str = HEBEI,
    destination: str = SHANDONG,
    carriers: Sequence[str] = (CARRIER,),
    crew: Mapping[str, str] | None = None,
    wastes: Sequence[dict[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    return {
        "consignor": {"uscc": consignor, "name": "示例产废单位", "site_region": origin},
        "receiver": {"uscc": receiver, "name": "示例处置单位", "site_region": destination},
        "carriers": [{"uscc": c, "name": "示例运输单位", **(crew or {})} for c in carriers],
        "wastes": list(wastes) if wastes is not None else [waste()],
        **more,
    }


def event(
    verb: str,
    data: dict[str, Any],
    *,
    by: str,
    at: datetime = DAY,
    id: str | None = None,  # noqa: A002
    subject: str = NUMBER,
) -> bytes:
    said = {
        "specversion": "1.0",
        "id": id or f"{verb}-{by[-3:]}-{at:%m%d%H%M%S}",
        "source": f"urn:uscc:{by}",
        "type": f"liandan.manifest.{verb}.v1",
        "subject": subject,
        "time": at.isoformat(),
        "data": data,
    }
    return json.dumps(said, ensure_ascii=False).encode()


def say(
    verb: str,
    data: dict[str, Any] | None = None,
    *,
    by: str,
    at: datetime = DAY,
    received: datetime | None = None,
    id: str | None = None,  # noqa: A002
    subject: str = NUMBER,
) -> Statement:
    raw = event(verb, data if data is not None else {}, by=by, at=at, id=id, subject=subject)
    return read_statement(raw, to_micros(received or at + timedelta(minutes=1)))


def resent(said: Statement, after_us: int) -> Statement:
    """The same event, received so many microseconds later."""
    return msgspec.structs.replace(said, received_us=said.received_us + after_us)


def filed(at: datetime = DAY - timedelta(days=1), by: str = CONSIGNOR, **more: Any) -> Statement:
    said = {name: more.pop(name) for name in ("received", "id", "subject") if name in more}
    return say("filed", form(**more), by=by, at=at, **said)


def dispatched(at: datetime = DAY, by: str = CARRIER, **more: Any) -> Statement:
    said = {name: more.pop(name) for name in ("received", "id", "subject") if name in more}
    return say("dispatched", {"carrier": by, **more}, by=by, at=at, **said)


def arrived(at: datetime = DAY + timedelta(hours=6), by: str = CARRIER, **more: Any) -> Statement:
    said = {name: more.pop(name) for name in ("received", "id", "subject") if name in more}
    return say("arrived", {"carrier": by, **more}, by=by, at=at, **said)


def received(
    at: datetime = DAY + timedelta(hours=8),
    by: str = RECEIVER,
    opinion: str = "accepted",
    tonnes: Any = None,
    **more: Any,
) -> Statement:
    lines = [] if tonnes is None else [{"line": 1, "opinion": opinion, "accepted_t": tonnes}]
    return say("received", {"opinion": opinion, "wastes": lines}, by=by, at=at, **more)


def treated(at: datetime, by: str = RECEIVER, **more: Any) -> Statement:
    said = {name: more.pop(name) for name in ("received", "id", "subject") if name in more}
    line = {"line": 1, "method": "disposal", "quantity_t": 2}
    return say("treated", {"wastes": [line], **more}, by=by, at=at, **said)


def voided(at: datetime, by: str = CONSIGNOR, **more: Any) -> Statement:
    return say("voided", {"reason": "填写错误"}, by=by, at=at, **more)


def corrected(
    what: Statement | str, verb: str, data: dict[str, Any], at: datetime, by: str, **more: Any
) -> Statement:
    said = {name: more.pop(name) for name in ("received", "id", "subject") if name in more}
    corrects = what if isinstance(what, str) else what.ref.id
    return say(
        "corrected", {"corrects": corrects, "reason": "更正", verb: data, **more}, by=by, at=at, **said
    )  # fmt: skip


# Registry ---------------------------------------------------------------------------------------


def record(kind: str, id: str = "r1", **members: Any) -> RegistryRecord:  # noqa: A002
    return decode_registry_record(record_line(kind, id, **members))


def record_line(kind: str, id: str = "r1", **members: Any) -> bytes:  # noqa: A002
    return json.dumps({"kind": kind, "id": id, **members}, ensure_ascii=False).encode()


def licence(id: str = "lic-1", **more: Any) -> RegistryRecord:  # noqa: A002
    return record("licence", id, **licence_members(**more))


def licence_members(**more: Any) -> dict[str, Any]:
    return {
        "number": "3701000001",
        "holder": RECEIVER,
        "register_type": "use_disposal",
        "region": SHANDONG,
        "scope": [{"codes": [CODE], "modes": ["disposal"]}],
        **more,
    }


def approval_line(line: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "line": line, "code": CODE, "name": "示例废物", "quantity_t": 100, "purpose": "disposal",
        "receiver": RECEIVER, "destination": SHANDONG, **more,
    }  # fmt: skip


def approval(id: str = "appr-1", **more: Any) -> RegistryRecord:  # noqa: A002
    return record("transfer_approval", id, **approval_members(**more))


def approval_members(**more: Any) -> dict[str, Any]:
    return {
        "document": "冀环危转〔2026〕1号",
        "decided_on": "2026-01-01",
        "decision": "approved",
        "consignor": CONSIGNOR,
        "origin": HEBEI,
        "lines": [approval_line()],
        **more,
    }


def whitelisted(simplification: str = "as_intra", id: str = "r1", **more: Any) -> RegistryRecord:  # noqa: A002
    members = {
        "list_id": "list", "destination": SHANDONG, "receiver": RECEIVER, "codes": [CODE],
        "simplification": simplification, **more,
    }  # fmt: skip
    return record("whitelist_entry", id, **members)


def exemption(*stages: str, **more: Any) -> RegistryRecord:
    return record("exemption", **{"codes": [CODE], "stages": list(stages), **more})


def permit(carrier: str = CARRIER, id: str | None = None, **more: Any) -> RegistryRecord:  # noqa: A002
    members = {"number": f"运{carrier[-4:]}", "carrier": carrier, **more}
    return record("carrier_permit", id or f"permit-{carrier[-4:]}", **members)


def ban(id: str = "ban-1", **more: Any) -> RegistryRecord:  # noqa: A002
    return record("inbound_ban", id, **{"destination": "370000", **more})


def collector(uscc: str = COLLECTOR, **more: Any) -> RegistryRecord:
    members = {"name": "示例收集单位", "region": HEBEI, "small_generator_collector": True, **more}
    return record("unit", f"unit-{uscc[-4:]}", uscc=uscc, **members)


def registry(*records: RegistryRecord) -> RegistryView:
    return RegistryView.known_at(records)


# Judging ----------------------------------------------------------------------------------------


def facts(*said: Statement, view: RegistryView | None = None, subject: str = NUMBER) -> Facts:
    return fold(subject, union(said), view or RegistryView())


def ignored(of: Facts) -> set[tuple[str, str]]:
    """(id of the statement, reason) for all that changed nothing."""
    return {(i.ref.id, i.reason) for i in of.ignored}


PERMITS = [permit(carrier) for carrier in (CARRIER, SECOND_CARRIER)]
"""For stories in which carriers are not the point."""


def all_outcomes(
    said: Iterable[Statement],
    *records: RegistryRecord,
    subject: str = NUMBER,
    now: datetime | None = None,
) -> tuple[Outcome, ...]:
    found = decide_manifest(subject, None, list(said), registry(*records), now).outcomes
    for outcome in found:
        assert_explained(outcome)
    return found


def outcomes(
    said: Iterable[Statement], *records: RegistryRecord, now: datetime | None = None
) -> dict[str, Outcome]:
    """Rule id to its only outcome."""
    found = all_outcomes(said, *records, now=now)
    assert len({o.rule for o in found}) == len(found)
    return {o.rule: o for o in found}


def limit_outcome(
    loads: Iterable[Sequence[Statement]], *records: RegistryRecord, limit: str = "approval/appr-1/1"
) -> Outcome:
    """Judge the limit over several manifests, each with its statements."""
    view = registry(*records)
    draws = []
    for said in loads:
        decision = decide_manifest(said[0].event.subject, None, said, view, None)
        draws += [draw for draw in decision.draws if draw.limit == limit]
    (outcome,) = decide_limit(limit, None, draws, view, None).outcomes
    assert_explained(outcome)
    return outcome
