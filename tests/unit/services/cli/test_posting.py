"""Files, keys and the HTTP client, with the gateway played by a function."""

import json
from types import SimpleNamespace

import httpx2
import pytest

from services.cli import gateway_client, world_posting
from services.cli.console import Failure
from services.cli.event_file import FileEvent, batches, read_event_file
from services.cli.gateway_client import MAX_EVENTS, GatewayClient, Item
from services.cli.key_file import TokenRing
from services.cli.world_posting import Posted, post_world


def event(source, n=0):
    return b'{"source":"%s", "id":"%d"}' % (source.encode(), n)


def receipt(status="accepted"):
    return {"status": 202, "receipt": {"id": "r", "status": status}}


class Backstage:
    """Tells in a story what the registry and the other gateway were given."""

    def __init__(self, story):
        self.story = story

    async def record(self, lines):
        self.story.extend(lines)

    async def take_elsewhere(self, events):
        self.story.extend(events)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    async def at_once(_seconds):
        return None

    monkeypatch.setattr(gateway_client, "sleep", at_once)
    monkeypatch.setattr(world_posting, "_WINDOW_S", 0)


def client(answers, seen):
    def answer(request):
        seen.append(request)
        return answers.pop(0)

    return GatewayClient("http://127.0.0.1:1", httpx2.MockTransport(answer))


def items(*each, status=200):
    return httpx2.Response(status, json={"items": list(each)})


def test_lines_keep_their_exact_bytes(tmp_path):
    file = tmp_path / "events"
    file.write_bytes(event("a") + b"  \r\n\n" + b"{broken\n" + event("b"))
    found = read_event_file(file)
    assert [(e.number, e.raw, e.source) for e in found] == [
        (1, event("a") + b"  ", "a"),
        (3, b"{broken", None),
        (4, event("b"), "b"),
    ]


@pytest.mark.parametrize(("text", "number"), [(b"[ %s ,%s]", 2), (b" %s\n", 1)])
def test_arrays_and_single_events_keep_their_exact_bytes(tmp_path, text, number):
    pretty = b'{\n  "source": "a"\n}'
    file = tmp_path / "events"
    file.write_bytes(text % ((pretty,) * number))
    found = read_event_file(file)
    assert [e.raw for e in found] == [pretty] * number
    assert not found[0].is_line


def test_batches_are_of_one_source_and_within_the_limits():
    events = [FileEvent(n, b"x" * 3000, "ab"[n % 2], True) for n in range(4000)]
    made = list(batches(events))
    assert sum(map(len, made)) == 4000
    for batch in made:
        assert len({e.source for e in batch}) == 1
        assert len(batch) <= MAX_EVENTS
        assert sum(len(e.raw) + 1 for e in batch) <= gateway_client.MAX_BYTES
        assert [e.number for e in batch] == sorted(e.number for e in batch)


def test_a_keys_file_finds_the_token_of_each_source(tmp_path):
    file = tmp_path / "keys"
    file.write_text('{"uscc":"A","token":"ldk_a"}\n{"uscc":"B","token":"ldk_b"}\n')
    ring = TokenRing.of_file(file)
    assert ring.token("urn:uscc:B") == "ldk_b"
    assert ring.token("urn:uscc:C") is None
    assert ring.token(None) == "ldk_a"
    file.write_text("ldk_only\n")
    assert TokenRing.of_file(file).token("urn:uscc:C") == "ldk_only"
    file.write_text("what\nis this")
    with pytest.raises(Failure, match="key create"):
        TokenRing.of_file(file)


async def test_only_what_was_not_kept_is_posted_again():
    seen = []
    away = {"status": 503, "problem": {"code": "log_away"}}
    answers = [items(receipt(), away), items(receipt("duplicate"))]
    async with client(answers, seen) as gateway:
        kept = await gateway.post("ldk_x", [b"{1}", b"{2}"])
    assert [i.status for i in kept] == [202, 202]
    assert [request.content for request in seen] == [b"{1}\n{2}", b"{2}"]
    assert seen[0].headers["authorization"] == "Bearer ldk_x"
    assert kept[1].duplicate


async def test_a_busy_or_vanished_gateway_is_tried_again():
    seen = []

    def answer(request):
        seen.append(request)
        if len(seen) == 1:
            raise httpx2.ConnectError("refused")
        if len(seen) == 2:
            return httpx2.Response(429, headers={"retry-after": "1"}, json={"code": "busy"})
        return items(receipt())

    async with GatewayClient("http://127.0.0.1:1", httpx2.MockTransport(answer)) as gateway:
        (item,) = await gateway.post("ldk_x", [b"{}"])
    assert item.kept
    assert len(seen) == 3


async def test_a_gateway_that_stays_away_raises():
    def answer(_request):
        raise httpx2.ConnectError("refused")

    async with GatewayClient("http://127.0.0.1:1", httpx2.MockTransport(answer)) as gateway:
        with pytest.raises(httpx2.ConnectError):
            await gateway.post("ldk_x", [b"{}"])


async def test_a_refused_request_is_a_failure_with_the_gateways_own_words():
    refusal = httpx2.Response(401, json={"code": "key_unknown", "detail_en": "not known"})
    async with client([refusal], []) as gateway:
        with pytest.raises(Failure, match="key_unknown"):
            await gateway.post("ldk_x", [b"{}"])


async def test_a_world_is_posted_by_source_in_its_order_and_counted():
    posts = []

    class Gateway:
        async def post(self, token, events):
            posts.append((token, [json.loads(e)["id"] for e in events]))
            return [Item(202, {"status": "accepted"}) for _ in events]

    events = [event("ab"[n % 2], n) for n in range(60)]
    advanced = []
    world = SimpleNamespace(events=events, late=[])
    posted = await post_world(
        Gateway(), world, {"a": "A", "b": "B"}, Backstage([]), advanced.append
    )
    assert posted == Posted(60, 60)
    assert sum(advanced) == 60
    for token, first in (("A", 0), ("B", 1)):
        ids = [int(i) for who, batch in posts if who == token for i in batch]
        assert ids == list(range(first, 60, 2))


async def test_the_registry_learns_late_records_between_the_events_they_lie_between():
    story = []

    class Gateway:
        async def post(self, token, events):
            story.extend(int(json.loads(e)["id"]) for e in events)
            return [Item(202, {"status": "accepted"}) for _ in events]

    world = SimpleNamespace(
        events=[event("a", n) for n in range(60)], late=[(7, b"x"), (7, b"y"), (41, b"z")]
    )
    posted = await post_world(Gateway(), world, {"a": "A"}, Backstage(story), lambda _n: None)
    assert story == [*range(7), b"x", b"y", *range(7, 41), b"z", *range(41, 60)]
    assert posted == Posted(60, 60)


async def test_what_the_gateway_refuses_as_a_conflict_another_one_takes():
    class Gateway:
        async def post(self, _token, events):
            conflict = Item(409, None, {"code": "id_conflict"})
            return [Item(202, {"status": "accepted"}), conflict][: len(events)]

    story = []
    world = SimpleNamespace(events=[event("a", 1), event("a", 2)], late=[])
    posted = await post_world(Gateway(), world, {"a": "A"}, Backstage(story), lambda _n: None)
    assert story == [event("a", 2)]
    assert posted == Posted(2, accepted=2, conflicts=1)


async def test_positions_are_counted_apart_and_those_of_terminals_go_by_them():
    class Gateway:
        async def post(self, _token, events):
            return [Item(202, {"status": "accepted"}) for _ in events]

    class Terminals:
        def speaks_for(self, plate):
            return plate == "冀A00001"

        async def send(self, events):
            told.extend(events)
            return 3 * len(events)

    def track(plate):
        head = {"source": "a", "type": "liandan.vehicle.track.v1", "subject": plate}
        return json.dumps(head).encode()

    told = []
    mine, another = track("冀A00001"), track("冀A00002")
    world = SimpleNamespace(events=[event("a"), mine, another], late=[])
    posted = await post_world(
        Gateway(), world, {"a": "A"}, Backstage([]), lambda _n: None, Terminals()
    )
    assert told == [mine]
    assert posted == Posted(2, accepted=1, positions=1, frames=3)
    posted = await post_world(Gateway(), world, {"a": "A"}, Backstage([]), lambda _n: None)
    assert posted == Posted(3, accepted=1, positions=2)


async def test_a_source_without_key_stops_the_posting():
    world = SimpleNamespace(events=[event("b")], late=[])
    with pytest.raises(Failure, match="no key for b"):
        await post_world(None, world, {}, Backstage([]), lambda _n: None)


def test_refusals_and_duplicates_are_told_apart():
    posted = Posted()
    posted.add([Item(202, {"status": "duplicate"}), Item(422, None, {"code": "event_refused"})])
    assert (posted.events, posted.accepted, posted.duplicates) == (2, 0, 1)
    assert posted.refused == [{"code": "event_refused"}]
    assert world_posting.MAX_EVENTS == MAX_EVENTS
