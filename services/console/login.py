"""Logging in and out. What was typed when a session ended comes back after the next login."""

import contextlib
import hmac
import json
from datetime import timedelta
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.console.console import Console, console_of
from services.console.cookie import (
    LOGIN_COOKIE,
    clear_session,
    session_token,
    set_login,
    set_session,
)
from services.console.database import DatabaseAway, Desk
from services.console.form import check_origin, read_form
from services.console.metrics import LOGINS
from services.console.problem import Problem
from services.console.session import SessionOver
from services.console.token import digest_of, is_csrf_token, is_token, new_token

__all__ = ["get_login", "log_in_again", "post_login", "post_logout"]

_KEPT = {"note"}
"""Fields of other pages' forms that go through a login."""
_MOST_KEPT = 2000

_log = structlog.get_logger(__name__)


async def get_login(request: Request) -> Response:
    """Show the form; who is logged in already goes on."""
    console = console_of(request)
    target = _inside(request.query_params.get("next", "/"))
    try:
        await console.database.as_holder(session_token(request), _nothing)
    except SessionOver:
        return _form(request, target)
    except DatabaseAway:
        return _form(request, target, 503, "away")
    return RedirectResponse(target, 303)


async def log_in_again(request: Request) -> Response:
    """Show the form instead of the answer to a form that came without a session, keeping its text."""
    check_origin(request)
    fields: dict[str, str] = getattr(request.state, "typed", {})
    path = request.url.path.removesuffix("/acknowledge")
    return _form(request, _inside(path), 401, "again", kept=_kept(fields))


async def post_login(request: Request) -> Response:
    """Check the password and open a session."""
    console = console_of(request)
    check_origin(request)
    fields = await read_form(request)
    kept = _kept({k.removeprefix("kept_"): v for k, v in fields.items() if k.startswith("kept_")})
    target = _inside(fields.get("next", "/"))
    login = fields.get("login", "").strip().lower()[:64]
    cookie = request.cookies.get(LOGIN_COOKIE, "")
    if not is_token(cookie) or not hmac.compare_digest(
        cookie.encode(), fields.get("token", "").encode()
    ):
        return _form(request, target, 403, "stale", login, kept)
    address = request.client.host if request.client is not None else ""
    wait_s = console.attempts.wait_s(login, address)
    if wait_s:
        LOGINS.labels("limited").inc()
        _log.warning("login limited", address=address)
        answer = _form(request, target, 429, "limited", login, kept, minutes=int(wait_s // 60) + 1)
        answer.headers["Retry-After"] = str(int(wait_s) + 1)
        return answer
    console.attempts.begin(login, address)
    token = new_token()
    try:
        opened = await _open(console, login, fields.get("password", ""), token, target, kept)
    except DatabaseAway:
        console.attempts.succeeded(login, address)
        return _form(request, target, 503, "away", login, kept)
    if not opened:
        LOGINS.labels("refused").inc()
        _log.info("login refused", address=address)
        return _form(request, target, 401, "wrong", login, kept)
    console.attempts.succeeded(login, address)
    LOGINS.labels("accepted").inc()
    answer = RedirectResponse(target, 303)
    set_session(answer, token, console.settings)
    return answer


async def post_logout(request: Request) -> Response:
    """End the session."""
    console = console_of(request)
    check_origin(request)
    fields = await read_form(request)

    async def end(desk: Desk) -> None:
        if not is_csrf_token(desk.who.csrf, fields.get("csrf", "")):
            raise Problem("foreign_form", 403)
        await desk.connection.execute("SELECT console_end_session()")

    with contextlib.suppress(SessionOver):
        await console.database.as_holder(session_token(request), end)
    answer = RedirectResponse("/login", 303)
    clear_session(answer)
    return answer


async def _open(
    console: Console, login: str, password: str, token: str, target: str, kept: dict[str, str]
) -> bool:
    """Open a session under ``token`` if the password is right. Raises DatabaseAway."""

    async def credentials(connection: Any) -> str | None:
        row = await connection.fetchrow("SELECT * FROM console_credentials($1)", login)
        return None if row is None else row["hash"]

    stored = await console.database.plainly(credentials)
    verified = await console.passwords.verify(stored, password)
    if not verified.right:
        return False

    async def begin(connection: Any) -> None:
        if verified.rehash is not None:
            await connection.execute(
                "SELECT console_rehash($1, $2, $3)", login, stored, verified.rehash
            )
        await connection.execute(
            "SELECT console_open_session($1, $2, $3, $4, $5, $6)",
            login,
            digest_of(token),
            digest_of(new_token()),
            timedelta(seconds=console.settings.console_session_idle_s),
            timedelta(seconds=console.settings.console_session_longest_s),
            json.dumps({"path": target, "fields": kept}) if kept else None,
        )

    await console.database.plainly(begin)
    return True


def _form(
    request: Request,
    target: str,
    status: int = 200,
    said: str = "",
    login: str = "",
    kept: dict[str, str] | None = None,
    **values: Any,
) -> Response:
    console = console_of(request)
    given = request.cookies.get(LOGIN_COOKIE, "")
    token = given if is_token(given) else new_token()
    answer = console.render.page(
        request,
        "login.html",
        status=status,
        target=target,
        said=said,
        login=login,
        kept=kept or {},
        token=token,
        minutes=values.get("minutes", 0),
    )
    set_login(answer, token, console.settings)
    return answer


def _kept(fields: dict[str, str]) -> dict[str, str]:
    return {k: v[:_MOST_KEPT] for k, v in fields.items() if k in _KEPT and v}


def _inside(target: str) -> str:
    """Return a path of this console; ``/`` instead of anything that could lead elsewhere."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if plain and target.isprintable() and len(target) <= 1000 else "/"


async def _nothing(_: Desk) -> None:
    return None
