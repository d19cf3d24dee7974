"""Killed between send and mark: twice with the same id at worst, never zero. Machines and people."""

import asyncio
import contextlib
import os
import sys
from collections import Counter
from dataclasses import replace

import asyncpg
import pytest

from infra.local.service import COURIER
from infra.local.stack import LocalStack
from tests.chaos.test_courier import judging
from tests.conftest import MakeStack
from tests.courier_rig import LOOPBACK, add, put_many, until
from tests.fresh_topic import writer
from tests.http_sink import Reply, sink
from tests.outbox_rows import put
from tests.smtp_sink import MailSink, mail_sink

pytestmark = pytest.mark.chaos

KILLS = 3
QUICK = {**LOOPBACK, "courier_webhook_timeout_s": 1.0, "courier_gather_s": 0.5}
ALL_DELIVERED = """
SELECT count(*) = $1 FROM webhook_delivery WHERE delivered_at IS NOT NULL
"""


def in_order(ids: list[str]) -> list[str]:
    """Return each id once, by its first arrival."""
    return list(dict.fromkeys(ids))


async def feed_of(stack: LocalStack) -> list[str]:
    async with writer(stack.settings) as connection:
        rows = await connection.fetch(
            "SELECT alert_id || ':' || revision AS key FROM feed ORDER BY feed_seq"
        )
    return [row["key"] for row in rows]


async def delivered(stack: LocalStack, count: int) -> None:
    async with writer(stack.settings) as connection:
        await until(connection, ALL_DELIVERED, count, timeout_s=60)


def channels(**boxes: MailSink) -> str:
    return "".join(
        f"[[channel]]\nname = '{name}'\nurl = '{box.url()}'\n" for name, box in boxes.items()
    )


async def known(stack: LocalStack, count: int = 1) -> None:
    """Wait until the courier has seen its channels: what comes from now on is told."""
    async with writer(stack.settings) as connection:
        await until(connection, "SELECT count(*) = $1 FROM courier_channel", count)


async def test_killed_under_load_every_webhook_arrives_in_order(make_stack: MakeStack) -> None:
    stack = await make_stack([COURIER], **QUICK)
    async with sink() as receiver:
        await add(stack.settings, receiver.url())
        async with judging(stack) as keys:
            for _ in range(KILLS):
                await asyncio.sleep(0.5)
                async with writer(stack.settings) as connection:
                    await connection.execute(
                        "INSERT INTO outbox (key, topic, payload) "
                        "VALUES (gen_random_uuid()::text, 'alerts', '[]')"
                    )
                stack.kill("courier")
                await stack.wait_ready("courier")
        await delivered(stack, len(keys))
    assert set(receiver.ids) == set(keys), "never zero"
    assert in_order(receiver.ids) == await feed_of(stack)
    assert max(Counter(receiver.ids).values()) <= 2, "twice at worst: kills lay far apart"
    async with writer(stack.settings) as connection:
        assert await connection.fetchval("SELECT count(*) FROM outbox_set_aside") == KILLS


async def test_killed_between_the_receivers_word_and_the_mark_it_sends_again_with_the_same_id(
    make_stack: MakeStack,
) -> None:
    stack = await make_stack([COURIER], **QUICK)
    async with sink() as receiver, writer(stack.settings) as connection:
        await add(stack.settings, receiver.url())
        async with writer(stack.settings) as blocking, blocking.transaction():
            # No attempt can be written: answered, not marked, when the kill comes.
            await blocking.execute("LOCK TABLE webhook_attempt IN SHARE MODE")
            keys = await put_many(connection, 5)
            await receiver.got(1)
            stack.kill("courier")
        await delivered(stack, 5)
    assert receiver.ids == [keys[0], *keys]
    first, second = receiver.requests[:2]
    assert first.body == second.body


async def test_people_are_told_again_after_a_kill_and_nothing_is_missing(
    make_stack: MakeStack,
) -> None:
    async with mail_sink() as box:
        stack = await make_stack([COURIER], **QUICK, courier_channels=channels(duty=box))
        await known(stack)
        async with writer(stack.settings) as connection:
            async with writer(stack.settings) as blocking, blocking.transaction():
                await blocking.execute("LOCK TABLE courier_message IN SHARE MODE")
                await put(connection, text_zh="第一条。")
                (mail,) = await box.got(1)
                assert "第一条。" in mail
                stack.kill("courier")
            repeated = (await box.got(2))[1]
            assert "第一条。" in repeated
            await until(connection, "SELECT count(*) = 1 FROM courier_told")
            await put(connection, text_zh="第二条。")
            last = (await box.got(3))[2]
    assert "第二条。" in last
    assert "第一条。" not in last, "told and marked: not told again"


async def test_postgres_killed_and_the_receiver_away_it_goes_on_by_itself(
    make_stack: MakeStack,
) -> None:
    async with mail_sink() as box:
        stack = await make_stack([COURIER], **QUICK, courier_channels=channels(duty=box))
        await known(stack)
        pid = stack.pid("courier")
        async with sink() as receiver:
            port = receiver.port
            await add(stack.settings, receiver.url())
            async with writer(stack.settings) as connection:
                keys = await put_many(connection, 200)
            await receiver.got(20)
            stack.kill("postgres")
            await stack.wait_ready("postgres")
            await delivered(stack, 200)
            ids = receiver.ids
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    async with writer(stack.settings) as connection:
                        keys.append(await put(connection, text_zh="之后。"))
                        # The receiver is away: refused connections, then it comes back.
                        await until(connection, "SELECT failures > 0 FROM webhook_endpoint")
                    break
        async with sink(port=port) as back:
            await delivered(stack, 201)
            ids += back.ids
        told = await box.got(2)
    assert in_order(ids) == keys
    assert max(Counter(ids).values()) <= 2
    assert "联单：200 条告警" in told[0]
    assert "之后。" in told[-1]
    assert stack.pid("courier") == pid


async def test_of_two_couriers_the_one_left_serves_webhooks_and_people(
    make_stack: MakeStack,
) -> None:
    async with mail_sink() as box, sink(lambda _: Reply(200, after_s=0.01)) as receiver:
        second = replace(COURIER, name="courier-2")
        stack = await make_stack([COURIER, second], **QUICK, courier_channels=channels(duty=box))
        await known(stack)
        await add(stack.settings, receiver.url())
        async with writer(stack.settings) as connection:
            keys = await put_many(connection, 100)
            await receiver.got(10)
            for name in ("courier", "courier-2"):
                stack.kill(name)
                await stack.wait_ready(name)
            await delivered(stack, 100)
            keys.append(await put(connection, text_zh="最后一条。"))
            await delivered(stack, 101)
            await until(connection, "SELECT count(*) > 0 FROM courier_message")
            async with asyncio.timeout(30):
                while "最后一条。" not in "".join(box.texts):
                    await asyncio.sleep(0.05)
    assert in_order(receiver.ids) == keys
    assert max(Counter(receiver.ids).values()) <= 3, "once more for each kill at worst"


async def test_a_setting_that_cannot_be_used_stops_the_courier_with_a_sentence(
    make_stack: MakeStack,
) -> None:
    stack = await make_stack()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.courier",
        env={**os.environ, "LIANDAN_HOME": str(stack.home), "LIANDAN_COURIER_CHANNELS": "[[channel]",
             "LIANDAN_METRICS_PORT": "0"},
        stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert b"courier_channels" in err + out
    assert b"Traceback" not in err + out
