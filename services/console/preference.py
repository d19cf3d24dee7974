"""Language and light: chosen by a link, ``?lang=en`` or ``?theme=dark``, kept in a cookie."""

import urllib.parse
from typing import Literal, NamedTuple, get_args

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from services.console.words import LANGUAGES, Language

__all__ = ["THEMES", "Preference", "Preferences", "preference_of"]

Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)
_CHOICES: dict[str, tuple[str, ...]] = {"lang": LANGUAGES, "theme": THEMES}
_A_YEAR_S = 31_536_000


class Preference(NamedTuple):
    """How somebody wants pages."""

    language: Language
    theme: Theme


def preference_of(request: Request) -> Preference:
    """Return what the cookies say; Chinese, and as the system has it, where they say nothing."""
    language, theme = (request.cookies.get(f"liandan_{name}", "") for name in _CHOICES)
    return Preference(
        language if language in LANGUAGES else "zh",
        theme if theme in THEMES else "auto",
    )


class Preferences:
    """Turns a choice in an address into a cookie, and leads back to the address without it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        query = scope.get("query_string", b"")
        if scope["type"] != "http" or scope["method"] != "GET" or not query:
            await self._app(scope, receive, send)
            return
        pairs = urllib.parse.parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        chosen = {n: v for n, v in pairs if n in _CHOICES and v in _CHOICES[n]}
        if not chosen:
            await self._app(scope, receive, send)
            return
        rest = urllib.parse.urlencode([(n, v) for n, v in pairs if n not in _CHOICES])
        # A path of two slashes would lead to another host.
        path = "/" + urllib.parse.quote(scope["path"].lstrip("/\\"))
        answer = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
        headers = MutableHeaders(raw=answer.raw_headers)
        for name, value in chosen.items():
            headers.append(
                "Set-Cookie", f"liandan_{name}={value}; Path=/; Max-Age={_A_YEAR_S}; SameSite=Lax"
            )
        await answer(scope, receive, send)
