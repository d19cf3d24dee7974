"""Why a file was refused: each problem with its line, column and value."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.problems import Problem

__all__ = ["LineProblem", "Place", "RegistryRefused"]

_SHOWN = 200
"""Characters of a value that a report repeats."""


class Place(NamedTuple):
    """Where in a file a value stands. ``column``: a CSV column, in NDJSON a JSON Pointer."""

    line: int
    column: str = ""
    value: str = ""


class LineProblem(NamedTuple):
    """One row of the report; ``code`` is stable, the sentences are for people."""

    line: int
    column: str
    value: str
    code: str
    zh: str
    en: str

    @classmethod
    def at(cls, place: Place, problem: Problem) -> "LineProblem":
        """Put a problem into its place."""
        value = place.value if len(place.value) <= _SHOWN else place.value[:_SHOWN] + "…"
        return cls(place.line, place.column, value, problem.code, problem.zh, problem.en)


class RegistryRefused(ValueError):
    """A file is not understood; nothing was written. ``problems`` in the order of its lines."""

    def __init__(self, problems: Sequence[LineProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: p.line))
        self.lines = len({p.line for p in problems})
        super().__init__(f"{self.lines} lines refused, nothing written")
