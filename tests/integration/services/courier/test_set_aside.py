"""Outbox rows that are no alerts: set aside with the reason, their neighbours go on."""

import json
import uuid
from typing import Any

import pytest

from infra.runtime.settings import Settings
from services.courier.feed import feed_rows
from services.courier.topic import _UNSENT
from tests.courier_rig import fed
from tests.outbox_rows import alert, put

ID = uuid.UUID(int=7)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in alert(ID).items() if key != name}


BAD: list[tuple[str, str, Any]] = [
    ("key", "no key at all", alert(ID)),
    ("key", f"{ID}", alert(ID)),
    ("key", f"{ID}:", alert(ID)),
    ("key", f"{ID}:99999999999", alert(ID)),
    ("key", f"{ID}:-1", alert(ID)),
    ("payload", f"{ID}:1", [1, 2]),
    ("payload", f"{ID}:1", "text"),
    ("payload", f"{ID}:1", None),
    ("id", f"{ID}:1", alert(uuid.UUID(int=8))),
    ("state", f"{ID}:1", without("state")),
    ("state", f"{ID}:1", {**alert(ID), "state": "closed"}),
    ("severity", f"{ID}:1", {**alert(ID), "severity": None}),
    ("finding", f"{ID}:1", {**alert(ID), "finding": {"a": 1}}),
    ("rule", f"{ID}:1", without("rule")),
]


@pytest.mark.parametrize(("reason", "key", "payload"), BAD)
async def test_a_row_that_is_no_alert_is_set_aside_whole_and_its_neighbours_go_on(
    settings: Settings, postgres: Any, reason: str, key: str, payload: Any
) -> None:
    before = await put(postgres)
    await postgres.execute(
        "INSERT INTO outbox (key, topic, payload) VALUES ($1, 'alerts', $2)",
        key,
        json.dumps(payload),
    )
    after = await put(postgres)
    unsent = await postgres.fetch(_UNSENT, 10)
    assert [row["key"] for row in unsent] == [before, after], "nor does the topic get it"
    await feed_rows(postgres)
    rows = await postgres.fetch(
        "SELECT alert_id || ':' || revision AS key FROM feed ORDER BY feed_seq"
    )
    assert [row["key"] for row in rows] == [before, after]
    (aside,) = await postgres.fetch("SELECT key, topic, payload, reason FROM outbox_set_aside")
    assert (aside["key"], aside["topic"], aside["reason"]) == (key, "alerts", reason)
    assert json.loads(aside["payload"]) == payload
    assert not await postgres.fetchval("SELECT count(*) FROM outbox WHERE key = $1", key)


async def test_a_revision_that_is_in_the_feed_already_is_set_aside(postgres: Any) -> None:
    (key,) = await fed(postgres)
    await postgres.execute("DELETE FROM outbox")
    await put(postgres, 1, uuid.UUID(key.partition(":")[0]))
    new = await fed(postgres)
    assert await postgres.fetchval("SELECT reason FROM outbox_set_aside") == "repeated"
    assert await postgres.fetchval("SELECT max(feed_seq) FROM feed") == 2
    assert new


async def test_a_whole_batch_of_them_stops_nothing(postgres: Any) -> None:
    await postgres.execute(
        "INSERT INTO outbox (key, topic, payload) "
        "SELECT 'bad ' || n, 'alerts', '{}' FROM generate_series(1, 2500) n"
    )
    (good,) = await fed(postgres)
    assert await postgres.fetchval("SELECT count(*) FROM outbox_set_aside") == 2500
    assert await postgres.fetchval("SELECT alert_id || ':' || revision FROM feed") == good
