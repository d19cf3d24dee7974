"""``GET /live``: what happens to the alerts of a list, as server-sent events."""

from starlette.requests import Request
from starlette.responses import Response

from services.console.console import console_of
from services.console.cookie import session_token
from services.console.database import Desk
from services.console.filter import AlertFilter
from services.console.preference import preference_of
from services.console.problem import BadField

__all__ = ["get_live"]

_DIGITS = 18


async def get_live(request: Request) -> Response:
    """Begin after ``Last-Event-ID``, else after the number in the address."""
    console = console_of(request)
    token = session_token(request)

    async def whose(desk: Desk) -> str:
        return desk.who.login

    login = await console.database.as_holder(token, whose)
    query = request.query_params
    asked = AlertFilter.read(query, query.getlist("severity"))
    after = request.headers.get("last-event-id") or query.get("after", "")
    if not (after.isascii() and after.isdigit() and len(after) <= _DIGITS):
        raise BadField("after")
    return console.live.stream(
        token or "", login, asked, preference_of(request).language, int(after)
    )
