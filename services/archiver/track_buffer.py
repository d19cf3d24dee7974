"""Records on their way into files: held in memory, cut by the hour in which the broker took them. Pure.

Nothing here is archived yet: whatever ends the process, these records are read again.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from aiokafka.structs import ConsumerRecord, TopicPartition

from infra.runtime.offsets import Move, Position
from services.archiver.row import Oddity
from services.archiver.track_row import TrackRow, moment, read_track

__all__ = ["Bounds", "Buffer", "Draft", "Drained", "file_name"]

_HOUR = timedelta(hours=1)
_AFTER_HOUR_S = 120.0
"""An hour's last records may still be on their way from the broker when it is over."""
_MOST_ROWS = 100_000
"""Frames are small: their rows, not their bytes, would fill the memory (some 700 bytes each)."""
_LONGEST_NAME = 200
"""File systems take 255 bytes, and the temporary name is a little longer."""


class Bounds(NamedTuple):
    """When a file is closed, whichever comes first; see the settings ``tracks_file_…``."""

    seconds: float
    bytes: int


class Draft(NamedTuple):
    """A file to be: its name below the directory, and its rows as they will stand in it."""

    name: str
    rows: Sequence[TrackRow]


class Drained(NamedTuple):
    """What one transaction will make of a buffer."""

    drafts: Sequence[Draft]
    moves: Sequence[Move]
    oddities: Sequence[Oddity]


class Buffer:
    """Records of all partitions from the stored ``positions`` on."""

    def __init__(self, positions: Mapping[int, Position], bounds: Bounds) -> None:
        self._positions = dict(positions)
        self._bounds = bounds
        self._moves: dict[int, Move] = {}
        self._rows: list[TrackRow] = []
        self._oddities: list[Oddity] = []
        self._bytes = 0
        self._since = 0.0
        self._first_hour = datetime.max.replace(tzinfo=UTC)
        self.drained = False
        """Whether ``drain`` was called: nothing may be added any more."""

    def __len__(self) -> int:
        return len(self._rows)

    def add(
        self,
        fetched: Mapping[TopicPartition, Sequence[ConsumerRecord]],
        now: datetime,
        seconds: float,
    ) -> None:
        """Take a fetch in. ``now``: for records without a believable append time.

        ``seconds``: monotonic. Records before a position are archived already and are left out.
        """
        for tp, records in fetched.items():
            position = self._positions[tp.partition]
            move = self._moves.get(tp.partition) or Move(position, position.next_offset, None, None)
            for record in records:
                if record.offset < move.next_offset:
                    continue
                row, odd = read_track(record, now)
                if not self._rows:
                    self._since = seconds
                appended = moment(row.appended_at)
                self._first_hour = min(self._first_hour, _hour_of(appended))
                self._rows.append(row)
                self._oddities += odd
                self._bytes += len(row.raw)
                clock = max(move.clock, appended) if move.clock is not None else appended
                move = Move(position, record.offset + 1, row.digest, clock)
                self._moves[tp.partition] = move

    def due(self, now: datetime, seconds: float) -> bool:
        """Whether the files must be closed now.

        Two minutes after an hour its files are closed, but not while an hour long past is read
        anew: its records come faster than that, and would make a file of each fetch.
        """
        if not self._rows:
            return False
        held = seconds - self._since
        return (
            held >= self._bounds.seconds
            or self._bytes >= self._bounds.bytes
            or len(self._rows) >= _MOST_ROWS
            or (
                held >= _AFTER_HOUR_S
                and (now - self._first_hour - _HOUR).total_seconds() >= _AFTER_HOUR_S
            )
        )

    def drain(self) -> Drained:
        """Return all that is held, a file for each hour in the order of the hours.

        Within a file one plate's rows stand together, so that a reader skips the others.
        """
        self.drained = True
        hours: dict[datetime, list[TrackRow]] = {}
        for row in self._rows:
            hours.setdefault(_hour_of(moment(row.appended_at)), []).append(row)
        owner = sum(position.epoch for position in self._positions.values())
        drafts = [
            Draft(
                file_name(hour, _first_offsets(rows), owner),
                sorted(rows, key=lambda r: (r.plate or "", r.partition, r.kafka_offset)),
            )
            for hour, rows in sorted(hours.items())
        ]
        return Drained(drafts, list(self._moves.values()), self._oddities)


def file_name(hour: datetime, firsts: Mapping[int, int], owner: int) -> str:
    """Return a file's name below the directory: ``2026-11-30/09/p0-120-p1-88-e3.parquet``.

    ``firsts``: its first offset in each partition. ``owner``: the sum of the epochs of the partitions
    held, which rises with each owner; so one that was replaced unknowingly overwrites nothing.
    """
    stem = "-".join(f"p{p}-{offset}" for p, offset in sorted(firsts.items()))
    if len(stem) > _LONGEST_NAME:
        head, rest = stem[: stem.index("-p")], hashlib.sha256(stem.encode()).hexdigest()[:16]
        stem = f"{head}-and-{len(firsts) - 1}-{rest}"
    return f"{hour:%Y-%m-%d/%H}/{stem}-e{owner}.parquet"


def _hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _first_offsets(rows: Iterable[TrackRow]) -> dict[int, int]:
    firsts: dict[int, int] = {}
    for row in rows:
        firsts[row.partition] = min(row.kafka_offset, firsts.get(row.partition, row.kafka_offset))
    return firsts
