"""The session's cookie, and the one that ties a login form to its browser."""

from starlette.requests import Request
from starlette.responses import Response

from infra.runtime.settings import Settings

__all__ = [
    "LOGIN_COOKIE",
    "SESSION_COOKIE",
    "clear_session",
    "session_token",
    "set_login",
    "set_session",
]

SESSION_COOKIE, LOGIN_COOKIE = "liandan_session", "liandan_login"


def session_token(request: Request) -> str | None:
    """Return the token of a request, None without one."""
    return request.cookies.get(SESSION_COOKIE)


def set_session(answer: Response, token: str, settings: Settings) -> None:
    """Hand out a session; no script sees it, no other site's form sends it."""
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(settings.console_session_longest_s),
        httponly=True,
        samesite="lax",
        secure=settings.console_secure_cookies,
    )


def clear_session(answer: Response) -> None:
    """Take the session back."""
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")


def set_login(answer: Response, token: str, settings: Settings) -> None:
    """Tie the login form to the browser: another site cannot log somebody in as somebody else."""
    answer.set_cookie(
        LOGIN_COOKIE,
        token,
        max_age=24 * 3600,
        path="/login",
        httponly=True,
        samesite="strict",
        secure=settings.console_secure_cookies,
    )
