"""``POST /v1/check``: what every rule says of a manifest before it is filed; nothing is stored.

The body is the very ``filed`` event that the unit means to post. A limit that is not the unit's own
(a receiver's licence, a white list) is told without figures: what others drew is their business.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from infra.runtime.ticket_keys import PublicKeys
from schemas.envelope import MAX_EVENT_BYTES
from schemas.fast import NotUnderstood
from schemas.quantity import tonnes_text
from services.gateway.body import form_of, read_body, split
from services.gateway.gateway import Gateway
from services.gateway.instant import utc_text
from services.gateway.metrics import CHECKS
from services.gateway.problems import Refused
from streams.judging.limit import limit_of
from streams.judging.outcome import Draw, Outcome, State
from streams.judging.preflight import Checked, CheckedLimit, Draft, NotEntitled, judge_draft
from streams.judging.registry import RegistryView
from streams.judging.statement import Statement, from_micros, read_statement
from streams.judging.ticket import sign_ticket

__all__ = ["DRAWS", "get_ticket_keys", "post_check"]

DRAWS = """
SELECT limit_id, manifest, at, grams, state, uncertain,
    CASE WHEN several THEN 'several_limits' ELSE doubt END, unweighed
FROM draw WHERE limit_id = ANY ($1::text[])
"""
"""All draws on limits, as ``Draw`` has them."""
_FOREIGN: dict[State, tuple[str, str]] = {
    "passed": ("本批仍在该上限之内", "this load stays within the limit"),
    "not_applicable": ("不适用", "not applicable"),
    "notice": ("本批将使单位收到提示", "with this load the unit would be given notice"),
    "needs_review": (
        "本批是否超出该上限须人工核查",
        "whether this load exceeds the limit would be to be checked",
    ),
    "violated": ("本批将使该上限被超过", "this load would exceed the limit"),
}


async def post_check(request: Request) -> Response:
    """Answer one draft; raises ``Refused`` where the request or the draft is not understood."""
    gateway: Gateway = request.app.state.gateway
    api_key = gateway.keys.authenticate(request.headers.get("authorization"))
    form = form_of(request.headers)
    with gateway.capacity.slot(api_key.uscc) as slot:
        with gateway.capacity.arriving(api_key.uscc):
            body = await read_body(
                request.receive, request.headers, slot, gateway.settings.gateway_body_timeout_s
            )
        many, raws = split(form, body)
        if many or len(raws) != 1:
            raise Refused("one_draft_expected")
        now = from_micros(gateway.clock())
        filed = _filed(raws[0], gateway.clock(), api_key.uscc)
        async with gateway.registry.newest() as view:
            try:
                draft = judge_draft(filed, view, now)
            except NotEntitled:
                raise Refused("draft_not_yours") from None
            rows = await gateway.database.rows(DRAWS, [draw.limit for draw in draft.draws])
            drawn: dict[str, list[Draw]] = {}
            for row in rows:
                drawn.setdefault(row[0], []).append(Draw(*row))
            checked = draft.with_limits(drawn, view)
            answer = _answer(gateway, draft, checked, view, api_key.uscc, now)
    CHECKS.labels(checked.light).inc()
    return JSONResponse(answer)


async def get_ticket_keys(request: Request) -> Response:
    """Return the public keys of tickets as a JSON Web Key Set (RFC 7517, 8037)."""
    gateway: Gateway = request.app.state.gateway
    keys: PublicKeys = gateway.ticket_keys
    return JSONResponse({"keys": [_jwk(name, keys) for name in keys]})


def _jwk(name: str, keys: PublicKeys) -> dict[str, str]:
    raw = keys[name].public_bytes(Encoding.Raw, PublicFormat.Raw)
    x = msgspec.json.encode(raw).decode().strip('"').rstrip("=")
    x = x.replace("+", "-").replace("/", "_")
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": name, "x": x}


def _filed(raw: bytes, received_us: int, unit: str) -> Statement:
    if len(raw) > MAX_EVENT_BYTES:
        raise Refused("event_too_large")
    try:
        statement = read_statement(raw, received_us)
    except NotUnderstood as e:
        raise Refused("event_refused", e.problems) from None
    if statement.unit != unit:
        raise Refused("source_not_yours")
    if statement.verb != "filed":
        raise Refused("draft_not_filed")
    return statement


def _answer(
    gateway: Gateway, draft: Draft, checked: Checked, view: RegistryView, unit: str, now: datetime
) -> dict[str, Any]:
    ticket = _ticket(gateway, draft, checked, view.seq, unit, now)
    return {
        "outcome": checked.light,
        "subject": draft.facts.subject,
        "checked_at": utc_text(now),
        "registry_seq": view.seq,
        "assumed": {
            "departs_at": utc_text(draft.departs_at),
            "carrier": draft.carrier,
            "zh": "按此时间、由首个承运人起运研判；事件上报后以实际为准",
            "en": "judged as leaving then, by the first carrier; what is reported later decides",
        },
        "outcomes": [_told(outcome) for outcome in checked.outcomes],
        "limits": [_limit(limit, view, unit) for limit in checked.limits],
        "ticket": ticket,
        "ticket_expires_at": None
        if ticket is None
        else utc_text(datetime.fromtimestamp(int(now.timestamp()) + _valid_s(gateway), UTC)),
        "stored": False,
    }


def _valid_s(gateway: Gateway) -> int:
    return int(gateway.settings.ticket_valid_s)


def _ticket(
    gateway: Gateway, draft: Draft, checked: Checked, seq: int, unit: str, now: datetime
) -> str | None:
    if gateway.signing is None:
        return None
    name, key = gateway.signing
    assert isinstance(key, Ed25519PrivateKey)  # noqa: S101 - it was read as one
    return sign_ticket(draft.ticket(checked, unit, name, seq, now, _valid_s(gateway)), key)


def _told(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome without the events that only the check made up."""
    told: dict[str, Any] = msgspec.to_builtins(outcome)
    told["evidence"] = [e for e in told.get("evidence", ()) if e["kind"] == "record"]
    return told


def _limit(checked: CheckedLimit, view: RegistryView, unit: str) -> dict[str, Any]:
    limit = limit_of(checked.limit)
    own = (
        limit is not None
        and limit.kind in ("approval", "pool", "single")
        and _owner(view, limit.record) == unit
    )
    return {
        "limit": checked.limit,
        "draws_t": tonnes_text(checked.draw.grams),
        "outcomes": _limit_outcomes(checked.outcomes, own=own),
    }


def _owner(view: RegistryView, record: str) -> str | None:
    approval = view.approval(record)
    return None if approval is None else approval.consignor


def _limit_outcomes(outcomes: Sequence[Outcome], *, own: bool) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    for outcome in outcomes:
        if own:
            one = _told(outcome)
        else:
            zh, en = _FOREIGN[outcome.state]
            one = {
                "rule": outcome.rule,
                "version": outcome.version,
                "discriminator": outcome.discriminator,
                "state": outcome.state,
                "reason": outcome.reason,
                "zh": zh,
                "en": en,
            }
        told.append(one)
    return told
