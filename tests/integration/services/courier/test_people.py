"""People are told little, and nothing is missing: real Postgres, a real mail server, our clock."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.runtime.settings import Settings
from services.courier.channel import Channel, read_channels
from services.courier.messenger import Messenger
from services.courier.people import People
from tests.courier_rig import courier, fed, pool_of, put_many, until
from tests.outbox_rows import put
from tests.smtp_sink import MailSink, mail_sink


class Officer:
    """One channel, its mail box, and a clock that goes on when it is told to."""

    def __init__(self, settings: Settings, pool: Any, box: MailSink, **more: Any) -> None:
        given = {"name": "duty", "url": box.url(), **more}
        self.channel = Channel.model_validate(given)
        self.box, self._pool, self._passed = box, pool, timedelta()
        messenger = Messenger((self.channel,), settings.courier_message_timeout_s)
        self._people = People(settings, messenger, self.now, lambda: 0.0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._passed

    async def after(self, **passed: float) -> list[str]:
        """Let time pass, then let the courier look until nothing changes; return the new mails."""
        self._passed += timedelta(**passed)
        before = len(self.box.mails)
        for _ in range(3):
            await self._people.round(self._pool, self.channel)
        return self.box.texts[before:]

    async def digest(self) -> list[str]:
        """Go on to the next half past eight in China."""
        due = await self._pool.fetchval("SELECT digest_at FROM courier_channel WHERE name = 'duty'")
        return await self.after(seconds=(due - self.now()).total_seconds() + 1)


@pytest.fixture
async def officer(settings: Settings, postgres: Any) -> AsyncIterator[Callable[..., Any]]:
    asked = settings.model_copy(
        update={"console_url": "https://console.example.cn", "courier_message_timeout_s": 3.0}
    )
    async with mail_sink() as box, pool_of(settings) as pool:

        async def make(**more: Any) -> Officer:
            changed = {k: more.pop(k) for k in list(more) if k.startswith("courier_")}
            one = Officer(asked.model_copy(update=changed), pool, box, **more)
            await one.after()
            return one

        yield make


def of(key: str) -> str:
    return key.partition(":")[0]


async def test_what_was_before_the_channel_is_not_told(postgres: Any, officer: Any) -> None:
    await fed(postgres, 5)
    duty = await officer()
    assert await duty.after(hours=30) == []


async def test_urgent_alerts_of_a_minute_come_in_one_message(postgres: Any, officer: Any) -> None:
    duty = await officer()
    first = await fed(postgres, 2)
    assert await duty.after(seconds=40) == [], "gathered for a minute"
    second = await fed(postgres, 1, severity="critical")
    (mail,) = await duty.after(seconds=25)
    assert mail.startswith("联单：3 条告警\n【特高】")
    for key in first + second:
        assert f"https://console.example.cn/alerts/{of(key)}" in mail
    assert await duty.after(minutes=5) == []


async def test_a_burst_is_one_message_that_counts_what_it_does_not_name(
    postgres: Any, officer: Any
) -> None:
    duty = await officer()
    await put_many(postgres, 47)
    await fed(postgres, 0)
    (mail,) = await duty.after(seconds=61)
    assert "另有 37 条" in mail
    (rest,) = await duty.digest()
    assert rest.startswith("联单每日汇总：37 条告警"), "whom the message only counted is named now"
    assert "另有 7 条" in rest
    assert await duty.digest() == []


async def test_no_more_messages_in_an_hour_than_set(postgres: Any, officer: Any) -> None:
    duty = await officer(courier_messages_per_hour=2)
    for _ in range(2):
        await fed(postgres)
        assert len(await duty.after(minutes=2)) == 1
    held = [*await fed(postgres), *await fed(postgres)]
    assert await duty.after(minutes=2) == []
    assert await duty.after(minutes=30) == []
    (mail,) = await duty.after(minutes=30)
    assert mail.startswith("联单：2 条告警")
    assert all(of(key) in mail for key in held)


async def test_the_rest_comes_as_a_digest_at_half_past_eight_in_china(
    postgres: Any, officer: Any
) -> None:
    duty = await officer()
    low = await fed(postgres, 2, severity="low")
    await fed(postgres, 1, severity="critical", finding="notice")
    assert await duty.after(minutes=5) == []
    (mail,) = await duty.digest()
    assert mail.startswith("联单每日汇总：2 条告警")
    assert all(of(key) in mail for key in low)
    due = await postgres.fetchval("SELECT digest_at FROM courier_channel")
    assert due.astimezone(UTC).strftime("%H:%M:%S") == "00:30:00"


async def test_nothing_is_sent_when_there_is_nothing_to_tell(postgres: Any, officer: Any) -> None:
    duty = await officer()
    await fed(postgres, 3, finding="notice")
    for _ in range(3):
        assert await duty.digest() == []


async def test_a_withdrawal_is_told_at_once_to_whoever_was_told(
    postgres: Any, officer: Any
) -> None:
    duty = await officer()
    told, slight, unheard = (uuid.uuid4() for _ in range(3))
    await fed_one(postgres, 1, told)
    await fed_one(postgres, 1, slight, severity="low")
    assert len(await duty.after(seconds=61)) == 1
    await fed_one(postgres, 1, unheard)
    for each in (told, slight, unheard):
        await fed_one(
            postgres, 2, each, state="withdrawn", withdrawn_zh="补录了批准。", severity="low"
        )
    (mail,) = await duty.after(seconds=61)
    assert mail.startswith("联单：撤回 1 条\n【撤回 · 低】")
    assert str(told) in mail
    assert "补录了批准。" in mail
    assert await duty.digest() == [], "opened and withdrawn before anyone was told"


async def test_a_withdrawal_of_what_the_digest_told_comes_in_the_next_digest(
    postgres: Any, officer: Any
) -> None:
    duty = await officer()
    slight = uuid.uuid4()
    await fed_one(postgres, 1, slight, severity="low")
    assert len(await duty.digest()) == 1
    await fed_one(postgres, 2, slight, severity="low", state="withdrawn")
    assert await duty.after(minutes=5) == []
    (mail,) = await duty.digest()
    assert mail.startswith("联单每日汇总：撤回 1 条")


async def test_a_further_revision_is_not_told_unless_it_is_graver(
    postgres: Any, officer: Any
) -> None:
    duty = await officer()
    one = uuid.uuid4()
    await fed_one(postgres, 1, one)
    assert len(await duty.after(seconds=61)) == 1
    await fed_one(postgres, 2, one, grams=6_000_000)
    assert await duty.after(minutes=5) == []
    await fed_one(postgres, 3, one, severity="critical")
    (mail,) = await duty.after(seconds=61)
    assert "【程度上升 · 特高】" in mail


async def test_a_channel_hears_of_its_regions_and_in_its_language(
    postgres: Any, officer: Any
) -> None:
    duty = await officer(regions=["33"], language="en")
    await fed(postgres, 1, origin_region="110000", destination_region="120000")
    (mine,) = await fed(postgres, 1)
    (mail,) = await duty.after(seconds=61)
    assert mail.startswith("Liandan: 1 alert\n【high】Across provinces")
    assert of(mine) in mail


async def test_what_could_not_be_sent_is_tried_again_with_what_came_since(
    postgres: Any, officer: Any
) -> None:
    duty = await officer()
    duty.box.refuse = True
    first = await fed(postgres)
    assert await duty.after(seconds=61) == []
    second = await fed(postgres)
    assert await duty.after(hours=2) == []
    duty.box.refuse = False
    (mail,) = await duty.after(minutes=16)
    assert mail.startswith("联单：2 条告警")
    assert of(first[0]) in mail
    assert of(second[0]) in mail
    outcomes = await postgres.fetch(
        "SELECT DISTINCT outcome, error <> '' AS told FROM courier_message ORDER BY outcome"
    )
    assert [tuple(row) for row in outcomes] == [("refused", True), ("sent", False)]


async def test_a_digest_that_failed_is_sent_later_and_once(postgres: Any, officer: Any) -> None:
    duty = await officer()
    await fed(postgres, 1, severity="low")
    duty.box.refuse = True
    assert await duty.digest() == []
    duty.box.refuse = False
    assert len(await duty.after(hours=1)) == 1
    assert await duty.digest() == []


async def test_a_paused_channel_is_told_nothing_and_everything_when_it_is_resumed(
    postgres: Any, officer: Any
) -> None:
    duty = await officer()
    await postgres.execute("UPDATE courier_channel SET paused_at = now()")
    await fed(postgres, 3)
    assert await duty.after(hours=5) == []
    await postgres.execute("UPDATE courier_channel SET paused_at = NULL")
    (mail,) = await duty.after(seconds=1)
    assert mail.startswith("联单：3 条告警")


async def test_one_channel_that_hangs_holds_up_no_other_nor_the_feed(
    settings: Settings, postgres: Any
) -> None:
    async with mail_sink() as silent, mail_sink() as good:
        silent.silent = True
        text = "".join(
            f"[[channel]]\nname = '{name}'\nurl = '{box.url()}'\n"
            for name, box in (("silent", silent), ("good", good))
        )
        assert len(read_channels(text)) == 2
        running = settings.model_copy(
            update={"courier_channels": text, "courier_gather_s": 0.0, "courier_poll_s": 0.05}
        )
        async with courier(running):
            await until(postgres, "SELECT count(*) = 2 FROM courier_channel")
            key = await put(postgres)
            (mail,) = await good.got(1, 10)
            assert mail.startswith("联单：1 条告警")
            assert key in await told(postgres, "good")
            async with asyncio.timeout(10):
                while not silent.connections:
                    await asyncio.sleep(0.01)
            await put(postgres)
            await until(postgres, "SELECT count(*) = 2 FROM feed", timeout_s=3)


async def told(connection: Any, channel: str) -> list[str]:
    await until(connection, "SELECT count(*) > 0 FROM courier_told WHERE channel = $1", channel)
    rows = await connection.fetch("SELECT alert_id FROM courier_told WHERE channel = $1", channel)
    return [f"{row['alert_id']}:1" for row in rows]


async def fed_one(connection: Any, revision: int, alert_id: uuid.UUID, **more: Any) -> None:
    await put(connection, revision, alert_id, **more)
    await fed(connection, 0)
