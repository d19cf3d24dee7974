"""``POST /alerts/<id>/acknowledge``: an officer takes an alert up, with a note."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.console.alert import AlertPage, alert_id_of, read_alert, show_alert
from services.console.console import console_of
from services.console.cookie import session_token
from services.console.database import Desk
from services.console.form import check_origin, read_form
from services.console.metrics import ACKNOWLEDGED
from services.console.problem import BadField, Problem
from services.console.token import form_token, is_csrf_token

__all__ = ["MOST_NOTE", "post_acknowledge"]

MOST_NOTE = 2000
_FIELDS = ("note", "version", "revision", "form", "csrf")
_STATUS = {"stale": 409, "withdrawn": 409, "forbidden": 403}


async def post_acknowledge(request: Request) -> Response:
    """Write the next event of the case, once for each form, unless somebody came first."""
    console = console_of(request)
    check_origin(request)
    fields = await read_form(request)
    # Whatever goes wrong from here on gives back what was typed.
    request.state.typed = {name: fields[name] for name in _FIELDS if name in fields}
    alert = alert_id_of(request)
    note = fields.get("note", "").strip()
    if len(note) > MOST_NOTE:
        raise Problem("note_too_long", 400, field="note")
    version, revision = (_number(fields, name) for name in ("version", "revision"))
    form = fields.get("form", "")
    if form_token(form) != form:
        raise BadField("form")

    async def write(desk: Desk) -> tuple[str, AlertPage | None]:
        if not is_csrf_token(desk.who.csrf, fields.get("csrf", "")):
            raise Problem("foreign_form", 403, kept={"note": note})
        result: str = await desk.connection.fetchval(
            "SELECT console_acknowledge($1, $2, $3, $4, $5)", alert, version, revision, form, note
        )
        if result in _STATUS:
            return result, await read_alert(desk, alert)
        return result, None

    result, page = await console.database.as_holder(session_token(request), write)
    ACKNOWLEDGED.labels(result).inc()
    if result == "unknown":
        raise Problem("unknown_alert", 404, kept={"note": note})
    if page is None:
        return RedirectResponse(f"/alerts/{alert}#case", 303)
    return show_alert(request, page, _STATUS[result], note=note, said=result)


def _number(fields: dict[str, str], name: str) -> int:
    value = fields.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 9):
        raise BadField(name)
    return int(value)
