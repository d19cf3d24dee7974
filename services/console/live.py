"""The live line: one reader of the feed for all open lists of this process.

Each round is one query, however many lists are open: the database says which sessions may see which
row, so a session that ended, or lost a region, gets nothing more. A list that was cut comes back
with the last number it has seen, and is caught up before it joins the others.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import structlog
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from infra.runtime.metrics import LAST_SUCCESS
from infra.runtime.settings import Settings
from services.console.database import Database, DatabaseAway
from services.console.filter import AlertFilter
from services.console.listing import Listed, listed_of_feed
from services.console.live_list import LiveList
from services.console.metrics import LIVE_CLIENTS, LIVE_EVENTS, LIVE_RETRIES, LIVE_SECONDS
from services.console.render import Renderer
from services.console.words import Language

__all__ = ["BEAT_S", "Live"]

BEAT_S = 10.0
"""A list hears from us at least so often; a page that hears nothing for longer shows the cut."""
_MOST_ROWS = 500
"""Rows of one round. Who has missed more than that reloads the list instead."""
_MOST_BY_LOGIN = 10
_SEND_S = 10.0
_LONGEST_PAUSE_S = 3.0
_FEED = "SELECT * FROM console_feed($1, $2, $3, $4)"

_log = structlog.get_logger(__name__)


class Live:
    """Reads the feed while somebody watches. ``clock``: seconds since 1970."""

    def __init__(
        self,
        database: Database,
        renderer: Renderer,
        settings: Settings,
        clock: Callable[[], float],
    ) -> None:
        self._database, self._renderer = database, renderer
        self._every_s, self._most = settings.console_poll_s, settings.console_streams
        self._clock = clock
        self._joining: list[LiveList] = []
        self._lists: list[LiveList] = []
        self._someone = asyncio.Event()
        self._at = 0
        self._away = False
        self._ended = False

    def stream(
        self, token: str, login: str, asked: AlertFilter, language: Language, after: int
    ) -> Response:
        """Return the stream of one list from feed number ``after`` on; 503 if there are too many."""
        open_now = [*self._joining, *self._lists]
        by_login = Counter(each.login for each in open_now)
        if self._ended or len(open_now) >= self._most or by_login[login] >= _MOST_BY_LOGIN:
            return Response(status_code=503, headers={"Retry-After": "15"})
        fresh = LiveList(token, login, asked, language, after)
        self._joining.append(fresh)
        self._someone.set()
        LIVE_CLIENTS.inc()
        return EventSourceResponse(self._events(fresh), ping=3600, send_timeout=_SEND_S)

    async def _events(self, mine: LiveList) -> AsyncIterator[ServerSentEvent]:
        try:
            if self._away:
                mine.tell("away")
            while (event := await mine.events.get()) is not None:
                yield event
        finally:
            mine.over = True
            LIVE_CLIENTS.dec()

    async def follow(self) -> None:
        """Hand on the feed, for ever; sleeps while nobody watches."""
        failures, beat_at = 0, 0.0
        while True:
            self._joining = [each for each in self._joining if not each.over]
            self._lists = [each for each in self._lists if not each.over]
            if not self._joining and not self._lists:
                self._someone.clear()
                LAST_SUCCESS.labels("live").set(self._clock())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._someone.wait(), BEAT_S)
                continue
            now = self._clock()
            try:
                await self._round()
                if abs(now - beat_at) >= BEAT_S:
                    await self._beat()
                    beat_at = now
            except Exception as error:  # noqa: BLE001 - whatever it is, lists show that they are cut
                if not isinstance(error, DatabaseAway):
                    _log.exception("live line failed")
                LIVE_RETRIES.inc()
                self._tell_away(True)
                failures += 1
                await asyncio.sleep(min(_LONGEST_PAUSE_S, 0.2 * 2.0 ** min(failures, 10)))
                continue
            failures = 0
            self._tell_away(False)
            LAST_SUCCESS.labels("live").set(now)
            await asyncio.sleep(self._every_s)

    def end(self) -> None:
        """End all streams: the process stops."""
        self._ended = True
        for each in (*self._joining, *self._lists):
            each.end()

    async def _round(self) -> None:
        """One query for the lists that are up to date, one more for those that join them."""
        if self._lists:
            rows = await self._read(self._at, None, self._lists)
            self._hand(rows, self._lists)
            now = self._clock()
            for row in rows:
                LIVE_SECONDS.observe(max(0.0, now - row["at"].timestamp()))
            if rows:
                self._at = rows[-1]["feed_seq"]
        else:
            self._at = await self._database.plainly(
                lambda c: c.fetchval("SELECT console_feed_head()")
            )
        if joining := list(self._joining):
            await self._catch_up(joining)
            self._joining = self._joining[len(joining) :]  # others came meanwhile, at the end
            self._lists += joining

    async def _catch_up(self, joining: list[LiveList]) -> None:
        if any(each.after > self._at for each in joining):
            head = await self._database.plainly(lambda c: c.fetchval("SELECT console_feed_head()"))
            for each in joining:
                if each.after > head:  # of a database that was put back to an earlier copy
                    each.after = head
                    each.tell("reload", number=head)
        behind = [each for each in joining if each.after < self._at]
        late = [each for each in behind if self._at - each.after > _MOST_ROWS]
        ready = [each for each in behind if each not in late]
        if ready:
            rows = await self._read(min(each.after for each in ready), self._at, ready)
            self._hand(rows, ready)
        for each in late:
            each.tell("reload", number=self._at)
        for each in joining:
            each.after = max(each.after, self._at)
            each.tell("beat", number=each.after)

    async def _read(self, after: int, upto: int | None, lists: Sequence[LiveList]) -> list[Any]:
        tokens = [each.token for each in lists]
        most = upto if upto is not None else 2**62
        rows: list[Any] = await self._database.plainly(
            lambda c: c.fetch(_FEED, after, most, _MOST_ROWS, tokens)
        )
        return rows

    def _hand(self, rows: Sequence[Any], lists: Sequence[LiveList]) -> None:
        """Tell each list what its session may see; a row is rendered once for each language."""
        for row in rows:
            number = row["feed_seq"]
            alert = listed_of_feed(row) if row["viewers"] else None
            html: dict[Language, str] = {}
            for place in row["viewers"]:
                mine = lists[place - 1]
                if alert is not None and number > mine.after:
                    self._tell_alert(mine, alert, number, html)
            for place in row["losers"]:
                mine = lists[place - 1]
                if number > mine.after:
                    mine.tell("gone", {"id": str(row["alert_id"])}, number)
        for each in lists:
            if rows:
                each.after = max(each.after, rows[-1]["feed_seq"])

    def _tell_alert(
        self, mine: LiveList, alert: Listed, number: int, html: dict[Language, str]
    ) -> None:
        if mine.language not in html:
            html[mine.language] = self._renderer.row(mine.language, alert)
        told = {
            "id": str(alert.id),
            "fits": mine.asked.takes(alert),
            "status": alert.status,
            "row": html[mine.language],
        }
        LIVE_EVENTS.inc()
        mine.tell("alert", told, number)

    def _tell_away(self, away: bool) -> None:
        if away != self._away:
            self._away = away
            _log.warning("live line cut" if away else "live line back")
            for each in (*self._joining, *self._lists):
                each.tell("away" if away else "back")

    async def _beat(self) -> None:
        """Say that we are there; a list whose session is over ends.

        A feed that ends before where we stand is that of a database put back to an earlier copy.
        """
        head = await self._database.plainly(lambda c: c.fetchval("SELECT console_feed_head()"))
        lists = list(self._lists)
        if head < self._at:
            self._at = head
            for each in lists:
                each.after = head
                each.tell("reload", number=head)
        tokens = [each.token for each in lists]
        living = await self._database.plainly(
            lambda c: c.fetch("SELECT number FROM console_living($1)", tokens)
        )
        alive = {row["number"] for row in living}
        for place, each in enumerate(lists, 1):
            if place in alive:
                each.tell("beat", number=each.after)
            else:
                each.tell("over")
                each.end()
