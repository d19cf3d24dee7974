"""Whatever is posted, the gateway answers it: never a 5xx but 503."""

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway_events import event
from tests.unit.services.gateway.gateway_bench import Bench

MEDIA = st.sampled_from(
    [
        "application/json",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "application/x-ndjson",
        "application/json; charset=utf-16",
        "",
    ]
)
WHOLE = [
    event("m1"),
    b"[" + event("m2") + b"," + event("m3") + b"]",
    event("a") + b"\n" + event("b"),
]
NASTY = [
    b"\x00", b"\\u0000", b"\\ud800", b"\xed\xa0\x80", b"NaN", b"1e999999", b"-0", b"9" * 400, b"[" * 3000,
    b'{"a":' * 500, b'"', b"\\", b"\r", b"\n", b"\xef\xbb\xbf", b"null", b"{}", b"[]", b",",
]  # fmt: skip


@st.composite
def mutated(draw: Any) -> bytes:
    body = bytearray(draw(st.sampled_from(WHOLE)))
    dice = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.integers(0, 6))):
        at = dice.randrange(len(body) + 1)
        match dice.randrange(4):
            case 0:
                body[at:at] = dice.choice(NASTY)
            case 1:
                del body[at : at + dice.randrange(1, 40)]
            case 2:
                body[at : at + 1] = bytes([dice.randrange(256)])
            case _:
                end = dice.randrange(len(body) + 1)
                body[at:at] = body[min(at, end) : max(at, end)][:200]
    return bytes(body)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=mutated() | st.binary(max_size=200), media_type=MEDIA)
async def test_no_body_breaks_the_gateway(bench: Bench, body: bytes, media_type: str) -> None:
    answer = await bench.post(body, media_type or None)
    assert answer.status_code in {200, 202, 400, 403, 409, 413, 415, 422}, answer.text
    if answer.status_code == 200:
        assert {i["status"] for i in answer.json()["items"]} <= {202, 403, 409, 422}
    elif answer.status_code != 202:
        assert answer.json()["code"] != "unexpected"


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=60), st.text(st.characters(codec="ascii", categories=["L", "N", "P"])))
async def test_no_address_and_no_key_breaks_the_gateway(
    bench: Bench, part: str, token: str
) -> None:
    mine = {"Authorization": f"Bearer {bench.mine.token}"}
    for where in ("receipts", "manifests"):
        url = bench.http.base_url.copy_with(raw_path=f"/v1/{where}/".encode() + _quoted(part))
        assert (await bench.http.get(url, headers=mine)).status_code in {404, 422, 503, 405}
        odd = {"Authorization": f"Bearer {token}"}
        assert (await bench.http.get(url, headers=odd)).status_code in {401, 404}


def _quoted(part: str) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in part.encode("utf-8", "surrogatepass"))
