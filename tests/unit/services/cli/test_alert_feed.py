import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from services.cli.alert_feed import AlertFeed
from tests.unit.services.cli.test_alert_table import alert

START = datetime(2026, 11, 22, tzinfo=UTC)


class Database:
    def __init__(self):
        self.rows, self.asked = [], []

    def write(self, number, revision, state, after_s=0):
        body = msgspec.json.encode(alert(id=UUID(int=number), state=state)).decode()
        self.rows.append(
            {
                "id": UUID(int=number),
                "revision": revision,
                "state": state,
                "body": body,
                "written_at": START + timedelta(seconds=after_s),
            }
        )

    async def fetch(self, _query, since, ids, revisions):
        self.asked.append(since)
        told = set(zip(ids, revisions, strict=True))
        return [
            row
            for row in self.rows
            if row["written_at"] >= since and (row["id"], row["revision"]) not in told
        ]


async def test_openings_and_withdrawals_are_told_once_and_revisions_are_not():
    database, told = Database(), []
    feed = AlertFeed(database, lambda a, kind: told.append((a.id.int, kind)))
    database.write(1, 1, "open")
    await feed.read()
    await feed.read()
    database.write(1, 2, "open", 1)
    database.write(2, 1, "open", 2)
    database.write(1, 3, "withdrawn", 3)
    await feed.read()
    database.write(1, 4, "open", 4)
    await feed.read()
    assert told == [(1, "opened"), (2, "opened"), (1, "withdrawn"), (1, "opened")]
    assert feed.withdrawn == 1


async def test_a_row_that_becomes_visible_late_is_still_told():
    database, told = Database(), []
    feed = AlertFeed(database, lambda a, _kind: told.append(a.id.int))
    database.write(1, 1, "open", 100)
    await feed.read()
    database.write(2, 1, "open", 80)  # its transaction ended after that of alert 1
    await feed.read()
    assert told == [1, 2]
    assert database.asked[1] > START, "old history is not read again and again"


async def test_following_ends_when_told():
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(AlertFeed(Database(), lambda *_: None).follow(stop), 5)
