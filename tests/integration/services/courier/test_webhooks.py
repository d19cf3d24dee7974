"""Signed webhooks on real Postgres, to real receivers on loopback."""

import asyncio
import contextlib
import socket
import ssl
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY
from standardwebhooks import Webhook

from infra.runtime.settings import Settings
from services.courier.endpoint import (
    list_endpoints,
    remove_endpoint,
    replay_alert,
    replay_failed,
    replay_from,
    rotate_secret,
)
from services.courier.feed import feed_rows
from services.courier.guard import AddressForbidden, UrlForbidden
from services.courier.secret import SecretKeys
from services.courier.webhooks import REFUSALS, Webhooks
from tests.courier_rig import (
    add,
    courier,
    fed,
    on_loopback,
    pool_of,
    put_many,
    registry,
    rounds,
    until,
)
from tests.http_sink import Reply, Request, sink
from tests.outbox_rows import put

CERTIFICATES = Path(__file__).parents[3] / "certificates"
KEY = "a-key-of-thirty-two-characters-or-more"
DONE = """
SELECT count(*) > 0 AND bool_and(delivered_at IS NOT NULL OR given_up_at IS NOT NULL)
FROM webhook_delivery
"""


@pytest.fixture
def local(settings: Settings) -> Settings:
    return on_loopback(settings)


def tls_server() -> ssl.SSLContext:
    """Return what a server named hooks.example.cn needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "sink.pem", CERTIFICATES / "sink.key")
    return context


async def test_every_alert_arrives_signed_in_the_order_of_the_feed(
    local: Settings, postgres: Any
) -> None:
    async with sink() as receiver:
        endpoint, secret = await add(local, receiver.url("/hook?for=epb"))
        keys = await put_many(postgres, 60)
        async with courier(local):
            requests = await receiver.got(60)
            await until(postgres, DONE)
    assert receiver.ids == keys
    assert receiver.connections < 60, "a connection is used again"
    for number, request in enumerate(requests, 1):
        body = Webhook(secret).verify(request.body, request.headers)
        assert body["data"]["feed_seq"] == number
        assert request.headers["webhook-id"].startswith(body["data"]["alert"]["id"])
        assert (request.method, request.path) == ("POST", "/hook?for=epb")
        assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    log = await postgres.fetch("SELECT DISTINCT endpoint, status, error FROM webhook_attempt")
    assert [tuple(row) for row in log] == [(endpoint, 204, "")]
    assert await postgres.fetchval("SELECT count(*) FROM webhook_attempt") == 60


async def test_an_endpoint_gets_what_it_asked_for_and_the_withdrawal_of_it(
    local: Settings, postgres: Any
) -> None:
    alert_id = uuid.uuid4()
    async with sink() as wants, sink() as all_of_it:
        await add(local, wants.url(), regions=["33"], severities=["high"], findings=["violation"])
        await add(local, all_of_it.url())
        mine = [await put(postgres, 1, alert_id)]
        for other in (
            {"origin_region": "110000", "destination_region": "120000"},
            {"severity": "low"},
            {"finding": "notice"},
        ):
            await put(postgres, **other)
        mine.append(await put(postgres, 2, alert_id, state="withdrawn", severity="low"))
        async with courier(local):
            await all_of_it.got(5)
            await until(postgres, DONE)
    assert wants.ids == mine
    assert [request.json["type"] for request in wants.requests] == ["alert.open", "alert.withdrawn"]


async def test_a_failure_is_tried_again_with_the_same_id_and_holds_back_what_follows(
    local: Settings, postgres: Any
) -> None:
    answers = iter([Reply(503), Reply(500, body=b"oh \x00no"), Reply(302, {"location": "/x"})])
    async with sink(lambda _: next(answers, Reply(200))) as receiver:
        await add(local, receiver.url())
        first, second = await fed(postgres, 2)
        await rounds(local, postgres, 4)
    assert receiver.ids == [first, first, first, first, second]
    bodies = {request.body for request in receiver.requests[:4]}
    assert len(bodies) == 1
    assert {request.path for request in receiver.requests} == {"/hook"}, "no redirect is followed"
    rows = await postgres.fetch("SELECT status, error FROM webhook_attempt ORDER BY id")
    assert [row["status"] for row in rows] == [503, 500, 302, 200, 200]
    assert rows[1]["error"] == "oh no"
    state = await postgres.fetchrow("SELECT failures, failing_since FROM webhook_endpoint")
    assert tuple(state) == (0, None)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({}, 1, 2.1),
        ({"retry-after": "90"}, 85, 91),
        ({"retry-after": "999999999"}, 3500, 3601),
        ({"retry-after": "never"}, 1, 2.1),
    ],
)
async def test_the_pause_after_a_failure_heeds_retry_after_within_bounds(
    local: Settings, postgres: Any, headers: dict[str, str], least: float, most: float
) -> None:
    async with sink(lambda _: Reply(429, headers)) as receiver:
        await add(local, receiver.url())
        await fed(postgres)
        async with pool_of(local) as pool:
            webhooks = Webhooks(local, asyncio.Event(), lambda: 0.0)
            await webhooks.round(pool)
            await webhooks.finish()
            await webhooks.round(pool)
            assert len(receiver.requests) == 1, "not before it is due"
    wait = await postgres.fetchval(
        "SELECT extract(epoch FROM due_at - clock_timestamp())::float8 FROM webhook_endpoint"
    )
    assert least < wait < most


async def test_a_message_that_is_refused_for_long_makes_way_and_can_be_sent_again(
    local: Settings, postgres: Any
) -> None:
    keys = await fed(postgres, 3)

    def picky(request: Request) -> Reply:
        return Reply(400 if request.headers["webhook-id"] == keys[1] else 200)

    async with sink(picky) as receiver:
        endpoint, _ = await add(local, receiver.url())
        async with registry(local) as desk:
            assert await replay_from(desk, endpoint, 1) == 3
            await rounds(local, postgres, REFUSALS + 1)
            assert receiver.ids == [keys[0], *[keys[1]] * REFUSALS, keys[2]]
            (row,) = await list_endpoints(desk)
            assert (row["waiting"], row["given_up"]) == (0, 1)
            receiver.answer = lambda _: Reply(200)
            assert await replay_failed(desk, endpoint) == 1
            await rounds(local, postgres, 1)
            (row,) = await list_endpoints(desk)
            assert (row["waiting"], row["given_up"], row["failures"]) == (0, 0, 0)
    assert receiver.ids[-1] == keys[1]


async def test_410_disables_at_once_what_waits_is_kept_and_a_replay_takes_it_up(
    local: Settings, postgres: Any
) -> None:
    async with sink(lambda _: Reply(410)) as receiver:
        endpoint, _ = await add(local, receiver.url())
        keys = await fed(postgres, 2)
        await rounds(local, postgres, 3)
        assert receiver.ids == keys[:1]
        async with registry(local) as desk:
            (row,) = await list_endpoints(desk)
            assert row["disabled_at"] is not None
            assert row["waiting"] == 2
            receiver.answer = lambda _: Reply(200)
            more = await fed(postgres, 1)
            await rounds(local, postgres, 1)
            assert len(receiver.ids) == 1
            assert await replay_failed(desk, endpoint) == 0
        await rounds(local, postgres, 1)
    assert receiver.ids == [keys[0], *keys, *more]


async def test_days_of_failure_disable_and_the_metric_says_so(
    local: Settings, postgres: Any
) -> None:
    async with sink(lambda _: Reply(503)) as receiver:
        await add(local, receiver.url())
        await fed(postgres)
        await rounds(local, postgres, 2)
        enabled = "SELECT disabled_at IS NULL FROM webhook_endpoint"
        assert await postgres.fetchval(enabled)
        migrator = await asyncpg.connect(local.database_migrator)
        await migrator.execute(
            "UPDATE webhook_endpoint SET failing_since = now() - interval '6 days'"
        )
        await migrator.close()
        await rounds(local, postgres, 2)
        assert len(receiver.requests) == 3
        assert not await postgres.fetchval(enabled)
        async with courier(local):
            async with asyncio.timeout(10):
                while REGISTRY.get_sample_value("liandan_courier_webhook_disabled") != 1:
                    await asyncio.sleep(0.05)


async def test_one_slow_and_one_dead_endpoint_hold_up_no_other(
    local: Settings, postgres: Any
) -> None:
    three_places = local.model_copy(update={"courier_webhook_concurrency": 3})
    async with sink(lambda _: Reply(200, after_s=30)) as slow, sink() as quick, sink() as dead:
        await add(local, slow.url())
        await add(local, dead.url())
        await add(local, quick.url())
    # The dead one's port is closed by now; the two others listen again on theirs.
    async with (
        sink(lambda _: Reply(200, after_s=30), port=slow.port),
        sink(port=quick.port) as quick_again,
    ):
        keys = await put_many(postgres, 30)
        started = time.monotonic()
        async with courier(three_places):
            await quick_again.got(30, 5)
        assert time.monotonic() - started < 5
        assert quick_again.ids == keys


async def test_a_receiver_that_answers_without_end_is_cut_off(
    local: Settings, postgres: Any
) -> None:
    async with sink(lambda _: Reply(500, {}, b"x" * 5_000_000)) as receiver:
        await add(local, receiver.url())
        await fed(postgres)
        await rounds(local, postgres, 1)
    error = await postgres.fetchval("SELECT error FROM webhook_attempt")
    assert error == "x" * 200


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\x00\xff\xfe", b"HTTP/1.1 99999 What\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
     b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000, b"SSH-2.0-OpenSSH\r\n"],
)  # fmt: skip
async def test_what_is_no_answer_is_a_failure_like_any_other(
    local: Settings, postgres: Any, garbage: bytes
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(garbage)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        await add(local, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await fed(postgres)
        await rounds(local, postgres, 2)
    rows = await postgres.fetch("SELECT status, error FROM webhook_attempt")
    assert len(rows) == 2
    assert all(row["status"] is None and row["error"] for row in rows)


@pytest.mark.parametrize("rest", [b"", b"half a b"])
async def test_a_2xx_counts_although_its_body_never_comes(
    local: Settings, postgres: Any, rest: bytes
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + rest)
        with contextlib.suppress(ConnectionError):
            while await reader.read(65_536):
                pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        await add(local, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await fed(postgres)
        await rounds(local, postgres, 2)
    assert [
        row["status"] for row in await postgres.fetch("SELECT status FROM webhook_attempt")
    ] == [200]


async def test_a_receiver_that_never_answers_is_left_after_the_timeout(
    local: Settings, postgres: Any
) -> None:
    hurried = local.model_copy(update={"courier_webhook_timeout_s": 0.3})
    async with sink(lambda _: Reply(200, after_s=30)) as receiver:
        await add(local, receiver.url())
        await fed(postgres)
        await rounds(hurried, postgres, 1)
    row = await postgres.fetchrow("SELECT status, error, seconds FROM webhook_attempt")
    assert row["status"] is None
    assert 0.2 < row["seconds"] < 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:127.0.0.1]/",
        "https://user:word@example.cn/",
    ],
)
async def test_what_leads_inside_is_refused_when_it_is_registered(
    settings: Settings, postgres: Any, url: str
) -> None:
    with pytest.raises(UrlForbidden):
        await add(settings, url)
    assert not await postgres.fetchval("SELECT count(*) FROM webhook_endpoint")


async def test_what_leads_inside_is_refused_again_at_every_send(
    settings: Settings, local: Settings, postgres: Any
) -> None:
    async with sink() as receiver:
        await add(local, receiver.url())
        await fed(postgres)
        strict = local.model_copy(update={"courier_webhook_networks": ""})
        await rounds(strict, postgres, 2)
        assert receiver.connections == 0
    assert await postgres.fetchval("SELECT DISTINCT error FROM webhook_attempt") == (
        "the address 127.0.0.1 is loopback"
    )
    with pytest.raises(AddressForbidden):
        await add(strict, receiver.url())


async def test_a_name_with_one_address_inside_is_refused(
    local: Settings, postgres: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, ["1.1.1.1", "10.0.0.5"])
    with pytest.raises(AddressForbidden, match=r"10\.0\.0\.5"):
        await add(local, "https://hooks.example.cn/")


async def test_the_address_that_was_checked_is_the_one_connected_to_under_its_name(
    local: Settings, postgres: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name server says another address every time: what was checked counts, and TLS by name."""
    trusting = local.model_copy(update={"courier_webhook_ca": CERTIFICATES / "sink.pem"})
    async with sink(tls=tls_server()) as receiver:
        asked = answers(monkeypatch, ["127.0.0.1"], then=["10.6.6.6"])
        endpoint, secret = await add(trusting, receiver.url("/h", "hooks.example.cn"))
        await fed(postgres)
        asked.clear()
        await rounds(trusting, postgres, 1)
        (request,) = receiver.requests
        assert request.headers["host"] == f"hooks.example.cn:{receiver.port}"
        assert request.sni == "hooks.example.cn"
        assert Webhook(secret).verify(request.body, request.headers)["data"]["feed_seq"] == 1
        assert asked == ["hooks.example.cn"], "looked up once: what was checked is connected to"
        async with registry(local) as desk:
            await replay_from(desk, endpoint, 1)
        await rounds(trusting, postgres, 1)
        assert len(receiver.requests) == 1
        assert "10.6.6.6" in await postgres.fetchval(
            "SELECT error FROM webhook_attempt ORDER BY id DESC LIMIT 1"
        )


async def test_a_certificate_of_another_name_is_refused(
    local: Settings, postgres: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = local.model_copy(update={"courier_webhook_ca": CERTIFICATES / "sink.pem"})
    async with sink(tls=tls_server()) as receiver:
        answers(monkeypatch, ["127.0.0.1"])
        await add(trusting, receiver.url("/h", "other.example.cn"))
        await fed(postgres)
        await rounds(trusting, postgres, 1)
        assert not receiver.requests
    assert "CERTIFICATE_VERIFY_FAILED" in await postgres.fetchval(
        "SELECT error FROM webhook_attempt"
    )


def answers(
    monkeypatch: pytest.MonkeyPatch, first: list[str], then: list[str] | None = None
) -> list[str]:
    """Let the resolver say ``first`` for the first two questions about hooks, then ``then``."""
    asked: list[str] = []
    total: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if not str(name).endswith(".example.cn"):
            return real(host, port, *args, **kwargs)
        asked.append(name)
        total.append(name)
        found = first if then is None or len(total) <= 2 else then
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


async def test_rotation_signs_with_both_secrets_until_the_old_one_ends(
    local: Settings, postgres: Any
) -> None:
    async with sink() as receiver, registry(local) as desk:
        endpoint, old = await add(local, receiver.url())
        fresh = await rotate_secret(desk, SecretKeys(""), endpoint, timedelta(hours=24))
        assert fresh is not None
        await fed(postgres)
        await rounds(local, postgres, 1)
        (request,) = receiver.requests
        for secret in (old, fresh.shown):
            assert Webhook(secret).verify(request.body, request.headers)
        again = await rotate_secret(desk, SecretKeys(""), endpoint, timedelta(0))
        assert again is not None
        await fed(postgres)
        await rounds(local, postgres, 1)
        request = receiver.requests[-1]
        assert Webhook(again.shown).verify(request.body, request.headers)
        assert len(request.headers["webhook-signature"].split(" ")) == 1
        assert await rotate_secret(desk, SecretKeys(""), "wh_none", timedelta(0)) is None


async def test_with_a_key_no_secret_is_in_the_database_and_all_verifies(
    local: Settings, postgres: Any
) -> None:
    keyed = local.model_copy(update={"courier_webhook_key": KEY})
    async with sink() as receiver:
        endpoint, secret = await add(keyed, receiver.url())
        await fed(postgres)
        await rounds(local, postgres, 2)
        assert not receiver.requests, "without the key nothing is signed, nothing goes out"
        assert await postgres.fetchval("SELECT failures FROM webhook_endpoint") == 0
        await rounds(keyed, postgres, 1)
        (request,) = receiver.requests
        assert Webhook(secret).verify(request.body, request.headers)
    stored = await postgres.fetchval("SELECT secret FROM webhook_endpoint WHERE id = $1", endpoint)
    assert stored.startswith("key:")


@pytest.mark.parametrize("stored", ["", "whsec_", "whsec_***", "key:", "key:a:b:c", "nonsense"])
async def test_a_secret_that_is_none_stops_its_endpoint_and_no_other(
    local: Settings, postgres: Any, stored: str
) -> None:
    async with sink() as broken, sink() as good:
        endpoint, _ = await add(local, broken.url())
        await add(local, good.url())
        migrator = await asyncpg.connect(local.database_migrator)
        await migrator.execute(
            "UPDATE webhook_endpoint SET secret = $2 WHERE id = $1", endpoint, stored
        )
        await migrator.close()
        keys = await fed(postgres, 2)
        await rounds(local, postgres, 2)
    assert not broken.requests
    assert good.ids == keys


async def test_the_desk_writes_secrets_and_cannot_read_them(local: Settings, postgres: Any) -> None:
    async with sink() as receiver:
        await add(local, receiver.url())
    for dsn in (local.database_registry, local.database_reader):
        connection = await asyncpg.connect(dsn)
        for column in ("secret", "previous_secret"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetchval(f"SELECT {column} FROM webhook_endpoint")
        await connection.close()


async def test_a_replay_sends_again_with_the_same_ids(local: Settings, postgres: Any) -> None:
    async with sink() as receiver, registry(local) as desk:
        endpoint, _ = await add(local, receiver.url(), severities=["high"])
        keys = [*await fed(postgres, 2), *await fed(postgres, 1, severity="low")]
        keys += await fed(postgres, 1)
        await rounds(local, postgres, 1)
        assert receiver.ids == [keys[0], keys[1], keys[3]]
        assert await replay_from(desk, endpoint, 2) == 2
        await rounds(local, postgres, 1)
        assert receiver.ids[3:] == [keys[1], keys[3]]
        assert await replay_alert(desk, endpoint, uuid.UUID(keys[0].partition(":")[0])) == 1
        await rounds(local, postgres, 1)
        assert receiver.ids[5:] == [keys[0]]
        assert await replay_from(desk, "wh_none", 1) is None


async def test_a_removed_endpoint_gets_nothing_more(local: Settings, postgres: Any) -> None:
    async with sink() as receiver, registry(local) as desk:
        endpoint, _ = await add(local, receiver.url())
        await fed(postgres)
        assert await remove_endpoint(desk, endpoint)
        assert not await remove_endpoint(desk, endpoint)
        await fed(postgres)
        await rounds(local, postgres, 2)
        assert not receiver.requests
        assert not await list_endpoints(desk)


async def test_two_couriers_claim_an_endpoint_once(local: Settings, postgres: Any) -> None:
    async with sink(lambda _: Reply(200, after_s=0.01)) as receiver, pool_of(local) as pool:
        await add(local, receiver.url())
        keys = await put_many(postgres, 40)
        await feed_rows(postgres)
        both = [Webhooks(local, asyncio.Event()) for _ in range(2)]
        while not await postgres.fetchval(DONE):
            await asyncio.gather(*(each.round(pool) for each in both))
            await asyncio.sleep(0.01)
        for each in both:
            await each.finish()
    assert receiver.ids == keys
