"""Archived records of ``vehicle.tracks`` as what the judge takes in."""

from collections.abc import Sequence
from pathlib import Path

from schemas.fast import NotUnderstood
from schemas.problems import Problem
from services.cli.track_files import ArchivedRecord, all_records
from streams.judging.tracks.said import TrackStatement, read_frames, read_track

__all__ = ["statement_of", "statements_in"]


def statement_of(record: ArchivedRecord) -> TrackStatement:
    """Decode a record. Raises ``schemas.fast.NotUnderstood``."""
    if record.kind == "frame":
        plate, source = record.plate or "", record.source or ""
        return read_frames(record.raw, source, plate, record.received_at, record.kafka_offset)
    return read_track(record.raw, record.received_at, record.kafka_offset)


def statements_in(
    directory: Path, files: Sequence[str]
) -> tuple[list[TrackStatement], list[Problem]]:
    """Return what the files hold, each record once, and the problems of those that hold no positions.

    Raises Failure when a file is no whole Parquet file.
    """
    said, problems = [], list[Problem]()
    for record in all_records(directory, files):
        try:
            said.append(statement_of(record))
        except NotUnderstood as error:
            problems += error.problems
    return said, problems
