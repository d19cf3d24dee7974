"""``GET /v1/receipts/{id}``: what became of an event that was posted."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from schemas.envelope import unit_of
from services.gateway.access import Asker, asker
from services.gateway.instant import utc_text
from services.gateway.parties import manifest_of
from services.gateway.problems import Refused

__all__ = ["ReceiptView", "router"]

router = APIRouter()

_RECEIPT = """
SELECT source, event_id, digest, received_at, subject, copies, conflict
FROM event_dedupe WHERE receipt_id = $1
"""
# By subject the copies of an event are found as well; without one, the first of them.
_PLACES = """
SELECT topic, partition, kafka_offset, received_at, appended_at, archived_at
FROM event_log WHERE {} = $1 AND receipt_id = $2 ORDER BY received_at, kafka_offset LIMIT 20
"""
_BY_SUBJECT, _BY_TIME = _PLACES.format("subject"), _PLACES.format("received_at")
_QUARANTINE = """
SELECT DISTINCT ON (reason) reason, detail, created_at
FROM quarantine WHERE source = $1 AND event_id = $2 AND sha256(raw) = $3
ORDER BY reason, created_at
"""


class PlaceView(BaseModel):
    """Where one copy stands in the log."""

    topic: str
    partition: int
    offset: int
    received_at: str
    appended_at: str
    archived_at: str


class QuarantineView(BaseModel):
    """Why the event stands aside."""

    reason: str
    detail: Any
    at: str


class ReceiptView(BaseModel):
    """A receipt and what the record knows of its event."""

    id: str
    digest: str = Field(description="SHA-256 of the event's exact bytes")
    source: str
    event_id: str
    received_at: str
    subject: str | None
    archived: bool = Field(description="false: acknowledged by the log, not yet in the record")
    copies: int
    conflict: bool = Field(description="the same id stands with other bytes too")
    log: list[PlaceView]
    quarantine: list[QuarantineView]


@router.get(
    "/v1/receipts/{receipt_id}",
    response_model=ReceiptView,
    summary="查询回执 / A receipt",
    tags=["record"],
)
async def get_receipt(
    receipt_id: Annotated[str, Path(max_length=64)], who: Annotated[Asker, Depends(asker)]
) -> JSONResponse:
    """Return the receipt to its poster and to the manifest's parties."""
    try:
        receipt = UUID(receipt_id)
    except ValueError:
        raise Refused("receipt_unknown") from None
    rows = await who.gateway.database.rows(_RECEIPT, receipt)
    view = await _recorded(who, receipt, rows[0]) if rows else _remembered(who, receipt)
    if view is None:
        raise Refused("receipt_unknown")
    return JSONResponse(view)


async def _recorded(who: Asker, receipt: UUID, row: Any) -> dict[str, Any] | None:
    database = who.gateway.database
    if unit_of(row["source"]) != who.key.uscc and (
        row["subject"] is None
        or await manifest_of(who.gateway, row["subject"], who.key.uscc) is None
    ):
        return None
    if row["subject"] is not None:
        places = await database.rows(_BY_SUBJECT, row["subject"], receipt)
    else:
        places = await database.rows(_BY_TIME, row["received_at"], receipt)
    notes = await database.rows(_QUARANTINE, row["source"], row["event_id"], row["digest"])
    return {
        "id": str(receipt),
        "digest": row["digest"].hex(),
        "source": row["source"],
        "event_id": row["event_id"],
        "received_at": utc_text(row["received_at"]),
        "subject": row["subject"],
        "archived": bool(places),
        "copies": row["copies"],
        "conflict": row["conflict"],
        "log": [
            {
                "topic": place["topic"],
                "partition": place["partition"],
                "offset": place["kafka_offset"],
                "received_at": utc_text(place["received_at"]),
                "appended_at": utc_text(place["appended_at"]),
                "archived_at": utc_text(place["archived_at"]),
            }
            for place in places
        ],
        "quarantine": [
            {"reason": n["reason"], "detail": n["detail"], "at": utc_text(n["created_at"])}
            for n in notes
        ],
    }


def _remembered(who: Asker, receipt: UUID) -> dict[str, Any] | None:
    found = who.gateway.recent.by_receipt(receipt)
    if found is None or unit_of(found[0][0]) != who.key.uscc:
        return None
    (source, event_id), kept = found
    return {
        "id": str(receipt),
        "digest": kept.digest,
        "source": source,
        "event_id": event_id,
        "received_at": utc_text(kept.received_at),
        "subject": None,
        "archived": False,
        "copies": 1,
        "conflict": False,
        "log": [],
        "quarantine": [],
    }
