"""``GET /medical``: the county board of medical waste; ``/api/medical`` as JSON."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from schemas.decode import decode_registry_record
from schemas.instant import china_day, day_start
from schemas.quantity import tonnes_text
from schemas.region import region_name
from services.console.console import console_of
from services.console.cookie import session_token
from services.console.database import Desk
from services.console.problem import BadField
from services.console.session import Who
from streams.judging.medical.board import DAYS, Board, DayRow, board
from streams.judging.medical.judge import Summary

if TYPE_CHECKING:
    from schemas.registry import Institution, MedicalPlant

__all__ = ["get_medical", "get_medical_json"]

_DAYS = """
SELECT kind, holder, day, region, summary::text AS summary
FROM console_medical_days($1)
"""
_MOST_FACTOR = 20
_summary = msgspec.json.Decoder(Summary)


async def get_medical(request: Request) -> Response:
    """Show the board; ``?factor=3`` is the surge that plants are held against, ``&day=`` an earlier day."""
    read = await _read(request)
    return console_of(request).render.page(
        request,
        "medical.html",
        read.who,
        board=read.board,
        day=read.day,
        earlier=read.earlier,
        names=region_name,
        classes=_CLASSES,
    )


_CLASSES = ("infectious", "sharps", "pathological", "chemical", "pharmaceutical")


async def get_medical_json(request: Request) -> Response:
    """Answer with the same figures; quantities in tonnes as decimal strings."""
    read = await _read(request)
    told = read.board
    return JSONResponse(
        {
            "factor": told.factor,
            "day": read.day.isoformat(),
            "days": DAYS,
            "counties": [
                {
                    "region": c.region,
                    "name": region_name(c.region),
                    "institutions": c.institutions,
                    "seen": c.seen,
                    "coverage_percent": c.coverage,
                    "waiting": c.waiting,
                    "overdue": c.overdue,
                    "due_in_6_h": c.soon,
                    "t_by_class": {waste: tonnes_text(g) for waste, g in sorted(c.grams.items())},
                }
                for c in told.counties
            ],
            "plants": [
                {
                    "uscc": p.uscc,
                    "name": p.name,
                    "region": p.region,
                    "t_per_day": tonnes_text(p.per_day),
                    "capacity_t_per_day": None if p.capacity is None else tonnes_text(p.capacity),
                    "spare_t_per_day": None if p.spare is None else tonnes_text(p.spare),
                    "full_after_days": p.full_after_days,
                }
                for p in told.plants
            ],
        },
        headers={"Cache-Control": "no-store"},
    )


class _Asked(NamedTuple):
    who: "Who"
    board: Board
    day: date
    earlier: date | None
    """Where nothing is known of the week before ``day``: the last day of which something is."""


async def _read(request: Request) -> _Asked:
    factor, now = _factor(request), datetime.now(UTC)
    day = _day(request, china_day(now))
    if day < china_day(now):  # as that day ended
        now = day_start(day + timedelta(days=1))

    async def read(desk: Desk) -> tuple[Who, list[Any], list[Any], date | None]:
        days = await desk.connection.fetch(_DAYS, day - timedelta(days=DAYS))
        records = await desk.connection.fetch("SELECT body FROM console_medical_records()")
        last = await desk.connection.fetchval("SELECT console_medical_last($1)", day)
        return desk.who, days, records, last

    who, found, bodies, last = await console_of(request).database.as_holder(
        session_token(request), read
    )
    records = [decode_registry_record(row["body"]) for row in bodies]
    institutions: list[Institution] = [r for r in records if r.kind == "institution"]
    plants: list[MedicalPlant] = [r for r in records if r.kind == "medical_plant"]
    rows = [
        DayRow(
            row["kind"],
            row["holder"],
            row["day"],
            row["region"],
            _summary.decode(row["summary"]),
        )
        for row in found
        if row["day"] <= day
    ]
    told = board(rows, institutions, plants, now, factor)
    return _Asked(who, told, day, last if not rows else None)


def _factor(request: Request) -> int:
    asked = request.query_params.get("factor", "3")
    if not (asked.isascii() and asked.isdecimal() and 1 <= int(asked) <= _MOST_FACTOR):
        raise BadField("factor")
    return int(asked)


def _day(request: Request, today: date) -> date:
    asked = request.query_params.get("day")
    if asked is None:
        return today
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        raise BadField("since") from None
    if not date(2000, 1, 1) <= day <= today:
        raise BadField("since")
    return day
