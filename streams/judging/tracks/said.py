"""What was said of a vehicle's positions: events of its unit's platform, frames of its own terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.decode import decode_track_event
from schemas.envelope import unit_of
from schemas.fast import NotUnderstood
from schemas.jt808.fixes import fixes_of
from schemas.jt808.unreadable import Unreadable
from schemas.problems import Problem
from schemas.receipt import event_digest
from streams.judging.statement import Ref
from streams.judging.tracks.positions import Located

__all__ = ["TrackStatement", "read_frames", "read_track"]


class TrackStatement(NamedTuple):
    """One event, decoded. ``received_us`` is the gateway's time, microseconds since 1970."""

    ref: Ref
    received_us: int
    raw: bytes
    plate: str
    unit: str
    """Credit code of the unit that said it, or whose terminal did."""
    at: datetime
    """The event's time; of frames their last position's."""
    positions: Sequence[Located]
    offset: int = -1

    @property
    def subject(self) -> str:
        """Which vehicle."""
        return self.plate


def read_track(raw: bytes, received_us: int, offset: int = -1) -> TrackStatement:
    """Decode an event; raises ``schemas.fast.NotUnderstood``."""
    event = decode_track_event(raw)
    ref = Ref(event.source, event.id, event_digest(raw))
    unit, told = unit_of(event.source), event.data.positions
    return TrackStatement(ref, received_us, raw, event.subject, unit, event.time, told, offset)


def read_frames(
    raw: bytes, source: str, plate: str, received_us: int, offset: int = -1
) -> TrackStatement:
    """Decode the frames of one message (JT/T 808), whose id is their digest; raises as ``read_track``."""
    digest = event_digest(raw)
    try:
        fixes = fixes_of(raw)
    except Unreadable as e:
        zh, en = "不是可读的 JT/T 808 数据", "no readable frame of JT/T 808"
        told = Problem("frame_unreadable", "", f"{zh}：{e.reason}", f"{en}: {e.reason}")
        raise NotUnderstood([told]) from e
    ref, at = Ref(source, digest, digest), max(fix.at for fix in fixes)
    return TrackStatement(ref, received_us, raw, plate, unit_of(source), at, fixes, offset)
