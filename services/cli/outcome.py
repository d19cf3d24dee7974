"""What came of the demo, measured in the database and graded against the world's labels."""

from dataclasses import dataclass
from typing import Any

from services.cli.line_state import LineState
from services.cli.world_posting import Posted
from services.simulator import Grade, World, grade

__all__ = ["Outcome", "measure"]

_LATENCY = """
SELECT count(*) AS alerts,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY opened_at - received_at) AS p50,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY opened_at - received_at) AS p99
FROM alert a WHERE received_at <= opened_at AND NOT EXISTS (
    SELECT FROM registry_change c WHERE c.seq = a.registry_seq AND c.recorded_at > a.received_at)
"""
"""Where ``received_at`` is later, a later event has revised the alert: that one did not open it.
Nor did an event open what was judged by a registry that had changed since."""
_ALERTS = "SELECT rule, subject, state, finding, act_at, body ->> 'title_zh' AS title FROM alert"


@dataclass(frozen=True)
class Outcome:
    """Latencies are seconds from the gateway's receipt to the alert's row, None without alerts."""

    grade: Grade
    posted: Posted
    state: LineState
    archived: int
    alerts: int
    withdrawn: int
    timed: int
    p50_s: float | None
    p99_s: float | None
    titles: dict[str, str]
    """Chinese title of each rule that raised an alert."""

    @property
    def right(self) -> bool:
        """Whether all that was planted was found, nothing else was, and nothing was lost."""
        return self.grade.perfect and not self.posted.refused


async def measure(
    connection: Any, world: World, posted: Posted, state: LineState, withdrawn: int
) -> Outcome:
    """Read the result with role reader."""
    alerts = [dict(row) for row in await connection.fetch(_ALERTS)]
    latency = await connection.fetchrow(_LATENCY)
    p50, p99 = (each and each.total_seconds() for each in (latency["p50"], latency["p99"]))
    return Outcome(
        grade=grade(world.labels, alerts),
        posted=posted,
        state=state,
        archived=await connection.fetchval("SELECT count(*) FROM event_log"),
        alerts=state.alerts_open,
        withdrawn=withdrawn,
        timed=latency["alerts"],
        p50_s=p50,
        p99_s=p99,
        titles={alert["rule"]: alert["title"] for alert in alerts},
    )
