"""Webhook endpoints as their owners handle them: add, list, log, replay, rotate, remove.

``connection``: an asyncpg connection of role ``liandan_registry``, where not said otherwise.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.courier.feed import WANTED
from services.courier.post import Answer, Post
from services.courier.secret import NewSecret, SecretKeys

__all__ = [
    "Filters",
    "add_endpoint",
    "attempts",
    "list_endpoints",
    "log_test",
    "remove_endpoint",
    "replay_alert",
    "replay_failed",
    "replay_from",
    "rotate_secret",
    "signing_secrets",
]

_ADD = """
INSERT INTO webhook_endpoint (id, url, secret, note, regions, severities, findings)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_LIST = """
SELECT e.id, e.url, e.note, e.regions, e.severities, e.findings, e.created_at, e.failures,
    e.failing_since, e.disabled_at, e.previous_until, d.waiting, d.given_up, d.oldest, d.last
FROM webhook_endpoint e CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE delivered_at IS NULL AND given_up_at IS NULL) AS waiting,
        count(*) FILTER (WHERE given_up_at IS NOT NULL) AS given_up,
        min(queued_at) FILTER (WHERE delivered_at IS NULL AND given_up_at IS NULL) AS oldest,
        max(delivered_at) AS last
    FROM webhook_delivery WHERE endpoint = e.id
) d
WHERE e.removed_at IS NULL ORDER BY e.created_at
"""
_LOG = """
SELECT at, feed_seq, status, error, seconds FROM webhook_attempt
WHERE endpoint = $1 ORDER BY id DESC LIMIT $2
"""
_LOG_TEST = """
INSERT INTO webhook_attempt (endpoint, feed_seq, status, error, seconds) VALUES ($1, 0, $2, $3, $4)
"""
_REMOVE = """
UPDATE webhook_endpoint SET removed_at = clock_timestamp() WHERE id = $1 AND removed_at IS NULL
"""
_ENABLE = """
UPDATE webhook_endpoint SET disabled_at = NULL, failures = 0, failing_since = NULL,
    due_at = clock_timestamp()
WHERE id = $1 AND removed_at IS NULL
"""
_QUEUE_AGAIN = """
ON CONFLICT (endpoint, feed_seq) DO UPDATE SET delivered_at = NULL, given_up_at = NULL,
    refusals = 0, queued_at = clock_timestamp()
"""
_REPLAY_FROM = f"""
INSERT INTO webhook_delivery (endpoint, feed_seq)
SELECT e.id, f.feed_seq FROM feed f CROSS JOIN webhook_endpoint e
WHERE e.id = $1 AND f.feed_seq >= $2 AND {WANTED}
{_QUEUE_AGAIN}
"""  # noqa: S608 - no value in it
_REPLAY_ALERT = f"""
INSERT INTO webhook_delivery (endpoint, feed_seq)
SELECT $1, feed_seq FROM feed WHERE alert_id = $2
{_QUEUE_AGAIN}
"""  # noqa: S608 - no value in it
_REPLAY_FAILED = """
UPDATE webhook_delivery SET given_up_at = NULL, refusals = 0, queued_at = clock_timestamp()
WHERE endpoint = $1 AND given_up_at IS NOT NULL
"""
_SECRETS = """
SELECT url, secret, CASE WHEN previous_until > clock_timestamp() THEN previous_secret END AS previous
FROM webhook_endpoint WHERE id = $1 AND removed_at IS NULL
"""


@dataclass(frozen=True)
class Filters:
    """What an endpoint wants; none: all. ``regions``: beginnings of region codes."""

    regions: Sequence[str] = ()
    severities: Sequence[str] = ()
    findings: Sequence[str] = ()


async def add_endpoint(
    connection: Any, post: Post, keys: SecretKeys, url: str, filters: Filters, note: str = ""
) -> tuple[str, str]:
    """Register a URL; return the endpoint's id and the secret, which is shown this once.

    Raises UrlForbidden, OSError (the host has no address).
    """
    await post.addresses(post.guard.check_url(url))
    endpoint = "wh_" + secrets.token_hex(6)
    secret = keys.new(endpoint)
    await connection.execute(
        _ADD,
        endpoint,
        url,
        secret.stored,
        note,
        list(filters.regions),
        list(filters.severities),
        list(filters.findings),
    )
    return endpoint, secret.shown


async def list_endpoints(connection: Any) -> list[Any]:
    """Return a row for each endpoint, the oldest first. Role ``liandan_reader`` will do."""
    return list(await connection.fetch(_LIST))


async def attempts(connection: Any, endpoint: str, most: int) -> list[Any]:
    """Return the latest attempts first; ``feed_seq`` 0: a test. ``liandan_reader`` will do."""
    return list(await connection.fetch(_LOG, endpoint, most))


async def log_test(connection: Any, endpoint: str, answer: Answer) -> None:
    """Log a test message, under feed_seq 0. Needs role ``liandan_writer``."""
    await connection.execute(_LOG_TEST, endpoint, answer.status, answer.error, answer.seconds)


async def remove_endpoint(connection: Any, endpoint: str) -> bool:
    """Send nothing more to it; False if there is no such endpoint."""
    return bool(await connection.execute(_REMOVE, endpoint) == "UPDATE 1")


async def replay_from(connection: Any, endpoint: str, feed_seq: int) -> int | None:
    """Send all that it wants from there on again; return how many, None: no such endpoint."""
    return await _replay(connection, endpoint, _REPLAY_FROM, endpoint, feed_seq)


async def replay_alert(connection: Any, endpoint: str, alert: UUID) -> int | None:
    """Send every revision of one alert (again), wanted or not; return how many."""
    return await _replay(connection, endpoint, _REPLAY_ALERT, endpoint, alert)


async def replay_failed(connection: Any, endpoint: str) -> int | None:
    """Send again what was given up; return how many."""
    return await _replay(connection, endpoint, _REPLAY_FAILED, endpoint)


async def _replay(connection: Any, endpoint: str, queue: str, *arguments: Any) -> int | None:
    """Queue and take a disabled endpoint back, in one transaction."""
    async with connection.transaction():
        if await connection.execute(_ENABLE, endpoint) != "UPDATE 1":
            return None
        return int((await connection.execute(queue, *arguments)).rpartition(" ")[2])


async def rotate_secret(
    connection: Any, keys: SecretKeys, endpoint: str, overlap: timedelta
) -> NewSecret | None:
    """Give it a new secret; the one before signs too for ``overlap``. None: no such endpoint."""
    fresh = keys.new(endpoint)
    done = await connection.fetchval(
        "SELECT rotate_webhook_secret($1, $2, clock_timestamp() + $3)",
        endpoint,
        fresh.stored,
        overlap,
    )
    return fresh if done else None


async def signing_secrets(
    connection: Any, keys: SecretKeys, endpoint: str
) -> tuple[str, list[str]] | None:
    """Return URL and secrets; None: no such endpoint. Needs role ``liandan_writer``.

    Raises SecretUnknown.
    """
    row = await connection.fetchrow(_SECRETS, endpoint)
    if row is None:
        return None
    stored = [row["secret"], *filter(None, [row["previous"]])]
    return row["url"], [keys.open(endpoint, each) for each in stored]
