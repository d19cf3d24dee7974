"""``POST /v1/events`` in process: every answer, duplicates, conflicts, strict headers."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from aiokafka.errors import KafkaError
from prometheus_client import REGISTRY

from schemas.receipt import event_digest, receipt_id
from services.gateway.metrics import EVENTS
from services.gateway.problems import KINDS
from tests.gateway_events import ME, OTHER, SUBJECT, event
from tests.unit.services.gateway.gateway_bench import NOW_US, Bench

LINES = "application/x-ndjson"


async def test_an_event_is_kept_as_it_came_with_all_that_is_known_of_it(bench: Bench) -> None:
    raw = b"  " + event("e1") + b"\n"
    answer = await bench.post(raw, "application/cloudevents+json")
    digest = event_digest(raw)
    receipt = str(receipt_id(f"urn:uscc:{ME}", "e1", digest))
    assert answer.status_code == 202
    assert answer.json() == {
        "receipt": {
            "id": receipt,
            "digest": digest,
            "source": f"urn:uscc:{ME}",
            "event_id": "e1",
            "received_at": "2026-11-22T00:30:00.123456Z",
            "status": "accepted",
        }
    }
    assert bench.broker.records == [
        (
            SUBJECT.encode(),
            raw,
            {
                "received_at": str(NOW_US).encode(),
                "digest": digest.encode(),
                "key_id": bench.mine.key_id.encode(),
                "receipt": receipt.encode(),
            },
        )
    ]


async def test_a_batch_gets_an_item_for_each_event_in_order(bench: Bench) -> None:
    await bench.post(event("taken"))
    parts = [
        event("a"),
        event("a"),
        event("a", time="2026-11-22T09:00:00+08:00"),
        event("taken"),
        event("taken", time="2026-11-22T09:00:00+08:00"),
        event("b", source=OTHER),
        event("c", subject="1"),
        event("d", data={"reason": "x" * 300_000}),
        b'"text"',
        event("f"),
    ]
    answer = await bench.post(b"[" + b",\n".join(parts) + b"]")
    items = answer.json()["items"]
    assert answer.status_code == 200
    assert [i["status"] for i in items] == [202, 202, 409, 202, 409, 403, 422, 422, 422, 202]
    assert [i["receipt"]["status"] for i in items if i["status"] == 202] == [
        "accepted", "duplicate", "duplicate", "accepted",
    ]  # fmt: skip
    assert items[2]["problem"]["receipt_id"] == items[0]["receipt"]["id"]
    assert items[6]["problem"]["errors"][0]["pointer"] == "/subject"
    assert items[7]["problem"]["code"] == "event_too_large"
    assert {value for _, value, _ in bench.broker.records} == {event("taken"), parts[0], parts[-1]}


async def test_a_broken_line_leaves_its_neighbours_alone(bench: Bench) -> None:
    answer = await bench.post(b"\n".join([event("a"), b"{", b"\xff", event("b")]), LINES)
    assert [item["status"] for item in answer.json()["items"]] == [202, 422, 422, 202]


async def test_the_same_event_twice_is_sent_once(bench: Bench) -> None:
    one, two = await bench.post(event()), await bench.post(event())
    assert one.json()["receipt"]["id"] == two.json()["receipt"]["id"]
    assert two.json()["receipt"]["status"] == "duplicate"
    assert len(bench.broker.records) == 1


async def test_concurrent_copies_wait_for_the_first(bench: Bench) -> None:
    bench.broker.gate = asyncio.Event()
    first = asyncio.create_task(bench.post(event()))
    await _until(lambda: bench.broker.sent == 1)
    copies = [asyncio.create_task(bench.post(event())) for _ in range(5)]
    rival = asyncio.create_task(bench.post(event(time="2026-11-22T09:00:00+08:00")))
    await _until(lambda: bench.gateway.capacity.held_requests == 7)
    assert not any(task.done() for task in (first, rival, *copies))
    bench.broker.gate.set()
    receipts = [(await task).json()["receipt"] for task in (first, *copies)]
    assert [r["status"] for r in receipts] == ["accepted"] + ["duplicate"] * 5
    assert len({r["id"] for r in receipts}) == 1
    answer = await rival
    assert (answer.status_code, answer.json()["receipt_id"]) == (409, receipts[0]["id"])
    assert len(bench.broker.records) == 1


async def test_copies_of_an_event_that_was_not_kept_get_no_receipt_either(bench: Bench) -> None:
    await bench.post(event("warm"))
    bench.broker.gate = asyncio.Event()
    bench.broker.error = KafkaError("final")
    first = asyncio.create_task(bench.post(event()))
    await _until(lambda: bench.broker.sent == 2)
    copy = asyncio.create_task(bench.post(event()))
    await _until(lambda: bench.gateway.capacity.held_requests == 2)
    bench.broker.gate.set()
    assert [(await task).status_code for task in (first, copy)] == [503, 503]
    bench.broker.error = None
    answer = await bench.post(event())
    assert answer.json()["receipt"]["status"] == "accepted"


async def test_kafka_away_is_503_with_retry_after_and_no_receipt(make_bench: Any) -> None:
    bench = await make_bench(gateway_ack_timeout_s=0.2)
    await bench.post(event("warm"))
    bench.broker.up = False
    for body, media_type in ((event(), "application/json"), (event() + b"\n" + event("b"), LINES)):
        answer = await bench.post(body, media_type)
        assert (answer.status_code, answer.json()["code"]) == (503, "log_away")
        assert answer.headers["retry-after"] == "2"
        assert not any("receipt" in item for item in answer.json().get("items", []))
    some = await bench.post(event("warm") + b"\n" + event("c"), LINES)
    assert [item["status"] for item in some.json()["items"]] == [202, 503]
    bench.broker.up = True
    await _until(lambda: bench.gateway.log.ready)
    assert (await bench.post(event())).status_code == 202


@pytest.mark.parametrize(
    ("body", "media_type", "status", "code"),
    [
        (b"{", "application/json", 400, "body_malformed"),
        (b"", "application/json", 400, "body_malformed"),
        (b"\xff", "application/json", 400, "body_malformed"),
        (event(time=float("nan")), "application/json", 400, "body_malformed"),
        (b'{"a":' * 40_000, "application/json", 422, "event_refused"),
        (b"1e400", "application/json", 422, "event_refused"),
        (b"null", "application/json", 422, "event_refused"),
        (event("a\x00b"), "application/json", 422, "event_refused"),
        (b"[]", "application/json", 422, "batch_empty"),
        (b"\n\n", LINES, 422, "batch_empty"),
        (event(), "application/cloudevents-batch+json", 422, "batch_expected"),
        (event(), "text/plain", 415, "media_type_unknown"),
        (event(), None, 415, "media_type_unknown"),
        (event(source=OTHER), "application/json", 403, "source_not_yours"),
        (event(data={"reason": "x" * 300_000}), "application/json", 413, "event_too_large"),
        (b" " * (5 * 1024 * 1024 + 1), "application/json", 413, "body_too_large"),
        (b"[" + b",".join([b"1"] * 1001) + b"]", "application/json", 413, "too_many_events"),
    ],
)
async def test_refusals_say_what_was_wrong(
    bench: Bench, body: bytes, media_type: str | None, status: int, code: str
) -> None:
    answer = await bench.post(body, media_type)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["type"] == f"urn:liandan:problem:{code}"
    assert told["status"] == status
    assert told["title"] and told["detail_zh"] and told["detail_en"]
    assert bench.broker.records == []


async def test_every_problem_of_an_event_is_told_with_its_place(bench: Bench) -> None:
    answer = await bench.post(event(time="gestern", data={"reson": 1}))
    pointers = {(e["code"], e["pointer"]) for e in answer.json()["errors"]}
    assert pointers == {
        ("time_form", "/time"),
        ("member_missing", "/data/reason"),
        ("member_unknown", "/data/reson"),
    }
    assert all(e["zh"] and e["en"] for e in answer.json()["errors"])


async def test_without_a_valid_key_nothing_is_read(bench: Bench) -> None:
    for token, code in (
        (bench.revoked.token, "key_revoked"),
        (bench.mine.token[:-2] + "AA", "key_unknown"),
        ("nonsense", "key_unknown"),
    ):
        answer = await bench.post(event(), token=token)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = await bench.http.post("/v1/events", content=event())
    assert answer.json()["code"] == "key_missing"
    assert bench.broker.records == []


async def test_compressed_bodies_are_refused(bench: Bench) -> None:
    answer = await bench.post(event(), Content_Encoding="gzip")
    assert (answer.status_code, answer.json()["code"]) == (415, "encoding_unknown")


async def test_one_request_too_many_gets_429(make_bench: Callable[..., Any]) -> None:
    bench = await make_bench(gateway_inflight=2)
    bench.broker.gate = asyncio.Event()
    held = [asyncio.create_task(bench.post(event(str(n)))) for n in range(2)]
    await _until(lambda: bench.gateway.capacity.held_requests == 2)
    answer = await bench.post(event("third"))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    bench.broker.gate.set()
    assert [(await task).status_code for task in held] == [202, 202]
    assert (await bench.post(event("third"))).status_code == 202


async def test_the_recent_window_is_bounded_and_keeps_what_was_used_last(
    make_bench: Callable[..., Any],
) -> None:
    bench = await make_bench(gateway_recent_events=3)
    for event_id in ("a", "b", "c"):
        await bench.post(event(event_id))
    await bench.post(event("a"))
    await bench.post(event("d"))  # drops b
    found = {
        event_id: (await bench.post(event(event_id))).json()["receipt"]["status"]
        for event_id in ("a", "c", "d", "b")
    }
    assert found == {"a": "duplicate", "c": "duplicate", "d": "duplicate", "b": "accepted"}
    assert len(bench.gateway.recent) == 3
    kept = [UUID(r["receipt"].decode()) for _, _, r in bench.broker.records]
    assert sum(bench.gateway.recent.by_receipt(one) is not None for one in set(kept)) == 3


async def test_unknown_addresses_and_methods_are_problems_too(bench: Bench) -> None:
    for method, path, status, code in (
        ("GET", "/", 404, "path_unknown"),
        ("GET", "/v1/events", 405, "method_unknown"),
        ("DELETE", "/v1/receipts/x", 405, "method_unknown"),
        ("POST", "/v1/events/", 404, "path_unknown"),
    ):
        answer = await bench.http.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_unexpected_is_a_500_without_its_trace(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: Any) -> None:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(bench.gateway.recent, "look", explode)
    answer = await bench.post(event())
    assert (answer.status_code, answer.json()["code"]) == (500, "unexpected")
    assert "secret" not in answer.text
    monkeypatch.undo()
    assert (await bench.post(event())).status_code == 202


async def test_headers_are_strict_on_every_answer(bench: Bench) -> None:
    for answer in (await bench.post(event()), await bench.http.get("/nowhere")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


async def test_metrics_have_few_series_whatever_is_posted(bench: Bench) -> None:
    for n in range(200):
        await bench.post(event(f"id-{n}", time=f"x{n}", subject=f"s{n}"))
        await bench.http.get(f"/wp-{n}")
        await bench.http.get(f"/v1/receipts/{n}")
    results = {s.labels["result"] for m in EVENTS.collect() for s in m.samples if s.labels}
    assert results <= {*KINDS, "accepted", "duplicate"}
    series = sum(len(m.samples) for m in REGISTRY.collect() if m.name.startswith("liandan_gateway"))
    assert series < 400


async def _until(say: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not say():
            await asyncio.sleep(0.005)
