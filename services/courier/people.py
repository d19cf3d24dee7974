"""Telling people: what is urgent gathered into few messages, the rest once a day."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from infra.runtime.settings import Settings
from services.courier.backoff import pause
from services.courier.channel import Channel
from services.courier.digest_time import next_digest
from services.courier.messenger import Messenger, Sent
from services.courier.metrics import MESSAGES
from services.courier.news import AT_ONCE, RANKS, Item, Newest, Told, at_once, in_digest
from services.courier.wording import NAMED, Kind, Message, compose

__all__ = ["Clock", "People"]

Clock = Callable[[], datetime]

_LONGEST_PAUSE_S = 900.0
_STRETCH = 50_000
"""Rows of the feed looked at in one go; after a long silence there are several messages."""

_KNOWN = """
INSERT INTO courier_channel (name, told_seq, digest_seq, digest_at)
SELECT $1, last, last, $2 FROM (SELECT coalesce(max(feed_seq), 0) AS last FROM feed) f
ON CONFLICT (name) DO NOTHING
"""
_STATE = """
SELECT told_seq, digest_seq, digest_at, failures, due_at > $2 AS waits, paused_at IS NOT NULL AS paused,
    (SELECT coalesce(max(feed_seq), 0) FROM feed) AS last
FROM courier_channel WHERE name = $1
"""
_NEWEST = """
SELECT * FROM (
    SELECT DISTINCT ON (alert_id) feed_seq, alert_id, state, severity, finding, origin_region,
        destination_region, extract(epoch FROM $3::timestamptz - at)::float8 AS age_s
    FROM feed WHERE feed_seq > $1 AND feed_seq <= $2
    ORDER BY alert_id, feed_seq DESC
) n WHERE state = 'withdrawn' OR finding <> 'notice' AND severity = ANY ($4::text[])
"""
_TOLD = """
SELECT alert_id, state, severity FROM courier_told
WHERE channel = $1 AND alert_id = ANY ($2::uuid[])
"""
_PAYLOADS = "SELECT alert_id, payload FROM feed WHERE feed_seq = ANY ($1::bigint[])"
_SENT_WITHIN = """
SELECT count(*) FROM (
    SELECT FROM courier_message
    WHERE channel = $1 AND kind = 'urgent' AND outcome = 'sent'
        AND at > $2::timestamptz - interval '1 hour'
    LIMIT $3
) m
"""
_LOG = """
INSERT INTO courier_message (channel, at, kind, alerts, outcome, error)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_WRITE_TOLD = """
INSERT INTO courier_told (channel, alert_id, severity, state, told_at)
SELECT $1, a.id, a.severity, a.state, $5 FROM unnest($2::uuid[], $3::text[], $4::text[])
    AS a (id, severity, state)
ON CONFLICT (channel, alert_id) DO UPDATE
SET severity = excluded.severity, state = excluded.state, told_at = excluded.told_at
"""
_TOLD_UP_TO = "UPDATE courier_channel SET told_seq = $2, failures = 0, due_at = $3 WHERE name = $1"
_DIGEST_UP_TO = """
UPDATE courier_channel SET digest_seq = $2, digest_at = $4, failures = 0, due_at = $3
WHERE name = $1
"""
_FAILED = """
UPDATE courier_channel SET failures = failures + 1,
    due_at = $2::timestamptz + make_interval(secs => $3)
WHERE name = $1
"""

log = structlog.get_logger(__name__)


class People:
    """Tells one channel at a time: call ``round`` for each in a loop of its own.

    First the message, then the mark, in one transaction: killed between the two, the message
    comes again. What could not be sent is tried again, with what has come since, and never dropped.
    """

    def __init__(
        self,
        settings: Settings,
        messenger: Messenger,
        clock: Clock = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._settings, self._messenger = settings, messenger
        self._clock, self._chance = clock, chance
        self._gathering: dict[str, datetime] = {}
        """Until when a channel's urgent news is gathered; lost in a restart, it is asked again."""

    async def round(self, pool: Any, channel: Channel) -> bool:
        """Tell what is due; False: nothing more for now."""
        now = self._clock()
        state = await pool.fetchrow(_STATE, channel.name, now)
        if state is None:
            due = next_digest(now, self._settings.courier_digest_at)
            await pool.execute(_KNOWN, channel.name, due)
            return True
        if state["paused"] or state["waits"]:
            return False
        if state["last"] > state["told_seq"] and not await self._urgent(pool, channel, state, now):
            return False
        if state["digest_at"] <= now:
            return await self._digest(pool, channel, now)
        return False

    async def _urgent(self, pool: Any, channel: Channel, state: Any, now: datetime) -> bool:
        """Tell what cannot wait, once it is gathered; False: it failed."""
        if now < self._gathering.get(channel.name, now):
            return True
        most = self._settings.courier_messages_per_hour
        if await pool.fetchval(_SENT_WITHIN, channel.name, now, most) >= most:
            return True
        last = min(state["last"], state["told_seq"] + _STRETCH)
        revisions, told = await _read(pool, channel, state["told_seq"], last, now, AT_ONCE)
        items = at_once(channel, revisions, told)
        if not items:
            await pool.execute(_TOLD_UP_TO, channel.name, last, now)
            return True
        left = self._settings.courier_gather_s - max(item.newest.age_s for item in items)
        if left > 0:
            self._gathering[channel.name] = now + timedelta(seconds=left)
            return True
        message, sent = await self._send(pool, "urgent", channel, items)
        # What was only counted is not told: it opens by name in the next digest, or at once if it
        # is revised; its withdrawal is told by the digest too.
        named = items[: message.named]
        return await self._mark(
            pool, "urgent", channel, items, named, sent, _TOLD_UP_TO, (last, now)
        )

    async def _digest(self, pool: Any, channel: Channel, now: datetime) -> bool:
        """Tell the rest, as far as what is urgent was told; nothing if there is nothing to tell."""
        state = await pool.fetchrow(_STATE, channel.name, now)
        until = min(state["told_seq"], state["digest_seq"] + _STRETCH)
        whole = until == state["told_seq"]
        due = next_digest(now, self._settings.courier_digest_at) if whole else now
        revisions, told = await _read(pool, channel, state["digest_seq"], until, now, tuple(RANKS))
        items = in_digest(channel, revisions, told)
        if not items:
            await pool.execute(_DIGEST_UP_TO, channel.name, until, now, due)
            return False
        _, sent = await self._send(pool, "digest", channel, items)
        await self._mark(
            pool, "digest", channel, items, items, sent, _DIGEST_UP_TO, (until, now, due)
        )
        return False

    async def _send(
        self, pool: Any, kind: Kind, channel: Channel, items: list[Item]
    ) -> tuple[Message, Sent]:
        payloads = await pool.fetch(
            _PAYLOADS, [item.newest.feed_seq for item in items[: NAMED[kind]]]
        )
        message = compose(
            kind,
            channel,
            items,
            {row["alert_id"]: row["payload"] for row in payloads},
            most_bytes=self._messenger.most_bytes(channel),
            console_url=self._settings.console_url,
        )
        return message, await self._messenger.send(channel, message)

    async def _mark(
        self,
        pool: Any,
        kind: Kind,
        channel: Channel,
        items: list[Item],
        named: list[Item],
        sent: Sent,
        advance: str,
        to: tuple[Any, ...],
    ) -> bool:
        now = self._clock()
        MESSAGES.labels(sent.outcome).inc()
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(
                _LOG, channel.name, now, kind, len(items), sent.outcome, sent.error
            )
            if sent.outcome == "sent":
                await connection.execute(
                    _WRITE_TOLD,
                    channel.name,
                    [item.newest.alert_id for item in named],
                    [item.newest.severity for item in named],
                    [item.newest.state for item in named],
                    now,
                )
                await connection.execute(advance, channel.name, *to)
                return True
            failures = await connection.fetchval(
                "SELECT failures FROM courier_channel WHERE name = $1", channel.name
            )
            wait = min(_LONGEST_PAUSE_S, pause(failures + 1, self._chance()))
            await connection.execute(_FAILED, channel.name, now, wait)
        log.warning(
            "message not sent", channel=channel.name, outcome=sent.outcome, error=sent.error
        )
        return False


async def _read(
    pool: Any, channel: Channel, after: int, until: int, now: datetime, severities: Sequence[str]
) -> tuple[list[Newest], dict[UUID, Told]]:
    rows = await pool.fetch(_NEWEST, after, until, now, list(severities))
    revisions = [Newest(**row) for row in rows]
    told = await pool.fetch(_TOLD, channel.name, [each.alert_id for each in revisions])
    return revisions, {row["alert_id"]: Told(row["state"], row["severity"]) for row in told}
