"""``GET /limits/<name>``: how a limit is used up and when it will be; ``/api/limits/<name>`` as JSON."""

from datetime import date, datetime
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from schemas.decode import decode_registry_record
from schemas.instant import china_day
from schemas.quantity import tonnes_text
from services.console.burn_down import burn_down
from services.console.console import console_of
from services.console.cookie import session_token
from services.console.database import Desk
from services.console.problem import Problem
from services.console.session import Who
from streams.judging.forecast import Allowance, Forecast, allowance_of, forecast
from streams.judging.limit import Limit, limit_of
from streams.judging.outcome import Draw
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK

__all__ = ["get_limit", "get_limit_json"]

_LIMIT = """
SELECT records, manifests, at, grams, uncertain, unweighed, state, clock_timestamp() AS now
FROM console_limit_set($1, $2, $3, $4)
"""
_MOST_SHOWN = 60
"""Manifests listed on the page, the newest; the figures are over all."""
_RECORDS = {
    "approval": "transfer_approval",
    "pool": "transfer_approval",
    "whitelist": "whitelist_entry",
    "licence": "licence",
    "single": "transfer_approval",
    "plan": None,
}
"""What kind of record sets a limit; None: several do, of the unit that it names."""


class LimitPage(NamedTuple):
    """A limit as its page and its JSON show it."""

    who: Who
    name: str
    limit: Limit
    allowance: Allowance
    draws: list[Draw]
    told: Forecast
    today: date


async def get_limit(request: Request) -> Response:
    """Show a limit to those who may see every load behind it; to others it is unknown."""
    page = await _read(request)
    return console_of(request).render.page(
        request,
        "limit.html",
        page.who,
        name=page.name,
        limit=page.limit,
        cap=page.allowance.cap,
        allowance=page.allowance,
        told=page.told,
        pace=None if page.told.per_day is None else round(page.told.per_day / 10_000) * 10_000,
        draws=page.draws[: -_MOST_SHOWN - 1 : -1],
        chart=burn_down(page.allowance, page.told, page.today),
    )


async def get_limit_json(request: Request) -> Response:
    """Answer with the burn-down and the forecast; quantities in tonnes as decimal strings."""
    page = await _read(request)
    told, runs_out = page.told, page.told.runs_out
    return JSONResponse(
        {
            "limit": page.name,
            "kind": page.limit.kind,
            "zh": page.allowance.cap.of_zh,
            "en": page.allowance.cap.of_en,
            "first": page.allowance.first.isoformat(),
            "last": _iso(page.allowance.last),
            "as_of": page.today.isoformat(),
            "cap_t": tonnes_text(told.cap),
            "drawn_t": tonnes_text(told.drawn),
            "left_t": tonnes_text(told.left),
            "loads": told.loads,
            "days": [
                {"day": d.day.isoformat(), "t": tonnes_text(d.grams), "left_t": tonnes_text(d.left)}
                for d in told.days
            ],
            "outlook": told.outlook,
            "t_per_day": None if told.per_day is None else tonnes_text(round(told.per_day)),
            "runs_out": None
            if runs_out is None
            else {name: _iso(day) for name, day in runs_out._asdict().items()},
        },
        headers={"Cache-Control": "no-store"},
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


async def _read(request: Request) -> LimitPage:
    """Read in one query. Raises Problem."""
    name = request.path_params["name"]
    limit = limit_of(name)
    if limit is None or len(name) > 300 or "\x00" in name:
        raise Problem("unknown_limit", 404)

    async def read(desk: Desk) -> tuple[Who, Any]:
        kind = _RECORDS[limit.kind]
        planner = limit.planned_year[0] if kind is None else None
        row = await desk.connection.fetchrow(_LIMIT, name, kind, limit.record, planner)
        return desk.who, row

    who, row = await console_of(request).database.as_holder(session_token(request), read)
    if row is None or row["records"] is None:
        raise Problem("unknown_limit", 404)
    view = RegistryView.known_at(map(decode_registry_record, row["records"]))
    now: datetime = row["now"]
    allowance = allowance_of(name, view, RULE_BOOK.in_force(view, now))
    if allowance is None:
        raise Problem("unknown_limit", 404)
    draws = _draws(name, row)
    today = china_day(now)
    return LimitPage(who, name, limit, allowance, draws, forecast(allowance, draws, today), today)


def _draws(name: str, row: Any) -> list[Draw]:
    columns = zip(
        row["manifests"],
        row["at"],
        row["grams"],
        row["state"],
        row["uncertain"],
        row["unweighed"],
        strict=True,
    )
    return [
        Draw(name, manifest, at, grams, state, uncertain, None, unweighed)
        for manifest, at, grams, state, uncertain, unweighed in columns
        if state != "released"
    ]
