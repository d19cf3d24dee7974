"""What was understood of a sheet, line by line: the outcome that reports and tests read."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from services.registry.notices.scope import Said
from services.registry.refusal import LineProblem

__all__ = ["NoticeLine", "Outcome", "Understanding", "Understood"]


class Outcome(StrEnum):
    """What becomes of a line."""

    UNDERSTOOD = "understood"
    REFUSED = "refused"
    """Something of it could not be read for sure."""
    HELD_BACK = "held_back"
    """It is understood, another line of the same document is not; half of one accuses the innocent."""
    SKIPPED = "skipped"
    """A row of sums, a note, a header again: no record."""


class Understood(NamedTuple):
    """One member of a record: its names, what is printed, and what it was read as."""

    member: str
    zh: str
    en: str
    printed: str
    read: str


class NoticeLine(NamedTuple):
    """A line of the sheet. ``unused``: kept on record, and no rule looks at it."""

    number: int
    outcome: Outcome
    record: str = ""
    understood: tuple[Understood, ...] = ()
    remarks: tuple[Said, ...] = ()
    problems: tuple[LineProblem, ...] = ()
    unused: bool = False


class Understanding(NamedTuple):
    """A whole sheet. ``records``: plain values of the records that are wholly understood."""

    kind: str
    lines: tuple[NoticeLine, ...]
    records: tuple[dict[str, Any], ...]
    remarks: tuple[Said, ...] = ()
    missing: tuple[str, ...] = ()
    """Names of units whose credit codes are not known."""

    def count(self, outcome: Outcome) -> int:
        """How many lines have that outcome."""
        return sum(line.outcome is outcome for line in self.lines)

    @property
    def complete(self) -> bool:
        """Whether every line that holds a record was understood, and there is one."""
        refused = self.count(Outcome.REFUSED) + self.count(Outcome.HELD_BACK)
        return not refused and bool(self.records)

    @property
    def problems(self) -> Sequence[LineProblem]:
        """Everything that was not understood, in the order of the lines."""
        return [problem for line in self.lines for problem in line.problems]
