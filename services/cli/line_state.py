"""Where the whole line stands, in one look at the database (role reader)."""

from dataclasses import dataclass
from typing import Any

__all__ = ["LineState", "read_line_state"]

_STATE = """
SELECT
    (SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offset
        WHERE consumer = 'judge' AND topic <> 'vehicle.tracks')
        AS judged,
    (SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offset
        WHERE consumer = 'archiver' AND topic <> 'vehicle.tracks')
        AS archived,
    (SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offset
        WHERE consumer = 'judge' AND topic = 'vehicle.tracks') AS tracks,
    (SELECT count(*) FROM dirty) + (SELECT count(*) FROM medical_dirty) AS dirty,
    (SELECT count(*) FROM vehicle_dirty)
        + (SELECT count(*) FROM journey WHERE due <= clock_timestamp()) AS vehicles,
    (SELECT count(*) FROM rejudge) AS rejudge,
    (SELECT seq FROM registry_head) AS registry_head,
    (SELECT seq FROM registry_pager) AS registry_pager,
    (SELECT count(*) FROM deadline WHERE due <= clock_timestamp())
        + (SELECT count(*) FROM medical_day WHERE due <= clock_timestamp())
        + (SELECT count(*) FROM medical_week WHERE due <= clock_timestamp()) AS due,
    (SELECT count(*) FROM quarantine) AS quarantined,
    (SELECT count(*) FROM outbox WHERE sent_at IS NULL) AS outbox,
    (SELECT count(*) FROM alert WHERE state = 'open') AS alerts_open
"""


@dataclass(frozen=True)
class LineState:
    """Counts of records and rows; ``judged`` and ``archived`` are sums of positions.

    Vehicles' positions are left out there, for their archive is minutes behind, by design; ``tracks`` is how
    many of their records are judged.
    """

    judged: int
    archived: int
    tracks: int
    dirty: int
    vehicles: int
    """Vehicles to be judged again, and deadlines of journeys that have come."""
    rejudge: int
    registry_head: int
    registry_pager: int
    due: int
    """Deadlines that have come, whether they may fire yet or not."""
    quarantined: int
    outbox: int
    alerts_open: int

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be judged again, but for vehicles, whose worker may not run."""
        return (
            not self.dirty
            and not self.rejudge
            and not self.due
            and self.registry_pager == self.registry_head
        )


async def read_line_state(connection: Any) -> LineState:
    """Read everything in one statement, so that the numbers belong together."""
    return LineState(**await connection.fetchrow(_STATE))
