"""``GET /``: the list of alerts."""

import re

from starlette.requests import Request
from starlette.responses import Response

from schemas.checks import Refusal
from schemas.manifest_number import read_manifest_number
from services.console.console import console_of
from services.console.cookie import session_token
from services.console.database import Desk
from services.console.filter import FAMILIES, FINDINGS, SEVERITIES, AlertFilter, Cursor
from services.console.listing import Page, read_page
from services.console.place import place_of
from services.console.session import Who

__all__ = ["get_alerts"]


async def get_alerts(request: Request) -> Response:
    """Show what the address asks for."""
    console = console_of(request)
    query = request.query_params
    asked = AlertFilter.read(query, query.getlist("severity"))
    after = Cursor.read(query["after"]) if query.get("after") else None

    async def read(desk: Desk) -> tuple[Who, Page]:
        return desk.who, await read_page(desk, asked, after)

    who, page = await console.database.as_holder(session_token(request), read)
    provinces = [
        (place, page.counts.provinces[place.code])
        for code in sorted(
            {*page.counts.provinces, *([asked.region[:2]] if asked.region else [])},
            key=lambda code: (-page.counts.provinces[code], code),
        )
        if (place := place_of(code)) is not None
    ]
    return console.render.page(
        request,
        "alerts.html",
        who,
        asked=asked,
        first=after is None,
        page=page,
        counts=page.counts,
        rows=page.rows,
        provinces=provinces,
        chosen=place_of(asked.region),
        severities=SEVERITIES,
        findings=FINDINGS,
        families=FAMILIES,
        number=_manifest_number(asked.text),
        live=f"/live?sort={asked.sort}&{asked.query(sort='severity')}",
    )


def _manifest_number(text: str) -> str | None:
    """Return a search text that is a whole manifest number: its page may be there without alerts."""
    number = re.sub(r"\s", "", text).upper()
    try:
        read_manifest_number(number)
    except Refusal:
        return None
    return number
