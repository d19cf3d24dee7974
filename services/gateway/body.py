"""The body of a POST: its media type, its bytes within the limits, its events' exact bytes."""

import asyncio
import re
from typing import Literal

import msgspec
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from schemas.problems import Problem
from services.gateway.capacity import Slot
from services.gateway.problems import Refused

__all__ = ["MAX_BODY_BYTES", "MAX_EVENTS", "Form", "form_of", "read_body", "split"]

MAX_BODY_BYTES = 5 * 1024 * 1024
MAX_EVENTS = 1000
_LINGER_S = 2.0
"""Too large a body is read on and thrown away this long, so that its sender sees the answer
instead of a reset."""
_LINGER_BYTES = 4 * MAX_BODY_BYTES

Form = Literal["object", "array", "either", "lines"]

_FORMS: dict[str, Form] = {
    "application/cloudevents+json": "object",
    "application/cloudevents-batch+json": "array",
    "application/json": "either",
    "application/x-ndjson": "lines",
}
_BLANK = re.compile(rb"[ \t\r\n]*")


def form_of(headers: Headers) -> Form:
    """Return what the body claims to be; raises ``Refused`` (415)."""
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Refused("encoding_unknown", headers={"Accept-Encoding": "identity"})
    media_type, *parameters = headers.get("content-type", "").lower().split(";")
    form = _FORMS.get(media_type.strip())
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in ("utf-8", "utf8"):
            form = None
    if form is None:
        raise Refused("media_type_unknown", headers={"Accept-Post": ", ".join(_FORMS)})
    return form


async def read_body(receive: Receive, headers: Headers, slot: Slot, timeout_s: float) -> bytes:
    """Return the whole body, held in ``slot``.

    Raises ``Refused`` (413, 429, and 408 after ``timeout_s`` seconds) and ``ClientDisconnect``.
    The limit is on what arrives, whatever Content-Length says.
    """
    declared = headers.get("content-length", "")
    if declared.isdecimal() and len(declared) < 19:
        if int(declared) > MAX_BODY_BYTES:
            if "expect" not in headers:
                await _discard(receive)
            raise Refused("body_too_large", close=True)
        if not slot.has_room_for(int(declared)):
            raise Refused("busy")
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                chunk = message.get("body", b"")
                if len(body) + len(chunk) > MAX_BODY_BYTES:
                    body.clear()
                    await _discard(receive)
                    raise Refused("body_too_large", close=True)
                slot.hold(len(chunk))
                body += chunk
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Refused("body_slow", close=True) from None


async def _discard(receive: Receive) -> None:
    left = _LINGER_BYTES
    try:
        async with asyncio.timeout(_LINGER_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def split(form: Form, body: bytes) -> tuple[bool, list[bytes]]:
    """Return (whether it is a batch, the exact bytes of each event).

    An object: the whole body. An array: each element's slice, without the blanks around it.
    Lines: each line without its end (LF or CR LF); blank lines are skipped. Raises ``Refused``:
    ``body_malformed`` for an array that is no JSON, ``batch_empty``, ``too_many_events``.
    Elements and lines themselves are not judged here.
    """
    if form == "lines":
        return True, _some(_lines(body))
    match = _BLANK.match(body)
    first = body[match.end() : match.end() + 1] if match else b""
    if first == b"[" and form != "object":
        return True, _some(_elements(body))
    if form == "array":
        raise Refused("batch_expected")
    return False, [body]


def _some(events: list[bytes]) -> list[bytes]:
    if not events:
        raise Refused("batch_empty")
    return events


def _lines(body: bytes) -> list[bytes]:
    """Jump over runs of blanks instead of splitting: five million empty lines cost nothing."""
    lines: list[bytes] = []
    at, length = 0, len(body)
    while True:
        match = _BLANK.match(body, at)
        ink = match.end() if match else at
        if ink >= length:
            return lines
        if len(lines) == MAX_EVENTS:
            raise Refused("too_many_events")
        start = body.rfind(b"\n", at, ink) + 1 or at
        end = body.find(b"\n", ink)
        end = length if end < 0 else end
        lines.append(body[start:end].removesuffix(b"\r"))
        at = end


# An array-like struct of as many places as events are allowed: msgspec stops at the first element
# too many, where list[Raw] would first make millions of them. Raw keeps the exact bytes.
_Places = msgspec.defstruct(
    "_Places",
    [(f"e{n}", msgspec.Raw, None) for n in range(MAX_EVENTS)],
    array_like=True,
    forbid_unknown_fields=True,
    gc=False,
)
_array = msgspec.json.Decoder(_Places)


def _elements(body: bytes) -> list[bytes]:
    try:
        places = _array.decode(body)
    except msgspec.ValidationError:  # the only one possible: it begins with a bracket
        raise Refused("too_many_events") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise Refused(
            "body_malformed",
            [Problem("json_malformed", "", f"不是合法的 JSON：{e}", f"not valid JSON: {e}")],
        ) from None
    return [bytes(raw) for raw in msgspec.structs.astuple(places) if raw is not None]
