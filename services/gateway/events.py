"""``POST /v1/events``: a plain Starlette endpoint around body and ingest."""

from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.body import form_of, read_body, split
from services.gateway.ingest import Outcome
from services.gateway.metrics import BATCH_EVENTS, EVENTS
from services.gateway.problems import Refused, answer

if TYPE_CHECKING:
    from services.gateway.gateway import Gateway

__all__ = ["post_events"]

_json = msgspec.json.Encoder()


async def post_events(request: Request) -> Response:
    """Take one event, an array or lines; raises ``Refused`` where the request as a whole fails."""
    gateway: Gateway = request.app.state.gateway
    try:
        api_key = gateway.keys.authenticate(request.headers.get("authorization"))
        form = form_of(request.headers)
        with gateway.capacity.slot(api_key.uscc) as slot:
            with gateway.capacity.arriving(api_key.uscc):
                body = await read_body(
                    request.receive,
                    request.headers,
                    slot,
                    gateway.settings.gateway_body_timeout_s,
                )
            received_at = gateway.clock()
            many, raws = split(form, body)
            del body
            BATCH_EVENTS.observe(len(raws))
            outcomes = await gateway.ingest.take(raws, api_key, received_at)
    except Refused as refused:
        EVENTS.labels(refused.code).inc()  # a whole request counts as one
        raise
    return _many(outcomes) if many else _one(outcomes[0])


def _one(outcome: Outcome) -> Response:
    if outcome.receipt is None:
        return answer(outcome.code, outcome.errors, **outcome.more)
    body = _json.encode({"receipt": outcome.receipt})
    return Response(body, outcome.status, media_type="application/json")


def _many(outcomes: list[Outcome]) -> Response:
    """Answer a batch: 503 as a whole only if none was kept and one could have been."""
    statuses = {outcome.status for outcome in outcomes}
    if 503 in statuses and 202 not in statuses:
        return answer("log_away", items=[outcome.as_item() for outcome in outcomes])
    body = _json.encode({"items": [outcome.as_item() for outcome in outcomes]})
    return Response(body, 200, media_type="application/json")
