"""Bodies: what they claim to be, their limits, and the exact bytes of each event in them."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from services.gateway.body import MAX_BODY_BYTES, form_of, read_body, split
from services.gateway.capacity import Capacity
from services.gateway.problems import Refused

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
BLANK = st.text(" \t\r\n", max_size=3).map(str.encode)


def code_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(*arguments)
    return refused.value.code


@given(st.lists(st.tuples(BLANK, JSON, st.booleans(), BLANK), min_size=1, max_size=20))
def test_the_slices_of_an_array_are_the_bytes_that_were_written(parts: Any) -> None:
    written = [json.dumps(v, ensure_ascii=escape).encode() for _, v, escape, _ in parts]
    body = b",".join(
        left + text + right for (left, _, _, right), text in zip(parts, written, strict=True)
    )
    assert split("array", b" [" + body + b"]\n") == (True, written)


@given(st.lists(st.tuples(BLANK, JSON, st.sampled_from([b"\n", b"\r\n"])), min_size=1, max_size=20))
def test_the_lines_are_the_bytes_between_line_ends(parts: Any) -> None:
    written = [json.dumps(value).encode() for _, value, _ in parts]
    ends = [end for _, _, end in parts]
    body = b"".join(t + e + b"\n \t\r\n" for t, e in zip(written, ends, strict=True))
    assert split("lines", body) == (True, written)


def test_blanks_inside_a_line_stay_and_its_line_end_goes() -> None:
    assert split("lines", b'\n \n\t{"a": 1} \r\n\r\n{}') == (True, [b'\t{"a": 1} ', b"{}"])


def test_an_object_is_the_whole_body() -> None:
    assert split("either", b' {"a":1}\n') == (False, [b' {"a":1}\n'])
    assert split("object", b"[1]") == (False, [b"[1]"])


@pytest.mark.parametrize(
    ("form", "body", "code"),
    [
        ("array", b"{}", "batch_expected"),
        ("array", b"", "batch_expected"),
        ("array", b"[ ]", "batch_empty"),
        ("lines", b" \r\n\n", "batch_empty"),
        ("either", b"[1,]", "body_malformed"),
        ("either", b"[NaN]", "body_malformed"),
        ("either", b"[" * 100_000, "body_malformed"),
        ("either", b"[1] 2", "body_malformed"),
        ("array", b"[" + b",".join([b"1"] * 1001) + b"]", "too_many_events"),
        ("lines", b"{}\n" * 1001, "too_many_events"),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(form: Any, body: bytes, code: str) -> None:
    assert code_of(split, form, body) == code


def test_a_thousand_events_pass() -> None:
    assert len(split("array", b"[" + b",".join([b"null"] * 1000) + b"]")[1]) == 1000
    assert len(split("lines", b"{}\n" * 1000)[1]) == 1000


def test_millions_of_blank_lines_cost_nothing() -> None:
    assert split("lines", b"\n" * (MAX_BODY_BYTES - 2) + b"{}") == (True, [b"{}"])


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content-type": "text/plain"}, "media_type_unknown"),
        ({}, "media_type_unknown"),
        ({"content-type": "application/json; charset=gbk"}, "media_type_unknown"),
        ({"content-type": "application/json", "content-encoding": "gzip"}, "encoding_unknown"),
    ],
)
def test_other_media_types_and_encodings_are_refused(headers: Any, code: str) -> None:
    assert code_of(form_of, Headers(headers)) == code


def test_a_charset_of_utf8_is_taken() -> None:
    assert form_of(Headers({"content-type": 'Application/JSON; charset="UTF-8"'})) == "either"


class Wire:
    """Hands out chunks as uvicorn would, then hangs, ends or disconnects."""

    def __init__(self, chunks: Sequence[bytes], end: str = "end") -> None:
        self._chunks, self._end = list(chunks), end

    async def __call__(self) -> dict[str, Any]:
        if self._chunks:
            return {"type": "http.request", "body": self._chunks.pop(0), "more_body": True}
        if self._end == "hang":
            await asyncio.Event().wait()
        if self._end == "disconnect":
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}


async def read(wire: Wire, capacity: Capacity | None = None, **headers: str) -> bytes:
    told = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    with (capacity or Capacity(1, 2 * MAX_BODY_BYTES)).slot("one") as slot:
        return await read_body(wire, told, slot, 0.05)


async def test_a_body_is_put_together() -> None:
    assert await read(Wire([b"a", b"", b"bc"])) == b"abc"


async def test_a_content_length_that_lies_does_not_move_the_limit() -> None:
    with pytest.raises(Refused, match="body_too_large"):
        await read(Wire([b"x" * 1_000_000] * 6), content_length="10")
    with pytest.raises(Refused, match="body_too_large"):
        await read(Wire([b"x"]), content_length=str(MAX_BODY_BYTES + 1))
    assert await read(Wire([b"x"]), content_length="9" * 5000) == b"x"


async def test_a_slow_body_times_out_and_a_lost_one_ends() -> None:
    with pytest.raises(Refused, match="body_slow"):
        await read(Wire([b"x"], "hang"))
    with pytest.raises(ClientDisconnect):
        await read(Wire([b"x"], "disconnect"))


async def test_the_byte_budget_is_shared_and_given_back() -> None:
    capacity = Capacity(2, 10)
    with capacity.slot("one") as other:
        other.hold(6)
        with pytest.raises(Refused, match="busy"):
            await read(Wire([b"12345"]), capacity)
        with pytest.raises(Refused, match="busy"):
            await read(Wire([]), capacity, content_length="5")
        assert await read(Wire([b"1234"]), capacity) == b"1234"
        with capacity.slot("two"), pytest.raises(Refused, match="busy"), capacity.slot("three"):
            raise AssertionError("a third request came in")
    assert (capacity.held_requests, capacity.held_bytes) == (0, 0)
