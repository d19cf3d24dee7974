"""What a webhook says: body and signed headers, by the Standard Webhooks convention."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from standardwebhooks import Webhook

__all__ = ["WebhookMessage", "alert_message", "signed_headers", "test_message"]


@dataclass(frozen=True)
class WebhookMessage:
    """``id``: alert id and revision, the same over all retries and replays; so is the body."""

    id: str
    body: bytes


def alert_message(
    *, feed_seq: int, alert_id: str, revision: int, at: datetime, alert: Mapping[str, Any]
) -> WebhookMessage:
    """Return what is said of one revision: ``type`` alert.open or alert.withdrawn."""
    body = {
        "type": f"alert.{alert['state']}",
        "timestamp": at.astimezone(UTC).isoformat(),
        "data": {"feed_seq": feed_seq, "revision": revision, "alert": alert},
    }
    return WebhookMessage(f"{alert_id}:{revision}", msgspec.json.encode(body))


def test_message(endpoint: str, now: datetime) -> WebhookMessage:
    """Return a message that tells of nothing: ``type`` test."""
    at = now.astimezone(UTC).isoformat()
    body = {"type": "test", "timestamp": at, "data": {"endpoint": endpoint}}
    return WebhookMessage(f"test:{endpoint}:{int(now.timestamp())}", msgspec.json.encode(body))


def signed_headers(
    message: WebhookMessage, secrets: Sequence[str], now: datetime
) -> dict[str, str]:
    """Return the headers of one attempt; while a secret rotates both sign."""
    moment = now.astimezone(UTC)
    text = message.body.decode()
    return {
        "content-type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(message.id, moment, text) for secret in secrets
        ),
    }
