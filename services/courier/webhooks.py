"""The webhooks' sender: endpoints side by side, each one's deliveries in the feed's order."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from infra.runtime.settings import Settings
from services.courier.backoff import pause
from services.courier.metrics import DELIVERIES, DELIVERY_SECONDS, WEBHOOK_SECONDS
from services.courier.post import Answer, Line, Post
from services.courier.secret import SecretKeys, SecretUnknown
from services.courier.webhook_message import alert_message, signed_headers

__all__ = ["REFUSALS", "Webhooks"]

REFUSALS = 12
"""A message that its receiver refused so often, over hours, makes way for the next one."""

_SLICE_S = 20.0
"""So long one endpoint may hold a place that another waits for."""
_PAGE = 20

_CLAIM = """
UPDATE webhook_endpoint e SET due_at = clock_timestamp() + make_interval(secs => $2)
WHERE e.id IN (
    SELECT id FROM webhook_endpoint w
    WHERE removed_at IS NULL AND disabled_at IS NULL AND due_at <= clock_timestamp() AND EXISTS (
        SELECT FROM webhook_delivery d WHERE d.endpoint = w.id
            AND d.delivered_at IS NULL AND d.given_up_at IS NULL)
    ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING e.id, e.url, e.secret, e.failures,
    CASE WHEN e.previous_until > clock_timestamp() THEN e.previous_secret END AS previous_secret
"""
_NEXT = """
SELECT d.feed_seq, d.refusals, f.alert_id::text AS alert_id, f.revision, f.at, f.payload,
    extract(epoch FROM clock_timestamp() - d.queued_at)::float8 AS age
FROM webhook_delivery d JOIN feed f USING (feed_seq)
WHERE d.endpoint = $1 AND d.delivered_at IS NULL AND d.given_up_at IS NULL
ORDER BY d.feed_seq LIMIT $2
"""
# One statement each: attempt, delivery and endpoint never contradict each other.
_DELIVERED = """
WITH tried AS (
    INSERT INTO webhook_attempt (endpoint, feed_seq, status, error, seconds)
    VALUES ($1, $2, $3, '', $4)
), done AS (
    UPDATE webhook_delivery SET attempts = attempts + 1, delivered_at = clock_timestamp()
    WHERE endpoint = $1 AND feed_seq = $2
)
UPDATE webhook_endpoint SET failures = 0, failing_since = NULL,
    due_at = clock_timestamp() + make_interval(secs => $5)
WHERE id = $1 RETURNING removed_at IS NULL AND disabled_at IS NULL
"""
_FAILED = """
WITH tried AS (
    INSERT INTO webhook_attempt (endpoint, feed_seq, status, error, seconds)
    VALUES ($1, $2, $3, $4, $5)
), done AS (
    UPDATE webhook_delivery SET attempts = attempts + 1, refusals = refusals + $6::integer,
        given_up_at = CASE WHEN $7 THEN clock_timestamp() END
    WHERE endpoint = $1 AND feed_seq = $2
)
UPDATE webhook_endpoint SET failures = failures + 1,
    failing_since = coalesce(failing_since, clock_timestamp()),
    due_at = clock_timestamp() + make_interval(secs => $8),
    disabled_at = CASE WHEN $9
        OR clock_timestamp() - failing_since > make_interval(secs => $10)
        THEN clock_timestamp() END
WHERE id = $1 RETURNING disabled_at IS NOT NULL AS disabled
"""
_RELEASE = "UPDATE webhook_endpoint SET due_at = clock_timestamp() WHERE id = $1"

log = structlog.get_logger(__name__)


@dataclass
class _Endpoint:
    id: str
    url: str
    secrets: list[str]
    failures: int


class Webhooks:
    """Claims endpoints that have something to get, and serves ``concurrency`` of them at once.

    A claim is a lease: ``due_at`` lies ahead while a courier serves the endpoint, and after a
    failure. Killed between the receiver's 2xx and the mark it sends again, with the same id.
    """

    def __init__(
        self,
        settings: Settings,
        stop: asyncio.Event,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._settings, self._stop, self._chance = settings, stop, chance
        self._post = Post(settings)
        self._keys = SecretKeys(settings.courier_webhook_key)
        self._lease_s = 2 * settings.courier_webhook_timeout_s
        self._serving: set[asyncio.Task[None]] = set()

    async def round(self, pool: Any) -> bool:
        """Start what is due and can be started; raises what went wrong with what was started."""
        done = {task for task in self._serving if task.done()}
        self._serving -= done
        for task in done:
            task.result()
        free = self._settings.courier_webhook_concurrency - len(self._serving)
        if free:
            for row in await pool.fetch(_CLAIM, free, self._lease_s):
                self._serving.add(asyncio.create_task(self._serve(pool, row)))
        return False

    async def finish(self) -> None:
        """Wait for what is under way."""
        if self._serving:
            await asyncio.wait(self._serving)

    async def close(self) -> None:
        """Cut off what is under way; its leases run out by themselves."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        self._serving.clear()

    async def _serve(self, pool: Any, row: Any) -> None:
        """Send one endpoint's deliveries in order until one fails, none is left or time is up."""
        until = time.monotonic() + _SLICE_S
        try:
            endpoint = self._opened(row)
        except SecretUnknown as unknown:
            log.error("webhook cannot be signed", endpoint=row["id"], error=str(unknown))
            DELIVERIES.labels("unsigned").inc()
            return  # nothing was asked of the receiver: look again when the lease is over
        async with self._post.line(endpoint.url) as line:
            while page := await pool.fetch(_NEXT, endpoint.id, _PAGE):
                for delivery in page:
                    if self._stop.is_set() or time.monotonic() > until:
                        await pool.execute(_RELEASE, endpoint.id)
                        return
                    if not await self._deliver(pool, line, endpoint, delivery):
                        return
        await pool.execute(_RELEASE, endpoint.id)

    async def _deliver(self, pool: Any, line: Line, endpoint: _Endpoint, delivery: Any) -> bool:
        """Send one and mark it; False: leave the endpoint alone for now."""
        message = alert_message(
            feed_seq=delivery["feed_seq"],
            alert_id=delivery["alert_id"],
            revision=delivery["revision"],
            at=delivery["at"],
            alert=delivery["payload"],
        )
        headers = signed_headers(message, endpoint.secrets, datetime.now(UTC))
        answer = await line.send(message.body, headers)
        WEBHOOK_SECONDS.observe(answer.seconds)
        DELIVERIES.labels(answer.outcome).inc()
        if answer.outcome != "delivered":
            return await self._failed(pool, endpoint, delivery, answer)
        goes_on: bool | None = await pool.fetchval(
            _DELIVERED,
            endpoint.id,
            delivery["feed_seq"],
            answer.status,
            answer.seconds,
            self._lease_s,
        )
        DELIVERY_SECONDS.observe(max(0.0, delivery["age"]))
        endpoint.failures = 0
        return bool(goes_on)

    async def _failed(self, pool: Any, endpoint: _Endpoint, delivery: Any, answer: Answer) -> bool:
        refused = answer.outcome == "refused"
        given_up = refused and delivery["refusals"] + 1 >= REFUSALS
        endpoint.failures += 1
        wait = pause(endpoint.failures, self._chance(), answer.retry_after_s)
        disabled = await pool.fetchval(
            _FAILED,
            endpoint.id,
            delivery["feed_seq"],
            answer.status,
            answer.error,
            answer.seconds,
            int(refused),
            given_up,
            0.0 if given_up else wait,  # the next message may fare better
            answer.outcome == "gone",
            86_400 * self._settings.courier_webhook_disable_days,
        )
        log.warning(
            "webhook failed",
            endpoint=endpoint.id,
            feed_seq=delivery["feed_seq"],
            outcome=answer.outcome,
            status=answer.status,
            given_up=given_up,
        )
        if disabled:
            log.error(
                "webhook endpoint disabled: liandan webhook replay takes it up again",
                endpoint=endpoint.id,
                outcome=answer.outcome,
            )
        return False

    def _opened(self, row: Any) -> _Endpoint:
        stored = [row["secret"], *filter(None, [row["previous_secret"]])]
        secrets = [self._keys.open(row["id"], each) for each in stored]
        return _Endpoint(row["id"], row["url"], secrets, row["failures"])
