"""``GET /v1/manifests/{number}``: what a party sees of its manifest."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from schemas.checks import Refusal
from schemas.manifest_number import read_manifest_number
from schemas.quantity import tonnes_text
from services.gateway.access import Asker, asker
from services.gateway.instant import utc_text
from services.gateway.parties import manifest_of
from services.gateway.problems import Refused
from streams.judging.packing import stored_outcomes
from streams.judging.stored import stored_facts, stored_statements

__all__ = ["ManifestView", "router"]

router = APIRouter()


class PartyView(BaseModel):
    """A party as the form names it."""

    uscc: str
    name: str | None = None


class WasteView(BaseModel):
    """One line of waste as filed and corrected."""

    line: int
    code: str
    name: str
    quantity_t: str | None = Field(
        description="吨：接收、装载或填报的重量，或由件数折算；无法得知时为空 / t, null if not known"
    )
    packages: int | None = Field(description="件数 (as filed)")
    package_t: str | None = Field(description="每件重量，吨 (as filed)")
    method: str


class EventView(BaseModel):
    """One event of the manifest's history, without its data."""

    id: str
    source: str
    type: str
    time: str
    received_at: str
    digest: str


class OutcomeView(BaseModel):
    """One rule's word on the manifest."""

    rule: str
    version: int
    discriminator: str
    state: str = Field(description="passed | violated | needs_review | notice | not_applicable")
    reason: str
    zh: str
    en: str
    margin: str | None = Field(default=None, description="What is left before the limit, signed")
    grams: int = 0
    unweighed: bool = Field(
        default=False, description="Some of it has no weight: grams is what is known"
    )
    act_at: str | None = None
    evidence: list[dict[str, Any]] = []
    law: list[dict[str, Any]] = []
    parameters: list[tuple[str, int]] = Field(
        default=[], description="Parameters of the rule that are not as declared"
    )


class ManifestView(BaseModel):
    """Facts, history and current outcomes of one manifest."""

    subject: str
    aliases: list[str]
    state: str = Field(description="unfiled | filed | in_transit | arrived | received | …")
    act_at: str | None
    origin_region: str | None
    destination_region: str | None
    consignor: PartyView | None
    receiver: PartyView | None
    carriers: list[PartyView]
    wastes: list[WasteView]
    events: list[EventView]
    outcomes: list[OutcomeView]
    judged_at: str | None = Field(description="The clock of the verdict")


@router.get(
    "/v1/manifests/{number}",
    response_model=ManifestView,
    summary="查询本单位的联单 / A manifest of yours",
    tags=["record"],
)
async def get_manifest(
    number: Annotated[str, Path(description="联单编号 or an alias of it", max_length=64)],
    who: Annotated[Asker, Depends(asker)],
) -> JSONResponse:
    """Return the manifest to its consignor, receiver and carriers; to others it does not exist."""
    try:
        read_manifest_number(number)
    except Refusal:
        raise Refused("manifest_unknown") from None
    row = await manifest_of(who.gateway, number, who.key.uscc)
    if row is None:
        raise Refused("manifest_unknown")
    return JSONResponse(_view(row))


def _view(row: Any) -> dict[str, Any]:
    statements = stored_statements(row["events"])
    facts = stored_facts(row["subject"], row["consignor"], statements)
    form = facts.form if facts.filed is not None else None
    names = {c.uscc: c.name for c in form.carriers} if form is not None else {}
    in_order = sorted(statements, key=lambda s: (s.event.time, s.received_us, s.ref))
    return {
        "subject": row["subject"],
        "aliases": list(row["aliases"]),
        "state": row["state"],
        "act_at": _text(row["act_at"]),
        "origin_region": row["origin_region"],
        "destination_region": row["destination_region"],
        "consignor": _party(row["consignor"], form.consignor if form else None),
        "receiver": _party(row["receiver"], form.receiver if form else None),
        "carriers": [{"uscc": uscc, "name": names.get(uscc)} for uscc in row["carriers"]],
        "wastes": [
            {
                "line": waste.line,
                "code": waste.code,
                "name": waste.name,
                "quantity_t": _tonnes(facts.grams(waste)),
                "packages": waste.packages,
                "package_t": _tonnes(waste.package_t),
                "method": waste.method,
            }
            for waste in (form.wastes if form else ())
        ],
        "events": [
            {
                "id": s.ref.id,
                "source": s.ref.source,
                "type": s.event.type,
                "time": utc_text(s.event.time),
                "received_at": utc_text(s.received_us),
                "digest": s.ref.digest,
            }
            for s in in_order
        ],
        "outcomes": [OutcomeView(**o).model_dump() for o in stored_outcomes(row)],
        "judged_at": _text(row["clock"]),
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)


def _tonnes(grams: int | None) -> str | None:
    return None if grams is None else tonnes_text(grams)


def _party(uscc: str | None, named: Any) -> dict[str, Any] | None:
    if uscc is None:
        return None
    return {"uscc": uscc, "name": named.name if named and named.uscc == uscc else None}
