"""Archived records of ``vehicle.tracks`` as what the judge takes in."""

from collections.abc import Sequence
from pathlib import Path

from schemas.fast import NotUnderstood
from schemas.problems import Problem
from services.cli.track_files import all_records
from streams.judging.tracks.said import TrackStatement, read_frames, read_track

__all__ = ["statements_in"]


def statements_in(
    directory: Path, files: Sequence[str]
) -> tuple[list[TrackStatement], list[Problem]]:
    """Return what the files hold, each record once, and the problems of those that hold no positions.

    Raises Failure when a file is no whole Parquet file.
    """
    said, problems = [], list[Problem]()
    for record in all_records(directory, files):
        try:
            if record.kind == "frame":
                frames = read_frames(
                    record.raw, record.source or "", record.plate or "", record.received_at
                )
                said.append(frames)
            else:
                said.append(read_track(record.raw, record.received_at))
        except NotUnderstood as error:
            problems += error.problems
    return said, problems
