"""Rows of the outbox as the judge writes them."""

import json
import uuid
from typing import Any

_INSERT = "INSERT INTO outbox (key, topic, payload) VALUES ($1, 'alerts', $2::jsonb)"


def alert(alert_id: uuid.UUID, **more: Any) -> dict[str, Any]:
    return {
        "id": str(alert_id),
        "rule": "transfer.approval",
        "rule_version": 1,
        "subject": "33010020260001",
        "discriminator": "",
        "finding": "violation",
        "state": "open",
        "severity": "high",
        "grams": 5_000_000,
        "title_zh": "无批准跨省转移",
        "title_en": "Across provinces without approval",
        "reason": "no_approval",
        "text_zh": "没有转移批准。",
        "text_en": "There is no approval.",
        "act_at": "2026-11-20T08:00:00+08:00",
        "consignor_name": "示例化工",
        "receiver_name": "示例环保",
        "origin_region": "330100",
        "destination_region": "340100",
        **more,
    }


async def put(
    connection: Any, revision: int = 1, alert_id: uuid.UUID | None = None, **more: Any
) -> str:
    """Write one revision and return its key."""
    alert_id = alert_id or uuid.uuid4()
    key = f"{alert_id}:{revision}"
    await connection.execute(_INSERT, key, json.dumps(alert(alert_id, **more)))
    return key
