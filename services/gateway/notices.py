"""``GET /v1/notices``: what the asking unit should know of its own papers and quantities, as of now."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from schemas.instant import china_day
from services.gateway.access import Asker, asker
from services.gateway.check import DRAWS
from services.gateway.instant import utc_text
from streams.judging.notices import Notice, endings, own_limits, running_out
from streams.judging.outcome import Draw
from streams.judging.rules import RULE_BOOK
from streams.judging.statement import from_micros

__all__ = ["NoticesView", "router"]

router = APIRouter()

_FOUND = """
SELECT id, rule, subject, body ->> 'text_zh' AS zh, body ->> 'text_en' AS en, body ->> 'act_at' AS act_at
FROM alert WHERE state = 'open' AND finding = 'notice' AND (consignor = $1 OR receiver = $1)
ORDER BY id
"""


class NoticeView(BaseModel):
    """One thing to know; the same one has the same id on every day."""

    id: str
    kind: str = Field(
        description="licence_ends | approval_ends | permit_ends | insurance_ends | limit_runs_out | finding"
    )
    ref: str = Field(
        description="登记记录、限额或规则与对象 / the record, limit, or rule and subject"
    )
    step: int | None = Field(
        description="到期前 60、30、7 天 / days before the end; null of others"
    )
    day: str | None = Field(
        description="到期日或预计用完之日 / its end, or when it is likely used up"
    )
    earliest: str | None = None
    latest: str | None = None
    zh: str
    en: str


class NoticesView(BaseModel):
    """All notices of a unit."""

    unit: str
    as_of: str
    registry_seq: int
    notices: list[NoticeView]


@router.get(
    "/v1/notices",
    response_model=NoticesView,
    summary="本单位的提示 / Notices to your unit",
    tags=["record"],
)
async def get_notices(who: Annotated[Asker, Depends(asker)]) -> JSONResponse:
    """到期提示（60、30、7 天）、额度预测、规则提示；只给本单位 / What ends soon, what will be used up, findings.

    Of the asking unit only.
    """
    gateway, unit = who.gateway, who.key.uscc
    now = from_micros(gateway.clock())
    today = china_day(now)
    async with gateway.registry.newest() as view:
        limits = own_limits(unit, view, today)
        drawn: dict[str, list[Draw]] = {}
        for row in await gateway.database.rows(DRAWS, limits):
            drawn.setdefault(row[0], []).append(Draw(*row))
        told = [
            *endings(unit, view, today),
            *running_out(limits, drawn, view, today, RULE_BOOK.in_force(view, now)),
        ]
        seq = view.seq
    found = await gateway.database.rows(_FOUND, unit)
    return JSONResponse(
        {
            "unit": unit,
            "as_of": utc_text(now),
            "registry_seq": seq,
            "notices": [*map(_view, told), *map(_finding, found)],
        },
        headers={"Cache-Control": "no-store"},
    )


def _view(notice: Notice) -> dict[str, Any]:
    days = {name: getattr(notice, name) for name in ("day", "earliest", "latest")}
    return {
        **notice._asdict(),
        "id": str(notice.id),
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
    }


def _finding(row: Any) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "kind": "finding",
        "ref": f"{row['rule']} {row['subject']}",
        "step": None,
        "day": None,
        "earliest": None,
        "latest": None,
        "zh": row["zh"],
        "en": row["en"],
    }
