"""``GET /alerts/<id>``: one alert and why it stands."""

from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from schemas.alert import Alert
from services.console.console import console_of
from services.console.cookie import session_token
from services.console.database import Desk
from services.console.explanation import explain
from services.console.journey import journeys_of
from services.console.listing import status_of
from services.console.place import place_of
from services.console.problem import Problem
from services.console.session import Who
from services.console.token import form_token
from streams.judging.limit import limit_of
from streams.judging.packing import stored_outcomes

__all__ = ["AlertPage", "alert_id_of", "get_alert", "read_alert", "show_alert"]

_ALERT = """
SELECT a.scope, a.state, a.revision, a.body, a.opened_at, a.changed_at, a.clock, a.case_state,
    a.case_version, v.outcomes, v.verdict, v.clock AS judged_at
FROM console_alert a JOIN console_verdict v USING (id) WHERE a.id = $1
"""
_HISTORY = """
SELECT revision, state, body, written_at FROM console_alert_history
WHERE id = $1 ORDER BY revision DESC LIMIT 50
"""
_CASE = """
SELECT version, at, name, action, note, revision FROM console_case_event
WHERE alert_id = $1 ORDER BY version DESC LIMIT 100
"""


class AlertPage(NamedTuple):
    """All that the page of one alert shows."""

    who: Who
    row: Any
    history: list[Any]
    case: list[Any]
    journeys: list[Any]
    """Manifest and plate of each journey that it may be about."""


async def get_alert(request: Request) -> Response:
    """Show an alert; one of another region is as unknown as one that is not there."""
    console = console_of(request)
    alert = alert_id_of(request)

    async def read(desk: Desk) -> AlertPage:
        return await read_alert(desk, alert)

    page = await console.database.as_holder(session_token(request), read)
    typed = page.who.draft_of(request.url.path)
    return show_alert(request, page, note=typed.get("note", ""), said="kept" if typed else "")


def alert_id_of(request: Request) -> UUID:
    """Return the id in the path. Raises Problem."""
    try:
        return UUID(request.path_params["alert"])
    except ValueError:
        raise Problem("unknown_alert", 404) from None


async def read_alert(desk: Desk, alert: UUID) -> AlertPage:
    """Read in four queries. Raises Problem: there is none that this session may see."""
    row = await desk.connection.fetchrow(_ALERT, alert)
    if row is None:
        raise Problem("unknown_alert", 404)
    history = await desk.connection.fetch(_HISTORY, alert)
    case = await desk.connection.fetch(_CASE, alert)
    return AlertPage(desk.who, row, history, case, await _journeys(desk, row))


async def _journeys(desk: Desk, row: Any) -> list[Any]:
    """Return the journeys on the manifests that an alert names; of an alert of a vehicle, its own alone."""
    subject, evidence = row["body"]["subject"], row["body"].get("evidence", ())
    numbers = [e["ref"] for e in evidence if e["kind"] == "manifest"]
    kind, _, rest = subject.partition("/")
    if kind == "trip":
        numbers = [rest.partition("/")[2]]
    elif row["scope"] == "manifest":
        numbers = [subject]
    elif kind != "plate":
        numbers = []
    found = await journeys_of(desk, numbers)
    plate = rest.partition("/")[0]
    return [j for j in found if kind not in ("trip", "plate") or j["plate"] == plate]


def show_alert(
    request: Request,
    page: AlertPage,
    status: int = 200,
    *,
    note: str = "",
    said: str = "",
    form: str | None = None,
) -> HTMLResponse:
    """Return the page. ``said``: kept | stale | withdrawn | forbidden, about the form on it."""
    console = console_of(request)
    row = page.row
    alert = msgspec.convert(row["body"], Alert)
    return console.render.page(
        request,
        "alert.html",
        page.who,
        status,
        alert=alert,
        row=row,
        state=status_of(row["state"], row["case_state"]),
        manifest=alert.subject if row["scope"] == "manifest" else None,
        limit=limit_of(alert.subject),
        origin=place_of(alert.origin_region),
        destination=place_of(alert.destination_region),
        explanation=explain(alert, stored_outcomes(row)),
        history=page.history,
        case=page.case,
        journeys=page.journeys,
        note=note,
        said=said,
        form=form_token(form),
    )
