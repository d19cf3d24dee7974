"""Alerts as rows: the current one, its history, and the outbox row that announces it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from schemas.topics import ALERTS_TOPIC
from streams.judging.alerts import AlertChange
from streams.judging.decision import LimitDecision, ManifestDecision
from streams.judging.packing import outcomes_json
from streams.judging.statement import from_micros
from streams.postgres_registry import HISTORY

__all__ = ["write_alerts", "write_shared"]

_ALERT = """
INSERT INTO alert AS a (id, scope, subject, rule, rule_version, discriminator, finding, state,
    severity, grams, revision, digest, origin_region, destination_region, consignor, receiver,
    act_at, received_at, body, registry_seq, clock)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $21)
ON CONFLICT (id) DO UPDATE SET
    rule_version = excluded.rule_version, finding = excluded.finding, state = excluded.state,
    severity = excluded.severity, grams = excluded.grams, revision = excluded.revision,
    digest = excluded.digest, origin_region = excluded.origin_region,
    destination_region = excluded.destination_region, consignor = excluded.consignor,
    receiver = excluded.receiver, act_at = excluded.act_at, body = excluded.body,
    received_at = coalesce(excluded.received_at, a.received_at),
    registry_seq = excluded.registry_seq, clock = excluded.clock, changed_at = clock_timestamp()
"""


async def write_shared(
    connection: Any, decisions: Sequence[LimitDecision], seq: int, clock: datetime | None
) -> None:
    """Write what changed of shared subjects: the history of their verdicts, and alerts."""
    changed = [d for d in decisions if d.changed]
    if changed:
        told = [outcomes_json(d.changed) for d in changed]
        subjects = [d.subject for d in changed]
        await connection.execute(HISTORY, subjects, seq, clock, told, [None] * len(changed))
    await write_alerts(connection, "shared", decisions, seq, clock)


async def write_alerts(
    connection: Any,
    scope: str,
    decisions: Sequence[ManifestDecision | LimitDecision],
    seq: int,
    clock: datetime | None,
) -> None:
    """Write the alerts that changed, in the caller's transaction. Few a batch: row by row."""
    rows = [
        _row(scope, decision, change, seq, clock)
        for decision in decisions
        for change in decision.alerts
    ]
    if not rows:
        return
    await connection.executemany(_ALERT, rows)
    told = [(row[0], row[10], row[7], row[18]) for row in rows]
    await connection.executemany(
        "INSERT INTO alert_history (id, revision, state, body) VALUES ($1, $2, $3, $4)", told
    )
    await connection.executemany(
        "INSERT INTO outbox (key, topic, payload) VALUES ($1, $2, $3)",
        [(f"{alert_id}:{revision}", ALERTS_TOPIC, body) for alert_id, revision, _, body in told],
    )


def _row(
    scope: str,
    decision: ManifestDecision | LimitDecision,
    change: AlertChange,
    seq: int,
    clock: datetime | None,
) -> tuple[Any, ...]:
    alert = change.alert
    received_us = getattr(decision, "received_us", None)
    return (
        alert.id,
        scope,
        alert.subject,
        alert.rule,
        alert.rule_version,
        alert.discriminator,
        alert.finding,
        alert.state,
        alert.severity,
        alert.grams,
        change.revision,
        change.digest,
        alert.origin_region,
        alert.destination_region,
        alert.consignor,
        alert.receiver,
        datetime.fromisoformat(alert.act_at) if alert.act_at else None,
        from_micros(received_us) if received_us is not None else None,
        msgspec.json.encode(alert).decode(),
        seq,
        clock,
    )
