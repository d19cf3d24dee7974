"""The body of a POST: small, in time, from one of our own pages."""

import asyncio
import urllib.parse

from starlette.requests import ClientDisconnect, Request

from services.console.problem import Problem

__all__ = ["check_origin", "read_form"]

MOST_BYTES = 32 * 1024
_MOST_FIELDS = 30
_TIMEOUT_S = 10.0
_FORM = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form, the last of each name. Raises Problem (400, 408, 413, 415)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Problem("form_expected", 415)
    body = bytearray()
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise Problem("too_large", 413)
    except TimeoutError:
        raise Problem("too_slow", 408) from None
    except ClientDisconnect:
        raise Problem("too_slow", 408) from None
    try:
        pairs = urllib.parse.parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except (ValueError, UnicodeDecodeError):
        raise Problem("form_expected", 400) from None
    if any("\0" in value for _, value in pairs):
        raise Problem("form_expected", 400)
    return {name: value.replace("\r\n", "\n") for name, value in pairs}


def check_origin(request: Request) -> None:
    """Refuse what another site's page sends. Raises Problem (403)."""
    origin = request.headers.get("origin")
    if origin is None:
        referer = request.headers.get("referer")
        origin = referer if referer is not None else ""
    if urllib.parse.urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Problem("foreign_form", 403)
